//! A message that is missing is asked for, and waited for as long as somebody may have it; once nobody has, it gets
//! the whole patience, however many others are missing.
#![cfg(test)]

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use chinwag::{Action, Control, Event, Message, Run, StreamTag, Time};
use chinwag_memory::{ms, secs};
use chinwag_testkit::{Guest, Lab, sent};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(512))]

    /// Whatever comes when: each message is delivered in its place or told to be missing, once; what comes within the
    /// patience from when it was missed is delivered; what does not come at all is told soon after the last word.
    #[test]
    fn each_message_is_waited_for_from_when_it_was_missed(
        arrivals in prop::collection::vec(prop::option::weighted(0.8, 0..2000_u64), 1..20),
    ) {
        let mut lab = Lab::usual();
        lab.answer_pulls([]);
        let patience = lab.node.config().gap_patience;
        let arrivals: BTreeMap<u64, Time> =
            (1..).zip(&arrivals).filter_map(|(number, at)| Some((number, Time::from_millis((*at)?)))).collect();
        play(&mut lab, &arrivals);

        let last = arrivals.keys().max().copied().unwrap_or(0);
        let (heard, missing) = (lab.heard(), told_missing(&lab));
        let mut expected = Vec::new();
        for number in 1..=last {
            let missed = arrivals.range(number + 1..).map(|(_, at)| *at).min();
            let in_time = arrivals.get(&number).is_some_and(|at| missed.is_none_or(|missed| *at < missed + patience));
            let told = missing.get(&number);
            prop_assert!(!(in_time && told.is_some()), "{number} came in time and is told at {told:?}");
            prop_assert!(arrivals.contains_key(&number) || told.is_some(), "{number} never came and is not told");
            if let (Some(told), Some(missed)) = (told, missed) {
                prop_assert!(*told >= missed + patience, "{number} is given up at {told:?}, missed at {missed:?}");
            } else {
                expected.push(number.to_string());
            }
        }
        prop_assert_eq!(heard, expected);
    }

    /// What one end has is asked for there, however long the others go without it.
    #[test]
    fn what_somebody_has_is_fetched(lacking in prop::collection::btree_set(1..20_u64, 1..19)) {
        let mut lab = Lab::usual();
        let ann = Guest::native("ann", "ann:5001");
        lab.answer_pulls((1..=20).map(|number| ann.broadcasts(number, &number.to_string())));
        let link = lab.welcome(&ann);
        for number in (1..=20).filter(|number| !lacking.contains(number)) {
            lab.hear(link, ann.broadcasts(number, &number.to_string()));
        }
        lab.wait(secs(1));
        let all: Vec<String> = (1..=20).map(|number| number.to_string()).collect();
        prop_assert_eq!(lab.heard(), all);
        prop_assert_eq!(told_missing(&lab), BTreeMap::new());
        prop_assert_eq!(lab.node.lagging(), 0);
    }
}

/// Two messages are late, and the second is missed only shortly before the first one comes.
#[test]
fn a_second_gap_does_not_share_the_time_of_the_first() {
    let mut lab = Lab::usual();
    lab.answer_pulls([]);
    let arrivals = [(1, 0), (3, 100), (5, 595), (2, 596), (4, 900)];
    play(&mut lab, &arrivals.map(|(number, at)| (number, Time::from_millis(at))).into());
    assert_eq!(lab.heard(), ["1", "2", "3", "4", "5"]);
}

/// Part of what is missing comes; the rest is not waited for without end for that.
#[test]
fn a_gap_that_is_filled_in_part_is_told_in_part() {
    let mut lab = Lab::usual();
    lab.answer_pulls([]);
    let arrivals = [(1, 0), (5, 100), (4, 400)];
    play(&mut lab, &arrivals.map(|(number, at)| (number, Time::from_millis(at))).into());
    assert_eq!(lab.heard(), ["1", "4", "5"]);
    assert_eq!(told_missing(&lab).into_keys().collect::<Vec<_>>(), [2, 3]);
}

/// An author who goes on talking does not make us wait for ever for what nobody has.
#[test]
fn a_gap_is_given_up_while_its_author_talks_on() {
    for pause in [50, 300, 450] {
        let mut lab = Lab::usual();
        lab.answer_pulls([]);
        let ann = Guest::native("ann", "ann:5001");
        let link = lab.welcome(&ann);
        lab.hear(link, ann.broadcasts(1, "1"));
        for number in 3..100 {
            lab.hear(link, ann.broadcasts(number, &number.to_string()));
            lab.wait(ms(pause));
            if lab.now() > Time::from_secs(3) {
                assert_eq!(told_missing(&lab).len(), 1, "every {pause} ms: {:?}", lab.heard());
            }
        }
    }
}

/// Who was asked and does not answer is asked again, less and less often, and then no more.
#[test]
fn who_does_not_answer_is_not_asked_for_ever() {
    let mut lab = Lab::usual_but(|config| config.dead = Duration::from_secs(600));
    let ann = Guest::native("ann", "ann:5001");
    let link = lab.welcome(&ann);
    lab.hear(link, ann.broadcasts(1, "1"));
    lab.hear(link, ann.broadcasts(3, "3"));
    lab.wait(secs(30));
    let pulls = sent(&lab.answers.concat(), "PULL").len();
    assert!((2..10).contains(&pulls), "{pulls} pulls");
    assert_eq!((lab.heard().len(), told_missing(&lab).len()), (2, 1));
}

/// Many say to have what is missing, and do not answer: what came after it does not wait for each of them.
#[test]
fn many_who_do_not_answer_hold_up_no_more_than_one() {
    let mut lab = Lab::usual_but(|config| config.dead = Duration::from_secs(600));
    let ann = Guest::native("ann", "ann:5001");
    let link = lab.welcome(&ann);
    lab.hear(link, ann.broadcasts(1, "1"));
    let message = ann.broadcasts(1, "1");
    let place = message.post().and_then(|post| post.place).unwrap();
    let tag = StreamTag::of(message.originator(), place.epoch);
    for number in 0..5 {
        let guest = Guest::native(&format!("bob {number}"), &format!("bob:{}", 5002 + number));
        let link = lab.welcome(&guest);
        lab.hear(link, Message::control(Control::Have(vec![(tag, Run::of(1, 3).unwrap())])));
    }
    lab.hear(link, ann.broadcasts(3, "3"));
    lab.wait(secs(8));
    let pulls: BTreeSet<_> = sent(&lab.answers.concat(), "PULL").into_iter().collect();
    assert!(pulls.len() > 2, "asked on {pulls:?}");
    assert_eq!((lab.heard().len(), told_missing(&lab).len()), (2, 1));
}

/// What there was no room to hold back is asked for again when there may be.
#[test]
fn what_found_no_room_is_not_lost_with_what_is_before_it() {
    let mut lab = Lab::usual_but(|config| {
        config.max_held = 8;
        config.dead = Duration::from_secs(600);
    });
    let authors: Vec<Guest> =
        (0..12).map(|number| Guest::native(&format!("author {number}"), "a:1")).collect();
    lab.answer_pulls(authors.iter().map(|author| author.broadcasts(2, "2")));
    let link = lab.welcome(&Guest::native("ann", "ann:5001"));
    for author in &authors {
        lab.hear(link, author.broadcasts(2, "2"));
    }
    assert_eq!(lab.node.stats().held, 8, "no room for more");
    lab.wait(secs(30));
    assert_eq!(lab.heard().len(), authors.len());
    assert_eq!(lab.node.lagging(), 0);
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
    // Asking takes a while at first, and each further gap is waited for from where the one before it was given up.
    lab.wait(lab.node.config().gap_patience * 20);
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

/// Nobody answers for long, as the network may be parted; with enough patience, who comes then is asked.
#[test]
fn who_comes_after_a_long_search_is_asked_too() {
    let mut lab = Lab::usual_but(|config| {
        (config.dead, config.gap_patience) = (Duration::from_secs(600), Duration::from_secs(60));
    });
    let ann = Guest::native("ann", "ann:5001");
    let link = lab.welcome(&ann);
    lab.hear(link, ann.broadcasts(1, "1"));
    lab.hear(link, ann.broadcasts(3, "3"));
    lab.wait(secs(20));
    assert_eq!((lab.heard().len(), told_missing(&lab).len()), (1, 0));
    let message = ann.broadcasts(2, "2");
    let place = message.post().and_then(|post| post.place).unwrap();
    let tag = StreamTag::of(message.originator(), place.epoch);
    lab.answer_pulls([message]);
    let bob = lab.welcome(&Guest::native("bob", "bob:5002"));
    lab.hear(bob, Message::control(Control::Have(vec![(tag, Run::of(2, 2).unwrap())])));
    lab.wait(secs(1));
    assert_eq!(lab.heard(), ["1", "2", "3"]);
    assert_eq!(told_missing(&lab), BTreeMap::new());
}
