//! Nothing is lost in a network that is parted again and again.

use std::time::Duration;

use serde_json::json;

use crate::network::{Network, now};

const NODES: usize = 5;
const LATENCY: Duration = Duration::from_millis(20);
/// How long the network is parted each time. After five seconds of silence links are given up.
const PARTITIONS: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(7), Duration::from_secs(2), Duration::from_secs(1)];
const TOGETHER: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn partitions_lose_nothing() {
    let _machine = crate::MACHINE.lock();
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut network = Network::start(NODES, LATENCY);
    network.run_until(now() + Duration::from_secs(1));
    let mut value = 0;
    let mut talk = |network: &mut Network, random: &mut fastrand::Rng, time| {
        let end = now() + time;
        while now() < end {
            value += 1;
            network.ask(random.usize(..NODES), json!({"type": "broadcast", "message": value}));
            network.run_until(now() + STEP);
        }
        value
    };
    let mut said = 0;
    for time in PARTITIONS {
        // One is always apart from another.
        let sides: Vec<u32> =
            (0..NODES as u32).map(|node| if node < 2 { node } else { random.u32(..3) }).collect();
        network.part(|a, b| sides[a] != sides[b]);
        talk(&mut network, &mut random, time);
        network.part(|_, _| false);
        said = talk(&mut network, &mut random, TOGETHER);
    }
    let give_up = now() + PATIENCE;
    loop {
        (0..NODES).for_each(|node| network.ask(node, json!({"type": "read"})));
        network.run_until(now() + Duration::from_millis(500));
        let account = &network.account;
        if account.unanswered() == 0 && account.missing() == 0 {
            break;
        }
        assert!(now() < give_up, "{} values are missing after {PATIENCE:?}", account.missing());
    }
    println!("{}", network.account.summary());
    assert!(network.account.lost_messages() > 50, "the partitions parted nobody");
    assert_eq!(network.account.acknowledged(), said);
}
