//! What nodes say to each other can be read, packet by packet.

use chinwag_memory::{LinkModel, Network, NetworkConfig, Probability, ms, secs};

#[test]
fn a_log_tells_who_said_what_to_whom_and_when() {
    let link = LinkModel::stream().latency(ms(10)..ms(10));
    let mut network = Network::new(NetworkConfig::new(1).link(link));
    let (ann, bob) = (network.add_node("ann").expect("added"), network.add_node("bob").expect("added"));
    network.join(bob, ann).expect("joined");
    network.run_for(secs(5));
    assert_eq!(network.logged_packets(), []);

    network.log_packets(true);
    let said = network.now();
    network.broadcast(ann, "hi").expect("said");
    network.run_for(secs(5));
    let posts: Vec<_> =
        network.logged_packets().iter().filter(|packet| packet.msg_type() == "BROADCAST").collect();
    let [post] = posts.as_slice() else { panic!("one copy: {posts:?}") };
    assert_eq!((post.from, post.to, post.sent, post.received), (ann, bob, said, Some(said + ms(10))));
    assert!(!post.is_upkeep() && network.logged_packets().iter().any(|packet| packet.is_upkeep()));
    assert!(network.logged_packets().is_sorted_by_key(|packet| packet.sent));

    network.log_packets(false);
    network.run_for(secs(5));
    assert_eq!(network.logged_packets(), []);
}

#[test]
fn what_is_lost_is_in_the_log_and_was_not_received() {
    let link = LinkModel::datagram().loss(Probability::from(0.3));
    let mut network = Network::new(NetworkConfig::new(3).link(link));
    network.log_packets(true);
    let (ann, bob) = (network.add_node("ann").expect("added"), network.add_node("bob").expect("added"));
    network.join(bob, ann).expect("joined");
    network.run_for(secs(20));
    let (stats, packets) = (network.stats(), network.logged_packets());
    let received = packets.iter().filter(|packet| packet.received.is_some()).count() as u64;
    assert!(stats.dropped.total() > 10, "{stats:?}");
    assert_eq!((packets.len() as u64, received), (stats.sent, stats.delivered));
}
