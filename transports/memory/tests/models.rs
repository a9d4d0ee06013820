//! What each model of links does to the packets on them, how often and for how long; and that every packet is
//! accounted for.

mod talker;

use core::time::Duration;

use chinwag::DialError;
use chinwag_memory::{
    Bandwidth, BurstLoss, Latency, LinkModel, Machine, NetworkConfig, Quantiles, Regions, ms, secs,
};
use talker::{Talker, around, finished};

/// The quartiles of the latencies from node 0 to 400 others.
fn quartiles(latency: Latency) -> [Duration; 3] {
    let link = LinkModel::stream().latency(latency);
    let (network, hub) = around(NetworkConfig::new(3).link(link), 400, &Talker::default());
    let mut all: Vec<_> =
        network.nodes().filter(|node| *node != hub).map(|node| network.latency(hub, node)).collect();
    all.sort_unstable();
    [all[100], all[200], all[300]]
}

#[test]
fn pairs_have_latencies_of_the_distribution() {
    assert_eq!(quartiles(ms(20).into()), [ms(20); 3]);
    let between =
        |quartile: Duration, from, to| assert!((ms(from)..ms(to)).contains(&quartile), "{quartile:?}");
    let [first, median, third] = quartiles((ms(10)..ms(50)).into());
    between(first, 17, 23);
    between(median, 27, 33);
    between(third, 37, 43);
    // 40 ms × e^±(0.5 × 0.6745)
    let [first, median, third] = quartiles(Latency::log_normal(ms(40), 0.5));
    between(first, 26, 32);
    between(median, 36, 44);
    between(third, 50, 62);
    let measured = [(0.0, ms(5)), (0.25, ms(10)), (0.5, ms(30)), (0.75, ms(90)), (1.0, ms(400))];
    let [first, median, third] = quartiles(Quantiles::new(measured).expect("a table").into());
    between(first, 8, 14);
    between(median, 24, 39);
    between(third, 78, 130);
}

#[test]
fn a_latency_per_packet_lets_datagrams_overtake_each_other_and_no_stream() {
    let talker = Talker { left: 500, every: ms(1), ..Talker::default() };
    for (link, overtaking) in [(LinkModel::datagram(), true), (LinkModel::stream(), false)] {
        let link = link.latency_per_packet(true);
        let (mut network, hub) = around(NetworkConfig::new(1).link(link), 1, &talker);
        let stats = finished(&mut network);
        assert_eq!((network.node(hub).heard.len(), stats.reordered > 300), (500, overtaking), "{stats:?}");
    }
}

#[test]
fn packets_take_half_a_published_round_trip_from_continent_to_continent() {
    let talker = Talker { left: 1, ..Talker::default() };
    let config = NetworkConfig::new(1).regions(Regions::five_continents());
    let (mut network, hub) = around(config, 9, &talker);
    finished(&mut network);
    // Each dials, is answered and speaks: three ways.
    let mut took: Vec<u128> =
        network.node(hub).heard.iter().map(|(at, _)| u128::from(at.as_nanos()) / 1_500_000).collect();
    took.sort_unstable();
    assert_eq!(took, [9, 89, 89, 201, 201, 225, 225, 233, 233]);
}

#[test]
fn a_stream_delivers_as_fast_as_its_bandwidth_and_loses_nothing() {
    let talker = Talker { left: 100, padding: 900, ..Talker::default() };
    let bandwidth = Bandwidth { bytes_per_second: 100_000, queue: 0 };
    let link = LinkModel::stream().latency(ms(20)).bandwidth(bandwidth);
    let (mut network, hub) = around(NetworkConfig::new(1).link(link).count_bytes(true), 1, &talker);
    let stats = finished(&mut network);
    assert_eq!((stats.delivered, stats.queued), (100, 99));
    let heard = &network.node(hub).heard;
    let bytes = network.traffic().total().bytes;
    let last = heard.last().expect("heard").0.as_nanos();
    assert_eq!(last, 60_000_000 + bytes * 10_000, "three ways of 20 ms, and 10 µs for each byte");
}

#[test]
fn datagrams_that_meet_a_full_queue_are_dropped_on_a_link_and_at_the_uplink_of_a_machine() {
    let talker = Talker { left: 100, padding: 900, ..Talker::default() };
    let bandwidth = Bandwidth { bytes_per_second: 100_000, queue: 9_500 };
    let limited = NetworkConfig::new(1).link(LinkModel::datagram().bandwidth(bandwidth));
    let uplink = NetworkConfig::new(1).link(LinkModel::datagram()).machine(Machine::new().uplink(bandwidth));
    for config in [limited, uplink] {
        let (mut network, hub) = around(config, 1, &talker);
        let stats = finished(&mut network);
        // Ten of about a kilobyte fit before the queue is full.
        assert!((9..=12).contains(&stats.delivered), "{stats:?}");
        assert_eq!(stats.dropped.overflow, 100 - stats.delivered);
        assert_eq!(network.node(hub).heard.len() as u64, stats.delivered);
    }
}

#[test]
fn a_machine_shares_its_uplink_among_its_links() {
    let slow = Machine::new().uplink(Bandwidth { bytes_per_second: 100_000, queue: 0 });
    let config = NetworkConfig::new(1).link(LinkModel::stream().latency(ms(20))).count_bytes(true);
    let talker = Talker { left: 20, every: ms(1), padding: 900, ..Talker::default() };
    let (mut network, hub) = around(config, 1, &talker);
    let sender = network.nodes().nth(1).expect("added");
    let other = network.add(None, true, |_| Ok(Talker::default())).expect("added");
    network.set_machine(sender, slow);
    let address = network.address(other).clone();
    network.tell(sender, chinwag::Input::Command(chinwag::Command::Join(address)));
    let stats = finished(&mut network);
    assert_eq!((stats.sent, stats.queued), (39, 38), "the first is said before the other link is there");
    let last = [hub, other].map(|node| network.node(node).heard.last().expect("heard").0.as_nanos());
    assert_eq!(last.iter().max(), Some(&(60_000_000 + network.traffic().total().bytes * 10_000)));
}

#[test]
fn losses_come_in_bursts_and_each_is_counted() {
    let talker = Talker { left: 20_000, every: ms(1), ..Talker::default() };
    let link = LinkModel::datagram().burst_loss(BurstLoss::new(0.01, 0.1)).loss(0.01);
    let (mut network, hub) = around(NetworkConfig::new(7).link(link), 1, &talker);
    let stats = finished(&mut network);
    // One in eleven meets a burst; there is one for every 110.
    assert!((1_500..2_200).contains(&stats.dropped.burst), "{stats:?}");
    assert!((140..225).contains(&stats.bursts), "{stats:?}");
    assert!((120..250).contains(&stats.dropped.loss), "{stats:?}");
    assert_eq!(network.node(hub).heard.len() as u64, stats.delivered);
}

#[test]
fn dials_are_refused_and_lost_as_told() {
    let link = LinkModel::stream().dial_refusal(0.3).dial_loss(0.3);
    let (mut network, _) = around(NetworkConfig::new(2).link(link), 400, &Talker::default());
    let stats = finished(&mut network);
    assert!((90..150).contains(&stats.dials_lost), "{stats:?}");
    assert!((60..110).contains(&stats.dials_refused), "what is not lost is refused: {stats:?}");
    let failed =
        |wanted| network.nodes().filter(|node| network.node(*node).failed == [wanted]).count() as u64;
    assert_eq!(failed(DialError::Refused), stats.dials_refused);
    assert_eq!(failed(DialError::TimedOut), stats.dials_lost);
    assert_eq!(stats.dials_answered, 400 - stats.dials_refused - stats.dials_lost);
}

#[test]
fn a_machine_with_enough_links_accepts_no_more() {
    let talker = Talker { left: 3, every: secs(1), ..Talker::default() };
    for (link, refused) in [(LinkModel::stream(), 6), (LinkModel::datagram(), 18)] {
        let config = NetworkConfig::new(2).link(link).machine(Machine::new().accept_limit(4));
        let (mut network, hub) = around(config, 10, &talker);
        let stats = finished(&mut network);
        assert_eq!((network.node(hub).accepted, stats.accepts_refused), (4, refused));
        let failed = network.nodes().filter(|node| !network.node(*node).failed.is_empty()).count();
        assert_eq!(failed, if link.semantics == chinwag::Semantics::Stream { 6 } else { 0 });
    }
}
