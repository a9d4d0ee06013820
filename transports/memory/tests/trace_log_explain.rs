//! Why a message came to a node, or did not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use chinwag_memory::scenario::{Bug, Check, builtin};
use chinwag_memory::trace_log::{
    Circumstance, Explanation, Fate, How, SharedBytes, TraceReader, contents, explain,
};
use chinwag_memory::{Fault, LinkModel, Memory, Network, NetworkConfig, NodeId, config_for, ms, secs};

/// A network that writes a trace.
struct Recorded {
    network: Network,
    nodes: Vec<NodeId>,
    bytes: SharedBytes,
}

impl Recorded {
    /// Nodes n0 and so on that have joined the first, unless they are `lone`.
    fn new(count: usize, link: LinkModel, lone: &[usize]) -> Self {
        let bytes = SharedBytes::new();
        let mut network = Network::new(NetworkConfig::new(4).link(link));
        network.write_trace("a test", bytes.clone());
        let mut recorded = Self { network, nodes: Vec::new(), bytes };
        for number in 0..count {
            recorded.add(number);
        }
        for number in (1..count).filter(|number| !lone.contains(number)) {
            recorded.network.join(recorded.nodes[number], recorded.nodes[0]).unwrap();
        }
        recorded.network.run_for(secs(20));
        recorded
    }

    /// Nodes in a line, each linked with the one before.
    fn line(count: usize) -> Self {
        let bytes = SharedBytes::new();
        let mut network = Network::new(NetworkConfig::new(4));
        network.write_trace("a test", bytes.clone());
        let mut recorded = Self { network, nodes: Vec::new(), bytes };
        for number in 0..count {
            let mut config = config_for(&format!("n{number}")).unwrap();
            config.target_neighbours = 0;
            recorded.nodes.push(recorded.network.add_node_with(config).unwrap());
        }
        for pair in recorded.nodes.windows(2) {
            recorded.network.bootstrap(pair[1], &pair[..1]).unwrap();
        }
        recorded.network.run_for(secs(20));
        recorded
    }

    fn add(&mut self, number: usize) {
        self.nodes.push(self.network.add_node(&format!("n{number}")).unwrap());
    }

    fn say(&mut self, author: usize) {
        self.network.broadcast(self.nodes[author], "hello").unwrap();
    }

    fn run_ms(&mut self, millis: u64) {
        self.network.run_for(ms(millis));
    }

    /// Explains, and prints it for who looks at a test that failed.
    fn explain(&mut self, message: &str, node: usize) -> Explanation {
        self.network.end_trace().unwrap();
        let reader = || TraceReader::new(self.bytes.reader()).unwrap();
        let contents = contents(reader()).unwrap();
        let explanation = explain(reader(), contents.message(message).unwrap(), self.nodes[node]).unwrap();
        println!("{explanation}");
        explanation
    }
}

#[test]
fn a_message_is_followed_from_its_author() {
    let mut recorded = Recorded::line(6);
    recorded.say(0);
    recorded.run_ms(2_000);
    let explanation = recorded.explain("n0/1", 4);
    let nodes = &recorded.nodes;
    let hops: Vec<_> = explanation.way.iter().map(|copy| (copy.from, copy.to)).collect();
    let expected: Vec<_> = nodes[..5].windows(2).map(|pair| (pair[0], pair[1])).collect();
    assert_eq!(hops, expected);
    assert!(explanation.way.iter().all(|copy| copy.how == How::Pushed), "{:?}", explanation.way);
    assert!(explanation.way.windows(2).all(|pair| pair[0].fate == Fate::Received(pair[1].sent)));
    assert_eq!(explanation.reached, 5);
    let text = explanation.to_string();
    assert!(text.starts_with("n4 delivered n0/1 ") && text.contains(" over 4 links"), "{text}");
}

#[test]
fn a_node_that_was_killed_at_that_moment_is_named_as_down() {
    let mut recorded = Recorded::new(12, LinkModel::stream(), &[]);
    recorded.say(3);
    let victims: Vec<_> = [5, 6, 7].map(|number| recorded.nodes[number]).to_vec();
    recorded.network.crash_all(victims);
    recorded.run_ms(10_000);
    let explanation = recorded.explain("n3/1", 6);
    let text = explanation.to_string();
    assert!(text.contains("n6 did not deliver n3/1: it crashed at 20.000 s, at the moment"), "{text}");
    assert!(text.contains("2 other nodes crash"), "{text}");
    assert!(text.contains("8 of the 11 others delivered it"), "{text}");
}

#[test]
fn a_node_behind_a_partition_is_told_why() {
    let mut recorded = Recorded::line(5);
    let (one, other) = recorded.nodes.split_at(3);
    let (one, other) = (one.to_vec(), other.to_vec());
    recorded.network.partition(&one, &other);
    recorded.say(0);
    recorded.run_ms(1_000);
    let explanation = recorded.explain("n0/1", 3);
    let text = explanation.to_string();
    assert!(text.contains("n3 did not deliver n0/1: a partition still held it back"), "{text}");
    assert!(explanation.others.iter().any(|copy| copy.held.is_some()), "{text}");
}

#[test]
fn a_copy_that_a_partition_outlasts_is_lost_with_its_link() {
    let mut recorded = Recorded::line(5);
    let (one, other) = recorded.nodes.split_at(3);
    let (one, other) = (one.to_vec(), other.to_vec());
    recorded.network.partition(&one, &other);
    recorded.say(0);
    recorded.run_ms(5_000);
    let near = recorded.explain("n0/1", 3).to_string();
    assert!(near.contains("a copy for it was held back by a partition and then lost"), "{near}");
    let far = recorded.explain("n0/1", 4).to_string();
    assert!(far.contains("nobody sent it a copy, and none of its neighbours in the end had it"), "{far}");
    assert!(far.contains("network: a partition between 3 nodes (0, 1, 2) and 2 nodes (3, 4) begins; n0 is among the first, n4 among the others"), "{far}");
}

#[test]
fn what_comes_after_a_partition_says_that_it_was_held_back() {
    let mut recorded = Recorded::line(5);
    let (one, other) = recorded.nodes.split_at(3);
    let (one, other) = (one.to_vec(), other.to_vec());
    recorded.network.partition(&one, &other);
    recorded.say(0);
    recorded.run_ms(3_000);
    recorded.network.heal();
    recorded.run_ms(20_000);
    let explanation = recorded.explain("n0/1", 4);
    let text = explanation.to_string();
    assert!(text.starts_with("n4 delivered n0/1 ") && text.contains("held back by a partition"), "{text}");
    assert!(text.contains("network: all partitions end"), "{text}");
}

#[test]
fn a_lost_copy_is_told_with_what_brought_it_after_all() {
    let mut recorded = Recorded::new(2, LinkModel::datagram(), &[]);
    let (one, other) = (recorded.nodes[0], recorded.nodes[1]);
    recorded.network.inject(Fault::SetLink { one, other, model: LinkModel::datagram().loss(1.0) });
    recorded.say(0);
    recorded.run_ms(300);
    recorded.network.inject(Fault::SetLink { one, other, model: LinkModel::datagram() });
    recorded.run_ms(10_000);
    let explanation = recorded.explain("n0/1", 1);
    let text = explanation.to_string();
    assert!(explanation.delivered.is_some() && text.contains("LOST, as the link lost it"), "{text}");
}

#[test]
fn all_copies_lost_is_an_answer() {
    let mut recorded = Recorded::new(2, LinkModel::datagram(), &[]);
    let (one, other) = (recorded.nodes[0], recorded.nodes[1]);
    recorded.network.inject(Fault::SetLink { one, other, model: LinkModel::datagram().loss(1.0) });
    recorded.say(0);
    recorded.run_ms(1_000);
    let text = recorded.explain("n0/1", 1).to_string();
    assert!(
        text.contains("all 4 copies that it was sent were lost")
            && text.contains("LOST, as the link lost it; repeated"),
        "{text}"
    );
}

#[test]
fn a_node_that_never_joined_had_no_neighbours() {
    let mut recorded = Recorded::new(5, LinkModel::stream(), &[4]);
    recorded.say(0);
    recorded.run_ms(5_000);
    let text = recorded.explain("n0/1", 4).to_string();
    assert!(
        text.contains("n4 did not deliver n0/1: nobody sent it a copy, and it never had a neighbour"),
        "{text}"
    );
}

#[test]
fn a_late_joiner_catches_up() {
    let mut recorded = Recorded::new(5, LinkModel::stream(), &[]);
    recorded.say(0);
    recorded.run_ms(5_000);
    recorded.add(5);
    recorded.network.join(recorded.nodes[5], recorded.nodes[1]).unwrap();
    recorded.run_ms(5_000);
    let explanation = recorded.explain("n0/1", 5);
    let text = explanation.to_string();
    assert_eq!(explanation.way.last().unwrap().how, How::CaughtUp, "{text}");
    assert!(text.contains("n5 is added to the network"), "{text}");
}

#[test]
fn an_author_that_crashes_before_anybody_heard_is_named() {
    let mut recorded = Recorded::new(5, LinkModel::datagram(), &[]);
    let model = LinkModel::datagram().loss(1.0);
    recorded.network.inject(Fault::SetAllLinks { model });
    recorded.say(2);
    recorded.network.crash(recorded.nodes[2]);
    recorded.network.inject(Fault::SetAllLinks { model: LinkModel::datagram() });
    recorded.run_ms(5_000);
    let text = recorded.explain("n2/1", 1).to_string();
    assert!(text.contains("the author crashed before anybody else delivered it"), "{text}");
}

#[test]
fn a_message_is_held_back_while_one_before_it_is_missing() {
    let mut recorded = Recorded::new(4, LinkModel::datagram(), &[]);
    recorded.say(0);
    recorded.run_ms(2_000);
    recorded.network.inject(Fault::SetAllLinks { model: LinkModel::datagram().loss(1.0) });
    recorded.say(0);
    recorded.network.inject(Fault::SetAllLinks { model: LinkModel::datagram() });
    recorded.say(0);
    recorded.run_ms(80);
    let explanation = recorded.explain("n0/3", 1);
    assert_eq!(explanation.missing, [(2, 2)], "{explanation}");
    let text = explanation.to_string();
    assert!(text.contains("number 2 of the same author, which comes before it, had not"), "{text}");
}

#[test]
fn what_was_given_up_is_named() {
    let mut recorded = Recorded::new(3, LinkModel::stream(), &[]);
    for name in ["forgetful", "too"] {
        let mut config = config_for(name).unwrap();
        config.max_history = 2;
        let node = recorded.network.add_node_with(config).unwrap();
        recorded.nodes.push(node);
        recorded.network.join(node, recorded.nodes[0]).unwrap();
    }
    recorded.run_ms(5_000);
    recorded.say(3);
    recorded.run_ms(2_000);
    let (others, forgetful) = recorded.nodes.split_at(3);
    let (others, forgetful) = (others.to_vec(), forgetful.to_vec());
    recorded.network.partition(&others, &forgetful);
    recorded.run_ms(10_000);
    for _ in 0..6 {
        recorded.say(3);
        recorded.run_ms(100);
    }
    recorded.network.heal();
    recorded.run_ms(60_000);
    let lost = recorded.explain("forgetful/4", 1);
    let text = lost.to_string();
    assert!(text.contains("n1 did not deliver forgetful/4: it gave it up, as nobody"), "{text}");
    let kept = recorded.explain("forgetful/7", 1);
    assert!(kept.delivered.is_some(), "{kept}");
    let gave_up = |(_, what): &(_, Circumstance)| matches!(what, Circumstance::GaveUpEarlier(2, _));
    assert!(kept.circumstances.iter().any(gave_up), "{kept}");
}

#[test]
fn a_restart_without_memory_delivers_it_again() {
    let mut recorded = Recorded::new(5, LinkModel::stream(), &[]);
    recorded.say(0);
    recorded.run_ms(2_000);
    recorded.network.crash(recorded.nodes[3]);
    recorded.run_ms(1_000);
    recorded.network.restart(recorded.nodes[3], Memory::Lost);
    recorded.network.join(recorded.nodes[3], recorded.nodes[1]).unwrap();
    recorded.run_ms(5_000);
    let explanation = recorded.explain("n0/1", 3);
    let happened = |what| explanation.circumstances.iter().any(|(_, happened)| *happened == what);
    assert!(happened(Circumstance::Crashed) && happened(Circumstance::Restarted(true)), "{explanation}");
    assert!(happened(Circumstance::DeliveredAgain(true)), "{explanation}");
}

#[test]
fn unknown_names_are_told_what_there_is() {
    let mut recorded = Recorded::new(3, LinkModel::stream(), &[]);
    recorded.say(0);
    recorded.say(1);
    recorded.network.crash(recorded.nodes[1]);
    recorded.network.restart(recorded.nodes[1], Memory::Lost);
    recorded.say(1);
    recorded.network.end_trace().unwrap();
    let contents = contents(TraceReader::new(recorded.bytes.reader()).unwrap()).unwrap();
    assert_eq!(contents.node("n2").unwrap(), recorded.nodes[2]);
    assert_eq!(contents.node("2").unwrap(), recorded.nodes[2]);
    let none = contents.node("n7").unwrap_err().to_string();
    assert_eq!(none, "there is no node n7 among the 3 in the trace: n0, n1, n2");
    let none = contents.message("n0/2").unwrap_err().to_string();
    assert_eq!(none, "there is no message n0/2 among the 3 in the trace: n0/1, n1/1, n1/1");
    let two = contents.message("n1/1").unwrap_err();
    assert_eq!(two.fits.len(), 2, "{two}");
    for id in &two.fits {
        assert_eq!(contents.message(id).unwrap(), id);
    }
}

#[test]
fn a_node_that_delivers_twice_is_told_apart_from_one_that_forgot() {
    let mut scenario = builtin("all-senders").unwrap().scenario().unwrap().at_most(8);
    scenario.bug = Some(Bug::DeliverTwice);
    let bytes = SharedBytes::new();
    let outcome = scenario.play_traced("a test", bytes.clone()).unwrap();
    let failure = outcome.failure.unwrap();
    assert_eq!(failure.check, Check::AtMostOnce);
    let reader = || TraceReader::new(bytes.reader()).unwrap();
    let contents = contents(reader()).unwrap();
    let mut again = BTreeSet::new();
    for said in contents.messages() {
        for (node, _) in contents.nodes() {
            let explanation = explain(reader(), &said.id, node).unwrap();
            let twice = (explanation.circumstances.iter())
                .any(|(_, what)| *what == Circumstance::DeliveredAgain(false));
            assert_eq!(explanation.to_string().contains("delivers it AGAIN"), twice, "{explanation}");
            if twice {
                again.insert(u32::try_from(node.index()).unwrap());
            }
        }
    }
    assert!(again.contains(&failure.node.unwrap()), "{again:?}, {failure:?}");
}
