//! What is said while nobody is there is kept, and goes out with the first link.
#![cfg(test)]

use chinwag::{Command, Dialects, Event, Input, SendError};
use chinwag_memory::{Network, NetworkConfig, config_for, secs};
use chinwag_testkit::{Lab, narrow_config};

/// In its order, once, to whoever comes first, whichever dialect they speak.
#[test]
fn messages_wait_for_the_first_peer() {
    for dialects in [Dialects::Both, Dialects::Classic] {
        let mut network = Network::new(NetworkConfig::new(1));
        let ann = network.add_node("ann").unwrap();
        let mut config = config_for("bob").unwrap();
        config.dialects = dialects;
        let bob = network.add_node_with(config).unwrap();
        let ids: Vec<_> = ["one", "two", "three"].map(|text| network.broadcast(ann, text).unwrap()).into();
        network.run_for(secs(100));
        assert_eq!(network.node(ann).waiting(), 3);
        network.join(bob, ann).unwrap();
        network.run_until_quiet(secs(60)).unwrap();
        let heard: Vec<_> = network.heard(bob).into_iter().map(|(_, text)| text).collect();
        assert_eq!(heard, ["one", "two", "three"], "{dialects:?}");
        assert_eq!(network.node(ann).waiting(), 0);
        let told: Vec<_> = network.events(ann).iter().map(|(_, event)| event.clone()).collect();
        for id in ids {
            assert!(told.contains(&Event::Waiting { id }));
        }
        assert!(told.contains(&Event::WaitingSent { count: 3 }));
        // It went out once: a second peer, and the first one again, do not get it anew.
        let mut config = config_for("cat").unwrap();
        config.catch_up = 0;
        let cat = network.add_node_with(config).unwrap();
        network.join(cat, ann).unwrap();
        network.run_until_quiet(secs(60)).unwrap();
        assert_eq!(network.heard(bob).len(), 3);
        assert_eq!(network.heard(cat).len(), 0);
    }
}

/// Only so many: then the application is told what to do, and what waits already is not touched.
#[test]
fn no_more_than_the_configured_number_waits() {
    let mut lab = Lab::new(narrow_config(), chinwag::Seed::new(1));
    for number in 0..5 {
        lab.input(Input::Command(Command::Broadcast(format!("text {number}").into())));
    }
    assert_eq!(lab.node.waiting(), 3);
    let refused = lab
        .events()
        .filter(|event| **event == Event::CommandFailed { error: SendError::WaitingFull { limit: 3 } });
    assert_eq!(refused.count(), 2);
    assert!(SendError::WaitingFull { limit: 3 }.to_string().contains("join somebody"));
}
