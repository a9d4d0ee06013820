//! Peers on loopback hear each other.

use chinwag_mio::Options;

use crate::common::{Peer, config, link, turn_until};

#[test]
fn two_drivers_chat_both_ways() {
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    ann.say("hello");
    bob.say("hello yourself");
    turn_until(&mut [&mut ann, &mut bob], "both to hear", |peers| {
        peers.iter().all(|peer| !peer.heard().is_empty())
    });
    assert_eq!(ann.heard(), ["bob: hello yourself"]);
    assert_eq!(bob.heard(), ["ann: hello"]);
}

#[test]
fn the_one_in_the_middle_relays() {
    // Linked in a chain only: nobody looks for further neighbours.
    let chain = |name| {
        let mut config = config(name);
        config.target_neighbours = 0;
        Peer::with(config, Options::default())
    };
    let (mut ann, mut bob, mut cleo) = (chain("ann"), chain("bob"), chain("cleo"));
    link(&mut [&mut bob, &mut ann, &mut cleo]);
    assert_eq!((ann.linked(), cleo.linked()), (1, 1));
    for n in 0..100 {
        ann.say(&format!("{n}"));
    }
    turn_until(&mut [&mut ann, &mut bob, &mut cleo], "all to be relayed", |peers| {
        peers[2].heard().len() == 100
    });
    let expected: Vec<String> = (0..100).map(|n| format!("ann: {n}")).collect();
    assert_eq!(cleo.heard(), expected);
    assert_eq!(bob.heard(), expected);
}

#[test]
fn many_frames_share_a_write() {
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    let before = *ann.driver.counters();
    for n in 0..200 {
        ann.say(&format!("{n}"));
    }
    turn_until(&mut [&mut ann, &mut bob], "bob to hear all", |peers| peers[1].heard().len() == 200);
    let after = *ann.driver.counters();
    let (frames, writes) = (after.frames_out - before.frames_out, after.writes - before.writes);
    assert!(frames >= 200 && writes <= 20, "{frames} frames in {writes} writes");
}

#[test]
fn a_frame_leaves_at_once_when_nothing_else_is_to_be_sent() {
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    ann.say("now");
    ann.turn();
    assert_eq!(ann.driver.queued_bytes(), 0);
    turn_until(&mut [&mut bob], "bob alone to hear", |peers| !peers[0].heard().is_empty());
}

#[test]
fn a_link_over_ipv6_works_like_any_other() {
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    match ann.driver.listen("[::1]:0", None) {
        Ok(address) => ann.address = address,
        Err(error) => return println!("skipped, as there is no IPv6 here: {error}"),
    }
    link(&mut [&mut ann, &mut bob]);
    bob.say("six");
    turn_until(&mut [&mut ann, &mut bob], "ann to hear", |peers| !peers[0].heard().is_empty());
    assert_eq!(ann.heard(), ["bob: six"]);
}
