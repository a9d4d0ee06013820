//! A node is a function of its configuration, its seed and its inputs.
#![cfg(test)]

use core::time::Duration;

use chinwag::{Action, ChatNode, Command, Event, Input, Seed};
use chinwag_testkit::{Lab, event, narrow_config, steps};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(256))]

    #[test]
    fn the_same_inputs_give_equal_actions_and_equal_nodes(script in steps::script(200), seed in any::<u64>()) {
        let node = || ChatNode::new(narrow_config(), Seed::new(seed)).unwrap();
        let lab = Lab::played(&script);
        let (mut one, mut two) = (node(), node());
        for (now, input) in lab.trace {
            let first: Vec<Action> = one.handle(now, input.clone()).collect();
            let second: Vec<Action> = two.handle(now, input).collect();
            prop_assert_eq!(first, second);
        }
        prop_assert_eq!(one, two);
    }
}

/// Chance is used where many nodes would otherwise act in step: in the waits between dials.
#[test]
fn neighbouring_seeds_wait_differently() {
    let waits = |seed| {
        let mut lab = Lab::new(narrow_config(), Seed::new(seed));
        lab.input(Input::Command(Command::Join(steps::address(1))));
        let mut waits = Vec::new();
        for _ in 0..5 {
            let failed = lab.refuse(&steps::address(1)).to_vec();
            let wait = failed.iter().filter_map(event).find_map(|event| {
                if let Event::DialFailed { retry_in, .. } = event { *retry_in } else { None }
            });
            waits.push(wait.expect("what the application asked for is never given up"));
            assert!(lab.wait_until(Duration::from_secs(120), |lab| lab.dialing().count() == 1));
        }
        waits
    };
    assert_eq!(waits(1), waits(1));
    let all: Vec<_> = (0..50).map(waits).collect();
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), 50, "fifty seeds, fifty ways");
    let config = narrow_config();
    for waits in &all {
        for (failures, wait) in waits.iter().enumerate() {
            let around = (config.backoff * (1 << failures)).min(config.backoff_max);
            assert!(
                *wait >= around.mul_f64(0.8) && *wait <= around.mul_f64(1.2001),
                "{wait:?} around {around:?}"
            );
        }
    }
}
