//! Watching changes nothing.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use chinwag::Time;
use chinwag_memory::trace_log::SharedBytes;
use chinwag_memory::{Fidelity, LinkModel, Network, NetworkConfig, Stats};

use crate::support::{datagram, eventful_in, stream};

#[test]
fn each_observer_alone_and_all_together_change_nothing() {
    for (link, fidelity) in
        [(stream(), Fidelity::Typed), (datagram(), Fidelity::Typed), (stream(), Fidelity::Bytes)]
    {
        let run = |watch: &[Observer]| watched(link, fidelity, watch);
        let (unwatched, saw) = run(&[]);
        assert!(unwatched.stats.inputs > 1000, "{:?}", unwatched.stats);
        assert_eq!(saw, []);
        for observer in ALL {
            let (same, saw) = run(&[observer]);
            assert_eq!(same, unwatched, "{observer:?}");
            assert!(matches!(saw[..], [(who, seen)] if who == observer && seen > 50), "{saw:?}");
        }
        let (same, saw) = run(&ALL);
        assert_eq!(same, unwatched, "all together");
        assert_eq!(saw.len(), ALL.len(), "{saw:?}");
    }
}

#[test]
fn another_link_does_change_what_is_compared() {
    let run = |link| watched(link, Fidelity::Typed, &[]).0;
    assert_ne!(run(stream()), run(LinkModel::stream()));
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Observer {
    Events,
    Checks,
    Spread,
    Traffic,
    Record,
    PacketLog,
    Trace,
}

/// What happened, whoever watched.
#[derive(PartialEq, Eq, Debug)]
struct Happened {
    hash: u64,
    stats: Stats,
    now: Time,
}

/// The eventful run, and how much each observer saw that saw anything.
fn watched(link: LinkModel, fidelity: Fidelity, watch: &[Observer]) -> (Happened, Vec<(Observer, u64)>) {
    let by = |observer| watch.contains(&observer);
    let config = NetworkConfig::new(9)
        .link(link)
        .fidelity(fidelity)
        .keep_events(by(Observer::Events))
        .checks(by(Observer::Checks))
        .track_spread(by(Observer::Spread))
        .count_bytes(by(Observer::Traffic))
        .record(by(Observer::Record));
    let mut network = Network::new(config);
    network.log_packets(by(Observer::PacketLog));
    if by(Observer::Trace) {
        network.write_trace("a test", SharedBytes::new());
    }
    let mut network = eventful_in(network);
    let written = network.end_trace().expect("written").map_or(0, |end| end.entries);
    let happened = Happened { hash: network.trace_hash(), stats: *network.stats(), now: network.now() };
    let mut saw: Vec<_> =
        ALL.into_iter().map(|observer| (observer, seen(&network, observer, written))).collect();
    saw.retain(|(_, seen)| *seen > 0);
    (happened, saw)
}

fn seen(network: &Network, observer: Observer, written: u64) -> u64 {
    match observer {
        Observer::Events => network.nodes().map(|node| network.events(node).len() as u64).sum(),
        Observer::Checks => network.check().expect("every promise is kept").deliveries,
        Observer::Spread => network.spreads().len() as u64,
        Observer::Traffic => network.traffic().total().messages,
        Observer::Record => network.trace().map_or(0, |trace| trace.steps().len() as u64),
        Observer::PacketLog => network.logged_packets().len() as u64,
        Observer::Trace => written,
    }
}

const ALL: [Observer; 7] = [
    Observer::Events,
    Observer::Checks,
    Observer::Spread,
    Observer::Traffic,
    Observer::Record,
    Observer::PacketLog,
    Observer::Trace,
];
