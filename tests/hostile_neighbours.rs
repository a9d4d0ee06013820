//! Who is linked and lies takes from others no neighbours, no dials, no trees and no receipts.
#![cfg(test)]

use chinwag::{
    Action, Contact, Content, Control, Hello, Input, Intent, LinkId, Message, Native, PeerId, Semantics,
    StreamTag,
};
use chinwag_memory::{ms, secs};
use chinwag_testkit::{Guest, Lab, at, message, numbered, post};

fn keep_alive(lab: &mut Lab) {
    for link in lab.links().to_vec() {
        lab.hear(link, Message::control(Control::KeepAlive(1)));
    }
}

/// One machine that asks for room under a new name each second, and never makes any, gets the place of the newest
/// neighbour and those that are free.
#[test]
fn ever_new_names_do_not_push_out_those_who_were_there() {
    let mut lab = Lab::usual();
    for number in 0..8 {
        let address = format!("honest-{number}:1");
        lab.join(&address);
        lab.reach(&address, &Guest::native(&format!("honest {number}"), &address));
    }
    for number in 0..300 {
        lab.wait(ms(500));
        keep_alive(&mut lab);
        lab.wait(ms(500));
        let (name, address) = (format!("many {number}"), format!("many-{number}:1"));
        lab.welcome(&Guest::native(&name, &address).meaning(Intent::Urgent));
    }
    let honest = lab.node.active_view().filter(|peer| peer.as_str().starts_with("honest")).count();
    assert!(honest >= 7, "{honest} of 8 are left");
}

#[test]
fn who_names_ever_others_to_link_with_has_few_of_them_dialed() {
    let mut lab = Lab::usual();
    let link = lab.welcome(&Guest::native("eve", "eve:1"));
    let mut dialed = 0;
    for number in 0..600 {
        if number % 10 == 0 {
            keep_alive(&mut lab);
        }
        lab.wait(ms(10));
        let name = format!("n{number}");
        let contact = Contact::new(PeerId::new(&name).unwrap(), at(&format!("{name}:1")));
        let actions = lab.hear(link, Message::control(Control::Instead(contact)));
        dialed += actions.iter().filter(|action| matches!(action, Action::Dial { .. })).count();
    }
    assert!((1..=13).contains(&dialed), "{dialed} dials in six seconds");
}

/// A beacon far ahead of its time does not make the true ones old.
#[test]
fn a_beacon_out_of_reach_is_not_believed() {
    let mut lab = Lab::usual();
    let [ann, bob] = ["ann", "bob"].map(|name| lab.welcome(&Guest::native(name, &format!("{name}:1"))));
    let root = StreamTag::new(1);
    let mut relayed = 0;
    for number in 5..30 {
        if number == 10 {
            lab.wait(secs(2));
            lab.hear(ann, Message::control(Control::Beacon { root, number: (1 << 53) - 1 }));
        }
        let actions = lab.hear(ann, Message::control(Control::Beacon { root, number }));
        let to_bob = |action: &&Action| {
            let Action::Send { to, message } = action else { return false };
            let beacon = Content::Control(Control::Beacon { root, number });
            to.iter().any(|link| link == bob) && *message.content() == beacon
        };
        relayed += actions.iter().filter(to_bob).count();
        for _ in 0..20 {
            keep_alive(&mut lab);
            lab.wait(ms(500));
        }
    }
    assert_eq!(relayed, 25, "each true beacon is passed on");
}

#[test]
fn a_receipt_counts_only_from_where_the_message_went() {
    let mut lab = Lab::usual();
    let sender = lab.welcome(&Guest::native("ann", "ann:1"));
    let recipient = lab.welcome(&Guest::native("bob", "bob:1"));
    let visitor = lab.welcome(&Guest::native("eve", "eve:1").meaning(Intent::Visit));
    let to = Some(PeerId::new("bob").unwrap());
    let said = message("ann", Content::Direct { to, post: post(1, "psst") });
    lab.hear(sender, said.clone());
    let place = said.post().unwrap().place.unwrap();
    let arrived =
        Message::control(Control::Arrived(StreamTag::of(said.originator(), place.epoch), place.sequence));
    assert!(lab.hear(visitor, arrived.clone()).is_empty(), "it did not go there");
    let passed_on = lab.hear(recipient, arrived);
    assert!(
        passed_on
            .iter()
            .any(|action| matches!(action, Action::Send { to, .. } if to.iter().any(|it| it == sender)))
    );
}

/// Keep-alive is answered, and nothing else is taken in: whatever the cause, such a link is given up.
#[test]
fn a_datagram_link_on_which_nothing_is_taken_in_is_given_up() {
    let mut lab = Lab::usual();
    let link = LinkId::new(77);
    lab.input(Input::LinkUp { link, dialed: None, semantics: Semantics::Datagram });
    let mut native = Native::new(chinwag::Epoch::new(1));
    native.session = 1;
    let hello = Hello { listening: Some(at("bob:1")), native: Some(native), others: Vec::new() };
    lab.hear(link, message("bob", Content::Ping(hello)));
    assert_eq!(lab.node.linked(), 1);
    for second in 0..60 {
        lab.hear(link, Message::control(Control::KeepAlive(second)));
        let other =
            Control::Numbered { session: 2, number: second + 1, message: numbered("bob", second + 1, "hi") };
        lab.hear(link, Message::control(other));
        lab.wait(secs(1));
    }
    assert_eq!((lab.node.linked(), lab.heard().len()), (0, 0));
}
