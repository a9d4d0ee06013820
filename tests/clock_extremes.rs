//! The end of time, and drivers that are never in time.
#![cfg(test)]

use std::sync::mpsc;
use std::thread;

use chinwag::{Command, DownReason, Event, Input, Time};
use chinwag_memory::{ms, secs};
use chinwag_testkit::steps;
use chinwag_testkit::{Guest, LAST, Lab, at};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(64))]

    /// A driver whose every call is late looks to the node as if it had slept. It forgives a peer's silence once for
    /// that, and not for ever.
    #[test]
    fn an_always_late_driver_notices_the_dead(late in 1000..20_000_u64) {
        let mut lab = Lab::usual();
        let link = lab.welcome(&Guest::native("bob", "bob:5001"));
        let dead = lab.node.config().dead;
        let mut gone = None;
        for call in 1..30 {
            let now = Time::from_millis(call * late);
            lab.input_at(now, Input::Tick);
            if !lab.links().contains(&link) {
                gone = Some(now);
                break;
            }
        }
        let gone = gone.expect("noticed in the end");
        prop_assert!(gone >= Time::ZERO + dead, "{:?} is too early", gone);
        // It is late once for being forgiven, once for the silence, and once for what it saw in between.
        prop_assert!(gone <= Time::ZERO + dead + ms(3 * late), "{:?} is too late", gone);
        let silent = |event: &Event| matches!(event, Event::PeerDown { reason: DownReason::Silent, .. });
        prop_assert_eq!(lab.count(silent), 1);
    }

    /// As late, but its peer does answer whenever it asks.
    #[test]
    fn an_always_late_driver_keeps_the_living(late in 1000..2900_u64) {
        let mut lab = Lab::usual();
        let bob = Guest::native("bob", "bob:5001");
        let link = lab.welcome(&bob);
        for call in 1..30 {
            lab.input_at(Time::from_millis(call * late), Input::Tick);
            lab.hear(link, bob.says(chinwag::Content::Control(chinwag::Control::KeepAliveReply(1))));
        }
        prop_assert_eq!(lab.links(), [link]);
    }

    /// Whatever a node waits for, the end of time is one moment: it comes, and nothing is due after it.
    #[test]
    fn time_ends_for_any_node(script in steps::script(60)) {
        prop_assert!(ends_in_time(move || Lab::played(&script)));
    }
}

/// With something of everything that is waited for: links, dials, calls, gaps, probes, messages.
#[test]
fn time_ends_while_everything_is_under_way() {
    let busy = || {
        let mut lab = Lab::usual();
        let bob = Guest::native("bob", "bob:5001");
        let link = lab.welcome(&bob);
        lab.welcome(&Guest::classic("Able", "able:5001"));
        lab.hear(link, bob.broadcasts(1, "1"));
        lab.hear(link, bob.broadcasts(3, "3"));
        for place in ["refused:1", "dialing:1", "calling:1"] {
            lab.join(place);
        }
        lab.refuse(&at("refused:1"));
        let introduced = lab.connect(&at("calling:1"));
        lab.hang_up(introduced);
        lab.command(Command::AddPeer { peer: "carl".parse().unwrap(), address: at("carl:1") });
        lab.command(Command::Direct { to: "carl".parse().unwrap(), body: "psst".into() });
        lab.wait(ms(1));
        lab
    };
    assert!(ends_in_time(busy));
}

/// Jumps to the end of time and ticks there. In a thread of its own, as what is tested is that this ends.
fn ends_in_time(lab: impl FnOnce() -> Lab + Send + 'static) -> bool {
    let (done, wait) = mpsc::channel();
    thread::spawn(move || {
        let mut lab = lab();
        for now in [Time::MAX, LAST, Time::MAX] {
            lab.input_at(now, Input::Tick);
        }
        let _ = done.send(lab.node.now() == LAST);
    });
    wait.recv_timeout(secs(10)).unwrap_or(false)
}
