//! What a network is put through, as plain data.

use core::time::Duration;

use chinwag::{Semantics, Strategy as Spreading};
use chinwag_memory::{Fidelity, LinkModel, Probability, ms};
use proptest::collection::vec;
use proptest::prelude::*;

/// A network and everything that happens in it until all is healed.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What all of its chance follows from.
    pub seed: u64,
    /// How messages travel.
    pub fidelity: Fidelity,
    /// How links behave until all is healed.
    pub link: LinkModel,
    /// How what is said to everybody spreads.
    pub spreading: Spreading,
    /// How many neighbours nodes have, and how many others they know.
    pub views: Views,
    /// How many posts each node retains.
    pub history: usize,
    /// How many nodes there are.
    pub nodes: usize,
    /// What happens, each with the pause after it. Nodes are counted around.
    pub moves: Vec<(Move, Duration)>,
}

/// The sizes of a node's views.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Views {
    /// How many neighbours to have.
    pub target: usize,
    /// The most neighbours to have.
    pub most: usize,
    /// The most others to know.
    pub passive: usize,
}

/// One thing that happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Move {
    /// A node joins through another.
    Join(usize, usize),
    /// A node leaves politely.
    Leave(usize),
    /// A node crashes.
    Crash(usize),
    /// The next node that has crashed starts again with all it knew.
    Resume(usize),
    /// The next node that has crashed starts again, knows nothing, and joins through another.
    Begin(usize, usize),
    /// Nothing passes between the nodes whose bit is set and the others.
    Partition(u32),
    /// Nothing passes from the nodes whose bit is set to the others.
    OneWay(u32),
    /// All partitions end.
    Heal,
    /// All streams between two nodes break.
    Break(usize, usize),
    /// A node says something to everybody.
    Say(usize),
    /// A node says something to another one.
    Tell(usize, usize),
}

impl Scenario {
    /// How links behave once all is healed.
    #[must_use]
    pub fn healed_link(&self) -> LinkModel {
        let link = match self.link.semantics {
            Semantics::Stream => LinkModel::stream(),
            Semantics::Datagram => LinkModel::datagram(),
        };
        link.latency(self.link.latency)
    }
}

/// Networks of 4 to 24 nodes to which everything happens that is listed in [`Move`].
pub fn scenario() -> impl Strategy<Value = Scenario> {
    scenario_of(4..=24, 10..60)
}

/// The same of other sizes.
pub fn scenario_of(
    nodes: core::ops::RangeInclusive<usize>,
    moves: core::ops::Range<usize>,
) -> impl Strategy<Value = Scenario> {
    let fidelity = prop_oneof![5 => Just(Fidelity::Typed), 1 => Just(Fidelity::Bytes)];
    let spreading = prop_oneof![6 => Just(Spreading::Tree), 1 => Just(Spreading::Flood)];
    let views = prop_oneof![
        3 => Just(Views { target: 6, most: 8, passive: 160 }),
        2 => Just(Views { target: 3, most: 4, passive: 12 }),
        1 => Just(Views { target: 4, most: 5, passive: 6 }),
    ];
    let history = prop_oneof![9 => Just(10_000_usize), 1 => 1..12_usize];
    (any::<u64>(), fidelity, link(), spreading, views, history, nodes).prop_flat_map(
        move |(seed, fidelity, link, spreading, views, history, nodes)| {
            (joins(nodes), vec((a_move(), pause()), moves.clone())).prop_map(move |(joins, rest)| Scenario {
                seed,
                fidelity,
                link,
                spreading,
                views,
                history,
                nodes,
                moves: joins.into_iter().chain(rest).collect(),
            })
        },
    )
}

/// Each node but the first joins through one before it, or now and then through none.
fn joins(nodes: usize) -> impl Strategy<Value = Vec<(Move, Duration)>> {
    let one = (any::<prop::sample::Index>(), prop::bool::weighted(0.95), (0..200_u64).prop_map(ms));
    vec(one, nodes.saturating_sub(1)).prop_map(|contacts| {
        let joins = contacts.into_iter().enumerate();
        joins
            .filter(|(_, (_, joins, _))| *joins)
            .map(|(before, (contact, _, pause))| (Move::Join(before + 1, contact.index(before + 1)), pause))
            .collect()
    })
}

fn a_move() -> impl Strategy<Value = Move> {
    let node = || 0..24_usize;
    prop_oneof![
        3 => (node(), node()).prop_map(|(who, contact)| Move::Join(who, contact)),
        1 => node().prop_map(Move::Leave),
        3 => node().prop_map(Move::Crash),
        2 => node().prop_map(Move::Resume),
        3 => (node(), node()).prop_map(|(who, contact)| Move::Begin(who, contact)),
        2 => any::<u32>().prop_map(Move::Partition),
        1 => any::<u32>().prop_map(Move::OneWay),
        3 => Just(Move::Heal),
        2 => (node(), node()).prop_map(|(one, other)| Move::Break(one, other)),
        12 => node().prop_map(Move::Say),
        6 => (node(), node()).prop_map(|(who, to)| Move::Tell(who, to)),
    ]
}

/// Often next to nothing, sometimes long enough that links are given up.
fn pause() -> impl Strategy<Value = Duration> {
    prop_oneof![
        3 => (0..60_u64).prop_map(ms),
        4 => (0..1500_u64).prop_map(ms),
        1 => (1500..12_000_u64).prop_map(ms),
    ]
}

fn link() -> impl Strategy<Value = LinkModel> {
    let share = |most: u32| (0..=most).prop_map(Probability::per_million);
    let streams = (2..150_u64, 0..40_u64)
        .prop_map(|(latency, jitter)| LinkModel::stream().latency(ms(1)..ms(latency)).jitter(ms(jitter)));
    let ills = (share(200_000), share(100_000), share(200_000), 1..300_u64);
    let datagrams = (2..150_u64, ills).prop_map(|(latency, (loss, duplication, reordering, delay))| {
        let link = LinkModel::datagram().latency(ms(1)..ms(latency));
        link.loss(loss).duplication(duplication).reordering(reordering, ms(delay))
    });
    prop_oneof![3 => streams, 2 => datagrams]
}
