//! What it costs to tell a fresh message from one that was seen before: in one stream, in many, and out of order.

use core::time::Duration;
use std::hint::black_box;

use chinwag::{ChatNode, Input, LinkId, Message, Time};
use chinwag_testkit::{numbered, relay};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn dedup(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dedup");
    group.throughput(Throughput::Elements(MESSAGES));
    for authors in [1, 1000] {
        let messages = said(authors);
        let mut cases = vec![("fresh", false, messages.clone()), ("duplicate", true, messages.clone())];
        if authors == 1 {
            cases.push(("out of order", false, every_two_swapped(&messages)));
        }
        for (case, seen_before, inputs) in cases {
            let (mut node, now) = listener();
            if seen_before {
                take_in(&mut node, now, 1, &messages);
            }
            group.bench_function(BenchmarkId::new(case, authors), |bencher| {
                bencher.iter_batched(
                    || node.clone(),
                    |mut node| {
                        take_in(&mut node, now, 2, &inputs);
                        let stats = node.stats();
                        let duplicates = if seen_before { MESSAGES } else { 0 };
                        assert_eq!(
                            (stats.delivered, stats.duplicates),
                            (MESSAGES, duplicates),
                            "what is measured is what it says"
                        );
                        node
                    },
                    BatchSize::LargeInput,
                );
            });
        }
    }
    group.finish();
}

fn take_in(node: &mut ChatNode, mut now: Time, link: u64, messages: &[Message]) {
    for message in messages {
        now += Duration::from_nanos(100);
        let input = Input::Received { link: LinkId::new(link), message: message.clone() };
        node.handle(now, input).map(black_box).for_each(drop);
    }
}

/// A node that passes nothing on, so that nothing else is measured.
fn listener() -> (ChatNode, Time) {
    let lab = relay(2);
    let now = lab.now();
    (lab.node, now)
}

/// Messages by so many authors, who take turns.
fn said(authors: u64) -> Vec<Message> {
    let say = |turn: u64| {
        numbered(&format!("author {}", turn % authors), turn / authors + 1, &format!("{turn:064}"))
    };
    (0..MESSAGES).map(say).collect()
}

fn every_two_swapped(messages: &[Message]) -> Vec<Message> {
    let mut swapped = messages.to_vec();
    swapped.chunks_exact_mut(2).for_each(<[Message]>::reverse);
    swapped
}

const MESSAGES: u64 = 10_000;

criterion_group!(benches, dedup);
criterion_main!(benches);
