//! No input panics a node or breaks a rule: not from the network, not from the application, not from the clock.
#![cfg(test)]

use chinwag::Event;
use chinwag_testkit::{Lab, steps};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(512))]

    /// The rules are checked by the lab after every single input.
    #[test]
    fn any_sequence_of_inputs_keeps_the_rules(script in steps::script(250)) {
        let lab = Lab::played(&script);
        let _ = format!("{:?} {:?}", lab.node, lab.answers);
    }

    /// A node is a value: a clone goes its own way and ends the same, and looking at it changes nothing.
    #[test]
    fn a_clone_lives_on_the_same(script in steps::script(120), at in any::<prop::sample::Index>()) {
        let mut lab = Lab::played(&script);
        let at = at.index(lab.trace.len());
        let mut one = lab.origin.clone();
        for (now, input) in &lab.trace[..at] {
            one.handle(*now, input.clone()).for_each(drop);
        }
        let mut two = one.clone();
        for (now, input) in lab.trace.drain(at..) {
            one.handle(now, input.clone()).for_each(drop);
            let _ = (two.peers().count(), two.next_deadline(), two.stats(), two.linked());
            two.handle(now, input).for_each(drop);
        }
        prop_assert_eq!(&one, &two);
        prop_assert_eq!(one, lab.node);
    }
}

/// Counts over the very runs of the property above, so that it cannot pass on runs in which nothing happened.
#[test]
fn these_runs_reach_every_corner() {
    let runs = chinwag_testkit::sample(512, &steps::script(250));
    let mut total = std::collections::BTreeMap::<String, u64>::new();
    for script in runs {
        let lab = Lab::played(&script);
        let stats = serde_json::to_value(lab.node.stats()).unwrap();
        for (name, count) in stats.as_object().unwrap() {
            // Too many of one kind in a second, and one who is earlier again and again, take longer than these runs.
            if ["throttled", "parents_changed"].contains(&name.as_str()) {
                continue;
            }
            let total = total.entry(name.clone()).or_default();
            *total = total.saturating_add(count.as_u64().unwrap());
        }
        for event in lab.events() {
            let words = format!("{event:?}");
            let kind = words.split([' ', '(', '{']).next().unwrap();
            *total.entry(format!("event {kind}")).or_default() += 1;
            if let Event::Rejected { reason, .. } = event {
                let words = format!("{reason:?}");
                let kind = words.split([' ', '(']).next().unwrap();
                *total.entry(format!("rejection {kind}")).or_default() += 1;
            }
        }
    }
    let never: Vec<_> = total.iter().filter(|(_, count)| **count == 0).collect();
    assert!(never.is_empty(), "no run ever counted {never:?}");
    let kinds = EVENTS.map(|kind| format!("event {kind}")).into_iter();
    for kind in kinds.chain(REJECTIONS.map(|kind| format!("rejection {kind}"))) {
        assert!(total.contains_key(&kind), "no run ever told of an {kind}: {total:#?}");
    }
}

const EVENTS: [&str; 17] = [
    "Advertised",
    "CommandFailed",
    "Custom",
    "Delivered",
    "DialFailed",
    "Direct",
    "Gap",
    "Left",
    "NameConflict",
    "PeerDown",
    "PeerUp",
    "Rejected",
    "ClassicQueueFull",
    "Undeliverable",
    "Waiting",
    "WaitingSent",
    "TooLongForClassic",
];

const REJECTIONS: [&str; 10] = [
    "AbsurdSequence",
    "Dialect",
    "ForgedOwnName",
    "Full",
    "Malformed",
    "NotForMe",
    "OutOfTurn",
    "SameName",
    "Silent",
    "Stranger",
];
