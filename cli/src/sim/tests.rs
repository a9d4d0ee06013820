//! Small simulations, of each kind.

use super::*;
use crate::arguments::parsed_simulation;

fn simulated(line: &str) -> Figures {
    let program = parsed_simulation(line).unwrap();
    let (_, figures, _) = simulate(&program, None).unwrap();
    // Whatever it is, people can read it.
    assert!(table::of(&figures, &program.simulation).lines().count() >= 10);
    figures
}

/// What follows from the arguments alone.
fn repeatable(figures: Figures) -> Figures {
    Figures {
        cpu_seconds: None,
        peak_rss_bytes: None,
        real_seconds_joining: 0.0,
        real_seconds_messages: 0.0,
        ..figures
    }
}

#[test]
fn every_node_hears_every_message_once_and_copies_are_those_of_a_flood() {
    let figures =
        simulated("--nodes 60 --overlay random --degree 4 --strategy flood --rounds 5 --warm 4s --seed 3");
    assert!(figures.is_complete(), "{figures:?}");
    assert_eq!((figures.deliveries, figures.survivors, figures.components), (5 * 59, 60, 1));
    // A flood sends a message once over each link in each direction, less once for each node but the author.
    let links = figures.degree_mean.unwrap() * 60.0 / 2.0;
    assert_eq!(figures.payload_copies as f64, 5.0 * (2.0 * links - 59.0));
    assert_eq!(figures.rmr_mean, Some((2.0 * links - 59.0) / 59.0 - 1.0));
    // A text travels in its frame, and nodes keep their links alive.
    assert!(figures.envelope_bytes.unwrap() > 60.0 && figures.idle_bytes_per_node_minute.unwrap() > 1000.0);
    assert_eq!(figures.control_bytes_per_delivery, Some(0.0));
    assert!(figures.bytes_by_type["BROADCAST"] > figures.payload_copies * 64);
}

#[test]
fn a_small_network_joins_through_one_contact_and_authors_take_turns() {
    let figures = simulated("--nodes 8 --rounds 24 --senders rotate --warm 10s --strategy flood");
    assert!(figures.is_complete(), "{figures:?}");
    assert_eq!((figures.messages, figures.deliveries), (24, 24 * 7));
    // Three authors, so that there are a first and an eighth message of each.
    let measured = [figures.hops_last_first, figures.hops_last_settled, figures.last_delivery_ms_settled];
    assert!(measured.iter().all(|value| value.is_some_and(|value| value >= 1.0)), "{figures:?}");
    let none = simulated("--nodes 8 --rounds 7 --senders single --warm 0s --join-over 0s");
    assert_eq!((none.hops_last_settled, none.idle_bytes_per_node_minute), (None, None));
}

#[test]
fn the_seed_decides() {
    for line in [
        "--nodes 30 --overlay random --warm 1s --rounds 3 --kill 0.2",
        "--nodes 8 --warm 1s --rounds 3 --semantics datagram --loss 0.05 --duplication 0.1 --reordering 0.1",
    ] {
        let measured = |seed: u32| repeatable(simulated(&format!("{line} --seed {seed}")));
        let one = measured(7);
        assert_eq!(one, measured(7));
        assert_ne!(one.trace_hash, measured(8).trace_hash);
    }
}

#[test]
fn the_killed_are_owed_nothing_and_the_parts_that_are_left_are_counted() {
    let figures = simulated(
        "--nodes 60 --overlay random --degree 8 --warm 1s --rounds 4 --kill 0.25 --kill-at-broadcast=2",
    );
    assert_eq!((figures.killed, figures.survivors), (Some(15), 45));
    assert_eq!(figures.kill_known_components, Some(1));
    assert_eq!(figures.deliveries_due, 59 + 3 * 44);
    assert_eq!((figures.components, figures.heal_seconds), (1, Some(0.0)), "{figures:?}");
    assert!(figures.is_complete() && figures.kill_delivered_ratio == Some(1.0), "{figures:?}");
    // Nobody finds anybody new in this graph, so that it falls apart for good.
    let torn = simulated(
        "--nodes 40 --overlay random --degree 2 --warm 1s --rounds 2 --kill 0.5 --kill-at-broadcast=1",
    );
    assert!(torn.components > 1 && torn.heal_seconds.is_none() && torn.lost > 0 && !torn.is_complete());
    assert!(torn.kill_known_components.is_some_and(|parts| parts > 1 && parts <= torn.components));
    assert!(torn.kill_delivered_ratio.is_some_and(|ratio| ratio < 1.0));
}

#[test]
fn losses_lose_and_only_where_they_are_asked_for() {
    let line =
        "--nodes 30 --overlay random --degree 4 --warm 2s --rounds 3 --strategy flood --semantics datagram";
    let calm = simulated(line);
    assert!(calm.is_complete() && calm.payload_copies > 0);
    let lossy = simulated(&format!("{line} --loss 0.4"));
    // Nothing is lost while they join: the graph is the same.
    assert_eq!(lossy.degree_mean, calm.degree_mean);
    // What is lost is sent again, and costs.
    assert!(lossy.bytes_by_type["BROADCAST"] > calm.bytes_by_type["BROADCAST"], "{lossy:?}");
    assert!(lossy.is_complete() && lossy.last_delivery_ms_mean > calm.last_delivery_ms_mean, "{lossy:?}");
    assert_ne!(simulated(&format!("{line} --loss 0.4 --loss-from-start")).trace_hash, lossy.trace_hash);
}

#[test]
fn halves_that_were_cut_tell_each_other() {
    let figures = simulated("--nodes 10 --overlay random --warm 1s --partition 2s");
    assert_eq!((figures.messages, figures.partition_messages), (4, Some(4)));
    // For two seconds the links outlast the cut, and what was said goes through when it ends.
    assert!(figures.is_complete(), "{figures:?}");
    assert!(figures.partition_recovery_seconds.is_some_and(|seconds| (0.01..1.0).contains(&seconds)));
    assert_eq!(figures.hops_last_mean, None);
}

#[test]
fn who_joins_late_is_owed_nothing_and_counts_what_it_gets() {
    let figures = simulated("--nodes 8 --warm 5s --history 30 --joiner=random --strategy flood");
    assert!(figures.is_complete(), "{figures:?}");
    assert_eq!((figures.messages, figures.deliveries_due, figures.joiner_history), (30, 30 * 7, Some(30)));
    assert_eq!((figures.nodes, figures.survivors), (8, 9));
    assert_eq!(figures.joiner_received, Some(30));
    assert!(figures.joiner_round_trips.is_some_and(|trips| trips >= 1.0), "{figures:?}");
    assert!(figures.joiner_overhead.is_some_and(|overhead| overhead > 0.0), "{figures:?}");
    let forgetful = simulated("--nodes 8 --warm 5s --history 30 --joiner --retained 10");
    assert_eq!(forgetful.joiner_received, Some(10), "{forgetful:?}");
}
