//! Each message that is missing gets the whole patience, however many others are missing.
#![cfg(test)]

use std::collections::BTreeMap;

use chinwag::Time;
use chinwag_memory::ms;
use chinwag_testkit::{Guest, Lab};

/// Two messages are late, and the second is missed only shortly before the first one comes.
#[test]
fn a_second_gap_does_not_share_the_time_of_the_first() {
    let mut lab = Lab::usual();
    let arrivals = [(1, 0), (3, 100), (5, 595), (2, 596), (4, 900)];
    play(&mut lab, &arrivals.map(|(number, at)| (number, Time::from_millis(at))).into());
    assert_eq!(lab.heard(), ["1", "2", "3", "4", "5"]);
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
