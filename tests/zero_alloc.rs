//! Passing a message on costs no memory, and encoding it is done once.
#![cfg(test)]

use core::time::Duration;

use chinwag::{
    Action, Address, Body, Command, Content, Control, Epoch, Hello, Input, LinkId, Message, Strategy,
    StreamTag,
};
use chinwag_testkit::{hub, hub_that, message, numbered};

/// In steady state: the tables have grown to what they need, the messages come from a link that the node knows, and
/// none of the other links is due for a ping.
/// What is counted is all that the node does, from the input to the last action; reading a frame into a message is
/// the driver's work, before it.
#[test]
fn a_message_is_passed_on_without_a_single_allocation() {
    for (what, copies) in [("fresh messages", 1), ("messages that come twice", 2)] {
        let mut lab = hub(6);
        let mut traffic = (1..=6000).flat_map(|number| {
            let message = from_the_wire(number);
            core::iter::repeat_n(message, copies)
        });
        let count = 4000 * copies;
        let warm_up: Vec<_> = traffic.by_ref().take(count).collect();
        let measured: Vec<_> = traffic.collect();
        let mut now = lab.now();
        let mut sent = 0;
        let mut run = |messages: Vec<Message>| {
            for (turn, message) in messages.into_iter().enumerate() {
                now += Duration::from_micros(10);
                let link = LinkId::new(1 + turn as u64 % copies as u64);
                for action in lab.node.handle(now, Input::Received { link, message }) {
                    if let Action::Send { to, message } = action {
                        sent += to.iter().count() * usize::from(!message.encoded().is_empty());
                    }
                }
            }
        };
        run(warm_up);
        let used = allocation_counter::measure(|| run(measured));
        assert_eq!(used.count_total, 0, "allocations for 2,000 {what}");
        assert!(sent >= 6000 * 5, "{what}: only {sent} were sent");
        assert_eq!(lab.node.stats().delivered, 6000, "{what}");
        assert_eq!(lab.node.stats().duplicates, 6000 * (copies as u64 - 1), "{what}");
    }
}

/// The same along a tree. What is pushed costs nothing; what looks every few milliseconds whether there is something
/// to announce costs a little, however many messages came since.
#[test]
fn a_message_is_passed_along_a_tree_with_next_to_no_allocation() {
    let mut lab = hub_that(6, Strategy::Tree);
    let tag = StreamTag::of(&"peer 1".parse().unwrap(), Epoch::new(1));
    lab.hear(LinkId::new(1), from_the_wire(1));
    for link in 2..=6 {
        lab.hear(LinkId::new(link), Message::control(Control::Graft(Some(tag))));
    }
    let messages: Vec<_> = (2..=6000).map(from_the_wire).collect();
    let (warm_up, measured) = messages.split_at(4000);
    let mut now = lab.now();
    let mut sent = 0;
    let mut run = |messages: &[Message]| {
        for message in messages {
            now += Duration::from_micros(10);
            for action in
                lab.node.handle(now, Input::Received { link: LinkId::new(1), message: message.clone() })
            {
                if let Action::Send { to, message } = action {
                    sent += to.iter().count() * usize::from(!message.encoded().is_empty());
                }
            }
        }
    };
    run(warm_up);
    let used = allocation_counter::measure(|| run(measured));
    let most = measured.len() as u64 / 10;
    assert!(used.count_total <= most, "{} allocations for {} messages", used.count_total, measured.len());
    assert!(sent >= 5999 * 5, "only {sent} were sent");
}

/// One action names everybody a message goes to, and the bytes are the very ones it came as.
#[test]
fn a_relay_sends_the_bytes_it_received_to_everybody_at_once() {
    let mut lab = hub(6);
    let frame = from_the_wire(1).encoded().clone();
    let message = Message::decode(frame.clone()).unwrap();
    let actions = lab.input(Input::Received { link: LinkId::new(2), message }).to_vec();
    let sends: Vec<_> = sends(&actions);
    assert_eq!(sends.len(), 1);
    let (links, bytes) = sends[0];
    assert_eq!(links, 5, "everybody but the one it came from");
    assert_eq!(bytes, frame.as_ptr());
}

/// What is said here is encoded once for all native peers, and once more, in their dialect, for all classic ones.
#[test]
fn a_message_of_our_own_is_encoded_once_for_each_dialect() {
    let mut lab = hub(6);
    let classic: Vec<Address> =
        (0..3).map(|number| Address::new(&format!("able{number}"), 5001).unwrap()).collect();
    for (number, address) in classic.iter().enumerate() {
        let hello = Hello { listening: Some(address.clone()), native: None, others: Vec::new() };
        let link = lab.accept();
        lab.input(Input::Received {
            link,
            message: message(&format!("Able {number}"), Content::Ping(hello)),
        });
        lab.connect(address);
    }
    let mut actions = lab.input(Input::Command(Command::Broadcast(Body::text("hello")))).to_vec();
    for address in &classic {
        lab.connect(address);
        actions.extend(lab.answers.last().cloned().unwrap_or_default());
    }
    let (native, classic): (Vec<_>, Vec<_>) = sends(&actions).into_iter().partition(|(links, _)| *links == 6);
    assert_eq!((native.len(), classic.len()), (1, 3));
    assert!(classic.iter().all(|(_, bytes)| *bytes == classic[0].1 && *bytes != native[0].1));
}

fn sends(actions: &[Action]) -> Vec<(usize, *const u8)> {
    let send = |action: &Action| match action {
        Action::Send { to, message } => Some((to.iter().count(), message.encoded().as_ptr())),
        Action::Dial { .. } | Action::Close { .. } | Action::Emit(_) => None,
    };
    actions.iter().filter_map(send).collect()
}

/// What "peer 1" says, as it comes from the wire.
fn from_the_wire(number: u64) -> Message {
    let message = numbered("peer 1", number, &format!("message {number}"));
    Message::decode(message.encoded().clone()).unwrap()
}
