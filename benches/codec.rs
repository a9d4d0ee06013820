//! What a message costs on its way from and to bytes, by its length.

use std::hint::black_box;

use bytes::Bytes;
use chinwag::Message;
use chinwag_testkit::{classic, numbered};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn codec(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec");
    for length in [10, 1000, 50_000] {
        let text = "x".repeat(length);
        let message = numbered("somebody", 1, &text);
        let frame: Bytes = message.encoded().clone();
        group.throughput(Throughput::Bytes(frame.len() as u64));
        group.bench_with_input(BenchmarkId::new("decode", length), &frame, |bencher, frame| {
            bencher.iter(|| Message::decode(black_box(frame.clone())));
        });
        group.bench_with_input(BenchmarkId::new("encode", length), &message, |bencher, message| {
            bencher.iter(|| {
                let content = message.content().clone();
                let anew = Message::new(message.originator().clone(), message.time().clone(), content);
                black_box(anew.encoded().len())
            });
        });
        let old = classic("somebody", &text);
        group.bench_with_input(BenchmarkId::new("classic id", length), &old, |bencher, old| {
            // A clone shares the id once it is known, so each round takes a new message.
            bencher.iter(|| black_box(old.to_classic().classic_id()));
        });
    }
    group.finish();
}

criterion_group!(benches, codec);
criterion_main!(benches);
