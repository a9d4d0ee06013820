//! The figures of the protocol, by scenario: measured by `chinwag sim`, held to what they should reach, and kept as a
//! table. As every run is a function of its seed, the table is the same on every machine, to the last digit.
//!
//! The small table is checked with every run of the tests. After a change of the protocol that is meant,
//! `UPDATE_FIGURES=1 cargo test -p chinwag-cli --test figures` writes it anew, and the difference is there to be read.
//! `cargo test --release -p chinwag-cli --test figures -- --ignored` measures the full table and writes it to
//! `docs/figures.md`.
#![cfg(test)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Map, Value};

/// One measurement: a run for each seed, the worst of which counts.
struct Scenario {
    name: &'static str,
    arguments: &'static str,
    seeds: u32,
    /// Which figures the table shows.
    figures: &'static [&'static str],
    /// What each run must reach: at most so much, or at least if the number is written as a lower bound.
    limits: &'static [(&'static str, Limit)],
}

#[derive(Clone, Copy)]
enum Limit {
    Most(f64),
    Least(f64),
}
use Limit::{Least, Most};

const TREE: &[&str] = &[
    "delivered_ratio",
    "rmr_mean",
    "hops_last_first",
    "hops_last_settled",
    "last_delivery_ms_first",
    "last_delivery_ms_settled",
    "degree_mean",
    "degree_min",
    "envelope_bytes",
    "control_bytes_per_delivery",
    "idle_bytes_per_node_minute",
];
const TREE_LIMITS: &[(&str, Limit)] = &[
    ("lost", Most(0.0)),
    ("rmr_mean", Most(0.02)),
    ("hops_last_first", Most(20.0)),
    ("hops_last_settled", Most(14.0)),
    ("last_delivery_ms_first", Most(400.0)),
    ("last_delivery_ms_settled", Most(250.0)),
    ("degree_mean", Least(5.8)),
    ("degree_min", Least(4.0)),
    ("envelope_bytes", Most(300.0)),
    ("control_bytes_per_delivery", Most(100.0)),
];
const KILL: &[&str] = &["survivors", "kill_delivered_ratio", "heal_seconds", "components", "lost"];
const LOSS: &[&str] = &["deliveries", "lost", "rmr_mean", "last_delivery_ms_mean"];
const IDLE: &[&str] = &["idle_link_hours", "idle_false_alarms", "idle_bytes_per_node_minute"];
const JOINER: &[&str] = &["joiner_received", "joiner_round_trips", "joiner_overhead", "joiner_seconds"];
const CUT: &[&str] = &["partition_messages", "lost", "partition_recovery_seconds"];

const fn healed(seconds: f64) -> [(&'static str, Limit); 3] {
    [("lost", Most(0.0)), ("components", Most(1.0)), ("heal_seconds", Most(seconds))]
}
const HEALED_50: [(&str, Limit); 3] = healed(0.5);
const HEALED_80: [(&str, Limit); 3] = healed(1.0);
const HEALED_90: [(&str, Limit); 3] = healed(1.5);
const HEALED_95: [(&str, Limit); 3] = healed(3.0);

const fn under_loss(share: f64) -> [(&'static str, Limit); 2] {
    [("lost", Most(0.0)), ("rmr_mean", Most(1.6 * share + 0.02))]
}
const LOSS_5: [(&str, Limit); 2] = under_loss(0.05);
const LOSS_10: [(&str, Limit); 2] = under_loss(0.1);
const LOSS_20: [(&str, Limit); 2] = under_loss(0.2);

const JOINED: &[(&str, Limit)] = &[("joiner_overhead", Most(0.05)), ("lost", Most(0.0))];
const RECOVERED: &[(&str, Limit)] = &[("lost", Most(0.0)), ("partition_recovery_seconds", Most(5.0))];

macro_rules! scenarios {
    ($($name:literal, $arguments:literal, $seeds:literal, $figures:expr, $limits:expr;)*) => {
        &[$(Scenario { name: $name, arguments: $arguments, seeds: $seeds, figures: $figures, limits: $limits }),*]
    };
}

const SMALL: &[Scenario] = scenarios![
    "tree, 100", "--nodes 100 --rounds 16 --senders rotate --warm 20s", 1, TREE, TREE_LIMITS;
    "flood, 100", "--nodes 100 --rounds 4 --strategy flood --warm 20s", 1, &["delivered_ratio", "rmr_mean"], &[("lost", Most(0.0))];
    "kill 50 %, 100", "--nodes 100 --rounds 3 --warm 20s --kill 0.5 --kill-at-broadcast", 2, KILL, &HEALED_50;
    "kill 90 %, 100", "--nodes 100 --rounds 3 --warm 20s --kill 0.9 --kill-at-broadcast", 2, KILL, &HEALED_90;
    "loss 10 %, 150", "--nodes 150 --rounds 12 --warm 20s --semantics datagram --loss 0.1", 1, LOSS, &LOSS_10;
    "joiner, 10", "--nodes 10 --warm 10s --joiner --history 300", 1, JOINER, JOINED;
    "cut for 20 s, 20", "--nodes 20 --warm 20s --partition 20s", 1, CUT, RECOVERED;
];

const FULL: &[Scenario] = scenarios![
    "tree, 20", "--nodes 20 --rounds 32 --senders rotate --size 256", 5, TREE, &[("lost", Most(0.0)), ("degree_min", Least(4.0))];
    "tree, 1,000", "--nodes 1000 --rounds 80 --senders rotate", 3, TREE, TREE_LIMITS;
    "tree, 10,000", "--nodes 10000 --rounds 80 --senders rotate", 1, TREE, TREE_LIMITS;
    "tree, 1,000, 256 B", "--nodes 1000 --rounds 80 --senders rotate --size 256", 1, TREE, TREE_LIMITS;
    "flood, 1,000", "--nodes 1000 --rounds 10 --strategy flood", 1, &["delivered_ratio", "rmr_mean", "hops_last_mean", "last_delivery_ms_mean"], &[("lost", Most(0.0))];
    "kill 50 %, 500", "--nodes 500 --rounds 3 --warm 30s --kill 0.5 --kill-at-broadcast", 100, KILL, &HEALED_50;
    "kill 80 %, 500", "--nodes 500 --rounds 3 --warm 30s --kill 0.8 --kill-at-broadcast", 100, KILL, &HEALED_80;
    "kill 90 %, 500", "--nodes 500 --rounds 3 --warm 30s --kill 0.9 --kill-at-broadcast", 100, KILL, &HEALED_90;
    "kill 95 %, 500", "--nodes 500 --rounds 3 --warm 30s --kill 0.95 --kill-at-broadcast", 100, KILL, &HEALED_95;
    "kill 90 %, 10,000", "--nodes 10000 --rounds 3 --warm 30s --kill 0.9 --kill-at-broadcast", 1, KILL, &HEALED_90;
    "kill 95 %, 10,000", "--nodes 10000 --rounds 3 --warm 30s --kill 0.95 --kill-at-broadcast", 1, KILL, &HEALED_95;
    "loss 5 %, 1,000", "--nodes 1000 --rounds 1010 --senders random --warm 20s --semantics datagram --loss 0.05", 1, LOSS, &LOSS_5;
    "loss 10 %, 1,000", "--nodes 1000 --rounds 1010 --senders random --warm 20s --semantics datagram --loss 0.1", 1, LOSS, &LOSS_10;
    "loss 20 %, 1,000", "--nodes 1000 --rounds 1010 --senders random --warm 20s --semantics datagram --loss 0.2", 1, LOSS, &LOSS_20;
    "joiner, 10,000 messages", "--nodes 100 --joiner --history 10000", 3, JOINER, &[("joiner_overhead", Most(0.05)), ("joiner_round_trips", Most(2.05)), ("joiner_received", Least(10_000.0))];
    "joiner, 10,000 of 1,000,000", "--nodes 10 --warm 20s --joiner --history 1000000 --retained 1000000 --catch-up 10000", 1, JOINER, &[("joiner_overhead", Most(0.05)), ("joiner_round_trips", Most(2.05)), ("joiner_received", Least(10_000.0))];
    "idle, 500, loss 5 %", "--nodes 500 --rounds 1 --warm 2h --semantics datagram --loss 0.05 --loss-from-start", 1, IDLE, &[("idle_link_hours", Least(1500.0)), ("idle_false_alarms", Most(0.0)), ("idle_bytes_per_node_minute", Most(40_000.0))];
    "idle, 500", "--nodes 500 --rounds 1 --warm 20m", 1, &["idle_bytes_per_node_minute"], &[("idle_bytes_per_node_minute", Most(20_000.0))];
    "cut for 60 s, 20", "--nodes 20 --partition 60s", 5, CUT, RECOVERED;
    "cut for 60 s, 1,000", "--nodes 1000 --partition 60s", 1, CUT, RECOVERED;
];

#[test]
fn the_figures_are_as_they_were_and_within_their_limits() {
    let table = measure(SMALL);
    let golden = root().join("cli/tests/figures.golden");
    if std::env::var_os("UPDATE_FIGURES").is_some() {
        fs::write(&golden, &table).unwrap();
    }
    let before = fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(
        table, before,
        "the figures have changed: if that is meant, write them anew with UPDATE_FIGURES=1 and read the difference"
    );
}

#[test]
#[ignore = "takes long: run it in release, by name"]
fn the_full_table_is_within_its_limits() {
    let table = measure(FULL);
    let page = root().join("docs/figures.md");
    let text = fs::read_to_string(&page).unwrap();
    let (head, _) = text.split_once(MARK).expect("the mark above the table");
    fs::write(&page, format!("{head}{MARK}\n\n{table}")).unwrap();
}

const MARK: &str = "<!-- measured -->";

/// Runs all scenarios, as many at once as there are processors, and makes a table of them.
fn measure(scenarios: &[Scenario]) -> String {
    let runs: Vec<(usize, u32)> = scenarios
        .iter()
        .enumerate()
        .flat_map(|(at, scenario)| (1..=scenario.seeds).map(move |seed| (at, seed)))
        .collect();
    let results: Mutex<Vec<Option<Map<String, Value>>>> = Mutex::new(vec![None; runs.len()]);
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(&(at, seed)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = run(&scenarios[at], seed);
                    let place = runs.iter().position(|run| *run == (at, seed)).unwrap();
                    results.lock().unwrap()[place] = Some(result);
                }
            });
        }
    });
    let results = results.into_inner().unwrap();
    let mut table = String::from(
        "| scenario | `chinwag sim` | seeds | figures (of several seeds: least to most) |\n|---|---|---|---|\n",
    );
    for (at, scenario) in scenarios.iter().enumerate() {
        let of_this = runs.iter().zip(&results).filter(|((of, _), _)| *of == at);
        let of_this: Vec<&Map<String, Value>> = of_this.filter_map(|(_, result)| result.as_ref()).collect();
        assert_eq!(of_this.len(), scenario.seeds as usize, "every run has a result");
        let (torn, of_this): (Vec<_>, Vec<_>) =
            of_this.into_iter().partition(|result| is_torn_for_good(result));
        assert!(torn.len() * 50 <= of_this.len(), "{}: {} of them cannot heal", scenario.name, torn.len());
        let mut cells: Vec<String> = scenario.figures.iter().map(|figure| cell(figure, &of_this)).collect();
        if !torn.is_empty() {
            cells.push(format!("without {} whose survivors could not know all of each other", torn.len()));
        }
        let Scenario { name, arguments, seeds, .. } = scenario;
        let _ = writeln!(table, "| {name} | `{arguments}` | {seeds} | {} |", cells.join(", "));
    }
    table
}

fn run(scenario: &Scenario, seed: u32) -> Map<String, Value> {
    let Scenario { name, arguments, limits, .. } = scenario;
    let mut command = Command::new(env!("CARGO_BIN_EXE_chinwag"));
    command.arg("sim").args(arguments.split(' ')).args(["--format", "json", "--seed", &seed.to_string()]);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let result: Map<String, Value> = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{name}, seed {seed}: {error}: {}", String::from_utf8_lossy(&output.stderr))
    });
    assert_eq!(result["violation"], Value::Null, "{name}, seed {seed}");
    if is_torn_for_good(&result) {
        assert!(
            result["components"].as_u64() <= result["kill_known_components"].as_u64(),
            "{name}, seed {seed}"
        );
        return result;
    }
    for (figure, limit) in *limits {
        let value = result[*figure].as_f64().unwrap_or_else(|| panic!("{name}, seed {seed}: no {figure}"));
        let holds = match limit {
            Most(most) => value <= *most,
            Least(least) => value >= *least,
        };
        assert!(holds, "{name}, seed {seed}: {figure} is {value}");
    }
    result
}

/// Whether those whom a kill left fell apart by whom they knew, so that nothing that they do brings them together.
fn is_torn_for_good(result: &Map<String, Value>) -> bool {
    result["kill_known_components"].as_u64().is_some_and(|parts| parts > 1)
}

fn cell(figure: &str, results: &[&Map<String, Value>]) -> String {
    let values: Vec<f64> = results.iter().filter_map(|result| result[figure].as_f64()).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if least == most {
        format!("{figure} {}", short(most))
    } else {
        format!("{figure} {} to {}", short(least), short(most))
    }
}

/// A number with as many digits as matter.
fn short(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value}")
    } else if value.abs() < 1.0 {
        format!("{value:.4}")
    } else if value.abs() < 100.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.0}")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
