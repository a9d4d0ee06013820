//! A slice of the swarm with every build. The long hunt is a person's to start: `chinwag sim swarm --for 10m`.
#![cfg(test)]

use chinwag_memory::Scenario;
use chinwag_memory::swarm::{Survey, Verdict};

const SEEDS: u64 = 60;
/// Larger scenarios are for optimised builds.
const NODES: u32 = 14;

#[test]
fn every_check_holds_in_a_slice_and_much_is_tried() {
    let mut survey = std::thread::scope(|scope| {
        let odd = scope.spawn(|| play((1..SEEDS).step_by(2)));
        let mut survey = play((0..SEEDS).step_by(2));
        survey.merge(odd.join().expect("a scenario that panics"));
        survey
    });
    assert_eq!(survey.verdict(), Verdict::Fine, "{:?}", survey.found);
    assert_eq!(survey.scenarios, SEEDS);
    assert!(survey.unrecoverable * 5 < SEEDS, "{} left nodes apart for good", survey.unrecoverable);
    let missing: Vec<&str> = survey.coverage.missing().collect();
    assert!(missing.len() <= FEW, "never tried in this slice: {missing:?}");
    // A larger survey that has tried as little is worth nothing, and says so.
    survey.scenarios = Survey::ENOUGH;
    assert_eq!(survey.verdict() == Verdict::Fine, missing.is_empty());
    survey.coverage = Default::default();
    assert!(matches!(survey.verdict(), Verdict::Blind(missing) if missing.contains(&"message PULL")));
}

fn play(seeds: impl Iterator<Item = u64>) -> Survey {
    let mut survey = Survey::default();
    for seed in seeds {
        let outcome = Scenario::swarm(seed).at_most(NODES).play().expect("a scenario");
        survey.add(seed, &outcome);
    }
    survey
}

/// What is too rare for so few small scenarios.
const FEW: usize = 6;
