use chinwag_memory::*;
use std::time::Duration;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n: usize = a[1].parse().unwrap();
    let seed: u64 = a[2].parse().unwrap();
    let rounds: usize = a[3].parse().unwrap();
    let authors: usize = a[4].parse().unwrap();
    let kill: f64 = a.get(5).map_or(0.0, |k| k.parse().unwrap());
    let loss: f64 = a.get(6).map_or(0.0, |k| k.parse().unwrap());
    let mut config = NetworkConfig::new(seed).keep_events(false).track_spread(true);
    if loss > 0.0 {
        config = config.link(LinkModel::datagram().loss(loss));
    }
    let mut net = Network::new(config);
    let t0 = std::time::Instant::now();
    let nodes: Vec<NodeId> = (0..n).map(|i| net.add_node(&format!("n{i}")).unwrap()).collect();
    for (i, node) in nodes.iter().enumerate().skip(1) {
        net.join(*node, nodes[0]).unwrap();
        if i % (n / 50).max(1) == 0 {
            net.run_for(ms(100));
        }
    }
    net.run_for(secs(60));
    let degs: Vec<usize> = nodes.iter().map(|x| net.node(*x).active_view().count()).collect();
    println!(
        "join {:?} inputs {} degree mean {:.2} min {} max {} below4 {} passive mean {:.1}",
        t0.elapsed(),
        net.stats().inputs,
        degs.iter().sum::<usize>() as f64 / n as f64,
        degs.iter().min().unwrap(),
        degs.iter().max().unwrap(),
        degs.iter().filter(|d| **d < 4).count(),
        nodes.iter().map(|x| net.node(*x).passive_view().count()).sum::<usize>() as f64 / n as f64
    );
    let mut sum = |name: &str, f: &dyn Fn(&chinwag::Stats) -> u64| {
        println!("  {name} {}", nodes.iter().map(|x| f(net.node(*x).stats())).sum::<u64>())
    };
    sum("walks", &|s| s.walks);
    sum("shuffles", &|s| s.shuffles);
    sum("turned_away", &|s| s.turned_away);
    sum("dials", &|s| s.dials);
    sum("control", &|s| s.control);
    sum("splits", &|s| s.splits);
    println!("components {}", components(&net, &nodes));
    let t0 = std::time::Instant::now();
    if kill == 0.0 {
        for r in 0..rounds {
            let author = nodes[(r % authors) * 7919 % n];
            let id = net.broadcast(author, "x".repeat(64)).unwrap();
            net.run_for(secs(3));
            let s = net.spread(&id).unwrap();
            if r < 40 || r + authors >= rounds {
                println!(
                    "msg {} of author {}: delivered {}/{} rmr {:.4} ldh {} last {:?}",
                    r / authors + 1,
                    r % authors,
                    s.deliveries().len(),
                    n - 1,
                    s.copies() as f64 / (n - 1) as f64 - 1.0,
                    s.last_hop().unwrap_or(0),
                    s.last_delivery().unwrap_or_default()
                );
            }
        }
    } else {
        let mut order: Vec<usize> = (0..n).collect();
        let mut x = seed.wrapping_mul(0x9e3779b97f4a7c15) | 1;
        for i in (1..n).rev() {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            order.swap(i, (x % (i as u64 + 1)) as usize);
        }
        let dead = (n as f64 * kill) as usize;
        let alive: Vec<NodeId> = order[dead..].iter().map(|i| nodes[*i]).collect();
        let id = net.broadcast(alive[0], "x".repeat(64)).unwrap();
        for i in &order[..dead] {
            net.crash(nodes[*i]);
        }
        let start = net.now();
        let mut healed: Option<Duration> = None;
        for step in 0..600 {
            net.run_for(ms(20));
            let c = components(&net, &alive);
            let got =
                net.spread(&id).unwrap().deliveries().iter().filter(|d| alive.contains(&d.node)).count();
            if c == 1 && healed.is_none() {
                healed = Some(net.now().saturating_since(start));
            }
            if step % 10 == 0 && step < 100 || step == 599 {
                println!(
                    "t {:?} components {c} got {got}/{}",
                    net.now().saturating_since(start),
                    alive.len() - 1
                );
            }
            if c == 1 && got == alive.len() - 1 {
                println!("done {:?} healed {healed:?}", net.now().saturating_since(start));
                break;
            }
            if c != 1 {
                healed = None;
            }
        }
    }
    println!("run {:?}", t0.elapsed());
    let mut sum = |name: &str, f: &dyn Fn(&chinwag::Stats) -> u64| {
        println!("  {name} {}", nodes.iter().map(|x| f(net.node(*x).stats())).sum::<u64>())
    };
    sum("announced", &|s| s.announced);
    sum("grafts", &|s| s.grafts);
    sum("prunes", &|s| s.prunes);
    sum("pulls", &|s| s.pulls);
    sum("repaired", &|s| s.repaired);
    sum("syncs", &|s| s.syncs);
    sum("duplicates", &|s| s.duplicates);
    sum("resent", &|s| s.resent);
    sum("missing", &|s| s.missing);
    sum("rejected", &|s| s.rejected);
    if let Err(v) = net.check() {
        println!("VIOLATION {v}");
    }
}
fn components(net: &Network, nodes: &[NodeId]) -> usize {
    let names: std::collections::HashMap<String, usize> =
        nodes.iter().enumerate().map(|(i, n)| (net.node(*n).id().to_string(), i)).collect();
    let mut parent: Vec<usize> = (0..nodes.len()).collect();
    fn find(p: &mut Vec<usize>, i: usize) -> usize {
        let mut i = i;
        while p[i] != i {
            p[i] = p[p[i]];
            i = p[i];
        }
        i
    }
    for (i, n) in nodes.iter().enumerate() {
        for peer in net.node(*n).active_view() {
            if let Some(j) = names.get(peer.as_str()) {
                let (a, b) = (find(&mut parent, i), find(&mut parent, *j));
                parent[a] = b;
            }
        }
    }
    (0..nodes.len()).filter(|i| find(&mut parent, *i) == *i).count()
}
