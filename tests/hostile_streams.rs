//! Invented authors and invented numbers cost those who live neither their place, nor their order, nor their voice.
#![cfg(test)]

use chinwag::{Event, LinkId, Rejection};
use chinwag_memory::{ms, secs};
use chinwag_testkit::{Guest, Lab, numbered};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(32))]

    /// However many messages each of the invented ones brings at once, they are newcomers, and push out each other.
    #[test]
    fn talkative_newcomers_do_not_push_out_a_regular(each in 2..8_u64, authors in 64..200_u64) {
        let mut lab = Lab::usual_but(|config| config.max_streams = 64);
        let (bob, link) = regular(&mut lab);
        for author in 0..authors {
            for number in 1..=each {
                lab.hear(link, numbered(&format!("invented {author}"), number, &format!("{author}, {number}")));
            }
        }
        prop_assert!(lab.node.stats().streams_evicted >= authors - 64);
        let before = lab.node.stats().delivered;
        for number in 1..=8 {
            lab.hear(link, bob.broadcasts(number, &format!("word {number}")));
        }
        prop_assert_eq!(lab.node.stats().delivered, before, "bob's words are known still");
    }

    /// Who has many messages held back uses up a share of the room, and no more, under however many names.
    #[test]
    fn streams_full_of_gaps_take_no_patience_from_a_regular(
        room in 2..64_usize, flood in 1..300_u64, names in 1..40_u64,
    ) {
        let mut lab = Lab::usual_but(|config| config.max_held = room);
        let (bob, link) = regular(&mut lab);
        for number in 0..flood {
            let eve = format!("eve {}", number % names);
            lab.hear(link, numbered(&eve, 1000 + 2 * number, "flood"));
        }
        let before = lab.heard().len();
        // What finds no room is asked for again when there is some.
        lab.answer_pulls((9..12).map(|number| bob.broadcasts(number, &number.to_string())));
        for number in [9, 11, 10] {
            lab.hear(link, bob.broadcasts(number, &number.to_string()));
        }
        lab.wait(secs(1));
        let heard: Vec<_> = lab.heard().into_iter().skip(before).filter(|text| text != "flood").collect();
        prop_assert_eq!(heard, ["9", "10", "11"]);
    }
}

/// One lie, or two, about a number far ahead are not believed, and the truth goes on as before.
#[test]
fn a_few_absurd_numbers_change_nothing() {
    let mut lab = Lab::usual();
    let bob = Guest::native("bob", "bob:5001");
    let link = lab.welcome(&bob);
    for (number, text) in
        [(1, "one"), (FAR, "lie"), (FAR, "the same lie"), (2, "two"), (u64::MAX, "lie"), (3, "three")]
    {
        lab.hear(link, bob.broadcasts(number, text));
    }
    assert_eq!(lab.heard(), ["one", "two", "three"]);
    assert_eq!(lab.count(absurd), 3);
    assert_eq!(lab.count(|event| matches!(event, Event::Gap { .. })), 0);
}

/// An author who really said a million things while we were away is heard again: three in a row are believed.
#[test]
fn an_author_far_ahead_is_believed_after_three() {
    let mut lab = Lab::usual();
    let bob = Guest::native("bob", "bob:5001");
    let link = lab.welcome(&bob);
    lab.hear(link, bob.broadcasts(1, "one"));
    lab.answer_pulls([]);
    for number in FAR..FAR + 10 {
        lab.hear(link, bob.broadcasts(number, &number.to_string()));
        lab.wait(ms(100));
    }
    lab.wait(secs(2));
    assert_eq!(lab.count(absurd), 2, "the two before the third");
    let expected: Vec<_> = (FAR + 2..FAR + 10).map(|number| number.to_string()).collect();
    assert_eq!(lab.heard()[1..], expected);
    let gaps: Vec<_> = lab
        .events()
        .filter_map(|event| {
            let Event::Gap { from, to, before_contact: false, .. } = event else { return None };
            Some((from.get(), to.get()))
        })
        .collect();
    assert_eq!(gaps, [(2, FAR + 1)], "all that is missing is told at once");
}

/// A peer that has said a few things over some time, and the link to it.
fn regular(lab: &mut Lab) -> (Guest, LinkId) {
    let bob = Guest::native("bob", "bob:5001");
    let link = lab.welcome(&bob);
    for number in 1..=8 {
        lab.hear(link, bob.broadcasts(number, &format!("word {number}")));
        lab.wait(secs(2));
    }
    (bob, link)
}

fn absurd(event: &Event) -> bool {
    matches!(event, Event::Rejected { reason: Rejection::AbsurdSequence, .. })
}

/// Further ahead than anybody gets without being heard.
const FAR: u64 = 2_000_000;
