//! Never two dials to one address at once, whatever is wanted there and however late its answers come.
#![cfg(test)]

use core::time::Duration;
use std::collections::BTreeMap;

use chinwag::{Action, Address, Command, Content, Control, Event, LinkId, PeerId, Target};
use chinwag_memory::{ms, secs};
use chinwag_testkit::{Guest, Lab, at, sent};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(512))]

    /// The lab itself watches over the dials, as long as its answers come in time.
    #[test]
    fn no_address_is_dialed_twice_at_once(moves in prop::collection::vec((0..8_u8, 0..2_u8, 0..2400_u64), 1..60)) {
        let mut lab = Lab::usual();
        let mut waited = BTreeMap::new();
        for (kind, who, pause) in moves {
            make(&mut lab, kind, who);
            lab.wait(ms(pause));
            answer_in_time(&mut lab, &mut waited);
        }
        prop_assert!(lab.is_orderly());
    }
}

/// The dial for a message goes on while the patience for an old peer's call ends.
#[test]
fn an_introduction_that_fails_does_not_touch_a_dial() {
    let mut lab = Lab::usual();
    lab.join("bob:5001");
    let link = lab.connect(&at("bob:5001"));
    lab.hang_up(link);
    lab.wait(ms(4900));
    custom(&mut lab, "bob:5001");
    assert!(lab.is_dialing(&at("bob:5001")));
    lab.wait(ms(4000));
    assert_eq!(lab.node.stats().dials, 2);
}

/// Who is linked there leaves while a message waits to be handed over at the same address: that dial counts still.
#[test]
fn a_forgotten_address_is_not_dialed_before_its_answer() {
    let mut lab = Lab::usual();
    let bob = Guest::native("bob", "bob:5001");
    let link = lab.welcome(&bob);
    custom(&mut lab, "bob:5001");
    lab.hear(link, bob.says(Content::Leave));
    lab.join("bob:5001");
    assert_eq!(lab.node.stats().dials, 1);
    // And the answer serves both: first the message, then the wish.
    lab.connect(&at("bob:5001"));
    assert!(lab.is_dialing(&at("bob:5001")), "now for the join");
    assert_eq!(lab.node.stats().classic_lost, 0);
}

/// The node has stopped waiting, and tries again later: an answer in between is as good as any.
#[test]
fn an_answer_that_comes_late_is_used() {
    let mut lab = Lab::usual();
    lab.join("bob:5001");
    let timed_out = |lab: &Lab| lab.count(|event| matches!(event, Event::DialFailed { .. })) == 1;
    assert!(lab.wait_until(secs(60), timed_out));
    lab.reach("bob:5001", &Guest::native("bob", "bob:5001"));
    assert_eq!(lab.node.linked(), 1);
    lab.wait(ms(2000));
    assert_eq!(lab.node.stats().dials, 1, "the new dial is not needed any more");
}

/// Nobody wants anything there by now.
#[test]
fn an_answer_that_nobody_waits_for_is_closed() {
    let mut lab = Lab::usual();
    custom(&mut lab, "bob:5001");
    lab.command(Command::Leave);
    assert!(lab.wait_until(secs(60), |lab| lab.node.has_left()));
    lab.connect(&at("bob:5001"));
    assert_eq!(lab.links(), []);
}

/// What others tell us to dial takes no more than half of the addresses.
#[test]
fn strangers_do_not_use_up_the_addresses() {
    let mut lab = Lab::usual_but(|config| config.max_links = 64);
    let bob = Guest::native("bob", "bob:5001");
    lab.welcome(&bob);
    for number in 0..200 {
        let claim = Guest::classic("bob", &format!("claimed{number}:5001"));
        let link = lab.accept();
        lab.hear(link, claim.ping());
        lab.hang_up(link);
        lab.welcome(&Guest::classic(&format!("peer {number}"), &format!("peer{number}:5001")));
        let peer = PeerId::new(&format!("rumour {number}")).unwrap();
        let address = at(&format!("rumour{number}:5001"));
        lab.hear(LinkId::new(1), bob.says(Content::AdvertiseReply { peer, address }));
    }
    for number in 0..32 {
        let joined = lab.node.join(lab.now(), at(&format!("friend{number}:5001")));
        assert_eq!(joined, Ok(()), "{number} of 32");
    }
}

/// A call that is waited for at an address is not missed once the peer there is found to be linked.
#[test]
fn a_call_that_is_not_needed_any_more_is_not_missed() {
    let mut lab = Lab::usual();
    lab.join("new:5001");
    let introduced = lab.connect(&at("new:5001"));
    lab.hang_up(introduced);
    let bob = lab.welcome(&Guest::native("bob", "old:5001"));
    lab.hear(bob, Guest::native("bob", "new:5001").ping());
    lab.join("new:5001");
    keep_alive(&mut lab, bob, secs(10));
    assert_eq!(lab.count(|event| matches!(event, Event::DialFailed { .. })), 0);
}

/// Some old peers answer on the very link that we made, and say that they listen elsewhere.
#[test]
fn an_old_peer_may_answer_on_our_link_under_another_address() {
    let mut lab = Lab::usual();
    lab.join("nat:7000");
    lab.reach("nat:7000", &Guest::classic("Able", "inside:5001"));
    assert_eq!(lab.node.linked(), 1);
    lab.wait(secs(4));
    assert_eq!(lab.count(|event| matches!(event, Event::DialFailed { .. })), 0);
    let said = lab.command(Command::Broadcast("hello".into()));
    assert_eq!(sent(&said, "BROADCAST"), [], "it is handed over where it listens");
    assert!(said.contains(&Action::Dial { address: at("inside:5001") }));
}

/// One of the things that make a node dial, stop dialing or forget: at one of two addresses.
fn make(lab: &mut Lab, kind: u8, who: u8) {
    let (name, place) = [("ann", "ann:5001"), ("bob", "bob:5001")][usize::from(who % 2)];
    let (native, classic) = (Guest::native(name, place), Guest::classic(name, place));
    let last = lab.links().last().copied();
    match (kind, last) {
        (0, _) => drop(lab.join(place)),
        (1, _) => custom(lab, place),
        (2, _) if lab.is_dialing(&at(place)) => drop(lab.connect(&at(place))),
        (3, _) if lab.is_dialing(&at(place)) => drop(lab.refuse(&at(place)).len()),
        (4, _) => {
            lab.welcome(&native);
        }
        (5, _) => {
            lab.welcome(&classic);
        }
        (6, Some(link)) => drop(lab.hear(link, native.says(Content::Leave))),
        (7, Some(link)) => drop(lab.hang_up(link).len()),
        _ => {}
    }
}

/// Refuses the dials that have waited for two pauses, so that none waits for longer than the node does.
fn answer_in_time(lab: &mut Lab, waited: &mut BTreeMap<Address, u32>) {
    let dialing: Vec<Address> = lab.dialing().cloned().collect();
    waited.retain(|address, _| dialing.contains(address));
    for address in dialing {
        let pauses = waited.entry(address.clone()).or_insert(0);
        *pauses += 1;
        if *pauses == 2 {
            waited.remove(&address);
            lab.refuse(&address);
        }
    }
}

fn custom(lab: &mut Lab, place: &str) {
    let to = Target::Address(at(place));
    lab.command(Command::Custom { to, msg_type: "TEST".into(), body: "x".into() });
}

fn keep_alive(lab: &mut Lab, link: LinkId, duration: Duration) {
    let end = lab.now() + duration;
    while lab.now() < end {
        lab.wait(ms(900));
        lab.hear(link, Guest::native("bob", "new:5001").says(Content::Control(Control::KeepAlive(1))));
    }
}
