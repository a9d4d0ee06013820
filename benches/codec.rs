//! What a message costs on its way from and to bytes, by its length; beside it, serde_json
//! alone on the same frame.

use std::hint::black_box;

use bytes::Bytes;
use chinwag::Message;
use chinwag_testkit::{classic, numbered};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;

fn codec(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec");
    for length in [64, 1000, 50_000] {
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
        group.bench_with_input(
            BenchmarkId::new("decode, serde_json alone", length),
            &frame,
            |bencher, frame| {
                bencher.iter(|| serde_json::from_slice::<Value>(black_box(frame)));
            },
        );
        let value = serde_json::from_slice::<Value>(&frame).unwrap_or_default();
        assert!(value.is_object(), "what is measured is what it says");
        group.bench_with_input(
            BenchmarkId::new("encode, serde_json alone", length),
            &value,
            |bencher, value| {
                bencher.iter(|| serde_json::to_vec(black_box(value)));
            },
        );
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
