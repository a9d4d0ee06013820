//! Peers of the old program and ours in one network.

use crate::common::classic::ClassicPeer;
use crate::common::{Peer, turn_until};

#[test]
fn both_dialects_hear_each_other_whoever_joins() {
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    let (able, baker) = (ClassicPeer::start("Able"), ClassicPeer::start("Baker"));
    // One old peer joins us, and we join the other.
    able.join(ann.address.port());
    ann.join(&format!("127.0.0.1:{}", baker.port()).parse().unwrap());
    bob.join(&ann.address);
    turn_until(&mut [&mut ann, &mut bob], "everybody to meet", |peers| {
        let met = |classic: &ClassicPeer| classic.peers().contains(&"ann".to_owned());
        peers[0].linked() == 3 && peers[1].linked() >= 1 && met(&able) && met(&baker)
    });
    bob.say("from bob");
    able.broadcast("from Able");
    baker.broadcast("from Baker");
    turn_until(&mut [&mut ann, &mut bob], "everybody to hear", |peers| {
        peers[0].heard().len() == 3
            && peers[1].heard().len() == 2
            && able.heard().len() == 2
            && baker.heard().len() == 2
    });
    let sorted = |mut heard: Vec<String>| {
        heard.sort();
        heard
    };
    assert_eq!(sorted(ann.heard()), ["Able: from Able", "Baker: from Baker", "bob: from bob"]);
    assert_eq!(sorted(bob.heard()), ["Able: from Able", "Baker: from Baker"]);
    assert_eq!(sorted(able.heard()), ["Baker: from Baker", "bob: from bob"]);
    assert_eq!(sorted(baker.heard()), ["Able: from Able", "bob: from bob"]);
}

#[test]
fn a_burst_for_an_old_peer_arrives_one_connection_a_message() {
    let mut ann = Peer::new("ann");
    let able = ClassicPeer::start("Able");
    able.join(ann.address.port());
    turn_until(&mut [&mut ann], "Able to be met", |peers| peers[0].linked() == 1);
    for n in 0..50 {
        ann.say(&format!("{n}"));
    }
    turn_until(&mut [&mut ann], "Able to hear all", |_| able.heard().len() == 50);
    let mut heard = able.heard();
    // Its threads race each other: no order is promised there.
    heard.sort_by_key(|line| line.trim_start_matches("ann: ").parse::<u32>().unwrap());
    assert_eq!(heard, (0..50).map(|n| format!("ann: {n}")).collect::<Vec<_>>());
}
