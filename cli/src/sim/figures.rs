//! What came of a simulation, in figures. Every one is measured.

use std::collections::BTreeMap;
use std::time::Duration;

use chinwag_memory::Traffic;
use serde::Serialize;

use crate::process;
use crate::sim::cast::SETTLED_FROM;
use crate::sim::distributions::Distributions;
use crate::sim::joiner::Joined;
use crate::sim::kill_sweep::KilledShare;
use crate::sim::measure::Measured;
use crate::sim::partition::Healed;
use crate::sim::rounds::Killed;
use crate::sim::scenario::World;

/// A simulation that is over.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) seed: u64,
    pub(super) world: &'a World,
    pub(super) measured: &'a [Measured],
    pub(super) distributions: &'a Distributions,
    /// What all nodes together sent from the first message on.
    pub(super) traffic: Traffic,
    /// Virtual time from the first message on.
    pub(super) virtual_time: Duration,
    /// Real time until all were linked.
    pub(super) joining: Duration,
    /// Real time from the first message on.
    pub(super) speaking: Duration,
    pub(super) killed: Option<Killed>,
    pub(super) kill_sweep: Option<Vec<KilledShare>>,
    pub(super) healed: Option<Healed>,
    pub(super) joined: Option<Joined>,
}

/// The keys are documented in `docs/json.md`. What was not measured is `None`.
#[derive(Serialize, Clone, PartialEq, Debug, Default)]
pub(super) struct Figures {
    pub(super) seed: u64,
    pub(super) nodes: usize,
    pub(super) degree_min: usize,
    pub(super) degree_mean: Option<f64>,
    pub(super) degree_max: usize,
    pub(super) nodes_below_4: usize,

    pub(super) messages: usize,
    pub(super) deliveries_due: usize,
    pub(super) deliveries: usize,
    pub(super) delivered_ratio: Option<f64>,
    pub(super) lost: usize,
    pub(super) violation: Option<String>,

    pub(super) copies: u64,
    pub(super) payload_copies: u64,
    pub(super) copies_per_delivery: Option<f64>,
    pub(super) rmr_mean: Option<f64>,
    pub(super) rmr_warm: Option<f64>,
    pub(super) hops_mean: Option<f64>,
    pub(super) hops_max: u16,
    pub(super) hops_last_mean: Option<f64>,
    pub(super) hops_last_first: Option<f64>,
    pub(super) hops_last_settled: Option<f64>,
    pub(super) delivery_ms_p50: Option<f64>,
    pub(super) delivery_ms_p99: Option<f64>,
    pub(super) last_delivery_ms_mean: Option<f64>,
    pub(super) last_delivery_ms_max: Option<f64>,
    pub(super) last_delivery_ms_first: Option<f64>,
    pub(super) last_delivery_ms_settled: Option<f64>,

    pub(super) envelope_bytes: Option<f64>,
    pub(super) control_bytes_per_delivery: Option<f64>,
    pub(super) idle_bytes_per_node_minute: Option<f64>,
    pub(super) idle_link_hours: Option<f64>,
    pub(super) idle_false_alarms: Option<u64>,
    pub(super) bytes_by_type: BTreeMap<String, u64>,

    pub(super) survivors: usize,
    pub(super) components: usize,
    pub(super) killed: Option<usize>,
    pub(super) kill_known_components: Option<usize>,
    pub(super) kill_delivered_ratio: Option<f64>,
    pub(super) heal_seconds: Option<f64>,
    pub(super) kill_sweep: Option<Vec<KilledShare>>,
    pub(super) partition_messages: Option<u64>,
    pub(super) partition_recovery_seconds: Option<f64>,
    pub(super) joiner_history: Option<usize>,
    pub(super) joiner_received: Option<usize>,
    pub(super) joiner_seconds: Option<f64>,
    pub(super) joiner_round_trips: Option<f64>,
    pub(super) joiner_overhead: Option<f64>,

    pub(super) virtual_seconds: f64,
    pub(super) inputs: u64,
    pub(super) trace_hash: String,
    pub(super) cpu_seconds: Option<f64>,
    pub(super) peak_rss_bytes: Option<u64>,
    pub(super) real_seconds_joining: f64,
    pub(super) real_seconds_messages: f64,
}

impl Figures {
    pub(super) fn of(run: &Run<'_>) -> Self {
        let network = &run.world.network;
        let degrees = || run.world.overlay.degrees();
        let kept = network.check().err().map(|violation| violation.to_string());
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        Self {
            seed: run.seed,
            nodes: run.world.nodes.len(),
            degree_min: degrees().min().unwrap_or(0),
            degree_mean: mean(degrees().map(|degree| degree as f64)),
            degree_max: degrees().max().unwrap_or(0),
            nodes_below_4: degrees().filter(|degree| *degree < 4).count(),
            violation: kept,
            delivery_ms_p50: run.distributions.calm.quantile(0.5),
            delivery_ms_p99: run.distributions.calm.quantile(0.99),
            idle_bytes_per_node_minute: run.world.idle.map(|idle| idle.bytes_per_node_minute),
            idle_link_hours: run.world.idle.map(|idle| idle.link_hours),
            idle_false_alarms: run.world.idle.map(|idle| idle.false_alarms),
            bytes_by_type: network
                .traffic_by_type()
                .map(|(msg_type, sent)| (msg_type.to_owned(), sent.bytes))
                .collect(),
            survivors: network.nodes().filter(|node| network.is_running(*node)).count(),
            components: network.overlay().components(),
            killed: run.killed.map(|killed| killed.nodes),
            kill_known_components: run.killed.map(|killed| killed.known_components),
            kill_delivered_ratio: run.killed.map(|killed| killed.delivered_ratio),
            heal_seconds: seconds(run.killed.and_then(|killed| killed.healed_after)),
            kill_sweep: run.kill_sweep.clone(),
            partition_messages: run.healed.map(|healed| healed.messages),
            partition_recovery_seconds: seconds(run.healed.and_then(|healed| healed.everywhere_after)),
            joiner_history: run.joined.map(|joined| joined.history),
            joiner_received: run.joined.map(|joined| joined.received),
            joiner_seconds: seconds(run.joined.and_then(|joined| joined.caught_up_after)),
            joiner_round_trips: run.joined.and_then(|joined| joined.round_trips),
            joiner_overhead: run.joined.and_then(|joined| joined.overhead),
            virtual_seconds: run.virtual_time.as_secs_f64(),
            inputs: network.stats().inputs,
            trace_hash: format!("{:016x}", network.trace_hash()),
            cpu_seconds: process::cpu_seconds(),
            peak_rss_bytes: process::peak_rss_bytes(),
            real_seconds_joining: run.joining.as_secs_f64(),
            real_seconds_messages: run.speaking.as_secs_f64(),
            ..Self::of_messages(run.measured, run.traffic)
        }
    }

    /// What follows from the messages alone. Sums are over all of them, averages over those that no fault disturbed.
    fn of_messages(measured: &[Measured], traffic: Traffic) -> Self {
        let due: usize = measured.iter().map(|message| message.due).sum();
        let deliveries: usize = measured.iter().map(|message| message.deliveries).sum();
        let copies = measured.iter().map(|message| message.copies).sum();
        let calm = || measured.iter().filter(|message| !message.disturbed);
        let first = || calm().filter(|message| message.turn == 1);
        let settled = || calm().filter(|message| message.turn >= SETTLED_FROM);
        let hops = |message: &Measured| message.hops_last.map(f64::from);
        let last = |message: &Measured| message.last.map(|last| last.as_secs_f64() * 1000.0);
        let reached = calm().map(|message| message.reached).sum();
        let hops_sum: u64 = calm().map(|message| message.hops_sum).sum();
        Self {
            messages: measured.len(),
            deliveries_due: due,
            deliveries,
            delivered_ratio: ratio(deliveries as f64, due),
            lost: due.saturating_sub(deliveries),
            copies,
            payload_copies: copies,
            copies_per_delivery: ratio(copies as f64, deliveries),
            rmr_mean: mean(calm().filter_map(Measured::redundancy)),
            rmr_warm: mean(calm().filter(|message| message.turn > 1).filter_map(Measured::redundancy)),
            hops_mean: ratio(hops_sum as f64, reached),
            hops_max: calm().filter_map(|message| message.hops_last).max().unwrap_or(0),
            hops_last_mean: mean(calm().filter_map(hops)),
            hops_last_first: mean(first().filter_map(hops)),
            hops_last_settled: mean(settled().filter_map(hops)),
            last_delivery_ms_mean: mean(calm().filter_map(last)),
            last_delivery_ms_max: calm().filter_map(last).max_by(f64::total_cmp),
            last_delivery_ms_first: mean(first().filter_map(last)),
            last_delivery_ms_settled: mean(settled().filter_map(last)),
            envelope_bytes: mean(measured.iter().map(|message| message.envelope as f64)),
            control_bytes_per_delivery: ratio(traffic.control.bytes as f64, deliveries),
            ..Self::default()
        }
    }

    /// Whether every message reached every node that runs, and every promise was kept.
    pub(super) fn is_complete(&self) -> bool {
        self.violation.is_none() && self.lost == 0
    }
}

/// The average; `None` of nothing.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| (sum + value, count + 1));
    ratio(sum, count)
}

fn ratio(sum: f64, count: usize) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use chinwag_memory::{Network, NetworkConfig, NodeId};

    use super::*;

    fn author() -> NodeId {
        Network::new(NetworkConfig::new(1)).add_node("author").unwrap()
    }

    fn message(turn: u32, disturbed: bool, deliveries: usize, copies: u64, hops_last: u16) -> Measured {
        let last = Some(Duration::from_millis(u64::from(hops_last) * 10));
        let (hops_sum, reached) = (deliveries as u64 * 2, deliveries);
        let hops_last = Some(hops_last);
        Measured {
            author: author(),
            said: chinwag::Time::ZERO,
            turn,
            disturbed,
            due: 10,
            deliveries,
            copies,
            hops_sum,
            reached,
            hops_last,
            last,
            envelope: 100,
        }
    }

    #[test]
    fn first_warm_and_settled_messages_are_told_apart_and_disturbed_ones_left_out() {
        let measured = [
            message(1, false, 10, 30, 3),
            message(2, false, 10, 20, 4),
            message(8, false, 10, 10, 6),
            message(9, false, 10, 10, 7),
            message(8, true, 9, 90, 90),
        ];
        let figures = Figures::of_messages(&measured, Traffic::default());
        assert_eq!((figures.deliveries_due, figures.deliveries, figures.lost), (50, 49, 1));
        assert_eq!((figures.rmr_mean, figures.rmr_warm), (Some(0.75), Some(1.0 / 3.0)));
        assert_eq!((figures.hops_last_mean, figures.hops_last_first), (Some(5.0), Some(3.0)));
        assert_eq!((figures.hops_last_settled, figures.last_delivery_ms_settled), (Some(6.5), Some(65.0)));
        assert_eq!((figures.hops_max, figures.last_delivery_ms_first), (7, Some(30.0)));
        assert_eq!((figures.payload_copies, figures.hops_mean), (160, Some(2.0)));
        assert!(!figures.is_complete());
    }

    #[test]
    fn nothing_has_no_average() {
        let figures = Figures::of_messages(&[], Traffic::default());
        assert_eq!((figures.rmr_mean, figures.delivered_ratio, figures.envelope_bytes), (None, None, None));
    }
}
