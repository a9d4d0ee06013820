//! Handing messages to old peers, one connection for each: also when there is no room for links, when the first
//! tries fail, and when a message is not for them.
#![cfg(test)]

use chinwag::{Action, Command, Content, Dialects, Event, Input, LinkEnd, Message, Target};
use chinwag_memory::{ms, secs};
use chinwag_testkit::{Guest, Lab, at, sent};

/// The connection for one message is closed at once: it needs no place among the links.
#[test]
fn a_full_node_still_hands_over() {
    let mut lab = Lab::usual_but(|config| config.max_links = 4);
    lab.welcome(&Guest::classic("Able", "able:5001"));
    let visitors: Vec<_> = (0..4).map(|_| lab.accept()).collect();
    assert_eq!(lab.links(), visitors);
    lab.command(Command::Broadcast("hello".into()));
    let link = lab.connect(&at("able:5001"));
    assert_eq!(sent(lab.answers.last().unwrap(), "BROADCAST"), [link]);
    assert_eq!(lab.links(), visitors);
}

/// A message for an address waits for some failures. When it is given up, the failure says so.
#[test]
fn what_is_lost_with_a_failure_is_told_with_it() {
    for joined in [false, true] {
        let mut lab = Lab::usual_but(|config| config.give_up_after = 5);
        if joined {
            lab.join("away:5001");
        }
        for _ in 0..3 {
            let to = Target::Address(at("away:5001"));
            lab.command(Command::Custom { to, msg_type: "TEST".into(), body: "x".into() });
        }
        assert_eq!(lab.node.queued(), 3);
        lab.wait_alone(secs(60));
        let lost: Vec<usize> = lab
            .events()
            .filter_map(|event| {
                let Event::DialFailed { lost, .. } = event else { return None };
                Some(*lost)
            })
            .collect();
        // Where nobody joined, only the first failure is told, and the last.
        let told: &[usize] = if joined { &[0, 0, 0, 0, 3] } else { &[0, 3] };
        assert_eq!(lost[..told.len()], *told, "joined: {joined}");
        assert_eq!(lost[told.len()..].iter().sum::<usize>(), 0);
        assert!(joined || lab.node.stats().dials_failed == 5, "{:?}", lab.node.stats());
        assert_eq!((lab.node.stats().classic_lost, lab.node.queued()), (3, 0));
    }
}

/// What waits for the first peer, and is too long for an old one, goes to the first that can read it.
#[test]
fn a_long_message_waits_on_for_a_native_peer() {
    let mut lab = Lab::usual();
    lab.command(Command::Broadcast("x".repeat(3000).into()));
    lab.command(Command::Broadcast("short".into()));
    lab.welcome(&Guest::classic("Able", "able:5001"));
    assert_eq!(lab.node.waiting(), 1);
    let before = lab.answers.len();
    let bob = lab.welcome(&Guest::native("bob", "bob:5001"));
    assert_eq!(sent(&lab.answers[before..].concat(), "BROADCAST"), [bob]);
    assert_eq!(lab.node.waiting(), 0);
}

/// A connection in the old manner is for one message. Who keeps it, and goes on talking, is hung up on in time.
#[test]
fn an_old_connection_is_not_held_for_ever() {
    let mut lab = Lab::usual();
    let link = lab.accept();
    let word =
        Guest::classic("x", "x:5001").says(Content::Custom { msg_type: "TEST".into(), body: "x".into() });
    while lab.links().contains(&link) {
        lab.hear(link, word.clone());
        lab.wait(ms(400));
        assert!(lab.now().as_millis() <= 6000, "it is still open");
    }
    assert!(ms(lab.now().as_millis()) >= lab.node.config().handshake);
}

/// A classic node that listens nowhere can get no answer: it says nothing rather than what nobody can read.
#[test]
fn a_classic_node_says_nothing_that_cannot_be_read() {
    let mut lab = Lab::usual_but(|config| {
        config.dialects = Dialects::Classic;
        config.listening = None;
    });
    lab.join("able:5001");
    let link = lab.connect(&at("able:5001"));
    lab.input(Input::LinkDown { link, end: LinkEnd::Closed });
    for action in lab.answers.concat() {
        if let Action::Send { message, .. } = action {
            assert!(Message::decode(message.encoded().clone()).is_ok(), "{message:?}");
        }
    }
    let failures = lab.count(|event| matches!(event, Event::DialFailed { retry_in: Some(_), .. }));
    assert_eq!(failures, 1, "told, and tried again");
}
