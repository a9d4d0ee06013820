//! In a connected network in which nothing goes wrong, everybody gets everything that anybody says exactly once.
#![cfg(test)]

use std::collections::BTreeMap;

use chinwag::{Dialects, Semantics};
use chinwag_memory::{Fidelity, Network, secs};
use chinwag_testkit::plan::{self, Plan};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(192))]

    #[test]
    fn native_peers(plan in plan::peaceful(false)) {
        assert_everyone_heard_everything(&plan);
    }

    /// Whichever dialect a peer speaks, and whoever joined whom first.
    #[test]
    fn native_and_classic_peers(plan in plan::peaceful(true)) {
        assert_everyone_heard_everything(&plan);
    }
}

#[test]
fn these_plans_are_of_every_kind() {
    let mut kinds = BTreeMap::<(bool, bool), u32>::new();
    let (mut classic, mut duplicates) = (0, 0);
    for plan in chinwag_testkit::sample(64, &plan::peaceful(true)) {
        let stream = plan.link.semantics == Semantics::Stream;
        *kinds.entry((stream, plan.fidelity == Fidelity::Bytes)).or_default() += 1;
        let network = play(&plan);
        duplicates += network.nodes().map(|node| network.node(node).stats().duplicates).sum::<u64>();
        classic += plan.nodes.iter().filter(|dialects| **dialects == Dialects::Classic).count();
    }
    assert_eq!(kinds.len(), 4, "both semantics in both fidelities: {kinds:?}");
    assert!(classic > 64 && duplicates > 1000, "{classic} classic peers, {duplicates} duplicates dropped");
}

fn assert_everyone_heard_everything(plan: &Plan) {
    let network = play(plan);
    let nodes: Vec<_> = network.nodes().collect();
    for node in &nodes {
        let mut heard = network.heard(*node);
        heard.sort();
        let mut expected: Vec<(String, String)> = plan
            .says
            .iter()
            .enumerate()
            .filter(|(_, (who, _))| *who != node.index())
            .map(|(number, (who, _))| (format!("peer {who}"), format!("text {number}")))
            .collect();
        expected.sort();
        assert_eq!(heard, expected, "{node}");
    }
    network.check().unwrap();
}

fn play(plan: &Plan) -> Network {
    let mut network = plan.joined();
    let said = plan.play(&mut network);
    assert_eq!(said.values().map(Vec::len).sum::<usize>(), plan.says.len(), "everything was said");
    network.run_until_quiet(secs(120)).unwrap();
    network
}
