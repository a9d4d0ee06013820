//! What came of a simulation, as a table or as JSON. Every number is measured.

use std::time::Duration;

use chinwag_memory::Spread;
use serde::Serialize;

/// What came of a simulation.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) seed: u64,
    pub(super) nodes: usize,
    pub(super) degrees: Degrees,
    /// Real time until all were linked.
    pub(super) joining: Duration,
    /// Real time for all messages.
    pub(super) speaking: Duration,
    /// Virtual time for all messages, the silence that ends it included.
    pub(super) virtual_time: Duration,
    /// What all nodes together were told, joining included.
    pub(super) inputs: u64,
    /// Whether all promises were kept, or which was not.
    pub(super) kept: Result<(), String>,
    pub(super) messages: Messages,
}

/// How many others nodes are linked with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Degrees {
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) sum: usize,
}

impl Degrees {
    pub(super) fn of(linked: impl Iterator<Item = usize> + Clone) -> Self {
        Self {
            least: linked.clone().min().unwrap_or(0),
            most: linked.clone().max().unwrap_or(0),
            sum: linked.sum(),
        }
    }
}

/// How all messages spread.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Messages {
    pub(super) said: usize,
    pub(super) due: usize,
    pub(super) deliveries: usize,
    pub(super) copies: u64,
    pub(super) hops_sum: u64,
    pub(super) hops_most: u16,
    /// How long the last delivery of each message took, in virtual time.
    pub(super) last: Vec<Duration>,
}

impl Messages {
    pub(super) fn of(spreads: &[Spread], nodes: usize) -> Self {
        let reached = || spreads.iter().flat_map(Spread::deliveries);
        Self {
            said: spreads.len(),
            due: spreads.len().saturating_mul(nodes.saturating_sub(1)),
            deliveries: reached().count(),
            copies: spreads.iter().map(Spread::copies).sum(),
            hops_sum: reached().map(|reached| u64::from(reached.hops)).sum(),
            hops_most: reached().map(|reached| reached.hops).max().unwrap_or(0),
            last: spreads.iter().filter_map(Spread::last_delivery).collect(),
        }
    }

    fn copies_per_delivery(&self) -> f64 {
        self.copies as f64 / self.deliveries as f64
    }

    fn mean_hops(&self) -> f64 {
        self.hops_sum as f64 / self.deliveries as f64
    }

    fn mean_last(&self) -> f64 {
        self.last.iter().map(Duration::as_secs_f64).sum::<f64>() * 1000.0 / self.last.len() as f64
    }

    fn worst_last(&self) -> f64 {
        self.last.iter().max().map_or(f64::NAN, Duration::as_secs_f64) * 1000.0
    }
}

/// The keys are documented in `docs/json.md`.
#[derive(Serialize)]
struct Json<'a> {
    seed: u64,
    nodes: usize,
    degree_min: usize,
    degree_mean: f64,
    degree_max: usize,
    messages: usize,
    deliveries_due: usize,
    deliveries: usize,
    copies: u64,
    copies_per_delivery: f64,
    hops_mean: f64,
    hops_max: u16,
    last_delivery_ms_mean: f64,
    last_delivery_ms_max: f64,
    virtual_seconds: f64,
    inputs: u64,
    real_seconds_joining: f64,
    real_seconds_messages: f64,
    violation: Option<&'a str>,
}

impl Outcome {
    /// Whether every message reached every node, and every promise was kept.
    pub(super) fn is_complete(&self) -> bool {
        self.kept.is_ok() && self.messages.deliveries == self.messages.due
    }

    pub(super) fn json(&self) -> anyhow::Result<String> {
        let messages = &self.messages;
        let json = Json {
            seed: self.seed,
            nodes: self.nodes,
            degree_min: self.degrees.least,
            degree_mean: self.mean_degree(),
            degree_max: self.degrees.most,
            messages: messages.said,
            deliveries_due: messages.due,
            deliveries: messages.deliveries,
            copies: messages.copies,
            copies_per_delivery: messages.copies_per_delivery(),
            hops_mean: messages.mean_hops(),
            hops_max: messages.hops_most,
            last_delivery_ms_mean: messages.mean_last(),
            last_delivery_ms_max: messages.worst_last(),
            virtual_seconds: self.virtual_time.as_secs_f64(),
            inputs: self.inputs,
            real_seconds_joining: self.joining.as_secs_f64(),
            real_seconds_messages: self.speaking.as_secs_f64(),
            violation: self.kept.as_ref().err().map(String::as_str),
        };
        Ok(format!("{}\n", serde_json::to_string(&json)?))
    }

    pub(super) fn table(&self) -> String {
        let messages = &self.messages;
        let rows = [
            (
                "nodes",
                thousands(self.nodes),
                format!(
                    "linked with {:.1} others each ({} to {}), 10 to 50 ms away",
                    self.mean_degree(),
                    self.degrees.least,
                    self.degrees.most
                ),
            ),
            ("messages", thousands(messages.said), format!("by authors drawn with seed {}", self.seed)),
            ("deliveries", thousands(messages.deliveries), format!("of {} due", thousands(messages.due))),
            (
                "copies",
                format!("{:.2}", messages.copies_per_delivery()),
                "received for each delivery (1 would be enough: this is a flood)".to_owned(),
            ),
            (
                "hops",
                format!("{:.1}", messages.mean_hops()),
                format!("on average, {} at most", messages.hops_most),
            ),
            (
                "last delivery",
                format!("{:.0} ms", messages.mean_last()),
                format!("after it was said, on average; {:.0} ms at most (virtual)", messages.worst_last()),
            ),
            (
                "virtual time",
                format!("{:.1} s", self.virtual_time.as_secs_f64()),
                "for all messages, until half a second was silent".to_owned(),
            ),
            (
                "real time",
                format!("{:.2} s", self.speaking.as_secs_f64()),
                format!("for all messages, and {:.2} s for joining", self.joining.as_secs_f64()),
            ),
        ];
        let mut table = String::new();
        for (what, value, remark) in rows {
            table.push_str(&format!("{what:<14}{value:>10}  {remark}\n"));
        }
        match &self.kept {
            Ok(()) if self.is_complete() => {
                table.push_str("Every message reached every node exactly once.\n")
            }
            Ok(()) => table.push_str("NOT every message reached every node.\n"),
            Err(violation) => table.push_str(&format!("A PROMISE WAS BROKEN: {violation}\n")),
        }
        table
    }

    fn mean_degree(&self) -> f64 {
        self.degrees.sum as f64 / self.nodes as f64
    }
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }
}
