//! The whole protocol against a model of it: whatever joins, leaves, crashes, starts again, is cut off or lost, no
//! promise is broken meanwhile, and once nothing is wrong any more, everybody is connected and has heard everything.
#![cfg(test)]

use chinwag_testkit::gossip::{Counts, Tally, World, scenario};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(24))]

    #[test]
    fn all_is_well_in_the_end(scenario in scenario()) {
        World::play(&scenario).map_err(TestCaseError::fail)?;
    }
}

/// These runs go through every part of the protocol.
#[test]
fn every_part_of_the_protocol_is_exercised() {
    let (mut counts, mut tally) = (Counts::default(), Tally::new());
    let (mut settled, mut quiet) = (Vec::new(), (0, 0));
    let mut failures = 0;
    let n = std::env::var("N").map_or(24, |n| n.parse().unwrap());
    for (number, scenario) in chinwag_testkit::sample(n, &scenario()).into_iter().enumerate() {
        let outcome = match World::play(&scenario) {
            Ok(outcome) => outcome,
            Err(error) => {
                failures += 1;
                println!("FAIL {number} ({} nodes, {:?}, {:?}, {:?}, hist {}): {error}", scenario.nodes, scenario.views, scenario.link.semantics, scenario.spreading, scenario.history);
                continue;
            }
        };
        counts.merge(&outcome.counts);
        for (what, count) in outcome.tally {
            *tally.entry(what).or_default() += count;
        }
        settled.push(outcome.settled);
        quiet = (outcome.quiet.0.max(quiet.0), outcome.quiet.1.max(quiet.1));
    }
    settled.sort_unstable();
    println!("{failures} failures");
    println!("{counts:#?}\n{tally:#?}\nsettled after {settled:?}\nat most, in a quiet minute: {quiet:?}");
    for part in PARTS {
        assert!(counts.get(part) > 0, "{part}: {counts:?}");
    }
}

const PARTS: [&str; 14] = [
    "grafts",
    "prunes",
    "pulls",
    "repaired",
    "served",
    "syncs",
    "shuffles",
    "walks",
    "splits",
    "turned_away",
    "routed",
    "resent",
    "links_retired",
    "held",
];
