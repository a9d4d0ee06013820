//! What broadcasts cost and how long they take among many nodes that are far apart.

use std::time::Duration;

use serde_json::json;

use crate::network::{Network, now};

const NODES: usize = 25;
const LATENCY: Duration = Duration::from_millis(100);
const OPERATIONS_PER_SECOND: u32 = 100;
const SECONDS: u32 = 20;

#[test]
fn broadcasts_need_few_messages_and_little_time_among_25_nodes() {
    let _machine = crate::MACHINE.lock();
    let mut network = Network::start(NODES, LATENCY);
    network.run_until(now() + Duration::from_secs(3));
    assert_eq!(network.account.unanswered(), 0);
    network.account.begin();
    let start = now();
    for operation in 0..OPERATIONS_PER_SECOND * SECONDS {
        network.run_until(start + Duration::from_secs(1) * operation / OPERATIONS_PER_SECOND);
        let node = fastrand::usize(..NODES);
        if operation % 2 == 0 {
            network.ask(node, json!({"type": "broadcast", "message": operation}));
        } else {
            network.ask(node, json!({"type": "read"}));
        }
    }
    network.run_until(now() + Duration::from_secs(1));
    println!("{}", network.account.summary());
    let (messages, (middle, most)) = (network.account.messages_per_operation(), network.account.latency());
    let (late, latest) = network.account.lateness();

    (0..NODES).for_each(|node| network.ask(node, json!({"type": "read"})));
    network.run_until(now() + Duration::from_secs(1));
    assert_eq!(network.account.unanswered(), 0);
    assert_eq!(network.account.acknowledged(), (OPERATIONS_PER_SECOND * SECONDS / 2) as usize);
    assert_eq!(network.account.missing(), 0);
    assert!(messages < 20.0, "{messages} messages an operation");
    // A machine that is late itself says nothing about the nodes.
    if late < Duration::from_millis(25) && latest < Duration::from_millis(100) {
        assert!(middle < Duration::from_millis(400), "{middle:?} in the middle");
        assert!(most < Duration::from_millis(600), "{most:?} at most");
    } else {
        println!("the times are not judged: the machine was {late:?} late, {latest:?} at most");
    }
}
