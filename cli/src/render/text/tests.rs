//! What a person reads.

use chinwag::{LinkId, Rejection};

use super::*;

fn text() -> Text {
    Text::new(PeerId::new("me").unwrap(), Palette::plain(), true)
}

fn told(text: &mut Text, notice: &Notice<'_>) -> String {
    let mut lines = String::new();
    text.render(notice, &mut lines);
    lines
}

fn event(text: &mut Text, event: &Event, linked: usize, repeats: u32) -> String {
    told(text, &Notice::Event { event, linked, repeats, there: None, asked: true })
}

#[test]
fn a_text_of_many_lines_is_one_message() {
    let id = MessageId::Classic(chinwag::ClassicId::new(1));
    let bob = PeerId::new("b\u{202e}ob").unwrap();
    let said = told(&mut text(), &Notice::Sent { id: &id, to: Some(&bob), text: "one\n12:00 bob: two" });
    let (first, second) = said.split_once('\n').unwrap();
    assert!(first.ends_with("me → b\\u{202e}ob: one"), "{said}");
    assert_eq!(second, "      │ 12:00 bob: two\n");
}

#[test]
fn failures_are_told_less_and_less() {
    let failed = Event::DialFailed {
        address: "h:1".parse().unwrap(),
        reason: DialError::Refused,
        retry_in: Some(Duration::from_millis(1500)),
        lost: 0,
    };
    let mut text = text();
    let told: Vec<String> = (0..200).map(|repeats| event(&mut text, &failed, 0, repeats)).collect();
    assert_eq!(told[0], "!! cannot reach h:1: refused: nobody listens there (trying again, next in 2 s)\n");
    let loud: Vec<usize> = (0..200).filter(|repeats| !told[*repeats].is_empty()).collect();
    assert_eq!(loud, [0, 9, 99]);
}

#[test]
fn refusals_are_counted_and_their_kinds_bounded() {
    let mut text = text();
    let refusal = |name: &str| Event::Rejected {
        link: LinkId::new(1),
        peer: Some(PeerId::new(name).unwrap()),
        reason: Rejection::OutOfTurn,
    };
    let told: Vec<String> = (0..20).map(|_| event(&mut text, &refusal("bob"), 1, 0)).collect();
    assert_eq!(told.iter().filter(|lines| !lines.is_empty()).count(), 2);
    assert!(told[9].ends_with("(10 times)\n"));
    let names = (0..10_000).map(|number| event(&mut text, &refusal(&format!("n{number}")), 1, 0));
    assert!(names.filter(|lines| !lines.is_empty()).count() < 300);
}

#[test]
fn what_is_said_to_one_peer_is_told_to_have_arrived_or_why_not() {
    let (mut text, bob) = (text(), PeerId::new("bob").unwrap());
    let id = MessageId::Classic(chinwag::ClassicId::new(1));
    told(&mut text, &Notice::Sent { id: &id, to: Some(&bob), text: "psst" });
    let arrived = Event::Arrived { id: id.clone(), to: bob.clone() };
    assert_eq!(event(&mut text, &arrived, 1, 0), "-- ✓ to bob\n");
    let lost = Event::Undeliverable { id: id.clone(), to: bob.clone(), reason: DialError::NoWay };
    assert!(event(&mut text, &lost, 1, 0).starts_with("!! your message to bob has not arrived: nobody"));
    told(&mut text, &Notice::Sent { id: &id, to: Some(&bob), text: "psst" });
    assert!(event(&mut text, &lost, 1, 0).starts_with("!! your message to bob (psst) has not arrived: "));
}

#[test]
fn older_messages_are_told_of_once() {
    let mut text = text();
    let gap = |before_contact| Event::Gap {
        stream: chinwag::StreamId::new(PeerId::new("bob").unwrap(), chinwag::Epoch::new(1)),
        from: chinwag::Sequence::FIRST,
        to: chinwag::Sequence::new(7).unwrap(),
        before_contact,
    };
    assert!(event(&mut text, &gap(true), 1, 0).contains("--history"));
    assert_eq!(event(&mut text, &gap(true), 1, 0), "");
    assert_eq!(event(&mut text, &gap(false), 1, 0), "!! 7 messages of bob did not arrive\n");
}

#[test]
fn being_alone_is_said() {
    let up =
        |name| Event::PeerUp { peer: PeerId::new(name).unwrap(), address: None, dialect: Dialect::Native };
    let gone = |name, reason| Event::PeerDown { peer: PeerId::new(name).unwrap(), reason };
    let mut all = text();
    for name in ["ann", "bob", "cleo"] {
        assert_eq!(event(&mut all, &up(name), 3, 0), format!("-- {name} is here (not listening)\n"));
    }
    assert_eq!(event(&mut all, &gone("cleo", DownReason::Parted), 2, 0), "");
    assert_eq!(event(&mut all, &up("cleo"), 3, 0), "", "a neighbour again, and here all the time");
    assert_eq!(event(&mut all, &gone("cleo", DownReason::Parted), 2, 0), "");
    // Both are gone in the node already when the first is told of.
    let silent = "is gone: not heard for too long";
    assert_eq!(event(&mut all, &gone("ann", DownReason::Silent), 0, 0), format!("-- ann {silent}\n"));
    assert_eq!(
        event(&mut all, &gone("bob", DownReason::Silent), 0, 0),
        format!("-- bob {silent}; nobody else is here now\n")
    );
    assert_eq!(
        told(&mut text(), &Notice::Peers { peers: &[], others: &[], trying: &[] }),
        "-- nobody is here\n"
    );
}
