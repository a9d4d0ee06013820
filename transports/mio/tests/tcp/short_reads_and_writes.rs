//! However few bytes go through at a time, what comes is the same.

#![cfg(unix)]

use chinwag_mio::Options;

use crate::common::proxy::{Proxy, Treatment};
use crate::common::{PATIENCE, Peer, config, turn_until};

/// Two linked through a wire that carries `chunk` bytes at a time say `count` things of up to `longest` bytes each.
/// Gives how many bytes were left in their queues at most when they had written what they could.
fn chat_through(chunk: usize, count: usize, longest: usize) -> usize {
    let alone = |name| {
        let mut config = config(name);
        config.target_neighbours = 0;
        // A slow wire is no dead one.
        config.dead = PATIENCE;
        let mut options = Options::default();
        options.max_queued_bytes = 16 << 20;
        Peer::with(config, options)
    };
    let (mut ann, mut bob) = (alone("ann"), alone("bob"));
    let proxy = Proxy::start(&bob.address, move |_| Treatment { chunk, ..Treatment::WELL });
    ann.join(&proxy.address);
    turn_until(&mut [&mut ann, &mut bob], "the two to be linked", |peers| {
        peers.iter().all(|peer| peer.linked() == 1)
    });
    // Of all lengths, so that a chunk ends everywhere in a frame, and of characters of several bytes.
    let texts: Vec<String> = (1..=count).map(|n| "é".repeat(longest * n / count / 2)).collect();
    for text in &texts {
        ann.say(text);
        bob.say(text);
    }
    ann.turn();
    bob.turn();
    let mut most_left = 0;
    turn_until(&mut [&mut ann, &mut bob], "all to be heard", |peers| {
        most_left = peers.iter().map(|peer| peer.driver.queued_bytes()).fold(most_left, usize::max);
        peers.iter().all(|peer| peer.heard().len() == count)
    });
    for (peer, other) in [(&ann, "bob"), (&bob, "ann")] {
        let expected: Vec<String> = texts.iter().map(|text| format!("{other}: {text}")).collect();
        assert!(peer.heard() == expected, "{chunk} bytes at a time made other messages");
        assert!(!peer.saw(&["Rejected"]) && !peer.saw(&["PeerDown"]));
    }
    assert_eq!(proxy.taken(), 1);
    most_left
}

#[test]
fn any_number_of_bytes_at_a_time_makes_the_same_messages() {
    for chunk in (1..=16).chain([31, 64, 127, 500, 1448]) {
        chat_through(chunk, 12, 300);
    }
}

#[test]
fn what_the_wire_does_not_take_at_once_goes_out_in_parts() {
    // More than the system keeps for both sockets.
    let most_left = chat_through(4096, 300, 50_000);
    assert!(most_left > 0, "the wire took everything at once");
}
