//! What it costs to say something to everybody, by how many that are: one action and one encoding for all of them.

use core::time::Duration;
use std::hint::black_box;

use chinwag::Body;
use chinwag_testkit::hub;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn fanout(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("broadcast to native peers");
    for peers in [5, 50, 500] {
        group.bench_with_input(BenchmarkId::from_parameter(peers), &peers, |bencher, &peers| {
            let mut node = hub(peers).node;
            let mut now = node.now();
            let mut said = 0_u64;
            bencher.iter(|| {
                // Each text is said once: the same words again would have to be told apart.
                said += 1;
                now += Duration::from_nanos(100);
                let said = node.broadcast(now, Body::text(&said.to_string()));
                assert!(said.is_ok());
                core::iter::from_fn(|| node.poll_action()).map(black_box).count()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, fanout);
criterion_main!(benches);
