//! A link whose other end is there no more, or cannot be reached, and nobody says so.

#![cfg(unix)]

use std::time::Duration;

use chinwag_mio::Options;

use crate::common::friends::Friends;
use crate::common::proxy::{Proxy, Treatment};
use crate::common::{Peer, Stopwatch, Stranger, config, native_ping, turn_until};

const DEAD: Duration = Duration::from_millis(1500);

fn watchful(name: &str) -> chinwag::Config {
    let mut config = config(name);
    (config.idle, config.dead) = (Duration::from_millis(300), DEAD);
    config
}

#[test]
fn those_that_answer_no_more_are_given_up_in_time_and_disturb_nobody() {
    let mut friends = Friends::around(watchful("ann"), Options::default());
    let mut gone: Vec<Stranger> = (0..20).map(|_| Stranger::connect(&friends.ann)).collect();
    for (n, stranger) in gone.iter_mut().enumerate() {
        stranger.say(&native_ping(&format!("gone{n}")));
    }
    friends.chat_until("all to be linked", |ann| ann.linked() == 22);
    let watch = Stopwatch::start();
    friends.chat_until("all to be given up", |ann| ann.linked() == 2);
    // While most are silent at once the cause may lie here: the patience is doubled.
    assert!(watch.elapsed() >= DEAD / 2 && watch.elapsed() < DEAD * 4, "{:?}", watch.elapsed());
    assert!(friends.ann.saw(&["PeerDown", "gone7", "Silent"]));
    // They never close, and are not waited for.
    friends.chat_until("their connections to be closed", |ann| ann.driver.connections() == 2);
    friends.were_not_disturbed();
}

#[test]
fn a_wire_that_falls_silent_is_noticed_at_both_ends_and_the_rest_is_heard_another_way() {
    let peer = |name| Peer::with(watchful(name), Options::default());
    let (mut ann, mut bob, mut cleo) = (peer("ann"), peer("bob"), peer("cleo"));
    let proxy = Proxy::start(&bob.address, |_| Treatment::WELL);
    // Ann listens nowhere that Bob could dial her.
    ann.driver.stop_listening();
    ann.join(&proxy.address);
    turn_until(&mut [&mut ann, &mut bob], "ann and bob to be linked", |peers| {
        peers.iter().all(|peer| peer.linked() == 1)
    });
    let at_cleo = cleo.address.clone();
    ann.join(&at_cleo);
    bob.join(&at_cleo);
    turn_until(&mut [&mut ann, &mut bob, &mut cleo], "all to be linked", |peers| {
        peers.iter().all(|peer| peer.linked() == 2)
    });
    ann.say("1");
    turn_until(&mut [&mut ann, &mut bob, &mut cleo], "bob to hear", |peers| peers[1].heard().len() == 1);

    proxy.fall_silent(true);
    let watch = Stopwatch::start();
    for n in 2..=20 {
        ann.say(&format!("{n}"));
        turn_until(&mut [&mut ann, &mut bob, &mut cleo], "both to hear", |peers| {
            peers[1].heard().len() == n && peers[2].heard().len() == n
        });
    }
    assert!(watch.elapsed() < DEAD * 2, "{:?}", watch.elapsed());
    turn_until(&mut [&mut ann, &mut bob, &mut cleo], "both ends to notice", |peers| {
        peers[0].saw(&["PeerDown", "bob", "Silent"]) && peers[1].saw(&["PeerDown", "ann", "Silent"])
    });
    assert!(watch.elapsed() < DEAD * 4, "{:?}", watch.elapsed());

    // What was on its way comes late, on a link that is none any more.
    proxy.fall_silent(false);
    let watch = Stopwatch::start();
    turn_until(&mut [&mut ann, &mut bob, &mut cleo], "the late bytes to come", |_| {
        watch.elapsed() >= Duration::from_millis(200)
    });
    ann.say("21");
    turn_until(&mut [&mut ann, &mut bob, &mut cleo], "all to hear", |peers| {
        peers[1..].iter().all(|peer| peer.heard().len() == 21)
    });
    let all: Vec<String> = (1..=21).map(|n| format!("ann: {n}")).collect();
    assert_eq!((bob.heard(), cleo.heard()), (all.clone(), all));
}
