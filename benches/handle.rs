//! What a node in the middle of a tree costs for each message: one that it passes on, and one that it has seen before.
//!
//! It has five neighbours that are pushed to, the messages have 64 bytes and come as values.

use core::time::Duration;
use std::hint::black_box;

use chinwag::{Input, LinkId};
use chinwag_testkit::{numbered, relay};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn handle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("handle");
    group.bench_function("fresh message", |bencher| {
        let mut node = relay(5).node;
        let (mut sequence, mut now) = (0, node.now());
        let next = || {
            sequence += 1;
            received(1, sequence)
        };
        bencher.iter_batched(
            next,
            |input| {
                now += Duration::from_nanos(100);
                node.handle(now, input).map(black_box).count()
            },
            BatchSize::SmallInput,
        );
        assert!(
            node.stats().delivered > 0 && node.stats().duplicates == 0,
            "what is measured is what it says"
        );
    });
    group.bench_function("duplicate", |bencher| {
        let mut node = relay(5).node;
        let mut now = node.now();
        for sequence in 1..=DISTINCT {
            node.handle(now, received(1, sequence)).for_each(drop);
        }
        let mut sequence = 0;
        let next = || {
            sequence = sequence % DISTINCT + 1;
            received(2, sequence)
        };
        bencher.iter_batched(
            next,
            |input| {
                now += Duration::from_nanos(100);
                node.handle(now, input).map(black_box).count()
            },
            BatchSize::SmallInput,
        );
        assert!(
            node.stats().duplicates > 0 && node.stats().delivered == DISTINCT,
            "what is measured is what it says"
        );
    });
    group.finish();
}

fn received(link: u64, sequence: u64) -> Input {
    Input::Received {
        link: LinkId::new(link),
        message: numbered("peer 1", sequence, &format!("{sequence:064}")),
    }
}

const DISTINCT: u64 = 10_000;

criterion_group!(benches, handle);
criterion_main!(benches);
