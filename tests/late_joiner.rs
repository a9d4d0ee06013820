//! Who joins late, or was cut off, hears what is retained: once, in order, and with next to no bytes too many.
#![cfg(test)]

use chinwag_memory::{LinkModel, Network, config_for, ms, secs};
use chinwag_testkit::joined;

#[test]
fn a_newcomer_hears_the_last_messages_and_is_told_of_those_before() {
    for (seed, link) in [(1, LinkModel::stream()), (2, LinkModel::datagram().loss(0.1))] {
        let (mut network, nodes) = joined(seed, 10, link, secs(15));
        for number in 0..300 {
            network.broadcast(nodes[number % 3], format!("{number}")).unwrap();
            network.run_for(ms(20));
        }
        network.run_for(secs(10));
        let mut config = config_for("late").unwrap();
        config.catch_up = 100;
        let late = network.add_node_with(config).unwrap();
        network.join(late, nodes[4]).unwrap();
        network.run_for(secs(20));
        let heard: Vec<u32> = network.heard(late).iter().map(|(_, text)| text.parse().unwrap()).collect();
        assert!((90..=110).contains(&heard.len()), "{} heard", heard.len());
        assert!((200 + 9..300).all(|number| heard.contains(&number)), "{heard:?}");
        network.broadcast(nodes[0], "300").unwrap();
        network.run_for(secs(3));
        assert_eq!(network.heard(late).last().map(|(_, text)| text.as_str()), Some("300"));
        assert_eq!(network.node(late).lagging(), 0);
        network.check().unwrap();
    }
}

/// One round trip to be taken in, one to ask for all there is; and each stream is grafted once, not each post.
#[test]
fn a_newcomer_hears_everything_within_two_round_trips_also_where_all_chose_one_contact() {
    for seed in 1..=5 {
        let (mut network, nodes) = joined(seed, 50, LinkModel::stream().latency(ms(10)..ms(50)), secs(15));
        for number in 0..500 {
            network.broadcast(nodes[number % 5 * 7], "good morning").unwrap();
            network.run_for(ms(5));
        }
        network.run_for(secs(3));
        let late = network.add_node_with(config_for("late").unwrap()).unwrap();
        network.join(late, nodes[0]).unwrap();
        let all = |network: &Network| network.node(late).stats().delivered == 500;
        assert!(network.run_until(secs(3), all), "seed {seed}: {:?}", network.node(late).stats());
        let (up, contact) = network.first_link(late).unwrap();
        let took = network.now().saturating_since(up);
        assert!(took <= network.latency(late, contact) * 4 + ms(1), "seed {seed}: {took:?}");
        assert!(network.node(late).stats().grafts <= 2 * 5, "{:?}", network.node(late).stats());
    }
}

#[test]
fn whoever_was_cut_off_hears_everything_in_order_once_the_cut_is_healed() {
    for seed in 1..=3 {
        let (mut network, nodes) = joined(seed, 20, LinkModel::stream(), secs(15));
        let (one, other) = nodes.split_at(10);
        network.partition(one, other);
        let mut said = Vec::new();
        for second in 0..60 {
            for half in [one, other] {
                let text = format!("{second} of {}", half[0]);
                network.broadcast(half[second % 10], text.as_str()).unwrap();
                said.push(text);
            }
            network.run_for(secs(1));
        }
        network.heal();
        let healed = network.now();
        let total = said.len();
        let all = |network: &Network| {
            nodes.iter().all(|node| {
                let own = network.node(*node).stats().published;
                network.node(*node).stats().delivered + own >= total as u64
            })
        };
        assert!(network.run_until(secs(30), all), "seed {seed}");
        let took = network.now().saturating_since(healed);
        println!("seed {seed}: everything everywhere after {took:?}");
        assert!(took <= secs(5), "seed {seed}: {took:?}");
        network.run_for(secs(10));
        network.check().unwrap();
        for node in &nodes {
            assert_eq!(network.node(*node).stats().missing, 0);
        }
    }
}
