//! Allocations and bytes, counted by the allocator: exact, and the same on every machine of one pointer width.

use core::time::Duration;
use std::hint::black_box;

use allocation_counter::measure;
use chinwag::framing::Decoder;
use chinwag::{Body, ChatNode, Input, LinkId, Message, Time};
use chinwag_memory::{LinkModel, Network, NetworkConfig, ms, secs};
use chinwag_testkit::{hub, numbered, relay};

fn main() {
    println!("| case | count |");
    println!("|---|---:|");
    for links in [8, 64, 512, 4096] {
        row(&format!("fanout: allocations of a broadcast to {links} links"), fanout(links));
    }
    let (fresh, duplicate) = handle();
    row("handle: allocations of a fresh message", fresh);
    row("handle: allocations of a duplicate", duplicate);
    row("framing: allocations of a frame that is read", reading());
    row("dedup: bytes of a stream, one message each", stream_of(1));
    row("dedup: bytes of a stream, 100 messages each", stream_of(100));
    for nodes in [100, 1000] {
        row(&format!("swarm: bytes of a node among {nodes}"), node_among(nodes));
    }
}

fn row(case: &str, count: f64) {
    println!("| {case} | {count:.2} |");
}

fn fanout(links: u64) -> f64 {
    let mut node = hub(links).node;
    let mut now = node.now();
    let mut say = |times: u64| {
        for number in 0..times {
            now += Duration::from_nanos(100);
            assert!(node.broadcast(now, Body::text(&format!("{number:064}"))).is_ok());
            while let Some(action) = node.poll_action() {
                black_box(action);
            }
        }
    };
    // Tables have grown by then to what they stay at.
    say(SETTLED);
    measure(|| say(MESSAGES)).count_total as f64 / MESSAGES as f64
}

fn handle() -> (f64, f64) {
    let lab = relay(5);
    let (mut node, now) = (lab.node.clone(), lab.now());
    let said = |from, count| -> Vec<_> { (from..from + count).map(|number| by("peer 1", number)).collect() };
    take_in(&mut node, now, 1, &said(1, SETTLED));
    let messages = said(SETTLED + 1, MESSAGES);
    let each = |used: allocation_counter::AllocationInfo| used.count_total as f64 / MESSAGES as f64;
    let fresh = each(measure(|| take_in(&mut node, now, 1, &messages)));
    let duplicate = each(measure(|| take_in(&mut node, now, 2, &messages)));
    assert_eq!((node.stats().delivered, node.stats().duplicates), (SETTLED + MESSAGES, MESSAGES));
    (fresh, duplicate)
}

/// Frames that come in reads of 64 KiB, and are let go of again.
fn reading() -> f64 {
    let said = (1..=MESSAGES).map(|number| numbered("ann", number, &format!("{number:0256}")));
    let bytes: Vec<u8> = said.flat_map(|message| [message.encoded(), &b"\n"[..]].concat()).collect();
    let mut decoder = Decoder::new(64 * 1024);
    let mut read = |bytes: &[u8]| {
        let mut count = 0;
        for chunk in bytes.chunks(64 * 1024) {
            decoder.push(chunk);
            while let Some(message) = decoder.next() {
                assert!(message.is_ok());
                count += 1;
            }
        }
        assert_eq!(count, MESSAGES);
    };
    read(&bytes);
    measure(|| read(&bytes)).count_total as f64 / MESSAGES as f64
}

/// What a node knows about an author who has said so many messages. The messages themselves are not counted: they are
/// shared by all who have them.
fn stream_of(length: u64) -> f64 {
    let lab = relay(2);
    let (mut node, now) = (lab.node.clone(), lab.now());
    let name = |author| format!("author {author}");
    let said: Vec<_> =
        (0..AUTHORS).flat_map(|author| (1..=length).map(move |number| by(&name(author), number))).collect();
    let used = measure(|| take_in(&mut node, now, 1, &said));
    assert_eq!(node.stats().delivered, AUTHORS * length);
    used.bytes_current as f64 / AUTHORS as f64
}

fn node_among(nodes: u32) -> f64 {
    let mut network = None;
    let used = measure(|| {
        let link = LinkModel::stream().latency(ms(10)..ms(50));
        let mut joined = Network::new(NetworkConfig::new(1).link(link).keep_events(false).checks(false));
        for number in 0..nodes {
            let added = joined.add_node(&format!("n{number}"));
            let first = joined.nodes().next();
            if let (Ok(node), Some(first)) = (added, first) {
                assert!(node == first || joined.join(node, first).is_ok());
            }
            joined.run_for(secs(5) / nodes);
        }
        joined.run_for(secs(5));
        network = Some(joined);
    });
    assert!(network.is_some_and(|network| network.overlay().components() == 1), "they are one network");
    used.bytes_current as f64 / f64::from(nodes)
}

fn take_in(node: &mut ChatNode, mut now: Time, link: u64, messages: &[Message]) {
    for message in messages {
        now += Duration::from_nanos(100);
        let input = Input::Received { link: LinkId::new(link), message: message.clone() };
        node.handle(now, input).map(black_box).for_each(drop);
    }
}

fn by(author: &str, number: u64) -> Message {
    numbered(author, number, &format!("{number:064}"))
}

const MESSAGES: u64 = 10_000;
/// So many messages fill the history and every table that grows with it.
const SETTLED: u64 = 20_000;
const AUTHORS: u64 = 4000;
