//! What it costs to say something to everybody, by how many that are: one action and one encoding for all of them.

use core::time::Duration;
use std::hint::black_box;

use chinwag::{Action, Body};
use chinwag_testkit::hub;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn fanout(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fanout");
    for links in [8, 64, 512, 4096] {
        // Once for all samples: many links take long to make.
        let (hub, start) = {
            let lab = hub(links);
            (lab.node.clone(), lab.now())
        };
        group.throughput(Throughput::Elements(links));
        group.bench_with_input(BenchmarkId::from_parameter(links), &links, |bencher, &links| {
            let (mut node, mut now) = (hub.clone(), start);
            let mut number = 0_u64;
            bencher.iter(|| {
                // Each text is said once: the same words again would have to be told apart.
                number += 1;
                now += Duration::from_nanos(100);
                let said = node.broadcast(now, Body::text(&format!("{number:064}")));
                assert!(said.is_ok());
                let mut sent = 0;
                while let Some(action) = node.poll_action() {
                    if let Action::Send { to, message } = &action {
                        black_box(message.encoded());
                        sent += to.iter().map(black_box).count();
                    }
                }
                assert_eq!(sent as u64, links);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, fanout);
criterion_main!(benches);
