//! One-to-one messages: to a peer that is linked, or one whose address is known.
#![cfg(test)]

use chinwag::{
    Content, Control, DialError, Epoch, Event, Input, Intent, Message, PeerId, Rejection, SendError,
    Sequence, StreamTag,
};
use chinwag_memory::{CommandError, Fidelity, LinkModel, Network, NetworkConfig, NodeId, ms, secs};
use chinwag_testkit::{Guest, Lab, introduction, message, numbered, post, sent};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(48))]

    /// Each once, at its recipient and at nobody else, on doubling and reordering links too.
    #[test]
    fn they_arrive_once_and_at_one_peer(
        seed in any::<u64>(), datagrams in any::<bool>(), bytes in any::<bool>(),
        says in prop::collection::vec((0..3_usize, 1..3_usize, 0..50_u64), 1..30),
    ) {
        let link = if datagrams {
            LinkModel::datagram().duplication(0.3).reordering(0.3, ms(100))
        } else {
            LinkModel::stream()
        };
        let fidelity = if bytes { Fidelity::Bytes } else { Fidelity::Typed };
        let (mut network, nodes) = triangle(NetworkConfig::new(seed).link(link).fidelity(fidelity));
        let mut expected = vec![Vec::new(); 3];
        for (number, (from, by, pause)) in says.iter().enumerate() {
            let to = (from + by) % 3;
            let text = format!("text {number}");
            network.direct(nodes[*from], nodes[to], text.as_str()).unwrap();
            expected[to].push((format!("peer {from}"), text));
            network.run_for(ms(*pause));
        }
        network.run_until_quiet(secs(60)).unwrap();
        for (node, expected) in nodes.iter().zip(&mut expected) {
            let mut heard = directs(&network, *node);
            heard.sort();
            expected.sort();
            prop_assert_eq!(&heard, expected);
            prop_assert_eq!(network.heard(*node).len(), 0, "a word to one is no broadcast");
        }
        network.check().unwrap();
    }
}

/// A peer whose address is known is dialed for it, and the message follows the introduction.
#[test]
fn a_peer_that_is_only_known_is_dialed() {
    let mut network = Network::new(NetworkConfig::new(1));
    let (ann, bob) = (network.add_node("ann").unwrap(), network.add_node("bob").unwrap());
    let address = network.address(bob).clone();
    let name = network.node(bob).id().clone();
    let added = network.with_node(ann, |node, now| node.add_peer(now, name, address)).unwrap();
    assert_eq!(added, Ok(true));
    network.direct(ann, bob, "first").unwrap();
    network.direct(ann, bob, "second").unwrap();
    network.run_until_quiet(secs(60)).unwrap();
    let expected = ["first", "second"].map(|text| ("ann".to_owned(), text.to_owned()));
    assert_eq!(directs(&network, bob), expected);
}

/// Nobody answers at that address: told, with the reason, once the node has given up.
#[test]
fn what_cannot_be_handed_over_is_told() {
    let mut network = Network::new(NetworkConfig::new(2));
    let (ann, bob) = (network.add_node("ann").unwrap(), network.add_node("bob").unwrap());
    let (name, address) = (network.node(bob).id().clone(), network.address(bob).clone());
    network.crash(bob);
    let known = name.clone();
    network.with_node(ann, |node, now| node.add_peer(now, known, address)).unwrap().unwrap();
    let id = network.direct(ann, bob, "are you there?").unwrap();
    network.run_for(secs(60));
    let undeliverable = Event::Undeliverable { id, to: name, reason: DialError::Refused };
    let told = network.events(ann).iter().filter(|(_, event)| *event == undeliverable).count();
    assert_eq!(told, 1, "{:?}", network.events(ann));
}

#[test]
fn what_cannot_be_sent_is_refused_with_what_to_do() {
    let (mut network, nodes) = triangle(NetworkConfig::new(3));
    let mut lab = Lab::narrow();
    let stranger = PeerId::new("nobody").unwrap();
    let unknown = lab.node.direct(lab.now(), &stranger, "hello?");
    assert_eq!(unknown, Err(SendError::UnknownPeer(stranger)));
    let own = network.direct(nodes[0], nodes[0], "note to self");
    assert_eq!(own, Err(CommandError::Refused(SendError::OwnName)));
    let long = network.direct(nodes[0], nodes[1], "x".repeat(70_000));
    assert!(matches!(long, Err(CommandError::Refused(SendError::TooLong { limit: 65_536, .. }))), "{long:?}");
    let link = lab.accept();
    lab.input(Input::Received { link, message: introduction("ann") });
    lab.hang_up(link);
    lab.node.leave(lab.now());
    let ann = PeerId::new("ann").unwrap();
    assert_eq!(lab.node.direct(lab.now(), &ann, "wait"), Err(SendError::Left));
}

/// A word for somebody else to whom no way is known goes back, one without a place is refused; neither is delivered.
#[test]
fn what_is_not_for_us_is_not_delivered() {
    let mut lab = Lab::narrow();
    let link = lab.accept();
    lab.input(Input::Received { link, message: introduction("ann") });
    let for_bob = Content::Direct { to: PeerId::new("bob").ok(), post: post(1, "psst") };
    let answer = lab.hear(link, message("ann", for_bob));
    assert_eq!(sent(&answer, "STUCK"), [link]);
    assert_eq!((sent(&answer, "DIRECT").len(), lab.node.stats().rejected), (0, 0));
    let unplaced = Content::Direct { to: None, post: chinwag::Post { place: None, ..post(1, "psst") } };
    lab.hear(link, message("ann", unplaced));
    assert_eq!((lab.node.stats().direct, lab.node.stats().rejected), (0, 1));
}

/// Who only comes to say something says it himself, and to us.
#[test]
fn a_visitor_speaks_for_nobody_else_and_to_nobody_else() {
    let mut lab = Lab::narrow();
    let link = lab.accept();
    let visit = Guest::native("ann", "ann:5001").meaning(Intent::Visit);
    lab.hear(link, visit.ping());
    let ours = Content::Direct { to: PeerId::new("me").ok(), post: post(1, "psst") };
    let for_bob = Content::Direct { to: PeerId::new("bob").ok(), post: post(2, "psst") };
    lab.hear(link, message("eve", ours.clone()));
    lab.hear(link, message("ann", for_bob));
    let refused =
        |so: Rejection| lab.count(|event| matches!(event, Event::Rejected { reason, .. } if *reason == so));
    assert_eq!((refused(Rejection::Stranger), refused(Rejection::NotForMe)), (1, 1));
    assert_eq!(lab.node.stats().direct, 0);
    let answer = lab.hear(link, message("ann", ours));
    assert_eq!((sent(&answer, "ARRIVED"), lab.node.stats().direct), (vec![link], 1));
    assert_eq!(lab.node.active_view().count(), 0, "a visitor is no neighbour");
}

/// A word for somebody else is passed on to the one whom it is for, and its receipt goes back the same way.
#[test]
fn a_word_for_another_neighbour_is_passed_on_and_so_is_its_receipt() {
    let mut lab = Lab::usual();
    let (ann, bob) = (Guest::native("ann", "ann:5001"), Guest::native("bob", "bob:5001"));
    let (from, to) = (lab.welcome(&ann), lab.welcome(&bob));
    let for_bob = Content::Direct { to: PeerId::new("bob").ok(), post: post(1, "psst") };
    let answer = lab.hear(from, ann.says(for_bob));
    assert_eq!(sent(&answer, "DIRECT"), [to]);
    let receipt =
        Control::Arrived(StreamTag::of(&PeerId::new("ann").unwrap(), Epoch::new(1)), Sequence::FIRST);
    let answer = lab.hear(to, Message::control(receipt.clone()));
    assert_eq!(sent(&answer, "ARRIVED"), [from]);
    let again = lab.hear(to, Message::control(receipt));
    assert_eq!(sent(&again, "ARRIVED"), [], "once");
    assert_eq!((lab.node.stats().routed, lab.node.stats().direct), (1, 0));
}

/// The numbers of one-to-one messages and of broadcasts are apart: neither makes a gap in the other.
#[test]
fn they_do_not_disturb_the_order_of_broadcasts() {
    let mut lab = Lab::narrow();
    let link = lab.accept();
    lab.input(Input::Received { link, message: introduction("ann") });
    for sequence in 1..=5 {
        let direct = Content::Direct { to: None, post: post(sequence * 10, &format!("direct {sequence}")) };
        lab.input(Input::Received { link, message: message("ann", direct) });
        let text = format!("broadcast {sequence}");
        lab.input(Input::Received { link, message: numbered("ann", sequence, &text) });
    }
    let stats = lab.node.stats();
    assert_eq!((stats.direct, stats.delivered, stats.held, stats.missing), (5, 5, 0, 0));
}

fn triangle(config: NetworkConfig) -> (Network, Vec<NodeId>) {
    let mut network = Network::new(config);
    let nodes: Vec<NodeId> =
        (0..3).map(|number| network.add_node(&format!("peer {number}")).unwrap()).collect();
    network.bootstrap(nodes[1], &nodes[..1]).unwrap();
    network.bootstrap(nodes[2], &nodes[..2]).unwrap();
    network.run_until_quiet(secs(60)).unwrap();
    assert!(nodes.iter().all(|node| network.node(*node).linked() == 2));
    (network, nodes)
}

fn directs(network: &Network, node: NodeId) -> Vec<(String, String)> {
    let direct = |event: &Event| {
        if let Event::Direct(said) = event {
            Some((said.from().to_string(), said.body().to_display().into_owned()))
        } else {
            None
        }
    };
    network.events(node).iter().filter_map(|(_, event)| direct(event)).collect()
}
