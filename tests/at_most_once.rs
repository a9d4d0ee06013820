//! Whatever goes wrong, no message is delivered twice, out of its author's order, altered, or out of nowhere, and
//! what is missing in between is told.
//!
//! The network itself checks these promises with everything that a node emits; a node that lost its memory starts
//! anew, and may hear again what it has forgotten.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use chinwag::Delivery;
use chinwag_memory::{Fidelity, Network, Probability, secs};
use chinwag_testkit::plan::{self, Ill, Plan};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(128))]

    #[test]
    fn nothing_is_delivered_twice_whatever_goes_wrong(plan in plan::stormy()) {
        let network = weather(&plan);
        assert_once(&plan, &network, |delivery| delivery.body().as_json().to_owned());
        network.check().unwrap();
    }

    /// Flipped bits may make another message out of one, as nothing is signed yet; but none comes twice.
    #[test]
    fn nothing_is_delivered_twice_even_where_bits_flip(plan in plan::stormy(), flips in 1000..30_000_u32) {
        let link = plan.link.corruption(Probability::per_million(flips));
        let plan = Plan { fidelity: Fidelity::Bytes, link, ..plan };
        assert_once(&plan, &weather(&plan), |delivery| delivery.id());
    }
}

/// The very runs of the property above, counted: each kind of trouble happened, and each kind of answer was given.
#[test]
fn these_storms_bring_everything() {
    let mut total = BTreeMap::<&str, u64>::new();
    for plan in chinwag_testkit::sample(128, &plan::stormy()) {
        let network = weather(&plan);
        let stats = network.stats();
        let checked = network.check().unwrap_or_default();
        let mut count = |name, by| *total.entry(name).or_default() += by;
        count("packets lost", stats.dropped.loss);
        count("packets that met a partition", stats.dropped.partition);
        count("packets held back by a partition", stats.held_back);
        count("packets for a crashed node", stats.dropped.crashed);
        count("packets on a broken link", stats.dropped.broken);
        count("packets doubled", stats.duplicated);
        count("packets reordered", stats.reordered);
        count("chunks across frames", stats.chunks_across_frames);
        count("dials failed", stats.dials_failed);
        count("links ended", stats.links_ended);
        count("messages delivered", checked.deliveries);
        count("messages told to be missing", checked.missing);
        for node in network.nodes() {
            let stats = network.node(node).stats();
            count("duplicates dropped", stats.duplicates);
            count("messages held back for order", stats.held);
            count("messages asked for again and repaired", stats.repaired);
            count("frames sent again", stats.resent);
            count("comparisons", stats.syncs);
            count("links given up as silent", stats.links_silent);
            count("links retired", stats.links_retired);
            count("things rejected", stats.rejected);
        }
    }
    assert!(total.values().all(|count| *count >= 5), "some trouble never came: {total:#?}");
}

fn weather(plan: &Plan) -> Network {
    let mut network = plan.network();
    let nodes: Vec<_> = network.nodes().collect();
    for (who, whom) in &plan.joins {
        network.join(nodes[*who], nodes[*whom]).expect("nobody has crashed yet");
    }
    plan.play(&mut network);
    network.heal();
    network.run_for(secs(20));
    network
}

/// Nobody hears twice what has one name.
fn assert_once<T: Ord + core::fmt::Debug>(plan: &Plan, network: &Network, name: fn(&Delivery) -> T) {
    if plan.faults.iter().any(|(ill, _)| matches!(ill, Ill::Restart(_, false))) {
        return;
    }
    for node in network.nodes() {
        let heard: Vec<T> = network.deliveries(node).map(|(_, delivery)| name(delivery)).collect();
        let distinct: BTreeSet<_> = heard.iter().collect();
        assert_eq!(distinct.len(), heard.len(), "{node} heard {heard:?}");
    }
}
