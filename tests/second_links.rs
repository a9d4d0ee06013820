//! Two peers that are linked twice, as both dialed or one of them dialed anew: one link is talked on, and the other
//! ends without anybody noticing.
#![cfg(test)]

use chinwag::{Command, Content, Control, DecodeError, Event, Input, Intent, LinkId};
use chinwag_memory::ms;
use chinwag_testkit::{Guest, Lab, at, sent};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(128))]

    /// While the first link is young the two ends may have dialed at once, and the lesser name's dial stays. Later,
    /// nobody dials who has a link: the other end has lost the first one, and it is the second that lives.
    #[test]
    fn one_of_two_links_is_talked_on(lesser in any::<bool>(), ours_first in any::<bool>(), age in 0..8_u64) {
        let mut lab = Lab::usual();
        let bob = Guest::native(if lesser { "abe" } else { "zed" }, "bob:5001");
        let first = if ours_first { dial(&mut lab, &bob) } else { lab.welcome(&bob) };
        for _ in 0..age {
            lab.wait(ms(250));
            lab.hear(first, bob.says(Content::Control(Control::KeepAlive(1))));
        }
        let (second, answer) = if ours_first {
            let link = lab.accept();
            (link, lab.hear(link, bob.ping()))
        } else {
            lab.join("alias:5001");
            let link = lab.connect(&at("alias:5001"));
            (link, lab.hear(link, bob.pong()))
        };
        let young = ms(250 * age) < lab.node.config().idle;
        let lesser_dialed_first = ours_first != lesser;
        let (kept, ended) = if young && lesser_dialed_first { (first, second) } else { (second, first) };

        prop_assert_eq!(sent(&answer, "RETIRE"), [ended]);
        let said = lab.command(Command::Broadcast("hello".into()));
        prop_assert_eq!(sent(&said, "BROADCAST"), [kept]);
        // What was said on the other link before its end is heard, and not told back to who said it.
        let late = lab.hear(ended, bob.broadcasts(1, "just before"));
        prop_assert_eq!(sent(&late, "BROADCAST"), []);
        lab.hear(ended, bob.says(Content::Retire));
        prop_assert_eq!(lab.links(), [kept]);
        prop_assert_eq!(lab.heard(), ["just before"]);
        let changes = lab.count(|event| matches!(event, Event::PeerUp { .. } | Event::PeerDown { .. }));
        prop_assert_eq!((lab.node.linked(), changes), (1, 1), "the peer came up once");
    }
}

/// A link that is retiring has served its purpose: what goes wrong on it is nobody's failed dial.
#[test]
fn a_retiring_link_that_goes_wrong_is_only_closed() {
    let mut lab = Lab::usual();
    let abe = Guest::native("abe", "abe:5001");
    lab.join("abe:5001");
    let first = lab.reach("abe:5001", &abe);
    let second = lab.welcome(&abe);
    lab.input(Input::Malformed { link: first, error: DecodeError::TooLong { limit: 65_536 } });
    assert_eq!(lab.links(), [second]);
    assert_eq!(lab.count(|event| matches!(event, Event::DialFailed { .. } | Event::PeerDown { .. })), 0);
    assert_eq!(lab.node.linked(), 1);
}

/// When the link that was talked on breaks, the talk goes on where the other end still listens.
#[test]
fn a_second_link_takes_over_from_one_that_breaks() {
    let mut lab = Lab::usual();
    let abe = Guest::native("abe", "abe:5001");
    let (first, second) = (lab.welcome(&abe), lab.welcome(&abe));
    lab.hang_up(second);
    let said = lab.command(Command::Broadcast("still there?".into()));
    assert_eq!(sent(&said, "BROADCAST"), [first]);
    assert_eq!(lab.count(|event| matches!(event, Event::PeerDown { .. })), 0);
}

fn dial(lab: &mut Lab, bob: &Guest) -> LinkId {
    lab.join("bob:5001");
    lab.reach("bob:5001", bob)
}

/// Who first came to say something, and then became a neighbour on another link, is one on both: down when both have
/// ended, and then told, and its place is free.
#[test]
fn a_visitor_who_became_a_neighbour_is_one_on_both_links() {
    for first_to_end in 0..2 {
        let mut lab = Lab::usual_but(|config| config.max_links = 100);
        let (bob, visit) =
            (Guest::native("bob", "bob:5001"), Guest::native("bob", "bob:5001").meaning(Intent::Visit));
        let links = [lab.welcome(&visit), lab.welcome(&bob)];
        for (ended, stands) in [(first_to_end, 1), (1 - first_to_end, 0)] {
            assert_eq!(lab.node.active_view().count(), 1);
            lab.hang_up(links[ended]);
            let downs = lab.count(|event| matches!(event, Event::PeerDown { .. }));
            assert_eq!((lab.node.active_view().count(), downs), (stands, 1 - stands));
            // Nothing is said to a place that nobody has.
            lab.command(Command::Broadcast("anybody?".into()));
            lab.wait(ms(500));
        }
    }
}
