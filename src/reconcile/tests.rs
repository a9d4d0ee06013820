//! Both ends learn exactly what differs, at a bounded cost, also from hostile questions.

use core::hash::Hasher;
use std::collections::{BTreeMap, BTreeSet};

use negentropy::{Id, Negentropy, NegentropyStorageVector};
use proptest::prelude::*;
use siphasher::sip;

use super::*;
use crate::spans::Spans;

type Summaries = BTreeMap<StreamTag, Summary>;

/// What a node has, and what it was told.
#[derive(Clone, Default)]
struct Node {
    has: Summaries,
    told: Summaries,
}

impl Node {
    fn entries(&self) -> Vec<Entry> {
        self.has.values().map(|summary| Entry { tag: summary.tag, hash: hash(summary) }).collect()
    }

    fn answer(&self, spans: &[Span]) -> Answer {
        answer(&self.entries(), |tag| self.has[&tag].clone(), spans)
    }

    /// What there is to tell somebody who has `other`.
    fn news_to(&self, other: &Self) -> Summaries {
        let told = self.has.values().cloned().map(|mut summary| {
            summary.beyond.truncate(MAX_RANGES);
            summary
        });
        let differs =
            |summary: &Summary| other.has.get(&summary.tag).is_none_or(|other| hash(other) != hash(summary));
        told.filter(differs).map(|summary| (summary.tag, summary)).collect()
    }
}

/// What it took to reconcile two nodes.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    messages: usize,
    bytes: usize,
    longest: usize,
    /// How many streams were told, by either.
    told: usize,
}

/// Has two nodes talk until one of them has nothing to say. Every message is written and read.
fn reconcile(nodes: &mut [Node; 2]) -> Cost {
    let mut cost = Cost::default();
    let mut message = open(&nodes[0].entries());
    while !message.is_empty() {
        let json = serde_json::to_string(&Spans(message.clone())).unwrap();
        let Spans(read) = serde_json::from_str(&json).unwrap();
        assert_eq!(read, message);
        cost.bytes += json.len();
        cost.longest = cost.longest.max(json.len());
        cost.messages += 1;
        for span in &read {
            if let Claim::Streams { streams, .. } = &span.claim {
                cost.told += streams.len();
            }
        }
        let reader = &mut nodes[cost.messages % 2];
        let Answer { reply, theirs } = reader.answer(&read);
        reader.told.extend(theirs.into_iter().map(|summary| (summary.tag, summary)));
        message = reply;
        assert!(cost.messages < 1000, "it never ends");
    }
    cost
}

/// What `negentropy` finds that the first node has and the second lacks, and the other way round.
fn by_negentropy(nodes: &[Node; 2]) -> [BTreeSet<Id>; 2] {
    let store = |node: &Node| {
        let mut store = NegentropyStorageVector::new();
        for entry in node.entries() {
            store.insert(0, id(entry.tag, entry.hash)).unwrap();
        }
        store.seal().unwrap();
        Negentropy::owned(store, 0).unwrap()
    };
    let (mut first, mut second) = (store(&nodes[0]), store(&nodes[1]));
    let (mut have, mut need) = (Vec::new(), Vec::new());
    let mut message = Some(first.initiate().unwrap());
    while let Some(said) = message {
        let reply = second.reconcile(&said).unwrap();
        message = first.reconcile_with_ids(&reply, &mut have, &mut need).unwrap();
    }
    [have.into_iter().collect(), need.into_iter().collect()]
}

fn id(tag: StreamTag, hash: u64) -> Id {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&tag.get().to_be_bytes());
    bytes[8..16].copy_from_slice(&hash.to_be_bytes());
    Id::from_byte_array(bytes)
}

fn scramble(number: u64) -> u64 {
    let mut hasher = sip::SipHasher13::new();
    hasher.write_u64(number);
    hasher.finish()
}

/// Stream `number` in some version: one in four has ranges, some of them more than are told.
fn summary(number: u64, version: u64, tag: StreamTag) -> Summary {
    let random = scramble(number.wrapping_mul(4).wrapping_add(version));
    let (prefix, ranges) = (1 + random % 100_000, if random >> 62 == 0 { random >> 40 & 15 } else { 0 });
    let beyond = (1..=ranges).map(|at| (prefix + at * 10, prefix + at * 10 + at % 3)).collect();
    Summary { tag, prefix, beyond }
}

fn plain(number: u64, prefix: u64) -> (StreamTag, Summary) {
    let tag = StreamTag::new(scramble(number));
    (tag, Summary { tag, prefix, beyond: Vec::new() })
}

/// Two nodes with `size` streams each, where `differing` ones are changed, or are missing at one of them.
fn nodes(size: u64, differing: &BTreeMap<u64, u8>, scattered: bool) -> [Node; 2] {
    let mut nodes = [Node::default(), Node::default()];
    for number in 0..size {
        // Side by side, and both ends of the space of tags are met.
        let near = if number % 2 == 0 { number } else { u64::MAX - number / 2 };
        let tag = StreamTag::new(if scattered { scramble(number) } else { near });
        let how = differing.get(&number);
        if how != Some(&1) {
            nodes[0].has.insert(tag, summary(number, 0, tag));
        }
        if how != Some(&2) {
            let version = u64::from(how == Some(&0));
            nodes[1].has.insert(tag, summary(number, version, tag));
        }
    }
    nodes
}

fn check(mut nodes: [Node; 2]) -> (usize, Cost) {
    let cost = reconcile(&mut nodes);
    let [first, second] = &nodes;
    assert_eq!(first.told, second.news_to(first));
    assert_eq!(second.told, first.news_to(second));
    let as_ids = |told: &Summaries| -> BTreeSet<Id> {
        told.values().map(|summary| id(summary.tag, hash(summary))).collect()
    };
    assert_eq!([as_ids(&second.told), as_ids(&first.told)], by_negentropy(&nodes));
    let differing: BTreeSet<_> = first.told.keys().chain(second.told.keys()).collect();
    (differing.len(), cost)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_learn_what_differs(
        size in prop_oneof![0..40_u64, 0..2000_u64],
        some in prop_oneof![
            4 => prop::collection::btree_map(0..2000_u64, 0..3_u8, 0..30),
            1 => prop::collection::btree_map(0..2000_u64, 0..3_u8, 0..1500),
        ],
        scattered: bool,
    ) {
        let (differing, cost) = check(nodes(size, &some, scattered));
        prop_assert_eq!(differing, some.range(..size).count());
        let depth = size.max(1).ilog(BRANCHING as u64) as usize;
        prop_assert!(cost.messages <= 2 * (2 + depth) + differing / 3, "{cost:?}");
        // Besides what differs only what shares a leaf with it is told.
        prop_assert!(cost.told <= (LEAF + 4) * differing, "{cost:?}");
        prop_assert!(cost.bytes <= 80 + 1800 * differing, "{cost:?}");
    }

    #[test]
    fn whatever_is_asked_the_answer_keeps_to_the_limits(size in 0..600_u64, spans in hostile_spans()) {
        let [node, _] = nodes(size, &BTreeMap::new(), false);
        let Answer { reply, theirs } = node.answer(&spans);
        let json = serde_json::to_string(&Spans(reply.clone())).unwrap();
        prop_assert_eq!(serde_json::from_str::<Spans>(&json).unwrap().0, reply);
        prop_assert!(json.len() <= 16 << 10);
        prop_assert!(theirs.len() <= 80 * 4);
    }
}

fn hostile_spans() -> impl Strategy<Value = Vec<Span>> {
    let tag = prop_oneof![any::<u64>(), 0..300_u64, (0..300_u64).prop_map(|n| u64::MAX - n)];
    let tag = tag.prop_map(StreamTag::new);
    let stream = (tag.clone(), any::<u64>(), prop::collection::vec(any::<(u64, u64)>(), 0..10))
        .prop_map(|(tag, prefix, beyond)| Summary { tag, prefix, beyond });
    let claim = prop_oneof![
        Just(Claim::Same),
        (prop_oneof![0..20_u32, 0..1000_u32, any::<u32>()], any::<u64>())
            .prop_map(|(count, fingerprint)| Claim::Fingerprint { count, fingerprint }),
        (prop::collection::vec(stream, 0..4), any::<bool>())
            .prop_map(|(streams, answer)| Claim::Streams { streams, answer }),
    ];
    let span = (tag, claim).prop_map(|(until, claim)| Span { until, claim });
    (prop::collection::vec(span, 0..80), any::<bool>()).prop_map(|(mut spans, sorted)| {
        if sorted {
            spans.sort_by_key(|span| span.until);
        }
        spans
    })
}

#[test]
fn who_is_in_step_says_so_in_one_small_message() {
    for size in [0, 1, 16, 17, 4000] {
        let (differing, cost) = check(nodes(size, &BTreeMap::new(), true));
        assert_eq!((differing, cost.messages, cost.told), (0, 1, 0));
        assert!(cost.bytes <= 40, "{cost:?}");
    }
}

/// What it costs, so that nobody makes it dearer unawares. Two messages are a round trip.
#[test]
fn the_cost_follows_the_difference() {
    let budget = [
        // Streams, changed ones, messages, bytes.
        (16, 1, 3, 500),
        (300, 1, 5, 1_200),
        (300, 10, 5, 4_200),
        (4000, 1, 5, 2_000),
        (4000, 3, 5, 4_000),
        (4000, 20, 12, 17_000),
        (4000, 100, 26, 57_000),
        (4000, 4000, 48, 250_000),
    ];
    for (size, changed, messages, bytes) in budget {
        let mut nodes = [Node::default(), Node::default()];
        nodes[0].has = (0..size).map(|at| plain(at, 1234 + u64::from(at < changed))).collect();
        nodes[1].has = (0..size).map(|at| plain(at, 1234)).collect();
        let (differing, cost) = check(nodes);
        assert_eq!(differing as u64, changed);
        assert!(cost.messages <= messages && cost.bytes <= bytes, "{size} {changed} {cost:?}");
    }
}

/// Who has little or nothing is told the rest at the cost of the rest, a full message at a time.
#[test]
fn a_latecomer_is_told_everything() {
    for had in [0, 1, 20, 200] {
        for asks in [0, 1] {
            let mut nodes = [Node::default(), Node::default()];
            nodes[asks].has = (0..had).map(|at| plain(at, 1234)).collect();
            nodes[1 - asks].has = (0..4096).map(|at| plain(at, 1234)).collect();
            let (differing, cost) = check(nodes);
            assert_eq!(differing as u64, 4096 - had);
            assert!(cost.messages <= 4 + 2 * 4096 / MAX_STREAMS, "{cost:?}");
            assert!(cost.told as u64 <= 4096 + 17 * had && cost.bytes <= 120_000, "{cost:?}");
        }
    }
}

#[test]
fn what_has_no_room_is_asked_about() {
    let node = Node { has: (0..300).map(|at| plain(at, 7)).collect(), told: BTreeMap::new() };
    let until = StreamTag::new(u64::MAX);
    let wish = Span { until, claim: Claim::Streams { streams: Vec::new(), answer: true } };
    let streams: Vec<Summary> = node.has.values().take(MAX_STREAMS).cloned().collect();
    let told = streams.last().unwrap().tag;
    let left = fingerprint(&node.entries()[MAX_STREAMS..]);
    let reply = vec![
        Span { until: told, claim: Claim::Streams { streams, answer: false } },
        Span { until, claim: left },
    ];
    assert_eq!(node.answer(&[wish]).reply, reply);
}

#[test]
fn no_message_is_longer_than_promised() {
    let long = |number: u64, version: u64| {
        let (tag, prefix) = (StreamTag::new(scramble(number)), u64::MAX - 1000 - version);
        let beyond = (1..=12).map(|at| (u64::MAX - 500 + at * 20, u64::MAX - 500 + at * 20 + 1)).collect();
        (tag, Summary { tag, prefix, beyond })
    };
    for second in [0, 10, 700, 1000] {
        let mut nodes = [Node::default(), Node::default()];
        nodes[0].has = (0..1000).map(|at| long(at, 0)).collect();
        nodes[1].has = (0..second).map(|at| long(at, 1)).collect();
        let (_, cost) = check(nodes);
        assert!((10_000..13_000).contains(&cost.longest), "{cost:?}");
    }
}
