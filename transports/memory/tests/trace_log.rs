//! A trace is read again as it was written. That writing it changes nothing: `meta_equalities/observers.rs`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::io;

use chinwag_memory::trace_log::{Happened, SharedBytes, TraceEntry, TraceReader};
use chinwag_memory::{Fidelity, LinkModel, Network, NetworkConfig, Scenario, ms};
use support::{datagram, eventful, eventful_in, stream};

fn traced(config: NetworkConfig) -> (Network, SharedBytes, u64) {
    let bytes = SharedBytes::new();
    let mut network = Network::new(config);
    network.write_trace("a test", bytes.clone());
    let mut network = eventful_in(network);
    let entries = network.end_trace().unwrap().unwrap().entries;
    (network, bytes, entries)
}

fn entries(bytes: &SharedBytes) -> Vec<TraceEntry> {
    let mut reader = TraceReader::new(bytes.reader()).unwrap();
    let mut entries = Vec::new();
    while let Some(entry) = reader.read().unwrap() {
        entries.push(entry);
    }
    assert_eq!(reader.end().unwrap().entries, entries.len() as u64);
    entries
}

/// How many entries are of each kind.
fn kinds(entries: &[TraceEntry]) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    for entry in entries {
        let debug = format!("{:?}", entry.what);
        let kind = debug.split(' ').next().unwrap_or_default().to_owned();
        *kinds.entry(kind).or_insert(0) += 1;
    }
    kinds
}

fn worlds() -> [(LinkModel, Fidelity); 3] {
    [(stream(), Fidelity::Typed), (datagram(), Fidelity::Typed), (stream(), Fidelity::Bytes)]
}

#[test]
fn entries_account_for_every_packet() {
    for (link, fidelity) in worlds() {
        let (network, bytes, count) = traced(NetworkConfig::new(6).link(link).fidelity(fidelity));
        let entries = entries(&bytes);
        assert_eq!(entries.len() as u64, count);
        assert!(entries.is_sorted_by_key(|entry| entry.at));
        let kinds = kinds(&entries);
        let stats = network.stats();
        assert_eq!(kinds["Sent"], stats.sent);
        assert_eq!(kinds["Received"], stats.delivered);
        assert_eq!(kinds["Lost"], stats.dropped.total());
        assert_eq!(kinds.get("Held").copied().unwrap_or(0), stats.held_back);
        assert_eq!((kinds["Added"], kinds["Crashed"], kinds["Restarted"]), (12, 2, 2));
        assert!(kinds["Published"] > 80 && kinds["Delivered"] > 800, "{kinds:?}");
        let last = entries.last().unwrap();
        assert_eq!(last.what, Happened::Ended { trace_hash: network.trace_hash() });
        assert_eq!(last.at, network.now());
    }
}

#[test]
fn an_entry_takes_a_few_bytes() {
    let (_, bytes, entries) = traced(NetworkConfig::new(6).link(stream()));
    let bytes = bytes.bytes().len() as u64;
    assert!(bytes < 10 * entries, "{bytes} bytes for {entries} entries");
}

#[test]
fn a_clone_of_a_network_writes_no_trace() {
    let bytes = SharedBytes::new();
    let mut network = Network::new(NetworkConfig::new(6));
    network.write_trace("a test", bytes.clone());
    let mut network = eventful_in(network);
    let mut copy = network.clone();
    copy.run_for(ms(60_000));
    assert!(copy.end_trace().unwrap().is_none());
    let end = network.end_trace().unwrap().unwrap();
    assert_eq!(entries(&bytes).len() as u64, end.entries);
}

#[test]
fn a_trace_may_begin_while_packets_of_an_earlier_one_are_under_way() {
    let mut network = Network::new(NetworkConfig::new(6).link(datagram()));
    network.write_trace("the first", SharedBytes::new());
    let mut network = eventful_in(network);
    let bytes = SharedBytes::new();
    network.write_trace("the second", bytes.clone());
    network.run_for(ms(20_000));
    network.end_trace().unwrap();
    let kinds = kinds(&entries(&bytes));
    assert_eq!(kinds["Added"], 12, "nodes that are there already are named");
    assert!(kinds["Sent"] > 100 && kinds["Received"] > 100, "{kinds:?}");
}

#[test]
fn what_made_it_is_one_line() {
    let bytes = SharedBytes::new();
    let mut network = Network::new(NetworkConfig::new(1));
    network.write_trace("two\nlines", bytes.clone());
    network.end_trace().unwrap();
    assert_eq!(TraceReader::new(bytes.reader()).unwrap().made_by(), "two lines");
    assert_eq!(entries(&bytes).len(), 1);
}

#[test]
fn a_sink_that_fails_is_told_of_in_the_end_and_does_not_disturb_the_run() {
    struct Full(usize);
    impl io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut network = Network::new(NetworkConfig::new(6));
    network.write_trace("a test", Full(50_000));
    let mut network = eventful_in(network);
    assert_eq!(network.end_trace().unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(network.trace_hash(), eventful(NetworkConfig::new(6)).trace_hash());
}

#[test]
fn a_scenario_is_played_the_same_with_a_trace() {
    let scenario = Scenario::swarm(3);
    let bytes = SharedBytes::new();
    let outcome = scenario.play_traced("a scenario", bytes.clone()).unwrap();
    assert_eq!(outcome, scenario.play().unwrap());
    let entries = entries(&bytes);
    assert_eq!(entries.last().unwrap().what, Happened::Ended { trace_hash: outcome.trace_hash });
    assert!(entries.len() > 1_000, "{}", entries.len());
}
