//! What the application joined is dialed again whenever the link to it is gone: whichever way it went, under
//! whatever name it was joined, and whoever else has something in common with it.
#![cfg(test)]

use core::time::Duration;

use chinwag::{Command, Content, DecodeError, DownReason, Event, Input, LinkEnd, LinkId};
use chinwag_memory::{ms, secs};
use chinwag_testkit::{Guest, Lab, at, sent};
use proptest::prelude::*;

/// How the link to a native peer ends.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Ended(LinkEnd),
    Left,
    Misbehaved,
    Silent,
    Replaced,
}

proptest! {
    #![proptest_config(chinwag_testkit::cases(128))]

    /// Under the address where the peer says it listens, or another name of the same machine; with a second link in
    /// between, or without.
    #[test]
    fn a_native_peer_is_dialed_again(loss in loss(), alias in any::<bool>(), twice in any::<bool>()) {
        let mut lab = Lab::usual();
        let joined = if alias { "alias:5001" } else { "bob:5001" };
        let bob = Guest::native("bob", "bob:5001");
        lab.join(joined);
        let mut link = lab.reach(joined, &bob);
        if twice {
            let second = lab.welcome(&bob);
            lab.hear(link, bob.says(Content::Retire));
            link = second;
        }
        prop_assert_eq!(lab.links(), [link]);
        lose(&mut lab, link, loss, &bob);
        prop_assert_eq!(lab.node.linked(), 0);
        prop_assert!(lab.wait_alone(longest_wait(&lab)).contains(&at(joined)));
        lab.join(joined);
        prop_assert!(lab.is_dialing(&at(joined)), "a join by hand does not wait");
    }

    /// Old peers call back, perhaps from another address with the same port, and go without a word.
    #[test]
    fn an_old_peer_is_dialed_again(alias in any::<bool>(), on_our_link in any::<bool>()) {
        let mut lab = Lab::usual();
        let joined = if alias { "alias:5001" } else { "able:5001" };
        let able = Guest::classic("Able", "able:5001");
        lab.join(joined);
        let introduced = if on_our_link {
            lab.reach(joined, &able)
        } else {
            let link = lab.connect(&at(joined));
            lab.hang_up(link);
            let call = lab.accept();
            lab.hear(call, able.pong());
            lab.hang_up(call);
            link
        };
        prop_assert!(!lab.links().contains(&introduced));
        let away = |lab: &Lab| lab.count(|event| matches!(event, Event::PeerDown { .. })) == 1;
        let mut dialed = Vec::new();
        for _ in 0..60 {
            if away(&lab) {
                break;
            }
            lab.wait_alone(secs(1));
        }
        prop_assert!(away(&lab), "five failures in a row, after a probe");
        let wait = longest_wait(&lab);
        dialed.extend(lab.wait_alone(wait));
        prop_assert!(dialed.contains(&at(joined)), "{:?}", dialed);
    }
}

/// An old peer that listens on the same port of another machine says nothing about the link to ours.
#[test]
fn a_port_in_common_takes_no_join_away() {
    let mut lab = Lab::usual();
    lab.welcome(&Guest::classic("Able", "able:5001"));
    lab.join("bob:5001");
    let introduced = lab.connect(&at("bob:5001"));
    // Able answers something else while bob has not answered yet.
    let call = lab.accept();
    lab.hear(call, Guest::classic("Able", "able:5001").pong());
    assert!(lab.links().contains(&introduced));
    let bob = Guest::native("bob", "bob:5001");
    lab.hear(introduced, bob.pong());
    assert_eq!(lab.node.linked(), 2);
    lab.hang_up(introduced);
    assert!(lab.wait_alone(longest_wait(&lab)).contains(&at("bob:5001")));
}

/// A peer that misbehaved is wanted still, but not soon: its address waits as long as one that has long been silent.
#[test]
fn a_peer_that_misbehaved_is_not_dialed_at_once() {
    let mut lab = Lab::usual();
    let bob = Guest::native("bob", "bob:5001");
    lab.join("bob:5001");
    let link = lab.reach("bob:5001", &bob);
    lose(&mut lab, link, Loss::Misbehaved, &bob);
    let reason = |event: &Event| matches!(event, Event::PeerDown { reason: DownReason::Misbehaved, .. });
    assert_eq!(lab.count(reason), 1);
    let shortest = lab.node.config().backoff_max.mul_f64(0.79);
    assert_eq!(lab.wait_alone(shortest), []);
    assert_eq!(lab.wait_alone(longest_wait(&lab) - shortest), [at("bob:5001")]);
}

fn loss() -> impl Strategy<Value = Loss> {
    prop::sample::select(vec![
        Loss::Ended(LinkEnd::Closed),
        Loss::Ended(LinkEnd::Broken),
        Loss::Ended(LinkEnd::TooSlow),
        Loss::Left,
        Loss::Misbehaved,
        Loss::Silent,
        Loss::Replaced,
    ])
}

fn lose(lab: &mut Lab, link: LinkId, loss: Loss, bob: &Guest) {
    match loss {
        Loss::Ended(end) => drop(lab.input(Input::LinkDown { link, end }).len()),
        Loss::Left => drop(lab.hear(link, bob.says(Content::Leave))),
        Loss::Misbehaved => {
            let error = DecodeError::TooLong { limit: 65_536 };
            lab.input(Input::Malformed { link, error });
        }
        Loss::Silent => {
            assert!(lab.wait_until(secs(4), |lab| lab.links().is_empty()));
        }
        Loss::Replaced => {
            let newer = lab.welcome(&bob.clone().in_run(2));
            let said = lab.command(Command::Broadcast("who is there?".into()));
            assert_eq!(sent(&said, "BROADCAST"), [newer]);
            lab.wait(ms(100));
            lab.input(Input::LinkDown { link: newer, end: LinkEnd::Broken });
        }
    }
}

fn longest_wait(lab: &Lab) -> Duration {
    lab.node.config().backoff_max.mul_f64(1.21)
}
