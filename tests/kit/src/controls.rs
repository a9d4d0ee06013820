//! Strategies for everything that neighbours say to each other about the network.

use chinwag::{Contact, Content, Control, Message, Run, Sequence, Spans, StreamTag};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::messages::{address, message_but_numbered, number, peer_id};

/// Any [`Control`] that has a spelling on the wire, numbered messages included.
pub fn control() -> impl Strategy<Value = Control> {
    let numbered = (any::<u32>(), number(), message_but_numbered())
        .prop_map(|(session, number, message)| Control::Numbered { session, number, message });
    prop_oneof![5 => control_but_numbered().boxed(), 1 => numbered.boxed()]
}

/// Any of them but one that wraps another message.
pub(crate) fn control_but_numbered() -> impl Strategy<Value = Control> {
    let about_peers = prop_oneof![
        (contact(), any::<u8>()).prop_map(|(peer, hops_left)| Control::Walk { peer, hops_left }),
        (number(), any::<u8>(), contacts()).prop_map(|(number, hops_left, peers)| Control::Shuffle {
            number,
            hops_left,
            peers
        }),
        (number(), contacts()).prop_map(|(answers, peers)| Control::Peers { answers, peers }),
        contact().prop_map(Control::Instead),
        Just(Control::Disconnect),
        Just(Control::Unknown),
        (number(), peer_id()).prop_map(|(number, peer)| Control::Find { number, peer, wide: false }),
        number().prop_map(|number| Control::Found { number }),
        (tag(), place()).prop_map(|(stream, at)| Control::Arrived(stream, at)),
        (tag(), place()).prop_map(|(stream, at)| Control::Stuck(stream, at)),
    ];
    let about_posts = prop_oneof![
        (tag(), number()).prop_map(|(root, number)| Control::Beacon { root, number }),
        runs().prop_map(Control::Have),
        option::of(tag()).prop_map(Control::Graft),
        option::of(tag()).prop_map(Control::Prune),
        (any::<u32>(), runs()).prop_map(|(credit, runs)| Control::Pull { credit, runs }),
        runs().prop_map(Control::Pulled),
        any::<(u32, u32)>().prop_map(|(count, credit)| Control::CatchUp { count, credit }),
        runs().prop_map(Control::Since),
        spans().prop_map(Control::Sync),
    ];
    let about_the_link = prop_oneof![
        number().prop_map(Control::KeepAlive),
        number().prop_map(Control::KeepAliveReply),
        (any::<u32>(), number(), number()).prop_map(|(session, upto, beyond)| Control::Acknowledge {
            session,
            upto,
            beyond
        }),
    ];
    // Boxed, or the strategies that hold these would not fit on a test's stack.
    prop_oneof![9 => about_peers.boxed(), 9 => about_posts.boxed(), 3 => about_the_link.boxed()]
}

/// Somebody who can be dialed.
pub fn contact() -> impl Strategy<Value = Contact> {
    (peer_id(), address()).prop_map(|(peer, address)| Contact::new(peer, address))
}

/// As many of them as fit in one message, mostly few.
pub fn contacts() -> impl Strategy<Value = Vec<Contact>> {
    prop_oneof![5 => vec(contact(), 0..4), 1 => vec(contact(), 32)]
}

fn tag() -> impl Strategy<Value = StreamTag> {
    number().prop_map(StreamTag::new)
}

fn place() -> impl Strategy<Value = Sequence> {
    number().prop_filter_map("from 1", Sequence::new)
}

fn runs() -> impl Strategy<Value = Vec<(StreamTag, Run)>> {
    let run = (place(), place(), any::<bool>()).prop_map(|(one, other, single)| {
        let to = if single { one } else { one.max(other) };
        Run::new(one.min(to), to).expect("in order")
    });
    let of_stream = (tag(), run).boxed();
    prop_oneof![5 => vec(of_stream.clone(), 0..5), 1 => vec(of_stream, 256)]
}

/// What two nodes tell each other to compare, which only the codec can make: written as it stands on the wire.
pub fn spans() -> impl Strategy<Value = Spans> {
    let ranges = vec((2..9_u64, 0..9_u64), 0..=8);
    let stream = (1..9_u64, 1..u64::MAX / 2, ranges);
    let claim = prop_oneof![
        Just(None).prop_map(|_: Option<()>| Claim::Same),
        any::<(u32, u64)>().prop_map(|(count, fingerprint)| Claim::Fingerprint(count, fingerprint)),
        (vec(stream, 0..6), any::<bool>()).prop_map(|(streams, answer)| Claim::Streams(streams, answer)),
    ];
    vec((1..u64::MAX / 200, claim), 0..20).prop_map(|stretches| {
        let mut last = 0_u64;
        let spans: Vec<String> =
            stretches.iter().map(|(step, claim)| claim.spell(*step, &mut last)).collect();
        let frame = format!("[\"SYNC\",[{}]]", spans.join(","));
        read_spans(&frame)
    })
}

/// The spans of a `SYNC` message.
pub(crate) fn read_spans(frame: &str) -> Spans {
    let read = Message::decode(frame.to_owned().into());
    match read.as_ref().map(Message::content) {
        Ok(Content::Control(Control::Sync(spans))) => spans.clone(),
        other => panic!("{frame}: {other:?}"),
    }
}

#[derive(Clone, Debug)]
enum Claim {
    Same,
    Fingerprint(u32, u64),
    Streams(Vec<Told>, bool),
}

/// A stream by how far it lies behind the one before, its prefix, and the gaps and lengths of its ranges.
type Told = (u64, u64, Vec<(u64, u64)>);

impl Claim {
    /// Writes the stretch that ends `step` after the last tag so far.
    fn spell(&self, step: u64, last: &mut u64) -> String {
        let mut next = |by: u64| {
            *last += by;
            spell_tag(StreamTag::new(*last))
        };
        match self {
            Self::Same => format!("[{}]", next(step)),
            Self::Fingerprint(count, fingerprint) => {
                format!("[{},{count},{}]", next(step), spell_tag(StreamTag::new(*fingerprint)))
            }
            Self::Streams(streams, answer) => {
                let spell = |(by, prefix, ranges): &Told| {
                    let mut end = *prefix;
                    let ranges: Vec<String> = ranges
                        .iter()
                        .map(|(gap, length)| {
                            let from = end + gap;
                            end = from + length;
                            format!("[{from},{end}]")
                        })
                        .collect();
                    let tag = next(*by);
                    if ranges.is_empty() {
                        format!("[{tag},{prefix}]")
                    } else {
                        format!("[{tag},{prefix},[{}]]", ranges.join(","))
                    }
                };
                let streams: Vec<String> = streams.iter().map(spell).collect();
                format!("[{},[{}],{answer}]", next(step), streams.join(","))
            }
        }
    }
}

/// A tag as it stands on the wire.
pub(crate) fn spell_tag(tag: StreamTag) -> String {
    serde_json::to_string(&tag).expect("text")
}
