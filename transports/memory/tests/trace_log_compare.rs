//! Comparing traces finds the first entries that are not the same.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chinwag_memory::trace_log::{Compared, Happened, SharedBytes, TraceReader, compare};
use chinwag_memory::{Network, NetworkConfig, NodeId, ms, secs};

/// Eight nodes, two of which say something, the second `at` milliseconds after the first. In the end somebody may reach into a
/// node and do nothing.
fn run(seed: u64, at: u64, reached_into: bool) -> SharedBytes {
    let bytes = SharedBytes::new();
    let mut network = Network::new(NetworkConfig::new(seed));
    network.write_trace("a test", bytes.clone());
    let nodes: Vec<NodeId> = (0..8).map(|number| network.add_node(&format!("n{number}")).unwrap()).collect();
    for node in &nodes[1..] {
        network.join(*node, nodes[0]).unwrap();
    }
    network.run_for(secs(5));
    network.broadcast(nodes[1], "hello").unwrap();
    network.run_for(ms(at));
    network.broadcast(nodes[2], "hello").unwrap();
    network.run_for(secs(1));
    if reached_into {
        network.with_node(nodes[3], |_, _| ());
    }
    network.end_trace().unwrap();
    bytes
}

fn compared(one: &SharedBytes, other: &SharedBytes) -> Compared {
    compare(&mut TraceReader::new(one.reader()).unwrap(), &mut TraceReader::new(other.reader()).unwrap())
        .unwrap()
}

#[test]
fn the_same_run_gives_the_same_trace() {
    let (one, other) = (run(5, 100, false), run(5, 100, false));
    let compared = compared(&one, &other);
    assert_eq!(compared.difference, None);
    assert!(compared.same > 500, "{}", compared.same);
    assert_eq!(one.bytes(), other.bytes());
}

#[test]
fn the_first_difference_is_told_in_words_with_what_was_before_it() {
    let (one, other) = (run(5, 100, false), run(5, 101, false));
    let found = compared(&one, &other);
    let difference = found.difference.unwrap();
    assert!(matches!(difference.one[0].entry.what, Happened::Published { .. }), "{:?}", difference.one[0]);
    assert!(difference.one[0].words.contains("n2 says n2/"), "{}", difference.one[0].words);
    assert!(difference.one[0].words.starts_with("5.100000000 s"), "{}", difference.one[0].words);
    assert_eq!((found.before.len(), difference.one.len(), difference.other.len()), (8, 8, 8));
    // The other way round it is the same difference.
    let back = compared(&other, &one);
    assert_eq!((back.same, back.before), (found.same, found.before));
    assert_eq!(back.difference.unwrap().other, difference.one);
}

#[test]
fn runs_of_different_seeds_part_early() {
    let found = compared(&run(5, 100, false), &run(6, 100, false));
    assert!(found.difference.is_some());
    assert!(found.same < 100, "{}", found.same);
}

#[test]
fn what_has_no_entry_shows_at_the_end() {
    let found = compared(&run(5, 100, false), &run(5, 100, true));
    let difference = found.difference.unwrap();
    assert!(matches!(difference.one[0].entry.what, Happened::Ended { .. }), "{:?}", difference.one[0]);
    assert_eq!((difference.one.len(), difference.other.len()), (1, 1));
}
