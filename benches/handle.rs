//! What a node costs for each message: one that it passes on, and one that it has seen before.

use core::time::Duration;
use std::hint::black_box;

use chinwag::{Input, LinkId, Message, Time};
use chinwag_testkit::hub;
use chinwag_testkit::numbered;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn handle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("handle, 5 links");
    group.bench_function("fresh message", |bencher| {
        let mut node = hub(5).node;
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
        let mut node = hub(5).node;
        let now: Time = node.now();
        node.handle(now, received(1, 1)).for_each(drop);
        bencher.iter_batched(
            || received(2, 1),
            |input| node.handle(now, input).map(black_box).count(),
            BatchSize::SmallInput,
        );
        assert!(
            node.stats().duplicates > 0 && node.stats().delivered == 1,
            "what is measured is what it says"
        );
    });
    group.finish();
}

/// A message of about 100 bytes, as it comes from the wire.
fn received(link: u64, sequence: u64) -> Input {
    let message = numbered("peer 1", sequence, &format!("message {sequence}"));
    let message = Message::decode(message.encoded().clone()).unwrap_or(message);
    Input::Received { link: LinkId::new(link), message }
}

criterion_group!(benches, handle);
criterion_main!(benches);
