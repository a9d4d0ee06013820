//! The whole protocol against a model of it: whatever joins, leaves, crashes, starts again, is cut off or lost, no
//! promise is broken meanwhile, and once nothing is wrong any more, everybody is connected and has heard everything.
#![cfg(test)]

use chinwag_testkit::gossip::{Counts, Scenario, Tally, World, scenario};
use proptest::prelude::*;

proptest! {
    // Each try at a smaller one is a whole network again.
    #![proptest_config(ProptestConfig { max_shrink_time: 20_000, ..chinwag_testkit::cases(48) })]

    #[test]
    fn all_is_well_in_the_end(scenario in scenario()) {
        World::play(&scenario).map_err(TestCaseError::fail)?;
    }
}

/// These runs go through every part of the protocol. Whether they end well is the other test's business.
#[test]
fn every_part_of_the_protocol_is_exercised() {
    let (mut counts, mut tally, mut judged) = (Counts::default(), Tally::new(), 0);
    let (mut settled, mut quiet) = (core::time::Duration::ZERO, (0, 0));
    for scenario in chinwag_testkit::sample(RUNS, &scenario()) {
        let Ok(outcome) = World::play(&scenario) else { continue };
        judged += 1;
        counts.merge(&outcome.counts);
        for (what, count) in outcome.tally {
            *tally.entry(what).or_default() += count;
        }
        settled = settled.max(outcome.settled);
        quiet = (outcome.quiet.0.max(quiet.0), outcome.quiet.1.max(quiet.1));
    }
    println!("{judged} of {RUNS} runs ended well: {counts:#?}\n{tally:#?}");
    println!("at most {settled:?} after healing, at most {quiet:?} in a quiet minute");
    for part in PARTS {
        assert!(counts.get(part) > 0, "{part} never: {counts:?}");
    }
    for what in HAPPENED {
        assert!(tally.get(what).is_some_and(|count| *count > 0), "{what} never: {tally:?}");
    }
}

/// Far more of them, on two cores, all that end badly listed:
/// `PROPTEST_CASES=2000 cargo test --release --test gossip_model -- --ignored --nocapture`. To take one apart, give its
/// number as `RUN`.
#[test]
#[ignore = "takes minutes"]
fn the_long_search() {
    let count = chinwag_testkit::cases(500).cases;
    let scenarios: Vec<_> = chinwag_testkit::sample(count, &scenario()).into_iter().zip(0..).collect();
    let only: Option<i32> = std::env::var("RUN").ok().and_then(|run| run.parse().ok());
    let wanted = |number: i32| only.is_none_or(|only| only == number);
    let (first, second) = scenarios.split_at(scenarios.len() / 2);
    let play = |part: &[(Scenario, i32)]| -> Vec<String> {
        let part = part.iter().filter(|(_, number)| wanted(*number));
        let ended = part.map(|(scenario, number)| (number, World::play(scenario)));
        ended.filter_map(|(number, end)| Some(format!("run {number}: {}", end.err()?))).collect()
    };
    let wrong = std::thread::scope(|scope| {
        let other = scope.spawn(|| play(second));
        let mut wrong = play(first);
        wrong.extend(other.join().expect("a run that panics"));
        wrong
    });
    assert!(wrong.is_empty(), "{} of {count} runs ended badly:\n{}", wrong.len(), wrong.join("\n"));
}

const RUNS: u32 = 40;
/// The counters of [`chinwag::Stats`] that must have moved.
const PARTS: [&str; 15] = [
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
    "links_silent",
    "duplicates",
];
/// What the model must have seen.
const HAPPENED: [&str; 6] = [
    "resumed",
    "began anew",
    "knowledge connected",
    "knowledge split",
    "told, arrived",
    "told, undeliverable",
];
