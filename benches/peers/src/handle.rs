//! One node with five neighbours that are pushed to, and what a message costs it: a fresh one, and one seen before.

use std::hint::black_box;
use std::time::Duration;

use anyhow::ensure;
use bytes::Bytes;
use chinwag::{Action, ChatNode, Input, LinkId, Time};
use chinwag_testkit::{numbered, relay};
use iroh_gossip::proto::{Command, Config, InEvent, OutEvent, PeerData, Scope, State, TopicId};
use n0_future::time::Instant;
use rand::SeedableRng as _;
use rand::rngs::ChaCha12Rng;
use serde::{Deserialize, Serialize};

use crate::process::cpu_seconds;

/// What a message took, in the mean.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Handled {
    pub(crate) fresh_micros: f64,
    pub(crate) duplicate_micros: f64,
    /// Messages sent for each fresh one.
    pub(crate) relayed: f64,
    /// Messages sent for each duplicate.
    pub(crate) answered: f64,
}

/// So many messages of 64 bytes by one author, each twice: first all of them from one neighbour, then from another.
pub(crate) fn chinwag(messages: u32) -> anyhow::Result<Handled> {
    let mut lab = relay(5);
    let said: Vec<_> = (1..=u64::from(messages))
        .map(|number| numbered("peer 1", number, &format!("{number:064}")))
        .collect();
    let from = |link| {
        let link = LinkId::new(link);
        said.iter().map(|message| Input::Received { link, message: message.clone() }).collect()
    };
    let (fresh, duplicate): (Vec<_>, Vec<_>) = (from(1), from(2));
    let now = lab.now();
    let start = cpu_seconds();
    let relayed = chinwag_fresh(&mut lab.node, now, fresh);
    let between = cpu_seconds();
    let answered = chinwag_duplicate(&mut lab.node, now + STEP * messages, duplicate);
    let end = cpu_seconds();
    let stats = lab.node.stats();
    let expected = u64::from(messages);
    ensure!(
        stats.delivered == expected && stats.duplicates == expected,
        "not every message was handled as what it is: {stats:?}"
    );
    Ok(Handled::each(messages, [start, between, end], relayed, answered))
}

/// Not inlined, so that its instructions can be counted.
#[inline(never)]
fn chinwag_fresh(node: &mut ChatNode, now: Time, inputs: Vec<Input>) -> u32 {
    chinwag_handle(node, now, inputs)
}

/// See above.
#[inline(never)]
fn chinwag_duplicate(node: &mut ChatNode, now: Time, inputs: Vec<Input>) -> u32 {
    black_box(TOLD_APART);
    chinwag_handle(node, now, inputs)
}

#[inline(always)]
fn chinwag_handle(node: &mut ChatNode, mut now: Time, inputs: Vec<Input>) -> u32 {
    let mut sent = 0;
    for input in inputs {
        now += STEP;
        for action in node.handle(now, input) {
            if let Action::Send { to, .. } = black_box(&action) {
                to.iter().for_each(|link| {
                    black_box(link);
                    sent += 1;
                });
            }
        }
    }
    sent
}

type Peer = State<u64, ChaCha12Rng>;

/// The same there.
pub(crate) fn iroh(messages: u32) -> anyhow::Result<Handled> {
    let now = Instant::now();
    let mut peers = star(now);
    let mut said = Vec::new();
    for number in 1..=messages {
        let text = Bytes::from(format!("{number:064}"));
        let broadcast = InEvent::Command(TOPIC, Command::Broadcast(text, Scope::Swarm));
        said.extend(peers[1].handle(broadcast, now, None).find_map(|event| match event {
            OutEvent::SendMessage(0, message) => Some(message),
            _ => None,
        }));
    }
    ensure!(
        said.len() == messages as usize,
        "only {} of {messages} messages were pushed to the node",
        said.len()
    );
    let from = |peer| said.iter().map(|message| InEvent::RecvMessage(peer, message.clone())).collect();
    let (fresh, duplicate): (Vec<_>, Vec<_>) = (from(1), from(2));
    let start = cpu_seconds();
    let relayed = iroh_fresh(&mut peers[0], now, fresh);
    let between = cpu_seconds();
    let answered = iroh_duplicate(&mut peers[0], now, duplicate);
    let end = cpu_seconds();
    Ok(Handled::each(messages, [start, between, end], relayed, answered))
}

/// Node 0 and the five that have joined through it and know nobody else.
fn star(now: Instant) -> Vec<Peer> {
    let peer =
        |name| State::new(name, PeerData::default(), Config::default(), ChaCha12Rng::seed_from_u64(name));
    let mut peers: Vec<Peer> = (0..=5).map(peer).collect();
    let join = |contacts| InEvent::Command(TOPIC, Command::Join(contacts));
    peers[0].handle(join(Vec::new()), now, None).for_each(drop);
    for joiner in 1..=5 {
        let joined = peers[joiner].handle(join(vec![0]), now, None);
        let mut happened: Vec<_> = joined.map(|event| (joiner as u64, event)).collect();
        while let Some((from, event)) = happened.pop() {
            if let OutEvent::SendMessage(to, message) = event
                && (to == 0 || from == 0)
            {
                let received = InEvent::RecvMessage(from, message);
                happened.extend(peers[to as usize].handle(received, now, None).map(|event| (to, event)));
            }
        }
    }
    peers
}

/// Not inlined, so that its instructions can be counted.
#[inline(never)]
fn iroh_fresh(peer: &mut Peer, now: Instant, inputs: Vec<InEvent<u64>>) -> u32 {
    iroh_handle(peer, now, inputs)
}

/// See above.
#[inline(never)]
fn iroh_duplicate(peer: &mut Peer, now: Instant, inputs: Vec<InEvent<u64>>) -> u32 {
    black_box(TOLD_APART);
    iroh_handle(peer, now, inputs)
}

#[inline(always)]
fn iroh_handle(peer: &mut Peer, now: Instant, inputs: Vec<InEvent<u64>>) -> u32 {
    let mut sent = 0;
    for input in inputs {
        for event in peer.handle(input, now, None) {
            if let OutEvent::SendMessage(..) = black_box(&event) {
                sent += 1;
            }
        }
    }
    sent
}

impl Handled {
    fn each(messages: u32, [start, between, end]: [f64; 3], relayed: u32, answered: u32) -> Self {
        let each = |sum: f64| sum / f64::from(messages);
        Self {
            fresh_micros: each((between - start) * 1e6),
            duplicate_micros: each((end - between) * 1e6),
            relayed: each(f64::from(relayed)),
            answered: each(f64::from(answered)),
        }
    }
}

/// From one message to the next.
const STEP: Duration = Duration::from_nanos(100);

/// Makes two functions of what the compiler would merge into one, so that their instructions can be told apart.
const TOLD_APART: u8 = 1;

const TOPIC: TopicId = TopicId::from_bytes([0; 32]);
