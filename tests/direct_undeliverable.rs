//! A one-to-one message that the node took is sent or told to be undeliverable, once, whatever happens meanwhile.
#![cfg(test)]

use std::collections::BTreeMap;

use chinwag::{Action, Command, Content, DialError, Event, MessageId, PeerId};
use chinwag_memory::{ms, secs};
use chinwag_testkit::{Guest, Lab, at};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(256))]

    /// Dials succeed or fail, the peer or somebody else answers, links end, the address book overflows.
    #[test]
    fn each_message_is_sent_or_told(moves in prop::collection::vec((0..9_u8, 0..3_u8, 0..3000_u64), 1..50)) {
        let mut lab = Lab::usual_but(|config| config.max_peers = 3);
        let mut numbers = Vec::new();
        for (kind, who, pause) in moves {
            if kind < 3 {
                numbers.extend(say(&mut lab, who));
            } else {
                make(&mut lab, kind, who);
            }
            lab.wait(ms(pause));
        }
        lab.wait_alone(lab.node.config().handshake * 4);
        let ends = ends(&lab);
        for id in &numbers {
            prop_assert_eq!(ends.get(id), Some(&1), "{:?} of {:?}", id, ends);
        }
    }
}

/// Told at once: who answers at that address is not who was meant.
#[test]
fn a_message_is_not_kept_for_an_address_where_somebody_else_is() {
    let mut lab = knowing_bob();
    let id = say_to_bob(&mut lab);
    lab.reach("bob:5001", &Guest::native("carol", "bob:5001"));
    let to = PeerId::new("bob").unwrap();
    let told = Event::Undeliverable { id, to, reason: DialError::SomebodyElse };
    assert_eq!(lab.count(|event| *event == told), 1);
}

/// Somebody was met under the address already, so it would not be dialed for its own sake.
#[test]
fn an_address_that_was_reached_before_is_dialed_again_or_given_up() {
    let mut lab = Lab::usual();
    lab.join("bob:5001");
    lab.reach("bob:5001", &Guest::native("carol", "bob:5001"));
    lab.command(Command::AddPeer { peer: PeerId::new("bob").unwrap(), address: at("bob:5001") });
    let id = say_to_bob(&mut lab);
    let told =
        |lab: &Lab| lab.count(|event| matches!(event, Event::Undeliverable { id: lost, .. } if *lost == id));
    assert!(lab.is_dialing(&at("bob:5001")) || told(&lab) == 1);
    lab.wait_alone(secs(1));
    assert_eq!(told(&lab), 1);
}

/// The address book is full, and has forgotten whom the message is for by the time the dial fails.
#[test]
fn what_waits_for_a_forgotten_peer_is_told() {
    let mut lab = Lab::usual_but(|config| config.max_peers = 1);
    lab.command(Command::AddPeer { peer: PeerId::new("bob").unwrap(), address: at("bob:5001") });
    let id = say_to_bob(&mut lab);
    lab.welcome(&Guest::native("carol", "carol:5001"));
    assert_eq!(lab.node.find_peer(&PeerId::new("bob").unwrap()), None);
    lab.refuse(&at("bob:5001"));
    let to = PeerId::new("bob").unwrap();
    let told = Event::Undeliverable { id, to, reason: DialError::Refused };
    assert_eq!(lab.count(|event| *event == told), 1);
}

/// Who turns out to run the old program has no one-to-one messages.
#[test]
fn an_old_peer_cannot_get_what_waits_for_it() {
    let mut lab = knowing_bob();
    let id = say_to_bob(&mut lab);
    let link = lab.connect(&at("bob:5001"));
    lab.hang_up(link);
    let call = lab.accept();
    lab.hear(call, Guest::classic("bob", "bob:5001").pong());
    let to = PeerId::new("bob").unwrap();
    let told = Event::Undeliverable { id, to, reason: DialError::Dialect };
    assert_eq!(lab.count(|event| *event == told), 1);
}

const PEERS: [(&str, &str); 3] = [("ann", "ann:5001"), ("bob", "bob:5001"), ("cat", "bob:5001")];

/// A message for one of the peers, if the node takes it.
fn say(lab: &mut Lab, who: u8) -> Option<MessageId> {
    let (name, place) = PEERS[usize::from(who)];
    let to: PeerId = name.parse().unwrap();
    lab.command(Command::AddPeer { peer: to.clone(), address: at(place) });
    // The command does not tell the name of its message, the method does.
    let id = lab.node.clone().direct(lab.now(), &to, "psst").ok();
    lab.command(Command::Direct { to, body: "psst".into() });
    id
}

fn make(lab: &mut Lab, kind: u8, who: u8) {
    let (name, place) = PEERS[usize::from(who)];
    let guest = Guest::native(name, place);
    let dialing = lab.is_dialing(&at(place));
    let last = lab.links().last().copied();
    match (kind, last) {
        (3, _) if dialing => drop(lab.refuse(&at(place)).len()),
        (4, _) if dialing => drop(lab.reach(place, &guest)),
        (5, _) if dialing => drop(lab.connect(&at(place))),
        (6, Some(link)) => drop(lab.hang_up(link).len()),
        (7, Some(link)) => drop(lab.hear(link, guest.says(Content::Leave))),
        (8, _) => drop(lab.welcome(&guest)),
        _ => {}
    }
}

/// How often each message was sent or told to be undeliverable.
fn ends(lab: &Lab) -> BTreeMap<MessageId, usize> {
    let mut ends = BTreeMap::new();
    for action in lab.answers.iter().flatten() {
        let id = if let Action::Emit(Event::Undeliverable { id, .. }) = action {
            Some(id.clone())
        } else if let Action::Send { message, .. } = action
            && message.msg_type() == "DIRECT"
        {
            message.id()
        } else {
            None
        };
        if let Some(id) = id {
            *ends.entry(id).or_default() += 1;
        }
    }
    ends
}

fn knowing_bob() -> Lab {
    let mut lab = Lab::usual();
    lab.command(Command::AddPeer { peer: PeerId::new("bob").unwrap(), address: at("bob:5001") });
    lab
}

fn say_to_bob(lab: &mut Lab) -> MessageId {
    say(lab, 1).expect("bob is known")
}
