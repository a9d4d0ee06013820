//! A peer that falls silent is noticed in bounded time, and one that merely has nothing to say is kept.
#![cfg(test)]

use core::time::Duration;

use chinwag::{DownReason, Event, PeerId, Time};
use chinwag_memory::{LinkModel, Memory, Network, NetworkConfig, NodeId, config_for, ms, secs};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(32))]

    /// Cut off without a word, in either direction or both, on links of either kind: given up when it has been
    /// silent for `dead`, give or take one packet's way.
    #[test]
    fn a_silent_peer_is_given_up_in_time(
        seed in any::<u64>(), datagrams in any::<bool>(), cut in 0..3_u8, after in 0..5000_u64,
    ) {
        let link = if datagrams { LinkModel::datagram() } else { LinkModel::stream() };
        let (mut network, ann, bob) = pair(seed, link);
        network.run_for(ms(after));
        let start = network.now();
        match cut {
            0 => network.partition(&[ann], &[bob]),
            1 => network.partition_one_way(&[ann], &[bob]),
            _ => network.partition_one_way(&[bob], &[ann]),
        }
        network.run_for(secs(8));
        let dead = network.node(ann).config().dead;
        let latest = start + dead + ms(100);
        for (node, deaf) in [(ann, cut != 1), (bob, cut != 2)] {
            // Who is heard, although nothing reaches it, may be back on a new link before it is missed.
            let Some((at, reason)) = went_down(&network, node) else {
                prop_assert!(!deaf && datagrams, "the other is given up");
                continue;
            };
            if deaf {
                prop_assert_eq!(reason, DownReason::Silent);
                prop_assert!(at <= latest, "{:?} for {:?} of silence from {:?}", at, dead, start);
                // What was last heard may have been a pause of `idle` before the cut, and of what the second to ask waits.
                let idle = network.node(node).config().idle;
                prop_assert!(at + idle * 5 / 4 + ms(200) >= start + dead, "{at:?}: too early for {start:?}");
            }
        }
    }
}

/// Nobody says anything for ten minutes, and everybody is still there.
#[test]
fn a_quiet_link_is_kept() {
    for link in [LinkModel::stream(), LinkModel::datagram(), LinkModel::datagram().loss(0.1)] {
        let (mut network, ann, bob) = pair(5, link);
        network.run_for(secs(600));
        for node in [ann, bob] {
            assert_eq!(went_down(&network, node), None, "{link:?}");
            assert_eq!(network.node(node).linked(), 1);
        }
        // It is mostly the same end that asks.
        let asked = |node| network.node(node).stats().keep_alives;
        assert!(asked(ann) + asked(bob) > 100 && asked(ann) > 0 && asked(bob) > 0);
    }
}

/// Keep-alive measures how long a ping and its answer take.
#[test]
fn round_trips_are_measured() {
    let (mut network, ann, _) = pair(6, LinkModel::stream().latency(ms(30)..ms(30)));
    assert_eq!(round_trip(&network, ann), None);
    network.run_for(secs(10));
    assert_eq!(round_trip(&network, ann), Some(ms(60)));
}

/// A crash on a stream is told by the driver, and is noticed without waiting; on datagrams it takes the silence.
#[test]
fn a_crash_is_noticed_and_a_restart_too() {
    for (link, reason, within) in [
        (LinkModel::stream(), DownReason::Broken, ms(100)),
        (LinkModel::datagram(), DownReason::Silent, ms(3100)),
    ] {
        for memory in [Memory::Kept, Memory::Lost] {
            let (mut network, ann, bob) = pair(7, link);
            network.run_for(secs(2));
            let start = network.now();
            network.crash(bob);
            network.run_for(secs(6));
            let (at, told) = went_down(&network, ann).expect("noticed");
            assert_eq!(told, reason);
            assert!(at <= start + within, "{at:?} after {start:?}");
            assert_eq!(network.node(ann).linked(), 0);
            network.restart(bob, memory);
            let back = network
                .run_until(secs(60), |network| network.nodes().all(|node| network.node(node).linked() == 1));
            assert!(back, "{memory:?}: the two find each other again");
        }
    }
}

/// A driver that was asleep for a minute does not take everybody for dead when it wakes.
#[test]
fn a_node_that_slept_asks_before_it_gives_up() {
    let mut lab = chinwag_testkit::Lab::narrow();
    let link = lab.accept();
    let ping = chinwag_testkit::introduction("ann");
    lab.input(chinwag::Input::Received { link, message: ping });
    lab.wait(ms(500));
    let now = lab.now() + secs(60);
    lab.input_at(now, chinwag::Input::Tick);
    assert_eq!(lab.links(), [link]);
    assert!(lab.wait_until(secs(5), |lab| lab.links().is_empty()), "but then it does");
    assert!(lab.now() >= now + lab.node.config().dead);
}

fn pair(seed: u64, link: LinkModel) -> (Network, NodeId, NodeId) {
    let mut network = Network::new(NetworkConfig::new(seed).link(link));
    let ann = network.add_node_with(config_for("ann").unwrap()).unwrap();
    let bob = network.add_node_with(config_for("bob").unwrap()).unwrap();
    network.join(bob, ann).unwrap();
    let linked =
        network.run_until(secs(10), |network| network.nodes().all(|node| network.node(node).linked() == 1));
    assert!(linked);
    (network, ann, bob)
}

fn went_down(network: &Network, node: NodeId) -> Option<(Time, DownReason)> {
    network.events(node).iter().find_map(|(at, event)| {
        if let Event::PeerDown { reason, .. } = event { Some((*at, *reason)) } else { None }
    })
}

fn round_trip(network: &Network, node: NodeId) -> Option<Duration> {
    network.node(node).find_peer(&PeerId::new("bob").unwrap()).unwrap().round_trip
}
