//! Who has not introduced themselves cannot speak in anybody's numbered stream.
#![cfg(test)]

use chinwag::{Event, Rejection, Strategy};
use chinwag_testkit::{Guest, Lab, sent};

/// A number that a stranger took would make the author's own message a duplicate, at everybody.
#[test]
fn a_strangers_numbered_message_is_refused_and_takes_no_number() {
    for old_peers_around in [false, true] {
        let mut lab = Lab::usual_but(|config| config.strategy = Strategy::Flood);
        let (ann, bob) = (Guest::native("ann", "ann:5001"), Guest::native("bob", "bob:5001"));
        let link = lab.welcome(&ann);
        let other = lab.welcome(&bob);
        if old_peers_around {
            lab.welcome(&Guest::classic("old", "old:5001"));
        }
        lab.hear(link, ann.broadcasts(1, "real 1"));
        for sequence in [2, 3] {
            let bare = lab.accept();
            let answer = lab.hear(bare, ann.broadcasts(sequence, "forged"));
            assert!(sent(&answer, "BROADCAST").is_empty(), "it was passed on: {answer:?}");
        }
        for sequence in [2, 3] {
            let passed_on = lab.hear(link, ann.broadcasts(sequence, &format!("real {sequence}")));
            assert_eq!(sent(&passed_on, "BROADCAST"), [other]);
        }
        assert_eq!(lab.heard(), ["real 1", "real 2", "real 3"]);
        let refused = |event: &Event| matches!(event, Event::Rejected { reason: Rejection::Stranger, .. });
        assert_eq!(lab.count(refused), 2);
    }
}
