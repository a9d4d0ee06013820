//! What came of a simulation, as a table for people and for documents.

use crate::arguments::{OverlayKind, SimArguments, Spreading};
use crate::numbers::{number, thousands};
use crate::sim::figures::Figures;

/// The table, and below it in a sentence whether all went well.
pub(super) fn of(figures: &Figures, arguments: &SimArguments) -> String {
    let mut table = String::new();
    for (what, value, remark) in rows(figures, arguments) {
        table.push_str(&format!("{what:<14}{value:>12}  {remark}\n"));
    }
    table + &verdict(figures) + "\n"
}

/// The same in Markdown.
pub(super) fn markdown(figures: &Figures, arguments: &SimArguments) -> String {
    let mut table = "| figure | value | |\n|---|---:|---|\n".to_owned();
    for (what, value, remark) in rows(figures, arguments) {
        table.push_str(&format!("| {what} | {value} | {remark} |\n"));
    }
    table + "\n" + &verdict(figures) + "\n"
}

fn rows(figures: &Figures, arguments: &SimArguments) -> impl Iterator<Item = Row> {
    spreading(figures, arguments).into_iter().chain(faults(figures)).chain(costs(figures))
}

fn verdict(figures: &Figures) -> String {
    match (&figures.violation, figures.lost) {
        (Some(violation), _) => format!("A PROMISE WAS BROKEN: {violation}"),
        (None, 0) => "Every message reached every node exactly once.".to_owned(),
        (None, lost) => format!("NOT every message reached every node: {} are missing.", thousands(lost)),
    }
}

type Row = (&'static str, String, String);

fn spreading(figures: &Figures, arguments: &SimArguments) -> Vec<Row> {
    let overlay = match arguments.overlay {
        OverlayKind::Hyparview => "all joined the first",
        OverlayKind::Random => "a random graph",
    };
    let strategy = match arguments.strategy {
        Spreading::Tree => "along trees",
        Spreading::Flood => "by flooding",
    };
    vec![
        (
            "nodes",
            thousands(figures.nodes),
            format!(
                "{overlay}: {} neighbours each ({} to {}), 10 to 50 ms away",
                number(figures.degree_mean, 1),
                figures.degree_min,
                figures.degree_max
            ),
        ),
        ("messages", thousands(figures.messages), format!("{strategy}, with seed {}", figures.seed)),
        (
            "deliveries",
            thousands(figures.deliveries),
            format!("of {} due", thousands(figures.deliveries_due)),
        ),
        (
            "copies",
            number(figures.copies_per_delivery, 2),
            format!(
                "received for each delivery (1 is enough); {} without every author's first message",
                number(figures.rmr_warm.map(|redundancy| redundancy + 1.0), 2)
            ),
        ),
        (
            "hops",
            number(figures.hops_mean, 1),
            format!(
                "on average, {} at most; the last {} (an author's first message: {}, from its eighth on: {})",
                figures.hops_max,
                number(figures.hops_last_mean, 1),
                number(figures.hops_last_first, 1),
                number(figures.hops_last_settled, 1)
            ),
        ),
        (
            "last delivery",
            format!("{} ms", number(figures.last_delivery_ms_mean, 0)),
            format!(
                "after it was said, on average (virtual), {} ms at most; half of all were made within {} ms",
                number(figures.last_delivery_ms_max, 0),
                number(figures.delivery_ms_p50, 0)
            ),
        ),
    ]
}

fn faults(figures: &Figures) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(killed) = figures.killed {
        let healed = format!(
            "at one moment, whose message reached {} % of the {} others; one network again after {} s",
            number(figures.kill_delivered_ratio.map(|ratio| ratio * 100.0), 2),
            thousands(figures.survivors),
            number(figures.heal_seconds, 2)
        );
        rows.push(("killed", thousands(killed), healed));
        if let Some(parts @ 2..) = figures.kill_known_components {
            let torn =
                "parts of the others with nobody who knew of another part: none can find another".to_owned();
            rows.push(("", thousands(parts), torn));
        }
    }
    for point in figures.kill_sweep.iter().flatten() {
        let reached = format!(
            "killed on a copy, at a moment whose message reached {} % of the others; one network again after {} s",
            number(point.delivered_ratio.map(|ratio| ratio * 100.0), 2),
            number(point.heal_seconds, 2)
        );
        rows.push(("", format!("{:.0} %", point.share * 100.0), reached));
    }
    if let Some(messages) = figures.partition_messages {
        let recovered = format!(
            "said while the halves were cut; everywhere {} s after that",
            number(figures.partition_recovery_seconds, 2)
        );
        rows.push(("partition", messages.to_string(), recovered));
    }
    if let Some(history) = figures.joiner_history {
        let caught_up = format!(
            "of {} earlier messages came to the joiner, in {} s ({} round trips), {} % overhead",
            thousands(history),
            number(figures.joiner_seconds, 2),
            number(figures.joiner_round_trips, 1),
            number(figures.joiner_overhead.map(|overhead| overhead * 100.0), 1)
        );
        rows.push(("joiner", thousands(figures.joiner_received.unwrap_or(0)), caught_up));
    }
    if figures.components != 1 {
        rows.push(("parts", thousands(figures.components), "into which the network has fallen".to_owned()));
    }
    rows
}

fn costs(figures: &Figures) -> Vec<Row> {
    let mebibytes = figures.peak_rss_bytes.map(|bytes| bytes as f64 / f64::from(1 << 20));
    vec![
        (
            "bytes",
            number(figures.control_bytes_per_delivery, 0),
            format!(
                "of control for each delivery, {} around each text; {} a minute and node when nothing is said",
                number(figures.envelope_bytes, 0),
                number(figures.idle_bytes_per_node_minute, 0)
            ),
        ),
        ("virtual time", format!("{:.1} s", figures.virtual_seconds), "for all messages".to_owned()),
        (
            "real time",
            format!("{:.2} s", figures.real_seconds_messages),
            format!(
                "for all messages, and {:.2} s for joining; {} MiB of memory",
                figures.real_seconds_joining,
                number(mebibytes, 0)
            ),
        ),
    ]
}
