//! The minimiser finds a small scenario that fails the same check.
#![cfg(test)]

use chinwag_memory::Scenario;
use chinwag_memory::scenario::{Bug, Check};
use chinwag_memory::swarm::minimise;

fn failing() -> Scenario {
    let planted = (0..20).map(|seed| {
        let mut scenario = Scenario::swarm(seed).at_most(14);
        scenario.bug = Some(Bug::AlterPost);
        scenario
    });
    let fails =
        |scenario: &Scenario| scenario.play().unwrap().failure.is_some_and(|it| it.check == Check::Unaltered);
    planted.filter(|scenario| scenario.ops.len() > 9).find(fails).expect("one that fails")
}

#[test]
fn a_planted_bug_is_shown_by_next_to_nothing() {
    let scenario = failing();
    let small = minimise(&scenario, || true).expect("it fails");
    assert!(small.complete);
    assert_eq!(small.failure.check, Check::Unaltered);
    println!("{} tries: {}", small.tries, small.scenario.to_toml());
    assert!(small.scenario.nodes <= 4, "{}", small.scenario.to_toml());
    assert!(small.scenario.ops.len() <= 3 && scenario.ops.len() > 9, "{}", small.scenario.to_toml());
    // What is written is what fails.
    let read = Scenario::from_toml(&small.scenario.to_toml()).unwrap();
    assert_eq!(read.play().unwrap().failure, Some(small.failure));
}

#[test]
fn it_stops_when_it_is_told_to_and_leaves_alone_what_does_not_fail() {
    let mut left = 3;
    let go_on = || {
        left -= 1;
        left >= 0
    };
    let small = minimise(&failing(), go_on).expect("it fails");
    assert_eq!((small.tries, small.complete), (4, false));
    assert_eq!(minimise(&Scenario::new(2), || true), None);
}
