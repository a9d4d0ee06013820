//! Proof that the net catches fish: each planted bug is found within a few seeds, by the check that should find it.
#![cfg(test)]

use std::collections::BTreeMap;

use chinwag_memory::Scenario;
use chinwag_memory::scenario::Bug;

/// Within so many seeds each is found. In most of them, most are.
const SEEDS: u64 = 16;
const NODES: u32 = 14;

#[test]
fn every_planted_bug_is_found_by_its_check() {
    let (one, other) = Bug::ALL.split_at(Bug::ALL.len() / 2);
    std::thread::scope(|scope| {
        scope.spawn(|| one.iter().for_each(|bug| hunt(*bug)));
        other.iter().for_each(|bug| hunt(*bug));
    });
}

fn hunt(bug: Bug) {
    let mut others = BTreeMap::new();
    for seed in 0..SEEDS {
        let mut scenario = Scenario::swarm(seed).at_most(NODES);
        scenario.bug = Some(bug);
        let failure = scenario.play().unwrap().failure;
        if failure.as_ref().is_some_and(|failure| failure.check == bug.found_by()) {
            println!("{} is found by {} with seed {seed}", bug.name(), bug.found_by());
            return;
        }
        others.extend(failure.map(|failure| (failure.check, failure.to_string())));
    }
    panic!("{} is not found by {} within {SEEDS} seeds, but by {others:?}", bug.name(), bug.found_by());
}

#[test]
fn names_are_those_of_the_text() {
    for bug in Bug::ALL {
        let mut scenario = Scenario::new(2);
        scenario.bug = Some(bug);
        assert!(scenario.to_toml().contains(&format!("bug = \"{}\"", bug.name())), "{}", bug.name());
    }
}
