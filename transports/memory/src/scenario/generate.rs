//! Scenarios made of choices: first which kinds of faults there are at all, then the rest.

use super::choices::Choices;
use super::{
    Check, Ending, Hostile, Hostility, Join, LinkPromise, Links, Machines, Map, Op, Scenario, Senders,
    Settings, Spreading,
};
use super::{VERSION, Via, What};
use crate::{Fidelity, Memory, Probability};

impl Scenario {
    /// The scenario of a seed: mostly of 2 to 60 nodes, now and then of some hundred.
    #[must_use]
    pub fn swarm(seed: u64) -> Self {
        let scenario = Self::chosen(&mut Choices::of_seed(seed), LARGEST);
        Self { seed: seed & i64::MAX.unsigned_abs(), ..scenario }
    }

    /// The scenario that bytes spell, of up to 12 nodes. Any bytes spell one; no bytes spell two nodes to which nothing
    /// happens.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut choices = Choices::of_bytes(bytes);
        let seed = u64::from(choices.below(u32::MAX));
        Self { seed, ..Self::chosen(&mut choices, 12) }
    }

    /// The same with fewer nodes, if there are more.
    #[must_use]
    pub fn at_most(self, nodes: u32) -> Self {
        Self { nodes: self.nodes.min(nodes.max(1)), ..self }
    }

    fn chosen(choices: &mut Choices<'_>, most_nodes: u32) -> Self {
        let nodes = size(choices).min(most_nodes);
        let fidelity = if choices.chance(20) { Fidelity::Bytes } else { Fidelity::Typed };
        let links = links(choices, fidelity);
        let via = choices.among(&[Via::First, Via::Earlier, Via::Previous]).unwrap_or(Via::First);
        let over_ms = u64::from(choices.within(0..=8_000));
        let hostile = hostile(choices);
        let settings = settings(choices, hostile.is_some());
        let kinds = Kinds::of(choices);
        let count = choices.below(40);
        let mut at_ms = if choices.chance(60) { over_ms + 2_000 } else { 0 };
        let mut ops = Vec::new();
        for _ in 0..count {
            at_ms += pause(choices);
            ops.push(Op { at_ms, what: kinds.what(choices, links) });
        }
        let links = odd_links(choices, links);
        let map = choices.chance(10).then_some(Map::FiveContinents);
        let machines = machines(choices);
        // As long as nothing is signed, a flipped bit can make a message that nobody said.
        let corrupt = links.corruption > Probability::NEVER;
        let skip = if corrupt { TELL_OF_CORRUPTION.to_vec() } else { Vec::new() };
        Self {
            version: VERSION,
            about: String::new(),
            seed: 0,
            nodes,
            fidelity,
            bug: None,
            settings,
            links,
            map,
            machines,
            join: Join { via, over_ms },
            hostile,
            ending: Ending { skip, ..Ending::default() },
            ops,
        }
    }
}

/// Which kinds of things happen in a scenario at all: each in every other one.
struct Kinds {
    crash: bool,
    crash_share: bool,
    churn: bool,
    leave: bool,
    partition: bool,
    one_way: bool,
    flap: bool,
    links: bool,
    arrive: bool,
    tell: bool,
}

impl Kinds {
    fn of(choices: &mut Choices<'_>) -> Self {
        let mut half = || choices.chance(50);
        Self {
            crash: half(),
            crash_share: half(),
            churn: half(),
            leave: half(),
            partition: half(),
            one_way: half(),
            flap: half(),
            links: half(),
            arrive: half(),
            tell: half(),
        }
    }

    fn what(&self, choices: &mut Choices<'_>, links: Links) -> What {
        let kinds: Vec<Kind> =
            KINDS.iter().copied().filter(|(_, on)| on(self)).map(|(kind, _)| kind).collect();
        let node = choices.below(64);
        let to = choices.below(64);
        match choices.among(&kinds).unwrap_or(Kind::Say) {
            Kind::Say => say(choices, node),
            Kind::Tell => What::Tell { node, to },
            Kind::Join => What::Join { node, to },
            Kind::Crash => What::Crash { node },
            Kind::Restart => What::Restart { node, memory: memory(choices) },
            Kind::CrashShare => What::CrashShare { share: percent(choices.within(1..=90)) },
            Kind::Churn => What::Churn {
                count: choices.within(1..=8),
                every_ms: u64::from(choices.within(50..=3_000)),
                down_ms: u64::from(choices.within(1..=10_000)),
                memory: memory(choices),
            },
            Kind::Leave => What::Leave { node },
            Kind::Partition => What::Partition { share: percent(choices.within(1..=99)), one_way: false },
            Kind::OneWay => What::Partition { share: percent(choices.within(1..=99)), one_way: true },
            Kind::Heal => What::Heal,
            Kind::Flap => {
                let (count, every_ms) = (choices.within(1..=10), u64::from(choices.within(1..=2_000)));
                What::Flap { node, to, count, every_ms }
            }
            Kind::Links => What::Links { links: worse(choices, links) },
            Kind::Arrive => {
                What::Arrive { count: choices.within(1..=6), over_ms: u64::from(choices.within(0..=3_000)) }
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Say,
    Tell,
    Join,
    Crash,
    Restart,
    CrashShare,
    Churn,
    Leave,
    Partition,
    OneWay,
    Heal,
    Flap,
    Links,
    Arrive,
}

type Condition = fn(&Kinds) -> bool;

/// What happens if which kinds are on; what is there twice happens twice as often.
const KINDS: [(Kind, Condition); 21] = [
    (Kind::Say, |_| true),
    (Kind::Say, |_| true),
    (Kind::Say, |_| true),
    (Kind::Say, |_| true),
    (Kind::Join, |_| true),
    (Kind::Tell, |kinds| kinds.tell),
    (Kind::Tell, |kinds| kinds.tell),
    (Kind::Crash, |kinds| kinds.crash),
    (Kind::Crash, |kinds| kinds.crash),
    (Kind::Restart, |kinds| kinds.crash || kinds.crash_share),
    (Kind::Restart, |kinds| kinds.crash || kinds.crash_share),
    (Kind::Restart, |kinds| kinds.crash || kinds.crash_share),
    (Kind::CrashShare, |kinds| kinds.crash_share),
    (Kind::Churn, |kinds| kinds.churn),
    (Kind::Leave, |kinds| kinds.leave),
    (Kind::Partition, |kinds| kinds.partition),
    (Kind::OneWay, |kinds| kinds.one_way),
    (Kind::Heal, |kinds| kinds.partition || kinds.one_way),
    (Kind::Flap, |kinds| kinds.flap),
    (Kind::Links, |kinds| kinds.links),
    (Kind::Arrive, |kinds| kinds.arrive),
];

fn size(choices: &mut Choices<'_>) -> u32 {
    match choices.below(100) {
        0..=49 => choices.within(2..=12),
        50..=98 => choices.within(8..=60),
        _ => choices.within(100..=LARGEST),
    }
}

fn links(choices: &mut Choices<'_>, fidelity: Fidelity) -> Links {
    let promise = if choices.chance(40) { LinkPromise::Datagram } else { LinkPromise::Stream };
    let latency_from_ms = u64::from(choices.within(1..=20));
    let latency_to_ms = latency_from_ms + u64::from(choices.within(1..=130));
    let calm = Links { promise, latency_from_ms, latency_to_ms, ..Links::default() };
    if !choices.chance(60) {
        return calm;
    }
    let corruption = if fidelity == Fidelity::Bytes && choices.chance(30) {
        Probability::per_million(choices.below(5_000))
    } else {
        Probability::NEVER
    };
    Links { corruption, ..worse(choices, calm) }
}

fn worse(choices: &mut Choices<'_>, links: Links) -> Links {
    let mut share = |most| Probability::per_million(choices.below(most));
    let (loss, duplication, reordering) = (share(250_000), share(100_000), share(200_000));
    let (jitter_ms, reordering_ms) = (u64::from(choices.below(60)), u64::from(choices.within(1..=300)));
    Links { jitter_ms, loss, duplication, reordering, reordering_ms, ..links }
}

/// What goes wrong less often.
fn odd_links(choices: &mut Choices<'_>, links: Links) -> Links {
    let mut links = links;
    if choices.chance(15) {
        links.dial_refusal = Probability::per_million(choices.below(300_000));
        links.dial_loss = Probability::per_million(choices.below(200_000));
    }
    if choices.chance(15) {
        links.burst_begin = Probability::per_million(choices.within(100..=20_000));
        links.burst_end = Probability::per_million(choices.within(50_000..=500_000));
    }
    if choices.chance(15) {
        links.bits_per_second = u64::from(choices.within(100_000..=5_000_000));
    }
    links
}

fn machines(choices: &mut Choices<'_>) -> Option<Machines> {
    choices.chance(25).then(|| {
        let mut machines = Machines {
            share: percent(choices.within(1..=60)),
            handling_us: 0,
            bits_per_second: 0,
            accept_limit: 0,
            ahead_ms: 0,
            drift_ppm: 0,
        };
        if choices.chance(50) {
            machines.handling_us = u64::from(choices.within(1..=3_000));
        }
        if choices.chance(30) {
            machines.bits_per_second = u64::from(choices.within(500_000..=5_000_000));
        }
        if choices.chance(30) {
            machines.accept_limit = choices.within(4..=12);
        }
        if choices.chance(50) {
            machines.ahead_ms = u64::from(choices.below(3_000));
            machines.drift_ppm = [0, 50, -50, 500, -500][choices.below(5) as usize];
        }
        machines
    })
}

fn hostile(choices: &mut Choices<'_>) -> Option<Hostile> {
    choices.chance(12).then(|| {
        let share = percent(choices.within(1..=15));
        let does = choices.among(&[Hostility::Silent, Hostility::Spam, Hostility::Lie]);
        Hostile { share, does: does.unwrap_or(Hostility::Silent) }
    })
}

fn settings(choices: &mut Choices<'_>, hostile: bool) -> Settings {
    let mut settings = Settings::default();
    if choices.chance(15) {
        settings.strategy = Some(Spreading::Flood);
    }
    // Whoever has few neighbours, of which some are hostile, may have no others.
    if !hostile && choices.chance(45) {
        let target = choices.within(3..=5);
        settings.target_neighbours = Some(target);
        settings.max_neighbours = Some(target + choices.within(1..=3));
        settings.passive_view = Some(choices.within(6..=30));
    }
    if choices.chance(15) {
        settings.max_history = Some(choices.within(1..=30));
    }
    if choices.chance(15) {
        settings.max_held = Some(choices.within(8..=64));
        settings.max_gaps = Some(choices.within(1..=8));
    }
    if choices.chance(15) {
        settings.max_peers = Some(choices.within(16..=64));
    }
    if choices.chance(20) {
        settings.catch_up = Some(choices.below(20));
    }
    if choices.chance(20) {
        settings.pull_credit = Some(choices.within(4_096..=20_000));
    }
    if choices.chance(20) {
        settings.sync_interval_ms = Some(u64::from(choices.within(500..=8_000)));
    }
    settings
}

fn say(choices: &mut Choices<'_>, node: u32) -> What {
    let senders = choices.among(&[Senders::Single, Senders::Rotate, Senders::Random, Senders::All]);
    let senders = senders.unwrap_or(Senders::Single);
    // Where everybody speaks, that is enough.
    let often = if senders == Senders::All { 2 } else { 12 };
    What::Say {
        senders,
        node,
        count: if choices.chance(30) { choices.within(2..=often) } else { 1 },
        every_ms: u64::from(choices.within(1..=1_500)),
        burst: if choices.chance(15) { choices.within(2..=often) } else { 1 },
        size: if choices.chance(15) { choices.within(1..=2_000) } else { 16 },
    }
}

fn memory(choices: &mut Choices<'_>) -> Memory {
    if choices.chance(50) { Memory::Kept } else { Memory::Lost }
}

/// Often next to nothing, sometimes long enough that links are given up.
fn pause(choices: &mut Choices<'_>) -> u64 {
    u64::from(match choices.below(8) {
        0..=2 => choices.below(60),
        3..=6 => choices.below(1_500),
        _ => choices.within(1_500..=12_000),
    })
}

const fn percent(percent: u32) -> Probability {
    Probability::per_million(percent.saturating_mul(10_000))
}

/// The checks that a message with a flipped bit may rightly fail.
const TELL_OF_CORRUPTION: [Check; 9] = [
    Check::AtMostOnce,
    Check::AuthorOrder,
    Check::NoSilentGap,
    Check::NothingFromNowhere,
    Check::Unaltered,
    Check::NothingPending,
    Check::AllHeard,
    Check::LastWords,
    Check::Quiet,
];
/// How many nodes the largest scenarios of the swarm have.
const LARGEST: u32 = 250;
