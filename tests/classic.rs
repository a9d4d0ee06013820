//! Peers of the old program in a network of ours. Here they are played by nodes that speak only its dialect; the
//! real thing is in `cli/tests`.
#![cfg(test)]

use chinwag::{
    Body, Content, Dialect, Dialects, DownReason, Event, Hello, Input, LinkEnd, PeerId, Post, SendError, Time,
};
use chinwag_memory::{CommandError, LinkModel, Network, NetworkConfig, NodeId, config_for, ms, secs};
use chinwag_testkit::{Lab, introduction_at, message};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(16))]

    /// A classic peer says nothing when it goes, and nothing shows it but that it cannot be dialed.
    #[test]
    fn a_classic_peer_that_vanishes_is_noticed(seed in any::<u64>(), talking in any::<bool>()) {
        let (mut network, nodes) = mixed(seed, &[Dialects::Both, Dialects::Both, Dialects::Classic]);
        let start = network.now();
        network.crash(nodes[2]);
        for _ in 0..40 {
            network.run_for(secs(2));
            if talking {
                network.broadcast(nodes[0], network.now().as_millis().to_string()).unwrap();
            }
        }
        let (at, reason) = went_down(&network, nodes[0], "peer 2").expect("it is noticed");
        // Nobody takes the calls, and three pings are not answered: whichever shows first.
        prop_assert!(matches!(reason, DownReason::Silent | DownReason::Unreachable), "{:?}", reason);
        prop_assert!(at <= start + secs(4 * 12), "{at:?}");
        prop_assert_eq!(network.node(nodes[0]).linked(), 1);
    }
}

/// Everybody is told who speaks which dialect, and nothing was configured for it.
#[test]
fn dialects_are_found_out_whoever_dials() {
    for (one, other) in [(0, 1), (1, 0)] {
        let mut network = Network::new(NetworkConfig::new(1));
        let nodes = add(&mut network, &[Dialects::Both, Dialects::Classic]);
        network.join(nodes[one], nodes[other]).unwrap();
        network.run_until_quiet(secs(60)).unwrap();
        let up = network.events(nodes[0]).iter().find_map(|(_, event)| {
            if let Event::PeerUp { peer, address, dialect } = event {
                Some((peer.as_str(), address.clone(), *dialect))
            } else {
                None
            }
        });
        assert_eq!(up, Some(("peer 1", Some(network.address(nodes[1]).clone()), Dialect::Classic)));
        assert_eq!(network.node(nodes[1]).linked(), 1);
    }
}

/// A text that an old peer could not read whole is not sent to it; its author is told, and the others get it.
#[test]
fn what_is_too_long_for_old_peers_reaches_the_others() {
    let (mut network, nodes) = mixed(2, &[Dialects::Both, Dialects::Both, Dialects::Classic]);
    let long = "x".repeat(2000);
    let id = network.broadcast(nodes[0], long.as_str()).unwrap();
    network.broadcast(nodes[0], "short").unwrap();
    network.run_until_quiet(secs(60)).unwrap();
    assert_eq!(heard(&network, nodes[1]), [long, "short".to_owned()]);
    assert_eq!(heard(&network, nodes[2]), ["short"]);
    let told = network
        .events(nodes[0])
        .iter()
        .any(|(_, event)| *event == Event::TooLongForClassic { id: id.clone(), peers: 1 });
    assert!(told);
}

/// Right up to the 2,048 bytes that an old peer reads at once, and not one more.
#[test]
fn the_longest_text_that_old_peers_read() {
    let envelope = message(
        "me",
        Content::Broadcast(Post { place: None, room: None, body: Body::text(""), signature: None }),
    );
    let room = 2047 - envelope.encoded().len();
    for (length, fits) in [(room, true), (room + 1, false)] {
        let (mut lab, address) = with_classic_peer();
        lab.input(Input::Command(chinwag::Command::Broadcast(Body::text(&"x".repeat(length)))));
        lab.connect(&address);
        let sent: Vec<usize> = lab.answers.last().unwrap().iter().filter_map(frame_length).collect();
        assert_eq!(!sent.is_empty(), fits, "{length}");
        assert!(sent.iter().all(|frame| *frame < 2048), "{sent:?}");
    }
}

/// Old peers tell messages apart by their text and second. We say the same twice in a second all the same.
#[test]
fn the_same_words_twice_in_a_second_arrive_twice_at_everybody() {
    for author in 0..2 {
        let (mut network, nodes) = mixed(3, &[Dialects::Both, Dialects::Both, Dialects::Classic]);
        network.broadcast(nodes[author], "knock").unwrap();
        network.broadcast(nodes[author], "knock").unwrap();
        network.run_until_quiet(secs(60)).unwrap();
        for node in nodes.iter().filter(|node| node.index() != author) {
            assert_eq!(heard(&network, *node), ["knock", "knock"], "{node}");
        }
    }
}

/// Two networks that only a classic peer joins: what comes through it is delivered once on the far side, and does
/// not come back as something new.
#[test]
fn a_classic_peer_between_two_native_ones_relays_both_ways() {
    let mut network = Network::new(NetworkConfig::new(4));
    let nodes = add(&mut network, &[Dialects::Both, Dialects::Classic, Dialects::Both]);
    network.join(nodes[0], nodes[1]).unwrap();
    network.join(nodes[2], nodes[1]).unwrap();
    network.run_until_quiet(secs(60)).unwrap();
    for number in 0..15 {
        network.broadcast(nodes[0], format!("from 0: {number}")).unwrap();
        network.broadcast(nodes[2], format!("from 2: {number}")).unwrap();
        network.run_for(ms(100));
    }
    network.run_until_quiet(secs(60)).unwrap();
    for (node, from) in [(nodes[0], 2), (nodes[2], 0)] {
        let mut heard = heard(&network, node);
        heard.sort();
        let mut expected: Vec<_> = (0..15).map(|number| format!("from {from}: {number}")).collect();
        expected.sort();
        assert_eq!(heard, expected);
    }
}

/// A peer that upgrades from the old program to ours under its old name is known as what it is now.
#[test]
fn a_classic_peer_may_come_back_as_a_native_one() {
    let (mut lab, address) = with_classic_peer();
    let link = lab.accept();
    lab.input(Input::Received { link, message: introduction_at("Able", &address) });
    let peer = lab.node.find_peer(&PeerId::new("Able").unwrap()).unwrap();
    assert_eq!((peer.dialect, peer.linked), (Some(Dialect::Native), true));
    assert_eq!(lab.node.linked(), 1, "{address} is not dialed as an old peer's any more");
}

#[test]
fn one_to_one_messages_are_refused_for_old_peers() {
    let (mut network, nodes) = mixed(5, &[Dialects::Both, Dialects::Classic]);
    let refused = network.direct(nodes[0], nodes[1], "psst");
    assert_eq!(refused, Err(CommandError::Refused(SendError::ClassicPeer(PeerId::new("peer 1").unwrap()))));
}

/// A node that speaks one dialect only tells why it does not talk.
#[test]
fn a_refused_dialect_is_told() {
    let mut network = Network::new(NetworkConfig::new(6));
    let nodes = add(&mut network, &[Dialects::Native, Dialects::Classic]);
    network.join(nodes[1], nodes[0]).unwrap();
    network.run_for(secs(30));
    let told = |node: NodeId, so: fn(&Event) -> bool| network.events(node).iter().any(|(_, event)| so(event));
    assert!(told(nodes[0], |event| matches!(
        event,
        Event::Rejected { reason: chinwag::Rejection::Dialect, .. }
    )));
    assert!(told(nodes[1], |event| matches!(event, Event::DialFailed { .. })));
    assert_eq!(network.node(nodes[0]).linked(), 0);
}

/// As a driver sees it: one connection for each message, closed at once, and none kept.
#[test]
fn an_old_peer_gets_one_connection_for_each_message() {
    let (mut lab, address) = with_classic_peer();
    for text in ["one", "two"] {
        lab.input(Input::Command(chinwag::Command::Broadcast(Body::text(text))));
    }
    for text in ["one", "two"] {
        assert_eq!(lab.dialing().collect::<Vec<_>>(), [&address], "one dial at a time");
        let link = lab.connect(&address);
        let answer = lab.answers.last().unwrap();
        let [chinwag::Action::Send { message, .. }, chinwag::Action::Close { link: closed }, ..] =
            &answer[..]
        else {
            panic!("{answer:?}")
        };
        assert_eq!(*closed, link);
        assert!(message.post().unwrap().body == Body::text(text) && message.post().unwrap().place.is_none());
    }
    assert_eq!(lab.links(), []);
}

/// A node with narrow limits that has met the classic peer "Able", and where that one listens.
fn with_classic_peer() -> (Lab, chinwag::Address) {
    let mut lab = Lab::narrow();
    lab.input_at(Time::from_secs(1), Input::Tick);
    let address: chinwag::Address = "able:5001".parse().unwrap();
    let hello = Hello { listening: Some(address.clone()), native: None, others: Vec::new() };
    let link = lab.accept();
    lab.input(Input::Received { link, message: message("Able", Content::Ping(hello)) });
    lab.input(Input::LinkDown { link, end: LinkEnd::Closed });
    lab.connect(&address);
    assert_eq!((lab.node.linked(), lab.dialing().count()), (1, 0));
    (lab, address)
}

fn frame_length(action: &chinwag::Action) -> Option<usize> {
    if let chinwag::Action::Send { message, .. } = action { Some(message.encoded().len()) } else { None }
}

fn mixed(seed: u64, dialects: &[Dialects]) -> (Network, Vec<NodeId>) {
    let mut network = Network::new(NetworkConfig::new(seed).link(LinkModel::stream()));
    let nodes = add(&mut network, dialects);
    for node in &nodes[1..] {
        network.join(*node, nodes[0]).unwrap();
    }
    network.run_until_quiet(secs(60)).unwrap();
    (network, nodes)
}

fn add(network: &mut Network, dialects: &[Dialects]) -> Vec<NodeId> {
    let node = |(number, dialects): (usize, &Dialects)| {
        let mut config = config_for(&format!("peer {number}")).unwrap();
        config.dialects = *dialects;
        network.add_node_with(config).unwrap()
    };
    dialects.iter().enumerate().map(node).collect()
}

fn heard(network: &Network, node: NodeId) -> Vec<String> {
    network.heard(node).into_iter().map(|(_, text)| text).collect()
}

fn went_down(network: &Network, node: NodeId, who: &str) -> Option<(Time, DownReason)> {
    network.events(node).iter().find_map(|(at, event)| {
        let Event::PeerDown { peer, reason } = event else { return None };
        (peer.as_str() == who).then_some((*at, *reason))
    })
}
