//! Message types of an application's own, and the handlers for them.
#![cfg(test)]

use chinwag::{Body, Content, Delivery, Dialects, Dispatch, Event, Handlers, Input, SendError, Target};
use chinwag_memory::{CommandError, Network, NetworkConfig, NodeId, config_for, secs};
use chinwag_testkit::{Lab, introduction, message};

/// To a linked peer on its link, to an address by one connection for one message, from either dialect to either.
#[test]
fn a_message_of_any_type_reaches_its_handler() {
    for (from, to) in [
        (Dialects::Both, Dialects::Both),
        (Dialects::Both, Dialects::Classic),
        (Dialects::Classic, Dialects::Both),
        (Dialects::Classic, Dialects::Classic),
    ] {
        let (mut network, nodes) = pair(from, to);
        let peer = network.node(nodes[1]).id().clone();
        let address = network.address(nodes[1]).clone();
        network.send_custom(nodes[0], Target::Address(address.clone()), "WEATHER", "to your door").unwrap();
        network.run_until_quiet(secs(60)).unwrap();
        network.join(nodes[0], nodes[1]).unwrap();
        network.run_until_quiet(secs(60)).unwrap();
        let body = Body::from_json(r#"{"sky": "blue"}"#).unwrap();
        network.send_custom(nodes[0], Target::Peer(peer), "WEATHER", body).unwrap();
        network.send_custom(nodes[0], Target::Address(address), "UNKNOWN", "who knows").unwrap();
        network.broadcast(nodes[0], "to everybody").unwrap();
        network.run_until_quiet(secs(60)).unwrap();

        let mut handlers = Handlers::new();
        handlers.add("WEATHER", |seen: &mut Vec<String>, said: &Delivery| {
            seen.push(format!("{}: {}", said.from(), said.body().to_display()));
        });
        handlers.add("BROADCAST", |seen: &mut Vec<String>, said: &Delivery| {
            seen.push(said.body().to_display().into_owned());
        });
        let mut seen = Vec::new();
        let mut unhandled = 0;
        for (_, event) in network.events(nodes[1]) {
            unhandled += usize::from(handlers.dispatch(&mut seen, event) == Dispatch::NoHandler);
        }
        seen.sort();
        assert_eq!(
            seen,
            ["from: to your door", "from: {\"sky\": \"blue\"}", "to everybody"],
            "{from:?} to {to:?}"
        );
        assert_eq!(unhandled, 1, "an unknown type is there to be noticed");
    }
}

/// A type of the protocol's own is held to what that type needs, before anything is sent.
#[test]
fn only_good_messages_are_sent() {
    let (mut network, nodes) = pair(Dialects::Both, Dialects::Both);
    let there = Target::Address(network.address(nodes[1]).clone());
    for (msg_type, body) in [("", "x"), ("TYPE\n", "x"), ("PING", "no address"), ("PONG", "no address")] {
        let refused = network.send_custom(nodes[0], there.clone(), msg_type, body);
        assert!(
            matches!(refused, Err(CommandError::Refused(SendError::BadMessage(..)))),
            "{msg_type:?}: {refused:?}"
        );
    }
    let own = Target::Address(network.address(nodes[0]).clone());
    let refused = network.send_custom(nodes[0], own, "TEST", "x");
    assert!(matches!(refused, Err(CommandError::Refused(SendError::OwnAddress(_)))), "{refused:?}");
    assert_eq!(network.stats().dials, 0);
}

/// What nobody can be reached for is not queued without end, and the application is told.
#[test]
fn the_queue_for_an_address_is_bounded() {
    let mut lab = Lab::narrow();
    let there = Target::Address("nobody:1".parse().unwrap());
    let sent: Vec<_> = (0..4).map(|_| lab.node.send_custom(lab.now(), there.clone(), "TEST", "x")).collect();
    let full = Err(SendError::QueueFull("nobody:1".parse().unwrap()));
    assert_eq!(sent, [Ok(()), Ok(()), full.clone(), full]);
}

/// A custom message on a link is delivered as it came, and not passed on.
#[test]
fn a_custom_message_is_for_its_receiver_alone() {
    let mut lab = Lab::narrow();
    let links = [lab.accept(), lab.accept()];
    for (link, who) in links.iter().zip(["ann", "bob"]) {
        lab.input(Input::Received { link: *link, message: introduction(who) });
    }
    let custom = Content::Custom { msg_type: "TEST".into(), body: Body::text("x") };
    let test = message("ann", custom);
    let answer = lab.input(Input::Received { link: links[0], message: test.clone() });
    let [chinwag::Action::Emit(Event::Custom(said))] = answer else { panic!("{answer:?}") };
    assert_eq!((said.message(), said.msg_type(), said.id()), (&test, "TEST", None));
}

fn pair(from: Dialects, to: Dialects) -> (Network, [NodeId; 2]) {
    let mut network = Network::new(NetworkConfig::new(1));
    let nodes = [("from", from), ("to", to)].map(|(name, dialects)| {
        let mut config = config_for(name).unwrap();
        config.dialects = dialects;
        network.add_node_with(config).unwrap()
    });
    (network, nodes)
}
