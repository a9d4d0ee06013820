//! What a network in memory costs, by how many nodes it has: everybody joins, and then something is said.

use core::time::Duration;

use chinwag_memory::{LinkModel, Network, NetworkConfig, ms, secs};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn swarm(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("swarm");
    group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(secs(5));
    for nodes in [100, 1000] {
        // Counted once: every run is the same.
        let joined = join(nodes);
        group.throughput(Throughput::Elements(joined.stats().inputs));
        group.bench_function(BenchmarkId::new("join", nodes), |bencher| {
            bencher.iter_with_large_drop(|| join(nodes));
        });
        let said = say(joined.clone());
        assert_eq!(
            said.spreads().iter().map(|spread| spread.deliveries().len()).sum::<usize>(),
            ROUNDS * (nodes - 1)
        );
        group.throughput(Throughput::Elements(said.stats().inputs - joined.stats().inputs));
        group.bench_function(BenchmarkId::new("say", nodes), |bencher| {
            bencher.iter_batched(|| joined.clone(), say, BatchSize::PerIteration);
        });
    }
    group.finish();
}

/// Nodes that joined through the first over five virtual seconds, and another five later.
fn join(nodes: usize) -> Network {
    let link = LinkModel::stream().latency(ms(10)..ms(50));
    let mut network =
        Network::new(NetworkConfig::new(1).link(link).keep_events(false).checks(false).track_spread(true));
    let pause = secs(5) / u32::try_from(nodes).unwrap_or(u32::MAX);
    for number in 0..nodes {
        let added = network.add_node(&format!("n{number}"));
        let first = network.nodes().next();
        if let (Ok(node), Some(first)) = (added, first) {
            assert!(node == first || network.join(node, first).is_ok());
        }
        network.run_for(pause);
    }
    network.run_for(secs(5));
    network
}

/// Half a virtual second after each other, everybody's turn comes.
fn say(mut network: Network) -> Network {
    let authors: Vec<_> = network.nodes().take(ROUNDS).collect();
    for (round, author) in authors.into_iter().enumerate() {
        assert!(network.broadcast(author, format!("{round:064}")).is_ok());
        network.run_for(ms(500));
    }
    network
}

const ROUNDS: usize = 10;

criterion_group!(benches, swarm);
criterion_main!(benches);
