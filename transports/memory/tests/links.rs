//! What the two kinds of links promise, seen by a node that only counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use chinwag::{Address, Body, Content, DialError, Input, LinkEnd, LinkId, Message, PeerId, Semantics, Time};
use chinwag_memory::{
    Effects, Fault, Fidelity, LinkModel, Memory, Network, NetworkConfig, Node, NodeId, Start, ms, secs,
};

/// Dials whom it is told to join, sends numbers on each link that it dialed, and notes all it is told.
#[derive(Clone, Debug, Default)]
struct Counter {
    /// How many numbers to send.
    send: u32,
    /// Whether to close the link after them.
    close: bool,
    /// What to send when it is next told anything.
    outgoing: Vec<(LinkId, u32)>,
    told: Vec<(Time, Input)>,
    restarts: u32,
}

impl Node for Counter {
    fn handle(&mut self, now: Time, input: Input, effects: &mut Effects<'_>) {
        match &input {
            Input::Command(chinwag::Command::Join(address)) => effects.dial(address),
            Input::LinkUp { link, dialed: Some(_), .. } => {
                for number in 1..=self.send {
                    effects.send(*link, &numbered(number));
                }
                if self.close {
                    effects.close(*link);
                }
            }
            _ => {}
        }
        for (link, number) in self.outgoing.drain(..) {
            effects.send(link, &numbered(number));
        }
        if input != Input::Tick {
            self.told.push((now, input));
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        None
    }

    fn restarted(&self, _: &Start) -> Self {
        Self { restarts: self.restarts + 1, ..Self::default() }
    }
}

impl Counter {
    fn numbers(&self) -> Vec<u32> {
        let number = |message: &Message| match message.content() {
            Content::Custom { body, .. } => body.as_json().parse().ok(),
            _ => None,
        };
        let received = self.told.iter().filter_map(|(_, input)| match input {
            Input::Received { message, .. } => number(message),
            _ => None,
        });
        received.collect()
    }

    /// In short, what happened to links, in order.
    fn links(&self) -> Vec<&'static str> {
        let short = self.told.iter().filter_map(|(_, input)| match input {
            Input::LinkUp { dialed: Some(_), .. } => Some("dialed"),
            Input::LinkUp { dialed: None, .. } => Some("accepted"),
            Input::LinkDown { end: LinkEnd::Closed, .. } => Some("closed"),
            Input::LinkDown { end: LinkEnd::Broken, .. } => Some("broken"),
            Input::DialFailed { reason: DialError::Refused, .. } => Some("refused"),
            Input::DialFailed { reason: DialError::TimedOut, .. } => Some("timed out"),
            Input::DialFailed { reason: DialError::Unresolvable, .. } => Some("unresolvable"),
            Input::DialFailed { .. } => Some("failed"),
            _ => None,
        });
        short.collect()
    }
}

fn numbered(number: u32) -> Message {
    let content = Content::Custom {
        msg_type: Arc::from("NUMBER"),
        body: Body::from_json(&number.to_string()).expect("a number is JSON"),
    };
    Message::new(PeerId::new("counter").expect("a name"), Body::text("now"), content)
}

/// Two nodes, the first of which sends `send` numbers once it is told to join the second.
fn pair(config: NetworkConfig, send: u32) -> (Network<Counter>, NodeId, NodeId) {
    let mut network = Network::of(config);
    let one = network.add(None, true, |_| Ok(Counter { send, ..Counter::default() }));
    let other = network.add(None, true, |_| Ok(Counter::default()));
    (network, one.expect("added"), other.expect("added"))
}

fn join(network: &mut Network<Counter>, node: NodeId, to: NodeId) {
    let address = network.address(to).clone();
    network.tell(node, Input::Command(chinwag::Command::Join(address)));
}

fn both_fidelities(link: LinkModel) -> [NetworkConfig; 2] {
    [Fidelity::Typed, Fidelity::Bytes].map(|fidelity| NetworkConfig::new(5).link(link).fidelity(fidelity))
}

#[test]
fn a_stream_keeps_order_and_loses_nothing_and_is_flushed_before_it_closes() {
    let link = LinkModel::stream().latency(ms(10)..ms(11)).jitter(ms(200)).loss(1.0).duplication(1.0);
    for config in both_fidelities(link) {
        let (mut network, one, other) = pair(config, 300);
        network.with_node(one, |node, _| node.close = true);
        join(&mut network, one, other);
        network.run_for(secs(10));
        assert_eq!(network.node(other).numbers(), (1..=300).collect::<Vec<_>>());
        assert_eq!(network.node(one).links(), ["dialed"]);
        assert_eq!(network.node(other).links(), ["accepted", "closed"]);
        let last = network.node(other).told.last();
        assert!(matches!(last, Some((_, Input::LinkDown { end: LinkEnd::Closed, .. }))));
        assert_eq!(network.check().map(|checked| checked.packets), Ok(300));
    }
}

#[test]
fn datagrams_are_lost_doubled_and_reordered_as_told() {
    let link = LinkModel::datagram().loss(0.2).duplication(0.1).reordering(0.1, ms(100)).jitter(ms(5));
    for config in both_fidelities(link) {
        let (mut network, one, other) = pair(config, 2000);
        join(&mut network, one, other);
        network.run_for(secs(10));
        let stats = *network.stats();
        assert!((300..500).contains(&stats.dropped.loss), "{stats:?}");
        assert!((120..220).contains(&stats.duplicated), "{stats:?}");
        assert!(stats.reordered > 100, "{stats:?}");
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        for number in network.node(other).numbers() {
            *counts.entry(number).or_default() += 1;
        }
        assert_eq!(2000 - counts.len() as u64, stats.dropped.loss);
        assert_eq!(counts.values().filter(|&&count| count == 2).count() as u64, stats.duplicated);
        assert!(!network.node(other).numbers().is_sorted());
        assert_eq!(network.node(other).links(), ["accepted"]);
        network.check().expect("the books balance");
    }
}

#[test]
fn a_datagram_link_answers_on_the_way_it_was_opened() {
    let (mut network, one, other) = pair(NetworkConfig::new(1).link(LinkModel::datagram()), 3);
    join(&mut network, one, other);
    network.run_for(secs(1));
    assert_eq!(network.node(other).numbers().len(), 3);
    let (_, up) = &network.node(other).told[0];
    let Input::LinkUp { link, dialed: None, semantics: Semantics::Datagram } = up.clone() else {
        panic!("{up:?}")
    };
    send(&mut network, other, link, 77);
    network.run_for(secs(1));
    assert_eq!(network.node(one).numbers(), [77]);
}

#[test]
fn a_dial_is_answered_refused_lost_or_leads_nowhere() {
    let (mut network, one, other) = pair(NetworkConfig::new(1), 0);
    let deaf = network.add(None, false, |_| Ok(Counter::default())).expect("added");
    join(&mut network, one, other);
    join(&mut network, one, deaf);
    network.tell(one, dial("nobody:1"));
    network.run_for(secs(1));
    assert_eq!(network.node(one).links().len(), 3);
    for expected in ["dialed", "refused", "unresolvable"] {
        assert!(network.node(one).links().contains(&expected), "{expected}");
    }
    assert!(network.node(deaf).told.is_empty());

    network.crash(other);
    network.run_for(secs(1));
    join(&mut network, one, other);
    network.run_for(secs(1));
    assert_eq!(network.node(one).links()[3..], ["broken", "refused"]);

    network.restart(other, Memory::Lost);
    for cut in [
        Fault::OneWay { from: vec![one], to: vec![other] },
        Fault::OneWay { from: vec![other], to: vec![one] },
        Fault::Partition { one: vec![one], other: vec![other] },
    ] {
        let before = network.now();
        network.inject(cut);
        join(&mut network, one, other);
        network.run_for(secs(10));
        let (at, last) = network.node(one).told.last().expect("told");
        assert!(matches!(last, Input::DialFailed { reason: DialError::TimedOut, .. }), "{last:?}");
        assert_eq!(at.saturating_since(before), secs(3));
        network.heal();
    }
    assert_eq!(network.node(other).restarts, 1);
    // Where only the answer was lost, the other end saw a link come and go.
    assert_eq!(network.node(other).links(), ["accepted", "broken"]);
}

#[test]
fn a_node_can_dial_itself() {
    for semantics in [LinkModel::stream(), LinkModel::datagram()] {
        for config in both_fidelities(semantics) {
            let (mut network, one, _) = pair(config, 4);
            join(&mut network, one, one);
            network.run_for(secs(1));
            assert_eq!(network.node(one).numbers(), [1, 2, 3, 4]);
            let mut links = network.node(one).links();
            links.sort_unstable();
            assert_eq!(links, ["accepted", "dialed"]);
        }
    }
}

#[test]
fn a_partition_holds_streams_back_and_loses_datagrams() {
    for (link, arrives) in [(LinkModel::stream(), vec![1, 2, 3]), (LinkModel::datagram(), vec![])] {
        for config in both_fidelities(link) {
            let (mut network, one, other) = pair(config, 0);
            join(&mut network, one, other);
            network.run_for(secs(1));
            network.partition(&[one], &[other]);
            let link = link_of(&network, one);
            for number in [1, 2, 3] {
                send(&mut network, one, link, number);
                network.run_for(secs(1));
            }
            assert!(network.node(other).numbers().is_empty());
            network.check().expect("what is held back is on its way");
            network.heal();
            network.run_for(secs(1));
            assert_eq!(network.node(other).numbers(), arrives);
            let stats = network.stats();
            let (held, lost) = (stats.held_back, stats.dropped.partition);
            assert_eq!((held, lost), (arrives.len() as u64, 3 - arrives.len() as u64));
            network.check().expect("the books balance");
        }
    }
}

#[test]
fn a_broken_stream_loses_what_is_on_its_way_and_tells_both_ends() {
    for config in both_fidelities(LinkModel::stream()) {
        let (mut network, one, other) = pair(config, 10);
        join(&mut network, one, other);
        let dialed = network.run_until(secs(1), |network| network.node(one).links() == ["dialed"]);
        assert!(dialed);
        network.break_links(one, other);
        network.run_for(secs(1));
        assert_eq!(network.node(one).links(), ["dialed", "broken"]);
        assert_eq!(network.node(other).links(), ["accepted", "broken"]);
        assert!(network.node(other).numbers().is_empty());
        assert_eq!(network.stats().dropped.broken, 10);
        network.check().expect("the books balance");
    }
}

#[test]
fn a_crash_lets_arrive_what_was_sent_and_then_breaks_streams_only() {
    for (link, ends) in
        [(LinkModel::stream(), vec!["accepted", "broken"]), (LinkModel::datagram(), vec!["accepted"])]
    {
        let (mut network, one, other) = pair(NetworkConfig::new(2).link(link), 5);
        join(&mut network, one, other);
        assert!(network.run_until(secs(1), |network| network.node(one).links() == ["dialed"]));
        network.crash(one);
        network.run_for(secs(1));
        assert_eq!(network.node(other).numbers(), [1, 2, 3, 4, 5]);
        assert_eq!(network.node(other).links(), ends);
        network.restart(one, Memory::Kept);
        assert_eq!(network.node(one).links(), ["dialed", "broken"], "it is told what it has lost");
        network.check().expect("the books balance");
    }
}

#[test]
fn a_corrupted_frame_is_malformed_or_another_message_and_never_more_than_the_books_say() {
    for link in [LinkModel::stream(), LinkModel::datagram()] {
        let config = NetworkConfig::new(3).link(link.corruption(0.3)).fidelity(Fidelity::Bytes);
        let (mut network, one, other) = pair(config, 1000);
        join(&mut network, one, other);
        network.run_for(secs(10));
        let malformed = |(_, input): &&(Time, Input)| matches!(input, Input::Malformed { .. });
        let malformed = network.node(other).told.iter().filter(malformed).count();
        assert!(malformed > 50, "{malformed}");
        assert!((250..350).contains(&network.stats().corrupted), "{:?}", network.stats());
        network.check().expect("the books balance");
    }
}

#[test]
fn one_pair_can_have_its_own_model() {
    let (mut network, one, other) = pair(NetworkConfig::new(4).link(LinkModel::datagram()), 100);
    let third = network.add(None, true, |_| Ok(Counter::default())).expect("added");
    network.inject(Fault::SetLink { one: third, other: one, model: LinkModel::datagram().loss(1.0) });
    join(&mut network, one, other);
    join(&mut network, one, third);
    network.run_for(secs(1));
    assert_eq!((network.node(other).numbers().len(), network.node(third).numbers().len()), (100, 0));
    network.inject(Fault::SetAllLinks { model: LinkModel::datagram().loss(1.0) });
    join(&mut network, one, other);
    network.run_for(secs(1));
    assert_eq!(network.node(other).numbers().len(), 100);
}

#[test]
fn scheduled_faults_come_on_time_and_before_all_else() {
    let link = LinkModel::stream().latency(ms(10)..ms(10));
    let (mut network, one, other) = pair(NetworkConfig::new(1).link(link), 1);
    join(&mut network, one, other);
    // The dial takes 10 ms, its answer another 10, the number 10 more: it meets the cut at that very moment.
    network.schedule(Time::from_millis(30), Fault::Partition { one: vec![one], other: vec![other] });
    network.schedule(Time::from_millis(500), Fault::Heal);
    network.run_for(ms(400));
    assert_eq!((network.stats().held_back, network.node(other).numbers().len()), (1, 0));
    network.run_for(ms(400));
    assert_eq!(network.node(other).numbers(), [1]);
}

fn send(network: &mut Network<Counter>, node: NodeId, link: LinkId, number: u32) {
    network.with_node(node, |node, _| node.outgoing.push((link, number)));
}

fn dial(address: &str) -> Input {
    let address: Address = address.parse().expect("an address");
    Input::Command(chinwag::Command::Join(address))
}

fn link_of(network: &Network<Counter>, node: NodeId) -> LinkId {
    let up = network.node(node).told.iter().find_map(|(_, input)| match input {
        Input::LinkUp { link, .. } => Some(*link),
        _ => None,
    });
    up.expect("a link")
}
