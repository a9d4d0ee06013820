//! Playing scenarios: equal ones come out equal, and what they say is what happens.
#![cfg(test)]

use chinwag_memory::Scenario;
use chinwag_memory::scenario::{Check, Senders, What};

fn eventful() -> Scenario {
    Scenario::new(12)
        .seed(5)
        .say(6_000, Senders::Random, 6)
        .at(7_500, What::CrashShare { share: 0.25.into() })
        .at(8_000, What::Partition { share: 0.5.into(), one_way: false })
        .at(9_000, What::Heal)
        .at(9_500, What::Arrive { count: 2, over_ms: 500 })
}

#[test]
fn equal_scenarios_come_out_equal_and_seeds_matter() {
    let outcome = eventful().play().unwrap();
    assert_eq!(outcome.failure, None);
    assert_eq!(eventful().play().unwrap(), outcome);
    assert_ne!(eventful().seed(6).play().unwrap().trace_hash, outcome.trace_hash);
}

#[test]
fn what_changes_nothing_can_be_taken_away_and_all_chance_stays() {
    let with = eventful().at(6_200, What::Heal).at(7_400, What::Heal);
    let (with, without) = (with.play().unwrap(), eventful().play().unwrap());
    assert_eq!(with.trace_hash, without.trace_hash);
    assert_eq!(with.figures, without.figures);
    assert_eq!(with.coverage.get("op heal"), without.coverage.get("op heal") + 2);
}

#[test]
fn what_a_scenario_says_happens() {
    let outcome = eventful().play().unwrap();
    // Of twelve three have crashed and two have come.
    assert_eq!(outcome.figures.survivors, 11);
    // Six in the scenario, and the last words of eight.
    assert_eq!(outcome.figures.messages, 14);
    let share = outcome.figures.delivered_ratio();
    assert_eq!(share, Some(1.0), "{:?}", outcome.figures);
    for (what, count) in [("op say", 6), ("op arrive", 2), ("op partition", 1), ("op heal", 1)] {
        assert_eq!(outcome.coverage.get(what), count, "{what}");
    }
}

#[test]
fn nodes_that_cannot_know_each_other_owe_each_other_nothing() {
    // The first node, whom alone the others know, is gone before they come.
    let apart = Scenario::new(3).at(0, What::Crash { node: 0 }).say(8_000, Senders::All, 1);
    let outcome = apart.play().unwrap();
    assert_eq!((outcome.failure, outcome.parts), (None, 2));
    assert_eq!((outcome.figures.due, outcome.figures.heard), (4, 0));
}

#[test]
fn what_fails_is_named_and_can_be_skipped() {
    let hasty = |scenario: Scenario| {
        let mut scenario = scenario.at(20_000, What::Partition { share: 0.5.into(), one_way: false });
        scenario = scenario.say(21_000, Senders::All, 20);
        (scenario.ending.at_ms, scenario.ending.patience_ms) = (Some(40_000), 0);
        scenario.play().unwrap()
    };
    let failure = hasty(Scenario::new(10)).failure.expect("no time to become well");
    assert!(failure.check >= Check::Connected, "{failure}");
    assert!(failure.at_ns >= 40_000_000_000, "{failure}");
    let patient = [Check::Connected, Check::SymmetricViews, Check::NothingPending, Check::AllHeard];
    let skipping = patient.into_iter().fold(Scenario::new(10), Scenario::without);
    assert_eq!(hasty(skipping).failure, None);
}
