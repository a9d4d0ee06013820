//! What came of a measurement.

use serde::Serialize;

use super::tally::Tally;
use crate::arguments::{BenchArguments, Shape};
use crate::numbers::{number, thousands};

/// What was seen from outside the threads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    /// When it began to count, in microseconds since all began.
    pub(super) start: u64,
    /// How many messages were said from then on.
    pub(super) said: u64,
    /// How long processors worked from then on, in seconds.
    pub(super) cpu: Option<f64>,
    /// How many deliveries were still missing when it began to count.
    pub(super) lost_warming_up: u64,
}

/// What the peers of all processes tell at the end.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) tally: Tally,
    /// Over how many processes they were spread.
    pub(super) processes: usize,
    /// How long processors worked for the other processes while it counted, in seconds.
    pub(super) cpu_elsewhere: Option<f64>,
    /// The most memory that each process had, in bytes, added up.
    pub(super) peak_rss_bytes: Option<u64>,
}

/// The figures, with the names that they have as JSON.
#[derive(Clone, PartialEq, Serialize, Debug)]
pub(super) struct Figures {
    shape: &'static str,
    peers: usize,
    processes: usize,
    size: u32,
    rate: Option<u32>,
    retained: u32,
    messages: u64,
    deliveries: u64,
    pub(super) lost: u64,
    seconds: f64,
    deliveries_per_second: f64,
    cpu_seconds: Option<f64>,
    cpu_seconds_per_million_deliveries: Option<f64>,
    /// How much of one processor was used.
    cpu_share: Option<f64>,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    max_ms: Option<f64>,
    frames_per_delivery: Option<f64>,
    bytes_per_delivery: Option<f64>,
    frames_per_write: Option<f64>,
    links_too_slow: i64,
    peak_rss_bytes: Option<u64>,
}

impl Figures {
    pub(super) fn of(arguments: &BenchArguments, measured: &Measured, heard: &Heard) -> Self {
        let (shape, tally) = (arguments.shape(), &heard.tally);
        let cpu = measured.cpu.zip(heard.cpu_elsewhere).map(|(here, elsewhere)| here + elsewhere);
        let due = measured.said.saturating_mul(shape.peers().saturating_sub(1) as u64);
        let until_last = tally.last.saturating_sub(measured.start) as f64 / 1e6;
        let seconds = until_last.max(f64::from(arguments.seconds));
        let deliveries = tally.deliveries as f64;
        let each = |sum: f64| (deliveries > 0.0).then(|| sum / deliveries);
        let milliseconds = |micros: u64| (tally.deliveries > 0).then(|| micros as f64 / 1e3);
        let traffic = &tally.traffic;
        Self {
            shape: match shape {
                Shape::Star(_) => "star",
                Shape::Mesh(_) => "mesh",
            },
            peers: shape.peers(),
            processes: heard.processes,
            size: arguments.size,
            rate: arguments.rate,
            retained: arguments.retained,
            messages: measured.said,
            deliveries: tally.deliveries,
            lost: due.saturating_sub(tally.deliveries).saturating_add(measured.lost_warming_up),
            seconds,
            deliveries_per_second: deliveries / seconds,
            cpu_seconds: cpu,
            cpu_seconds_per_million_deliveries: cpu.and_then(|cpu| each(cpu * 1e6)),
            cpu_share: cpu.map(|cpu| cpu / seconds),
            p50_ms: milliseconds(tally.latency.value_at_quantile(0.5)),
            p99_ms: milliseconds(tally.latency.value_at_quantile(0.99)),
            max_ms: milliseconds(tally.latency.max()),
            frames_per_delivery: each(traffic.frames as f64),
            bytes_per_delivery: each(traffic.bytes as f64),
            frames_per_write: (traffic.writes > 0).then(|| traffic.frames as f64 / traffic.writes as f64),
            links_too_slow: traffic.too_slow,
            peak_rss_bytes: heard.peak_rss_bytes,
        }
    }

    /// A table for people, and below it in a sentence whether all went well.
    pub(super) fn table(&self, arguments: &BenchArguments) -> String {
        let mut table = String::new();
        for (what, value, remark) in self.rows(arguments) {
            table.push_str(&format!("{what:<12}{value:>12}  {remark}\n"));
        }
        let whole = |count: u64| thousands(usize::try_from(count).unwrap_or(usize::MAX));
        table.push_str(&match (self.messages, self.lost) {
            (0, 0) => "Nothing was said.\n".to_owned(),
            (_, 0) => "Every message reached every peer exactly once.\n".to_owned(),
            (_, lost) => format!("NOT every message reached every peer: {} are missing.\n", whole(lost)),
        });
        table
    }

    fn rows(&self, arguments: &BenchArguments) -> Vec<(&'static str, String, String)> {
        let whole = |count: u64| thousands(usize::try_from(count).unwrap_or(usize::MAX));
        let linked = match arguments.shape() {
            Shape::Star(_) => "one speaks, and all others are linked with it alone",
            Shape::Mesh(_) => "each found its neighbours itself, and all speak in turn",
        };
        let linked = match self.processes {
            1 => linked.to_owned(),
            processes => format!("{linked}; in {processes} processes, as one may not open as many files"),
        };
        let pace = arguments.rate.map_or_else(
            || format!("as many as it takes to have {} under way", thousands(arguments.window as usize)),
            |rate| format!("{} a second", thousands(rate as usize)),
        );
        let mebibytes = self.peak_rss_bytes.map(|bytes| bytes as f64 / f64::from(1 << 20));
        let mut rows = vec![
            ("peers", thousands(self.peers), linked),
            ("messages", whole(self.messages), format!("of {} bytes, {pace}", thousands(self.size as usize))),
        ];
        if self.messages > 0 {
            rows.extend([
                (
                    "deliveries",
                    whole(self.deliveries),
                    format!("in {:.2} s: {} a second", self.seconds, whole(self.deliveries_per_second as u64)),
                ),
                (
                    "latency",
                    format!("{} ms", number(self.p50_ms, 2)),
                    format!(
                        "from being said to being delivered, in the middle; {} ms at the 99th percentile, {} at most",
                        number(self.p99_ms, 2),
                        number(self.max_ms, 2)
                    ),
                ),
                (
                    "frames",
                    number(self.frames_per_delivery, 2),
                    format!(
                        "sent for each delivery, {} bytes; {} in each write",
                        number(self.bytes_per_delivery, 0),
                        number(self.frames_per_write, 1)
                    ),
                ),
                (
                    "processors",
                    format!("{} s", number(self.cpu_seconds_per_million_deliveries, 2)),
                    "for a million deliveries, saying, passing on and hearing them together".to_owned(),
                ),
            ]);
        }
        rows.push((
            "load",
            format!("{} %", number(self.cpu_share.map(|share| share * 100.0), 1)),
            "of one processor".to_owned(),
        ));
        rows.push((
            "memory",
            format!("{} MiB", number(mebibytes, 0)),
            format!(
                "at most, for all peers, each of which keeps the last {} messages",
                thousands(arguments.retained as usize)
            ),
        ));
        if self.links_too_slow > 0 {
            rows.push(("cut off", self.links_too_slow.to_string(), "links that were too slow".to_owned()));
        }
        rows
    }
}
