//! A one-to-one message that the node took is told to have arrived or to be undeliverable, once, whatever happens
//! meanwhile.
#![cfg(test)]

use std::collections::BTreeMap;

use chinwag::{
    Action, Command, Content, Control, DialError, Event, LinkId, Message, MessageId, PeerId, StreamTag,
};
use chinwag_memory::{ms, secs};
use chinwag_testkit::{Guest, Lab, at, sent};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(256))]

    /// Dials succeed or fail, the peer or somebody else answers, links end, receipts come or not, the address book
    /// overflows.
    #[test]
    fn each_message_arrives_or_is_told(moves in prop::collection::vec((0..11_u8, 0..3_u8, 0..3000_u64), 1..50)) {
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
        lab.wait_alone(secs(120));
        prop_assert_eq!(lab.node.undelivered(), 0);
        let ends = ends(&lab);
        for id in &numbers {
            prop_assert_eq!(ends.get(id), Some(&1), "{:?} of {:?}", id, ends);
        }
    }
}

/// The very runs of the property above, counted: both ends occur, often.
#[test]
fn these_messages_end_in_both_ways() {
    let strategy = prop::collection::vec((0..11_u8, 0..3_u8, 0..3000_u64), 1..50);
    let (mut arrived, mut lost) = (0, 0);
    for moves in chinwag_testkit::sample(256, &strategy) {
        let mut lab = Lab::usual_but(|config| config.max_peers = 3);
        for (kind, who, pause) in moves {
            if kind < 3 {
                drop(say(&mut lab, who))
            } else {
                make(&mut lab, kind, who)
            }
            lab.wait(ms(pause));
        }
        lab.wait_alone(secs(120));
        arrived += lab.count(|event| matches!(event, Event::Arrived { .. }));
        lost += lab.count(|event| matches!(event, Event::Undeliverable { .. }));
    }
    assert!(arrived > 100 && lost > 100, "{arrived} arrived, {lost} lost");
}

/// Who answers at that address is not who was meant: they are asked for the way, and not told the message.
#[test]
fn a_message_is_not_handed_to_somebody_else_who_answers() {
    let mut lab = knowing_bob();
    let id = say_to_bob(&mut lab);
    let carol = lab.reach("bob:5001", &Guest::native("carol", "bob:5001"));
    assert_eq!(told(&lab, &id), 0);
    lab.wait_alone(secs(30));
    assert_eq!(told(&lab, &id), 1);
    let all = lab.answers.concat();
    assert!(sent(&all, "FIND").contains(&carol));
    assert_eq!(sent(&all, "DIRECT"), []);
}

/// The one who answers there in the place of the recipient knows the way.
#[test]
fn a_way_that_somebody_knows_is_taken() {
    let mut lab = knowing_bob();
    let id = say_to_bob(&mut lab);
    let carol = lab.reach("bob:5001", &Guest::native("carol", "bob:5001"));
    assert!(lab.wait_until(secs(30), |lab| !sent(&lab.answers.concat(), "FIND").is_empty()));
    let number = lab.answers.iter().flatten().find_map(|action| {
        let Action::Send { message, .. } = action else { return None };
        let Content::Control(Control::Find { number, peer, wide: false }) = message.content() else {
            return None;
        };
        (peer.as_str() == "bob").then_some(*number)
    });
    let found = Control::Found { number: number.expect("bob is looked for") };
    let answer = lab.hear(carol, Message::control(found));
    assert_eq!(sent(&answer, "DIRECT"), [carol]);
    let arrived = lab.count(|event| matches!(event, Event::Arrived { .. }));
    acknowledge(&mut lab, carol);
    assert_eq!(
        (arrived, lab.count(|event| matches!(event, Event::Arrived { id: it, .. } if *it == id))),
        (0, 1)
    );
    lab.wait_alone(secs(60));
    assert_eq!(ends(&lab), [(id, 1)].into());
}

/// Somebody was met under the address already, so it would not be dialed for its own sake.
#[test]
fn an_address_that_was_reached_before_is_dialed_again_or_given_up() {
    let mut lab = Lab::usual();
    lab.join("bob:5001");
    lab.reach("bob:5001", &Guest::native("carol", "bob:5001"));
    lab.command(Command::AddPeer { peer: PeerId::new("bob").unwrap(), address: at("bob:5001") });
    let id = say_to_bob(&mut lab);
    assert!(lab.is_dialing(&at("bob:5001")) || told(&lab, &id) == 1);
    lab.wait_alone(secs(30));
    assert_eq!(told(&lab, &id), 1);
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
    lab.wait_alone(secs(30));
    let to = PeerId::new("bob").unwrap();
    let expected = Event::Undeliverable { id, to, reason: DialError::Refused };
    assert_eq!(lab.count(|event| *event == expected), 1);
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
        (9 | 10, Some(link)) => acknowledge(lab, link),
        _ => {}
    }
}

/// The other end of a link says that all one-to-one messages it was sent have arrived.
fn acknowledge(lab: &mut Lab, link: LinkId) {
    let directs: Vec<Message> = lab
        .answers
        .iter()
        .flatten()
        .filter_map(|action| {
            let Action::Send { to, message } = action else { return None };
            let there = message.msg_type() == "DIRECT" && to.iter().any(|it| it == link);
            there.then(|| message.clone())
        })
        .collect();
    for direct in directs {
        let Some(place) = direct.post().and_then(|post| post.place) else { continue };
        let stream = StreamTag::of(direct.originator(), place.epoch);
        lab.hear(link, Message::control(Control::Arrived(stream, place.sequence)));
    }
}

/// How often each message was told to have arrived, or to be undeliverable.
fn ends(lab: &Lab) -> BTreeMap<MessageId, usize> {
    let mut ends = BTreeMap::new();
    for event in lab.events() {
        if let Event::Undeliverable { id, .. } | Event::Arrived { id, .. } = event {
            *ends.entry(id.clone()).or_default() += 1;
        }
    }
    ends
}

/// How often a message was told to be undeliverable.
fn told(lab: &Lab, id: &MessageId) -> usize {
    lab.count(|event| matches!(event, Event::Undeliverable { id: lost, .. } if lost == id))
}

fn knowing_bob() -> Lab {
    let mut lab = Lab::usual();
    lab.command(Command::AddPeer { peer: PeerId::new("bob").unwrap(), address: at("bob:5001") });
    lab
}

fn say_to_bob(lab: &mut Lab) -> MessageId {
    say(lab, 1).expect("bob is known")
}
