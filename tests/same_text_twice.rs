//! The same words twice are two messages; only an echo, which the old dialect cannot tell from its original, is not.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use chinwag::{Action, Command, Content, Event, Message, Target};
use chinwag_testkit::{Guest, Lab, sent};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(128))]

    /// One author repeats a few texts within one second, and old peers echo some of them, before or after the
    /// original. Each original is heard, each echo counts for one original at most, and alone it is heard as well.
    #[test]
    fn every_original_is_heard_and_no_echo_is(says in prop::collection::vec((0..3_u8, any::<bool>()), 1..40)) {
        let mut lab = Lab::usual();
        let ann = Guest::native("ann", "ann:5001");
        let link = lab.welcome(&ann);
        lab.welcome(&Guest::classic("Able", "able:5001"));
        let (mut originals, mut echoes) = (BTreeMap::<String, usize>::new(), BTreeSet::new());
        let mut sequence = 0;
        for (text, echo) in says {
            let text = format!("text {text}");
            if echo {
                let call = lab.accept();
                lab.hear(call, Guest::classic("ann", "ann:5001").broadcasts(0, &text));
                lab.hang_up(call);
                echoes.insert(text);
            } else {
                sequence += 1;
                lab.hear(link, ann.broadcasts(sequence, &text));
                *originals.entry(text).or_default() += 1;
            }
        }
        let heard = lab.heard();
        for text in ["text 0", "text 1", "text 2"] {
            let said = originals.get(text).copied().unwrap_or(0).max(usize::from(echoes.contains(text)));
            prop_assert_eq!(heard.iter().filter(|heard| *heard == text).count(), said, "{}", text);
        }
    }
}

/// Old peers tell messages apart by text and second, so ours never say the same in the same second.
#[test]
fn our_own_repeats_differ_for_old_peers_too() {
    let mut lab = Lab::usual();
    lab.welcome(&Guest::native("ann", "ann:5001"));
    for _ in 0..200 {
        lab.command(Command::Broadcast("knock".into()));
    }
    let ids: BTreeSet<_> = messages(&lab).map(Message::classic_id).collect();
    assert_eq!(ids.len(), 200);
}

/// The second of two originals that no echo preceded is no duplicate of the first.
#[test]
fn another_implementation_may_repeat_itself_within_a_second() {
    let mut lab = Lab::usual();
    let ann = Guest::native("ann", "ann:5001");
    let link = lab.welcome(&ann);
    lab.hear(link, ann.broadcasts(1, "hi"));
    lab.hear(link, ann.broadcasts(2, "hi"));
    assert_eq!(lab.heard(), ["hi", "hi"]);
}

/// An application may send a BROADCAST of its own making to one peer: if it comes back, nobody has forged it.
#[test]
fn the_echo_of_a_message_made_by_hand_is_no_forgery() {
    let mut lab = Lab::usual();
    let link = lab.welcome(&Guest::native("bob", "bob:5001"));
    let to = Target::Peer("bob".parse().unwrap());
    let answer = lab.command(Command::Custom { to, msg_type: "BROADCAST".into(), body: "by hand".into() });
    assert_eq!(sent(&answer, "BROADCAST"), [link]);
    let echo = messages(&lab).next().unwrap().clone();
    lab.hear(link, echo);
    assert_eq!(lab.count(|event| matches!(event, Event::Rejected { .. } | Event::Delivered(_))), 0);
}

/// What the node has said to everybody.
fn messages(lab: &Lab) -> impl Iterator<Item = &Message> {
    lab.answers.iter().flatten().filter_map(|action| {
        let Action::Send { message, .. } = action else { return None };
        matches!(message.content(), Content::Broadcast(_)).then_some(message)
    })
}
