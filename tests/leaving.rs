//! Goodbyes: what waits is handed over or told, and whoever leaves is gone on all links.
#![cfg(test)]

use chinwag::{Action, Command, Contact, Content, Control, DownReason, Event, Intent, Message, PeerId};
use chinwag_memory::{ms, secs};
use chinwag_testkit::{Guest, Lab, at, sent};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(64))]

    /// Every word to every old peer is handed over before the node says that it has left.
    #[test]
    fn what_waits_for_old_peers_is_handed_over_first(peers in 1..5_usize, words in 1..6_usize) {
        let mut lab = with_old_peers(peers);
        for number in 0..words {
            lab.command(Command::Broadcast(format!("word {number}").into()));
        }
        let before = lab.answers.len();
        lab.command(Command::Leave);
        for _ in 0..peers * words {
            prop_assert!(!has_told_left(&lab));
            let address = lab.dialing().next().cloned().expect("a dial for each message");
            lab.connect(&address);
        }
        prop_assert!(has_told_left(&lab) && lab.node.has_left());
        let handed = sent(&lab.answers[before..].concat(), "BROADCAST").len();
        prop_assert_eq!(handed, peers * words);
        prop_assert_eq!((lab.node.stats().classic_lost, lab.node.queued()), (0, 0));
        prop_assert_eq!((lab.links().len(), lab.node.next_deadline()), (0, None));
    }

    /// Old peers that do not answer hold nobody back for long; what they did not get is counted.
    #[test]
    fn leaving_ends_in_time(peers in 1..5_usize, refused in any::<bool>()) {
        let mut lab = with_old_peers(peers);
        lab.command(Command::Broadcast("bye".into()));
        lab.command(Command::Leave);
        let started = lab.now();
        if refused {
            lab.wait_alone(secs(0));
        } else {
            prop_assert!(!lab.node.has_left());
            prop_assert!(lab.wait_until(secs(60), |lab| lab.node.has_left()));
            prop_assert_eq!(lab.now(), started + lab.node.config().handshake);
        }
        prop_assert!(has_told_left(&lab) && lab.node.has_left());
        prop_assert_eq!(lab.node.stats().classic_lost, peers as u64);
    }
}

/// Nobody is linked any more, and nothing is left behind without a word.
#[test]
fn who_leaves_is_told_what_was_not_delivered_and_has_no_links() {
    let mut lab = Lab::usual();
    let bob = lab.welcome(&Guest::native("bob", "bob:5001"));
    let carl = PeerId::new("carl").unwrap();
    lab.command(Command::AddPeer { peer: carl.clone(), address: at("carl:5001") });
    lab.command(Command::Direct { to: carl.clone(), body: "wait for me".into() });
    let answer = lab.command(Command::Leave);
    assert_eq!(sent(&answer, "LEAVE"), [bob]);
    assert!(answer.contains(&Action::Close { link: bob }));
    assert_eq!(lab.count(|event| matches!(event, Event::Undeliverable { to, .. } if *to == carl)), 1);
    assert!(lab.node.peers().all(|peer| !peer.linked));
    assert_eq!(lab.node.linked(), 0);
}

/// A peer that is linked twice leaves once, and for the reason that it gave.
#[test]
fn both_links_of_a_leaver_go() {
    for says_it_on_the_second in [false, true] {
        let mut lab = Lab::usual();
        let bob = Guest::native("bob", "bob:5001");
        let links = [lab.welcome(&bob), lab.welcome(&bob)];
        lab.hear(links[usize::from(says_it_on_the_second)], bob.says(Content::Leave));
        assert_eq!((lab.links().len(), lab.node.linked()), (0, 0));
        let downs: Vec<_> = lab.events().filter(|event| matches!(event, Event::PeerDown { .. })).collect();
        let peer = PeerId::new("bob").unwrap();
        assert_eq!(downs, [&Event::PeerDown { peer, reason: DownReason::Left }]);
        assert_eq!(lab.wait_alone(secs(300)), [], "nobody asked for who has left");
    }
}

/// A visit to somebody known has no successor once the node has left.
#[test]
fn who_has_left_visits_nobody() {
    let mut lab = Lab::usual();
    let guests: Vec<Guest> = (0..8)
        .map(|number| {
            Guest::native(&format!("bob {number}"), &format!("bob:{}", 5000 + number)).meaning(Intent::Urgent)
        })
        .collect();
    let links: Vec<_> = guests.iter().map(|guest| lab.welcome(guest)).collect();
    let peers = (0..9).map(|number| {
        Contact::new(PeerId::new(&format!("eve {number}")).unwrap(), at(&format!("eve:{}", 6000 + number)))
    });
    let sample = Control::Shuffle { number: 1, hops_left: 0, peers: peers.collect() };
    lab.hear(links[0], Message::control(sample));
    let mut dials = 0;
    for number in 0..60 {
        if lab.dialing().next().is_some() {
            dials += 1;
            let mut leaver = lab.clone();
            leaver.command(Command::Leave);
            assert!(has_told_left(&leaver));
            for dialed in lab.dialing() {
                leaver.refuse(dialed);
            }
            assert_eq!(leaver.dialing().count(), 0);
        }
        for link in &links {
            lab.hear(*link, Message::control(Control::KeepAlive(number)));
        }
        lab.wait(ms(500));
    }
    assert!(dials > 0);
}

fn with_old_peers(count: usize) -> Lab {
    let mut lab = Lab::usual();
    for number in 0..count {
        lab.welcome(&Guest::classic(&format!("Able {number}"), &format!("able{number}:5001")));
    }
    assert_eq!((lab.node.linked(), lab.dialing().count()), (count, 0));
    lab
}

fn has_told_left(lab: &Lab) -> bool {
    lab.count(|event| *event == Event::Left) == 1
}
