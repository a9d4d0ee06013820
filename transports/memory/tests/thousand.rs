//! A thousand nodes are no trouble.

use chinwag_memory::{Network, NetworkConfig, NodeId, ms, secs};

#[test]
fn a_thousand_nodes_that_join_through_one_another_hear_everything_once() {
    let mut network = Network::new(NetworkConfig::new(7).track_spread(true).keep_events(false));
    let nodes: Vec<NodeId> =
        (0..NODES).map(|index| network.add_node(&format!("peer {index}")).expect("added")).collect();
    for index in 1..NODES {
        // Any earlier node, scattered.
        let contact = index.wrapping_mul(2_654_435_761) / 7 % index;
        network.join(nodes[index], nodes[contact]).expect("joined");
    }
    network.run_until_quiet(secs(60)).expect("quiet");
    for &author in nodes.iter().step_by(NODES / SAID) {
        network.broadcast(author, "hi").expect("said");
    }
    network.run_until_quiet(secs(60)).expect("quiet");

    assert_eq!(network.spreads().len(), SAID);
    for spread in network.spreads() {
        assert_eq!(spread.deliveries().len(), NODES - 1);
        for reached in spread.deliveries() {
            // Every hop takes 10 ms or more; what is announced before it is sent takes a while longer.
            let hops = u32::from(reached.hops);
            assert!((ms(10) * hops..secs(5)).contains(&reached.after), "{reached:?}");
        }
    }
    let checked = network.check().expect("kept");
    assert_eq!(checked.in_order, (SAID * (NODES - 1)) as u64);
}

const NODES: usize = 1000;
const SAID: usize = 5;
