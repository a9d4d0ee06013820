//! Peers that end without a word, come back, or move.

use std::time::Duration;

use chinwag::Address;
use chinwag_mio::{MioDriver, Options, random_seed};

use crate::common::{Peer, config, link, turn_until};

/// Tries a lost peer again soon.
fn eager(name: &str) -> chinwag::Config {
    let mut config = config(name);
    (config.backoff, config.backoff_max) = (Duration::from_millis(20), Duration::from_millis(200));
    config
}

fn start(name: &str) -> Peer {
    Peer::with(eager(name), Options::default())
}

/// Ends a peer as a crash would, and starts its next run at the same address.
fn restart(peer: Peer, name: &str) -> Peer {
    let address = peer.address.clone();
    drop(peer);
    let mut driver = MioDriver::new(eager(name), random_seed(), Options::default()).unwrap();
    assert_eq!(driver.listen(&address.to_string(), None).unwrap(), address);
    Peer { driver, events: Vec::new(), address }
}

fn chat(peers: &mut [&mut Peer], text: &str) {
    let before: Vec<usize> = peers.iter().map(|peer| peer.heard().len()).collect();
    let others = peers.len() - 1;
    peers.iter_mut().for_each(|peer| peer.say(text));
    turn_until(peers, "all to hear all", |peers| {
        peers.iter().zip(&before).all(|(peer, before)| peer.heard().len() == before + others)
    });
}

fn all_linked(peers: &mut [&mut Peer]) {
    let others = peers.len() - 1;
    turn_until(peers, "all to be linked once", |peers| {
        peers.iter().all(|peer| peer.linked() == others && peer.driver.connections() == others)
    });
}

#[test]
fn one_that_comes_back_at_once_is_linked_again_by_those_that_stayed() {
    let (mut ann, mut bob) = (start("ann"), start("bob"));
    link(&mut [&mut ann, &mut bob]);
    for round in 0..10 {
        bob = restart(bob, "bob");
        all_linked(&mut [&mut ann, &mut bob]);
        let heard = ann.heard().len();
        bob.say(&format!("run {round}"));
        turn_until(&mut [&mut ann, &mut bob], "ann to hear", |peers| peers[0].heard().len() == heard + 1);
    }
    assert_eq!(ann.heard(), (0..10).map(|round| format!("bob: run {round}")).collect::<Vec<_>>());
}

#[test]
fn both_ends_that_come_back_at_once_link_again_and_hear_what_a_third_retained() {
    let (mut ann, mut bob, mut cleo) = (start("ann"), start("bob"), start("cleo"));
    link(&mut [&mut ann, &mut bob, &mut cleo]);
    all_linked(&mut [&mut ann, &mut bob, &mut cleo]);
    for round in 0..10 {
        chat(&mut [&mut ann, &mut bob, &mut cleo], &format!("round {round}"));
        (ann, bob) = (restart(ann, "ann"), restart(bob, "bob"));
        let (to_ann, to_bob) = (ann.address.clone(), bob.address.clone());
        ann.join(&to_bob);
        bob.join(&to_ann);
        all_linked(&mut [&mut ann, &mut bob, &mut cleo]);
        // What others have said so far, in whichever run, comes back from Cleo.
        let due = 2 * (round + 1);
        turn_until(&mut [&mut ann, &mut bob, &mut cleo], "both to hear what was said before", |peers| {
            peers[..2].iter().all(|peer| peer.heard().len() == due)
        });
    }
    assert!(!cleo.saw(&["Gap"]));
    assert_eq!(cleo.heard().len(), 20);
}

#[test]
fn one_that_moves_is_found_where_it_listens_now() {
    let (mut ann, mut bob, mut cleo) = (start("ann"), start("bob"), start("cleo"));
    link(&mut [&mut ann, &mut bob]);
    let mut former: Vec<Address> = Vec::new();
    for _ in 0..5 {
        former.push(ann.address.clone());
        ann.address = ann.driver.listen("127.0.0.1:0", None).unwrap();
        chat(&mut [&mut ann, &mut bob], "I have moved");
    }
    assert_eq!((ann.linked(), ann.driver.connections()), (1, 1));
    // Bob, who was told, tells Cleo, who finds Ann.
    let at_bob = bob.address.clone();
    cleo.join(&at_bob);
    turn_until(&mut [&mut ann, &mut bob, &mut cleo], "cleo to find ann", |peers| peers[2].linked() == 2);
    let known = cleo.driver.node().find_peer(&"ann".parse().unwrap()).unwrap();
    assert_eq!(known.address.as_ref(), Some(&ann.address));

    // Ann's next run is found by both where the last one moved to, and not looked for at her
    // former addresses, but for the one that Bob was told to join.
    ann = restart(ann, "ann");
    all_linked(&mut [&mut ann, &mut bob, &mut cleo]);
    for address in &former[1..] {
        let refused = format!("{address:?}");
        assert!(
            ![&bob, &cleo].iter().any(|peer| peer.saw(&["DialFailed", &refused])),
            "{address} was dialed"
        );
    }
}
