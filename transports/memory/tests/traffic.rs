//! What nodes say to each other is counted as it is on the wire, and what was taken is followed no further.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use chinwag_memory::{LinkModel, Network, NetworkConfig, NodeId, config_for, ms, secs};

/// A line of nodes that link only where they are told to.
fn line(config: NetworkConfig, nodes: usize) -> (Network, Vec<NodeId>) {
    let mut network = Network::new(config.quiet_for(ms(500)));
    let nodes: Vec<NodeId> = (0..nodes)
        .map(|index| {
            let mut config = config_for(&format!("peer {index}")).expect("a name");
            config.target_neighbours = 0;
            network.add_node_with(config).expect("added")
        })
        .collect();
    for pair in nodes.windows(2) {
        network.join(pair[1], pair[0]).expect("joined");
    }
    network.run_until_quiet(secs(60)).expect("quiet");
    (network, nodes)
}

#[test]
fn a_post_costs_its_frame_on_each_link_of_a_line_and_what_the_link_adds() {
    for (link, adds) in [(LinkModel::stream(), 1..=1), (LinkModel::datagram(), 1..=40)] {
        let config = NetworkConfig::new(4).link(link).count_bytes(true).track_spread(true);
        let (mut network, nodes) = line(config, 5);
        let before = *network.traffic();
        assert_eq!((before.posts.messages, before.total().bytes > 0), (0, true));
        let id = network.broadcast(nodes[0], "hello").expect("said");
        network.run_until_quiet(secs(60)).expect("quiet");

        // A line break on a stream; where links promise nothing, the number that a frame travels with.
        let spread = network.spread(&id).expect("followed");
        let frame = spread.frame_bytes() as u64;
        assert!(frame > "hello".len() as u64);
        assert_eq!((spread.author(), spread.copies(), spread.last_hop()), (Some(nodes[0]), 4, Some(4)));
        let said = network.traffic().since(&before);
        assert_eq!(said.posts.messages, 4);
        assert!(adds.contains(&((said.posts.bytes - 4 * frame) / 4)), "{said:?} of {frame}");
        let last = network.received_by(nodes[4]);
        assert_eq!(last.posts.messages, 1);
        assert!(adds.contains(&(last.posts.bytes - frame)), "{last:?}");
        assert_eq!(network.sent_by(nodes[4]).posts.messages, 0);
        assert!(network.check().is_ok());
    }
}

#[test]
fn every_byte_is_counted_once_at_both_ends_and_once_by_its_type() {
    let (mut network, nodes) = line(NetworkConfig::new(4).count_bytes(true), 6);
    for node in &nodes {
        network.broadcast(*node, "hello").expect("said");
    }
    network.run_for(secs(5));
    let total = network.traffic().total();
    let over = |amounts: Vec<(u64, u64)>| -> (u64, u64) {
        amounts.iter().fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1))
    };
    let by_type = network.traffic_by_type().map(|(_, amount)| (amount.messages, amount.bytes));
    assert_eq!(over(by_type.collect()), (total.messages, total.bytes));
    let sent = nodes.iter().map(|node| network.sent_by(*node).total());
    assert_eq!(
        over(sent.map(|amount| (amount.messages, amount.bytes)).collect()),
        (total.messages, total.bytes)
    );
    assert_eq!(total.messages, network.stats().sent);
    let received = nodes.iter().map(|node| network.received_by(*node).total().messages);
    assert_eq!(received.sum::<u64>(), network.stats().delivered);
    let types: Vec<&str> = network.traffic_by_type().map(|(msg_type, _)| msg_type).collect();
    assert!(
        ["BROADCAST", "KEEPALIVE", "PING", "PONG"].iter().all(|known| types.contains(known)),
        "{types:?}"
    );
}

#[test]
fn bytes_are_counted_only_if_asked_for() {
    let run = |counted: bool| {
        let (mut network, nodes) = line(NetworkConfig::new(9).count_bytes(counted), 6);
        network.broadcast(nodes[2], "hello").expect("said");
        network.run_for(secs(3));
        network.traffic().total().messages
    };
    let (counted, uncounted) = (run(true), run(false));
    assert!(counted > 50, "{counted}");
    assert_eq!(uncounted, 0);
}

#[test]
fn what_was_taken_is_followed_no_further_and_the_rest_is() {
    let (mut network, nodes) = line(NetworkConfig::new(4).track_spread(true), 5);
    let ids = ["one", "two", "three"].map(|text| network.broadcast(nodes[0], text).expect("said"));
    let half_way =
        |network: &Network| network.spread(&ids[1]).is_some_and(|spread| spread.deliveries().len() == 2);
    assert!(network.run_until(secs(10), half_way));
    let taken = network.take_spread(&ids[1]).expect("followed");
    assert_eq!(taken.deliveries().len(), 2);
    assert!(network.take_spread(&ids[1]).is_none());
    network.run_until_quiet(secs(60)).expect("quiet");
    let left: Vec<_> =
        network.spreads().iter().map(|spread| (spread.id(), spread.deliveries().len())).collect();
    assert_eq!(left, [(&ids[0], 4), (&ids[2], 4)]);
    network.forget_spreads();
    assert!(network.spreads().is_empty());
    let later = network.broadcast(nodes[4], "four").expect("said");
    network.run_until_quiet(secs(60)).expect("quiet");
    assert_eq!(network.spread(&later).map(|spread| spread.deliveries().len()), Some(4));
    assert_eq!(network.check().expect("kept").deliveries, 16);
}

#[test]
fn the_overlay_is_the_line_falls_apart_with_its_middle_and_grows_with_who_comes_later() {
    let (mut network, nodes) = line(NetworkConfig::new(4).keep_events(false), 7);
    let line = network.overlay();
    assert_eq!(line.components(), 1);
    assert_eq!(line.degrees().collect::<Vec<_>>(), [1, 2, 2, 2, 2, 2, 1]);
    assert_eq!(line.neighbours(nodes[3]), [nodes[2], nodes[4]]);
    network.crash_all([nodes[2], nodes[4]]);
    assert_eq!(network.overlay().nodes().len(), 5);
    network.run_for(ms(100));
    assert_eq!(network.overlay().components(), 3);

    let late = network.add_node("late").expect("added");
    network.keep_events(late, true);
    network.join(late, nodes[3]).expect("joined");
    let joined = network.now();
    network.run_for(secs(5));
    let (up, contact) = network.first_link(late).expect("linked");
    assert_eq!((contact, up), (nodes[3], joined + 2 * network.latency(late, nodes[3])));
    assert!(network.overlay().neighbours(late).contains(&nodes[3]));
    assert!(!network.events(late).is_empty() && network.events(nodes[0]).is_empty());
}
