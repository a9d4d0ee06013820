//! A command that is refused has changed nothing, in whatever state the node is.
#![cfg(test)]

use chinwag::{Action, Command, Content, Control, Event, Input, PeerId, SendError, Target};
use chinwag_memory::secs;
use chinwag_testkit::{Guest, Lab, at, steps};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(256))]

    /// After any past: not a dial, not a number, not a back-off cut short.
    #[test]
    fn nothing_has_changed(script in steps::script(80), command in command()) {
        let lab = Lab::played(&script);
        let mut node = lab.node.clone();
        let answer: Vec<Action> = node.handle(lab.now(), Input::Command(command)).collect();
        if let [Action::Emit(Event::CommandFailed { .. })] = &answer[..] {
            prop_assert_eq!(node, lab.node);
        }
    }
}

/// The very runs of the property above, counted by their errors: each kind of refusal occurs in them.
#[test]
fn these_commands_are_refused_in_every_way() {
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for (script, command) in chinwag_testkit::sample(256, &(steps::script(80), command())) {
        let mut lab = Lab::played(&script);
        for action in lab.command(command) {
            if let Action::Emit(Event::CommandFailed { error }) = action {
                let debug = format!("{error:?}");
                let kind = debug.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                *seen.entry(kind.to_owned()).or_default() += 1;
            }
        }
    }
    for kind in ["TooLong", "WaitingFull", "UnknownPeer", "OwnAddress", "OwnName", "BadMessage", "Left"] {
        assert!(seen.contains_key(kind), "no {kind} in {seen:?}");
    }
}

/// An address book without room: the peer is not added, and so not dialed either.
#[test]
fn a_peer_that_is_not_added_is_not_dialed() {
    let mut lab = Lab::usual_but(|config| config.max_peers = 0);
    let before = lab.node.clone();
    assert_eq!(lab.node.add_peer(lab.now(), PeerId::new("bob").unwrap(), at("bob:5001")), Ok(false));
    assert_eq!(lab.node, before);
}

/// The peer's address is waiting for its next dial: a message that cannot be sent does not hasten it.
#[test]
fn a_message_too_long_cuts_no_back_off_short() {
    let mut lab = Lab::usual();
    let bob = PeerId::new("bob").unwrap();
    lab.command(Command::AddPeer { peer: bob.clone(), address: at("bob:5001") });
    lab.refuse(&at("bob:5001"));
    let before = lab.node.clone();
    let refused = lab.node.direct(lab.now(), &bob, "x".repeat(100_000));
    assert!(matches!(refused, Err(SendError::TooLong { limit: 65_536, .. })), "{refused:?}");
    assert_eq!(lab.node, before);
}

/// What an old peer could not read whole is refused, by what that peer reads and not by what a frame may hold.
#[test]
fn a_custom_message_too_long_for_an_old_peer_is_refused() {
    let mut lab = Lab::usual();
    lab.welcome(&Guest::classic("Able", "able:5001"));
    let before = lab.node.clone();
    let to = Target::Peer(PeerId::new("Able").unwrap());
    let refused = lab.node.send_custom(lab.now(), to, "TEST", "x".repeat(3000));
    assert!(matches!(refused, Err(SendError::TooLong { limit: 2047, .. })), "{refused:?}");
    assert_eq!(lab.node, before);
}

/// Once it has left, a node does nothing any more: every command says so.
#[test]
fn nothing_is_done_after_leaving() {
    let mut lab = Lab::usual();
    let bob = Guest::native("bob", "bob:5001");
    let link = lab.welcome(&bob);
    lab.command(Command::Leave);
    let now = lab.now();
    assert_eq!(lab.node.join(now, at("bob:5001")), Err(SendError::Left));
    assert_eq!(lab.node.broadcast(now, "x"), Err(SendError::Left));
    assert_eq!(lab.node.request_peers(now, &PeerId::new("bob").unwrap()), Err(SendError::Left));
    assert_eq!(lab.hear(link, bob.says(Content::Control(Control::KeepAlive(1)))), []);
    assert_eq!(lab.wait_alone(secs(600)), []);
}

/// Something that may well be refused: long texts, odd types, names and addresses that are our own or nobody's.
fn command() -> impl Strategy<Value = Command> {
    let peer = || (0..steps::NAMES).prop_map(steps::name);
    let address = || (0..steps::NAMES).prop_map(steps::address);
    let body = || prop::sample::select(vec![1, 2500, 5000]).prop_map(|length| "x".repeat(length).into());
    let to = || prop_oneof![peer().prop_map(Target::Peer), address().prop_map(Target::Address)];
    let msg_type = || prop::sample::select(vec!["TEST", "", "PING", "BROADCAST", "a\nb"]);
    prop_oneof![
        address().prop_map(Command::Join),
        (peer(), address()).prop_map(|(peer, address)| Command::AddPeer { peer, address }),
        body().prop_map(Command::Broadcast),
        (peer(), body()).prop_map(|(to, body)| Command::Direct { to, body }),
        (to(), msg_type(), body()).prop_map(|(to, msg_type, body)| Command::Custom {
            to,
            msg_type: msg_type.into(),
            body
        }),
        peer().prop_map(Command::RequestPeers),
    ]
}
