//! A thousand connections at once, with and without room for them.

use std::time::Duration;

use chinwag_mio::Options;

use crate::common::{Peer, Stopwatch, Stranger, config, link, turn_for, turn_until};

const CROWD: usize = 1000;

fn crowd(ann: &mut Peer, bob: &mut Peer) -> Vec<Stranger> {
    let mut crowd = Vec::new();
    for n in 0..CROWD {
        crowd.push(Stranger::connect(ann));
        if n % 50 == 0 {
            ann.turn();
            bob.turn();
        }
    }
    crowd
}

#[test]
fn a_thousand_that_say_nothing_are_sent_away_and_nobody_suffers() {
    crate::common::raise_file_limit();
    let mut quick = config("ann");
    quick.handshake = Duration::from_secs(1);
    quick.max_links = 2048;
    let mut options = Options::default();
    options.max_links = 2048;
    let (mut ann, mut bob) = (Peer::with(quick, options), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    let mut crowd = crowd(&mut ann, &mut bob);
    turn_until(&mut [&mut ann, &mut bob], "the crowd to be let in", |peers| {
        peers[0].driver.counters().accepted > CROWD as u64
    });
    bob.say("through the crowd");
    turn_until(&mut [&mut ann, &mut bob], "ann to hear", |peers| !peers[0].heard().is_empty());
    turn_until(&mut [&mut ann, &mut bob], "the crowd to be sent away", |_| {
        crowd.iter_mut().all(Stranger::is_closed)
    });
    drop(crowd);
    turn_until(&mut [&mut ann, &mut bob], "the connections to be gone", |peers| {
        peers[0].driver.connections() == 1
    });
    assert_eq!(ann.linked(), 1);
}

#[test]
fn those_beyond_the_limit_are_turned_away_and_dialing_still_works() {
    crate::common::raise_file_limit();
    let mut options = Options::default();
    options.max_links = 100;
    let (mut ann, mut bob, mut cleo) =
        (Peer::with(config("ann"), options), Peer::new("bob"), Peer::new("cleo"));
    link(&mut [&mut ann, &mut bob]);
    let crowd = crowd(&mut ann, &mut bob);
    turn_until(&mut [&mut ann, &mut bob], "all but a hundred to be turned away", |peers| {
        peers[0].driver.counters().refused >= 900
    });
    assert!(ann.driver.connections() <= 100, "{} connections", ann.driver.connections());
    let address = cleo.address.clone();
    ann.join(&address);
    turn_until(&mut [&mut ann, &mut bob, &mut cleo], "cleo to be linked", |peers| peers[2].linked() > 0);
    bob.say("through the crowd");
    turn_until(&mut [&mut ann, &mut bob, &mut cleo], "ann and cleo to hear", |peers| {
        !peers[0].heard().is_empty() && !peers[2].heard().is_empty()
    });
    drop(crowd);
    turn_for(&mut [&mut ann, &mut bob], Duration::from_millis(50));
}

#[test]
fn those_that_take_every_place_and_say_nothing_keep_nobody_out() {
    let mut few = Options::default();
    few.max_links = 64;
    let (mut ann, mut bob, mut cleo) = (Peer::with(config("ann"), few), Peer::new("bob"), Peer::new("cleo"));
    link(&mut [&mut ann, &mut bob]);
    let address = ann.address.clone();
    let mut crowd: Vec<Stranger> = (0..63).map(|_| Stranger::connect(&ann)).collect();
    turn_until(&mut [&mut ann, &mut bob], "every place to be taken", |peers| {
        peers[0].driver.connections() == 64
    });
    // Time enough for anybody to have said something.
    turn_for(&mut [&mut ann, &mut bob], Duration::from_millis(600));
    cleo.join(&address);
    let watch = Stopwatch::start();
    turn_until(&mut [&mut ann, &mut bob, &mut cleo], "cleo to get in", |peers| {
        // Whoever is hung up on comes back at once.
        crowd
            .iter_mut()
            .filter_map(|it| it.is_closed().then_some(it))
            .for_each(|it| *it = Stranger::connect(peers[0]));
        peers[2].saw(&["PeerUp", "ann"])
    });
    // Long before those are sent away that never introduce themselves.
    assert!(watch.elapsed() < Duration::from_secs(2), "{:?}", watch.elapsed());
    assert!(ann.driver.connections() <= 64 && ann.driver.counters().refused > 0);
    assert!(!ann.saw(&["PeerDown"]) && !bob.saw(&["PeerDown"]));
}
