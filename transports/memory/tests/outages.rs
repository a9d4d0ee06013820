//! What chat nodes make of partitions, crashes and restarts, and when a network is quiet.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use chinwag::{Dialects, DownReason, Event, PeerId};
use chinwag_memory::{
    CommandError, Fidelity, LinkModel, Memory, Network, NetworkConfig, NodeId, config_for, ms, secs,
};

fn pair(config: NetworkConfig) -> (Network, NodeId, NodeId) {
    let mut network = Network::new(config);
    let ann = network.add_node("ann").expect("added");
    let bob = network.add_node("bob").expect("added");
    network.join(bob, ann).expect("joined");
    network.run_until_quiet(secs(60)).expect("quiet");
    (network, ann, bob)
}

fn downs(network: &Network, node: NodeId) -> Vec<DownReason> {
    let downs = network.events(node).iter().filter_map(|(_, event)| {
        if let Event::PeerDown { reason, .. } = event { Some(*reason) } else { None }
    });
    downs.collect()
}

fn texts(network: &Network, node: NodeId) -> Vec<String> {
    network.heard(node).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn two_halves_notice_that_they_are_cut_and_link_again_once_healed() {
    for link in [LinkModel::stream(), LinkModel::datagram()] {
        let (mut network, ann, bob) = pair(NetworkConfig::new(1).link(link));
        network.partition(&[ann], &[bob]);
        let noticed = network.run_until(secs(10), |network| {
            !downs(network, ann).is_empty() && !downs(network, bob).is_empty()
        });
        assert!(noticed);
        assert_eq!(downs(&network, ann)[0], DownReason::Silent);
        network.heal();
        let again = network.run_until(secs(120), |network| network.node(ann).linked() == 1);
        assert!(again);
        network.run_until_quiet(secs(60)).expect("quiet");
        network.broadcast(ann, "again").expect("said");
        network.run_until_quiet(secs(60)).expect("quiet");
        assert_eq!(texts(&network, bob), ["again"]);
        network.check().expect("kept");
    }
}

#[test]
fn a_restart_without_memory_is_a_new_run_under_the_same_name() {
    let (mut network, ann, bob) = pair(NetworkConfig::new(2));
    network.broadcast(ann, "one").expect("said");
    network.run_for(secs(1));
    network.crash(ann);
    assert_eq!(network.broadcast(ann, "nobody says this"), Err(CommandError::Crashed(ann)));
    assert!(network.with_node(ann, |_, _| ()).is_none());
    network.run_for(secs(1));
    assert_eq!(downs(&network, bob), [DownReason::Broken]);
    let before = network.node(ann).config().epoch;
    network.restart(ann, Memory::Lost);
    assert!(network.node(ann).config().epoch > before);
    assert_eq!(network.node(ann).linked(), 0);
    network.join(ann, bob).expect("joined");
    network.run_for(secs(1));
    network.broadcast(ann, "one").expect("said");
    network.run_until_quiet(secs(60)).expect("quiet");
    assert_eq!(texts(&network, bob), ["one", "one"], "the same text in another run is another message");
    network.check().expect("kept");
}

#[test]
fn a_restart_with_memory_goes_on_where_it_stopped() {
    for link in [LinkModel::stream(), LinkModel::datagram()] {
        let (mut network, ann, bob) = pair(NetworkConfig::new(3).link(link).fidelity(Fidelity::Bytes));
        network.broadcast(bob, "before").expect("said");
        network.run_for(secs(1));
        network.crash(ann);
        network.run_for(secs(10));
        network.restart(ann, Memory::Kept);
        let linked = network.run_until(secs(120), |network| network.node(ann).linked() == 1);
        assert!(linked);
        network.run_until_quiet(secs(60)).expect("quiet");
        network.broadcast(bob, "after").expect("said");
        network.run_until_quiet(secs(60)).expect("quiet");
        assert_eq!(texts(&network, ann), ["before", "after"]);
        network.check().expect("kept");
    }
}

#[test]
fn a_node_that_does_not_listen_can_listen_later() {
    let mut network = Network::new(NetworkConfig::new(4));
    let ann = network.add_client_with(config_for("ann").expect("a name")).expect("added");
    let bob = network.add_node("bob").expect("added");
    network.join(bob, ann).expect("joined");
    network.run_for(ms(200));
    assert_eq!(network.stats().dials_failed, 1);
    network.listen(ann).expect("listening");
    let linked = network.run_until(secs(120), |network| network.node(bob).linked() == 1);
    assert!(linked);
    assert_eq!(network.node(ann).config().listening.as_ref(), Some(network.address(ann)));
}

#[test]
fn quiet_is_when_nothing_happens_any_more_in_either_dialect() {
    let mut network = Network::new(NetworkConfig::new(5));
    let ann = network.add_node("ann").expect("added");
    let mut old = config_for("old").expect("a name");
    old.dialects = Dialects::Classic;
    let old = network.add_node_with(old).expect("added");
    network.join(ann, old).expect("joined");
    let quiet = network.run_until_quiet(secs(60)).expect("quiet");
    assert_eq!((network.now(), network.node(old).linked()), (quiet, 1));
    network.broadcast(ann, "hi").expect("said");
    let soon = network.run_until_quiet(ms(100)).expect_err("on its way or just arrived");
    assert!(soon.last >= quiet);
    assert_eq!(soon.to_string().split(':').next(), Some("the network is not quiet"));
    network.run_until_quiet(secs(60)).expect("quiet");
    assert_eq!(texts(&network, old), ["hi"]);
}

#[test]
fn commands_go_to_one_node_and_are_refused_by_it() {
    let (mut network, ann, bob) = pair(NetworkConfig::new(6));
    network.direct(ann, bob, "psst").expect("said");
    let target = chinwag::Target::Peer(PeerId::new("bob").expect("a name"));
    network.send_custom(ann, target, "TEST", "x").expect("said");
    assert!(matches!(network.direct(ann, ann, "me"), Err(CommandError::Refused(_))));
    assert!(matches!(network.join(ann, ann), Err(CommandError::Refused(_))));
    network.run_for(secs(1));
    let got = |wanted: fn(&Event) -> bool| network.events(bob).iter().filter(|(_, e)| wanted(e)).count();
    assert_eq!(got(|event| matches!(event, Event::Direct(_))), 1);
    assert_eq!(got(|event| matches!(event, Event::Custom(_))), 1);
    network.leave(ann).expect("left");
    network.run_for(secs(1));
    assert_eq!(downs(&network, bob), [DownReason::Left]);
    assert_eq!(network.check().expect("kept").direct, 1);
    let events = network.take_events(bob);
    assert!(!events.is_empty() && network.events(bob).is_empty());
}
