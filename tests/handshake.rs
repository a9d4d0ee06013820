//! How two peers come to know each other: also when both dial at once, share a name, or are one and the same.
#![cfg(test)]

use core::time::Duration;

use chinwag::{
    Action, Address, Content, Control, DialError, Event, Input, PeerId, Rejection, SendError, Time,
};
use chinwag_memory::{CommandError, Fidelity, LinkModel, Network, NetworkConfig, config_for, ms, secs};
use chinwag_testkit::{Lab, answer, introduction, message, numbered, post, sent};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(96))]

    /// Both dial at about the same time, and talk while two links become one: one is left, and every word of either
    /// is heard once.
    #[test]
    fn simultaneous_dials_end_as_one_link_and_lose_nothing(
        seed in any::<u64>(),
        datagrams in any::<bool>(),
        bytes in any::<bool>(),
        apart in 0..120_u64,
        pauses in prop::collection::vec((any::<bool>(), 0..40_u64), 1..20),
    ) {
        let link = if datagrams { LinkModel::datagram() } else { LinkModel::stream() };
        let fidelity = if bytes { Fidelity::Bytes } else { Fidelity::Typed };
        let mut network = Network::new(NetworkConfig::new(seed).link(link).fidelity(fidelity));
        let nodes = [network.add_node("ann").unwrap(), network.add_node("bob").unwrap()];
        network.join(nodes[0], nodes[1]).unwrap();
        network.run_for(ms(apart));
        network.join(nodes[1], nodes[0]).unwrap();
        let mut said = [Vec::new(), Vec::new()];
        for (number, (second, pause)) in pauses.iter().enumerate() {
            let who = usize::from(*second);
            let text = format!("text {number}");
            network.broadcast(nodes[who], text.as_str()).unwrap();
            said[who].push(text);
            network.run_for(ms(*pause));
        }
        network.run_until_quiet(secs(60)).unwrap();
        for (who, other) in [(0, 1), (1, 0)] {
            let heard: Vec<String> = network.heard(nodes[who]).into_iter().map(|(_, text)| text).collect();
            prop_assert_eq!(&heard, &said[other]);
            prop_assert_eq!(network.node(nodes[who]).linked(), 1);
            let ups = network.events(nodes[who]).iter().filter(|(_, event)| matches!(event, Event::PeerUp { .. }));
            let downs = network.events(nodes[who]).iter().filter(|(_, event)| matches!(event, Event::PeerDown { .. }));
            prop_assert_eq!((ups.count(), downs.count()), (1, 0));
        }
        network.check().unwrap();
        // From then on there is one link: one word is one packet.
        let before = network.stats().sent;
        network.broadcast(nodes[0], "last").unwrap();
        prop_assert_eq!(network.stats().sent, before + 1);
    }
}

#[test]
fn dials_do_cross() {
    let mut retired = 0;
    for seed in 0..50 {
        let mut network = Network::new(NetworkConfig::new(seed));
        let nodes = [network.add_node("ann").unwrap(), network.add_node("bob").unwrap()];
        network.join(nodes[0], nodes[1]).unwrap();
        network.join(nodes[1], nodes[0]).unwrap();
        network.run_for(secs(5));
        retired += nodes.iter().map(|node| network.node(*node).stats().links_retired).sum::<u64>();
    }
    assert_eq!(retired, 100, "at both ends of each of the fifty pairs");
}

/// Our own listening address is refused at once; by another name of the same machine, it is found out.
#[test]
fn a_node_does_not_link_with_itself() {
    let mut network = Network::new(NetworkConfig::new(1));
    let node = network.add_node("ann").unwrap();
    let real = network.address(node).clone();
    let own = network.join_address(node, real.clone());
    assert_eq!(own, Err(CommandError::Refused(SendError::OwnAddress(real.clone()))));

    let known_as: Address = "another-name:1".parse().unwrap();
    network.with_node(node, |node, now| node.listen(now, Some(known_as)));
    network.join_address(node, real.clone()).unwrap();
    network.run_for(secs(300));
    let failures: Vec<_> = network
        .events(node)
        .iter()
        .filter_map(|(_, event)| {
            let Event::DialFailed { address, reason, retry_in, .. } = event else { return None };
            Some((address.clone(), *reason, *retry_in))
        })
        .collect();
    assert_eq!(failures, [(real, DialError::Myself, None)], "once, and not again");
    assert_eq!((network.node(node).linked(), network.node(node).peers().count()), (0, 0));
}

/// Two peers of one name cannot be told apart: each tells its person, and neither is linked with the other.
#[test]
fn a_peer_with_our_own_name_is_refused_and_told() {
    let mut network = Network::new(NetworkConfig::new(2));
    let one = network.add_node("ann").unwrap();
    let mut config = config_for("ann").unwrap();
    config.epoch = chinwag::Epoch::new(config.epoch.get() + 5);
    let two = network.add_node_with(config).unwrap();
    network.join(two, one).unwrap();
    network.run_for(secs(5));
    assert!(
        network
            .events(one)
            .iter()
            .any(|(_, event)| { matches!(event, Event::Rejected { reason: Rejection::SameName, .. }) })
    );
    assert!(
        network
            .events(two)
            .iter()
            .any(|(_, event)| { matches!(event, Event::DialFailed { reason: DialError::SameName, .. }) })
    );
    for node in [one, two] {
        assert_eq!(network.node(node).linked(), 0);
    }
}

/// A third one who knows both is told, and hears both: their runs tell them apart.
#[test]
fn two_peers_of_one_name_are_told_and_both_heard() {
    let mut network = Network::new(NetworkConfig::new(3));
    let hub = network.add_node("hub").unwrap();
    let one = network.add_node("ann").unwrap();
    let mut config = config_for("ann").unwrap();
    config.epoch = chinwag::Epoch::new(config.epoch.get() + 5);
    let two = network.add_node_with(config).unwrap();
    for node in [one, two] {
        network.join(node, hub).unwrap();
        network.run_for(secs(1));
    }
    let conflict = Event::NameConflict { peer: PeerId::new("ann").unwrap() };
    assert!(network.events(hub).iter().any(|(_, event)| *event == conflict));
    network.broadcast(one, "from the one").unwrap();
    network.broadcast(two, "from the other").unwrap();
    network.run_for(secs(5));
    let mut heard = network.heard(hub);
    heard.sort();
    let expected = ["from the one", "from the other"].map(|text| ("ann".to_owned(), text.to_owned()));
    assert_eq!(heard, expected);
}

/// Nothing of a stranger's is delivered or passed on, whatever they say before they introduce themselves.
#[test]
fn strangers_are_not_heard() {
    for content in [
        Content::Broadcast(post(1, "psst")),
        Content::Direct { to: None, post: post(1, "psst") },
        Content::Advertise,
        Content::Control(Control::KeepAlive(1)),
        Content::Leave,
        Content::Retire,
    ] {
        let mut lab = Lab::narrow();
        let friend = lab.accept();
        lab.input(Input::Received { link: friend, message: introduction("ann") });
        let stranger = lab.accept();
        let answer = lab.input(Input::Received { link: stranger, message: message("eve", content.clone()) });
        let sent = answer.iter().any(|action| matches!(action, Action::Send { .. }));
        assert!(!sent, "{content:?}: {answer:?}");
        let stats = *lab.node.stats();
        assert_eq!((stats.delivered, stats.direct, stats.rejected), (0, 0, 1), "{content:?}");
    }
}

/// Who pretends to be us is refused, and who carries it is not blamed for more than that.
#[test]
fn a_forged_message_under_our_own_name_is_refused() {
    let mut lab = Lab::narrow();
    let link = lab.accept();
    lab.input(Input::Received { link, message: introduction("ann") });
    let other = lab.accept();
    lab.input(Input::Received { link: other, message: introduction("bob") });
    let forged = [
        numbered("me", 1, "an earlier run of ours? No: that was 1"),
        message("me", Content::Broadcast(chinwag::Post { place: None, ..post(1, "I am not me") })),
        message("me", Content::Broadcast(of_our_run(&lab, 1))),
    ];
    let mut refused = 0;
    for message in forged {
        for action in lab.input(Input::Received { link, message }).to_vec() {
            let Action::Emit(event) = action else { continue };
            let Event::Rejected { reason, peer, .. } = event else { panic!("{event:?}") };
            assert_eq!(reason, Rejection::ForgedOwnName);
            assert_eq!(peer, PeerId::new("ann").ok());
            refused += 1;
        }
    }
    assert_eq!(refused, 2, "what claims to be of an earlier run may be true, and is dropped without a word");
    assert_eq!((lab.node.stats().delivered, lab.node.linked()), (0, 2));
    // What we did say comes back as an echo, and nothing is said about it.
    lab.input(Input::Command(chinwag::Command::Broadcast("mine".into())));
    let Some(Action::Send { message: mine, .. }) = lab.answers.last().unwrap().first().cloned() else {
        panic!("{:?}", lab.answers.last())
    };
    let answer = lab.hear(link, mine);
    let told = answer.iter().filter(|action| matches!(action, Action::Emit(_))).count();
    assert_eq!((told, sent(&answer, "BROADCAST")), (0, vec![]), "{answer:?}");
}

/// Somebody connects and says nothing, or accepts our dial and says nothing.
#[test]
fn silence_is_not_an_introduction() {
    let mut lab = Lab::narrow();
    let accepted = lab.accept();
    let address: Address = "mute:1".parse().unwrap();
    lab.input(Input::Command(chinwag::Command::Join(address.clone())));
    let dialed = lab.connect(&address);
    let started = lab.now();
    let handshake = lab.node.config().handshake;
    assert!(lab.wait_until(secs(60), |lab| lab.links().is_empty()));
    assert_eq!(lab.now(), started + handshake);
    let told = |so: &dyn Fn(&Event) -> bool| lab.events().filter(|event| so(event)).count();
    assert_eq!(
        told(&|event| {
            matches!(event, Event::Rejected { link, reason: Rejection::Silent, .. } if *link == accepted)
        }),
        1,
        "{accepted:?} is told"
    );
    assert_eq!(
        told(&|event| {
            matches!(event, Event::DialFailed { reason: DialError::NoAnswer, retry_in: Some(_), .. })
        }),
        1,
        "{dialed:?} is told, and will be tried again"
    );
}

/// An answer that nobody asked for is no introduction.
#[test]
fn an_answer_without_a_question_is_refused() {
    let mut lab = Lab::narrow();
    let link = lab.accept();
    lab.input(Input::Received { link, message: answer("ann") });
    assert_eq!(lab.node.linked(), 0);
    let refused =
        lab.events().any(|event| matches!(event, Event::Rejected { reason: Rejection::OutOfTurn, .. }));
    assert!(refused);
}

/// What the application asked for is tried for ever, with ever longer waits up to the configured longest.
#[test]
fn a_join_is_never_given_up() {
    let mut lab = Lab::narrow();
    let address: Address = "later:1".parse().unwrap();
    lab.input(Input::Command(chinwag::Command::Join(address.clone())));
    for _ in 0..30 {
        lab.refuse(&address);
        let longest = lab.node.config().backoff_max.mul_f64(1.3);
        assert!(lab.wait_until(longest, |lab| lab.dialing().count() == 1), "it is dialed again");
    }
    assert!(lab.now() > Time::ZERO + Duration::from_secs(20 * 48));
    let link = lab.connect(&address);
    lab.input(Input::Received { link, message: answer("ann") });
    assert_eq!(lab.node.linked(), 1);
}

/// A peer that says it listens where we want to link, and is thrown out, does not take that wish with it.
#[test]
fn a_claimed_address_does_not_undo_a_join() {
    let mut lab = Lab::narrow();
    let address: Address = "eve:5001".parse().unwrap();
    lab.input(Input::Command(chinwag::Command::Join(address.clone())));
    lab.refuse(&address);
    let link = lab.accept();
    lab.input(Input::Received { link, message: introduction("eve") });
    while lab.links().contains(&link) {
        lab.input(Input::Malformed { link, error: chinwag::DecodeError::NotUtf8 });
    }
    let longest = lab.node.config().backoff_max.mul_f64(1.3);
    assert!(lab.wait_until(longest, |lab| lab.dialing().any(|dialed| *dialed == address)));
}

fn of_our_run(lab: &Lab, sequence: u64) -> chinwag::Post {
    let epoch = lab.node.config().epoch;
    let sequence = chinwag::Sequence::new(sequence).unwrap();
    chinwag::Post { place: Some(chinwag::Place { epoch, sequence }), ..post(1, "never said") }
}
