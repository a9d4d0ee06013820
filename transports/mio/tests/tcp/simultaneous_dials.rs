//! Two that dial each other at the same time keep one link, and lose and double nothing.

use std::thread;
use std::time::Duration;

use chinwag::Address;

use crate::common::{Peer, Stopwatch, turn_until};

const MESSAGES: usize = 5;

fn all_of(name: &str) -> Vec<String> {
    (0..MESSAGES).map(|n| format!("{name}: {n}")).collect()
}

/// Whether the peer has settled: one link, on which all was heard.
fn has_settled(peer: &Peer) -> bool {
    peer.linked() == 1 && peer.driver.connections() == 1 && peer.heard().len() == MESSAGES
}

fn check(peer: &Peer, other: &str) {
    assert_eq!(peer.heard(), all_of(other));
    assert!(!peer.saw(&["PeerDown"]), "{:#?}", peer.events);
    assert!(!peer.saw(&["NameConflict"]) && !peer.saw(&["Gap"]));
}

#[test]
fn one_link_remains_however_the_dials_meet() {
    let mut crossed = 0;
    for round in 0..150 {
        let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
        let (to_ann, to_bob) = (ann.address.clone(), bob.address.clone());
        ann.join(&to_bob);
        // From both at once to one a few turns after the other.
        for _ in 0..round % 5 {
            ann.turn();
        }
        bob.join(&to_ann);
        for n in 0..MESSAGES {
            ann.say(&format!("{n}"));
            if round % 3 == 0 {
                bob.turn();
            }
            bob.say(&format!("{n}"));
            if round % 2 == 0 {
                ann.turn();
            }
        }
        turn_until(&mut [&mut ann, &mut bob], "one link to remain", |peers| {
            peers.iter().all(|peer| has_settled(peer))
        });
        check(&ann, "bob");
        check(&bob, "ann");
        crossed += usize::from(ann.driver.node().stats().links_retired > 0);
    }
    println!("{crossed} of 150 crossed");
    assert!(crossed >= 30, "the dials crossed only {crossed} times");
}

#[test]
fn one_link_remains_between_peers_on_threads_of_their_own() {
    for _ in 0..30 {
        let (ann, bob) = (Peer::new("ann"), Peer::new("bob"));
        let (to_ann, to_bob) = (ann.address.clone(), bob.address.clone());
        let talk = |mut peer: Peer, to: Address, other: &'static str| {
            thread::spawn(move || {
                peer.join(&to);
                for n in 0..MESSAGES {
                    peer.say(&format!("{n}"));
                    peer.turn();
                }
                let mut settled: Option<Stopwatch> = None;
                // Turning on for a while, for the other's sake.
                turn_until(&mut [&mut peer], "one link to remain", |peers| {
                    let here = has_settled(peers[0]);
                    let since = settled.take().unwrap_or_else(Stopwatch::start);
                    let rested = here && since.elapsed() >= Duration::from_millis(30);
                    settled = here.then_some(since);
                    rested
                });
                check(&peer, other);
                peer
            })
        };
        let (ann, bob) = (talk(ann, to_bob, "bob"), talk(bob, to_ann, "ann"));
        drop((ann.join().unwrap(), bob.join().unwrap()));
    }
}
