//! Each message that is missing gets the whole patience, however many others are missing, and not more.
#![cfg(test)]

use std::collections::BTreeMap;

use chinwag::{Action, Event, Time};
use chinwag_memory::ms;
use chinwag_testkit::{Guest, Lab};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(512))]

    /// What is missing is seen to be missing when the first message beyond it comes, and is waited for from then on:
    /// what comes before the patience ends is delivered in its place, what does not is told the moment it ends.
    #[test]
    fn each_message_is_waited_for_from_when_it_was_missed(
        arrivals in prop::collection::vec(prop::option::weighted(0.8, 0..2000_u64), 1..20),
    ) {
        let mut lab = Lab::usual();
        let patience = lab.node.config().gap_patience;
        let arrivals: BTreeMap<u64, Time> =
            (1..).zip(&arrivals).filter_map(|(number, at)| Some((number, Time::from_millis((*at)?)))).collect();
        play(&mut lab, &arrivals);

        let last = arrivals.keys().max().copied().unwrap_or(0);
        let (mut expected, mut missing) = (Vec::new(), BTreeMap::new());
        for number in 1..=last {
            let missed = arrivals.range(number + 1..).map(|(_, at)| *at).min();
            match (arrivals.get(&number), missed) {
                (Some(at), Some(missed)) if *at >= missed + patience => missing.insert(number, missed + patience),
                (Some(_), _) => { expected.push(number.to_string()); None },
                (None, missed) => missing.insert(number, missed.expect("it is not the last") + patience),
            };
        }
        prop_assert_eq!(lab.heard(), expected);
        prop_assert_eq!(told_missing(&lab), missing);
    }
}

/// Two messages are late, and the second is missed only shortly before the first one comes.
#[test]
fn a_second_gap_does_not_share_the_time_of_the_first() {
    let mut lab = Lab::usual();
    let arrivals = [(1, 0), (3, 100), (5, 595), (2, 596), (4, 900)];
    play(&mut lab, &arrivals.map(|(number, at)| (number, Time::from_millis(at))).into());
    assert_eq!(lab.heard(), ["1", "2", "3", "4", "5"]);
}

/// Part of what is missing comes; the rest is not waited for any longer for that.
#[test]
fn a_gap_that_is_filled_in_part_keeps_its_time() {
    let mut lab = Lab::usual();
    let arrivals = [(1, 0), (5, 100), (4, 400)];
    play(&mut lab, &arrivals.map(|(number, at)| (number, Time::from_millis(at))).into());
    assert_eq!(lab.heard(), ["1", "4", "5"]);
    assert_eq!(
        told_missing(&lab),
        [(2, 600), (3, 600)].map(|(number, at)| (number, Time::from_millis(at))).into()
    );
}

/// Lets the numbered messages of one author come in at their times, and the patience with what is missing end.
fn play(lab: &mut Lab, arrivals: &BTreeMap<u64, Time>) {
    let ann = Guest::native("ann", "ann:5001");
    let link = lab.welcome(&ann);
    let mut by_time: Vec<_> = arrivals.iter().map(|(number, at)| (*at, *number)).collect();
    by_time.sort_unstable();
    for (at, number) in by_time {
        lab.wait(at.saturating_since(lab.now()));
        lab.hear(link, ann.broadcasts(number, &number.to_string()));
    }
    lab.wait(lab.node.config().gap_patience + ms(1));
}

/// The numbers that were told to be missing, and when.
fn told_missing(lab: &Lab) -> BTreeMap<u64, Time> {
    let mut missing = BTreeMap::new();
    for ((now, _), actions) in lab.trace.iter().zip(&lab.answers) {
        for action in actions {
            if let Action::Emit(Event::Gap { from, to, .. }) = action {
                missing.extend((from.get()..=to.get()).map(|number| (number, *now)));
            }
        }
    }
    missing
}
