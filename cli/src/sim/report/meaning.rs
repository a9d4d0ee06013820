//! What a figure is, in a few words; `docs/json.md` says it in full.

/// What the figure of this name is; nothing if it is of another version.
pub(in crate::sim) fn of(name: &str) -> &'static str {
    MEANINGS.iter().find(|(other, _)| *other == name).map_or("", |(_, meaning)| meaning)
}

const MEANINGS: &[(&str, &str)] = &[
    ("seed", "what all chance follows from"),
    ("nodes", "at the beginning"),
    ("degree_min", "fewest neighbours of a node before the first message"),
    ("degree_mean", "neighbours of a node, on average"),
    ("degree_max", "most neighbours of a node"),
    ("nodes_below_4", "nodes with fewer than four neighbours"),
    ("messages", "said to everybody"),
    ("deliveries_due", "to all who were there when it was said and run at the end"),
    ("deliveries", "of these, made"),
    ("delivered_ratio", "deliveries made, of those due"),
    ("lost", "deliveries due and not made"),
    ("violation", "the promise that a node broke"),
    ("copies", "of messages, received by all nodes together"),
    ("payload_copies", "the same number"),
    ("copies_per_delivery", "1 is enough"),
    ("rmr_mean", "relative message redundancy: copies for each delivery, less one"),
    ("rmr_warm", "the same without every author's first message"),
    ("hops_mean", "of the first copies, over all deliveries"),
    ("hops_max", "of the longest way of all"),
    ("hops_last_mean", "of the longest way of each message, on average"),
    ("hops_last_first", "the same for authors' first messages"),
    ("hops_last_settled", "the same from an author's eighth message on"),
    ("delivery_ms_p50", "within which half of the deliveries were made, in ms"),
    ("delivery_ms_p99", "within which 99 % of the deliveries were made, in ms"),
    ("last_delivery_ms_mean", "of each message, on average, in ms"),
    ("last_delivery_ms_max", "of all messages, in ms"),
    ("last_delivery_ms_first", "the average for authors' first messages, in ms"),
    ("last_delivery_ms_settled", "the average from an author's eighth message on, in ms"),
    ("envelope_bytes", "of a frame beside its text, on average"),
    ("control_bytes_per_delivery", "sent beside the messages and upkeep, for each delivery"),
    ("idle_bytes_per_node_minute", "sent by a node in a minute in which nothing is said"),
    ("idle_link_hours", "for which links were watched over meanwhile"),
    ("idle_false_alarms", "links that were taken for dead meanwhile; none was"),
    ("survivors", "nodes that run at the end"),
    ("components", "parts into which the network falls at the end"),
    ("killed", "nodes, at one moment"),
    ("kill_known_components", "parts into which the others fell then, by whom they knew"),
    ("kill_delivered_ratio", "the share of the others that the message of that moment came to"),
    ("heal_seconds", "until the others were one network again"),
    ("partition_messages", "said while the halves were cut"),
    ("partition_recovery_seconds", "after the cut, until all of these were everywhere"),
    ("joiner_history", "messages said before one more node joined"),
    ("joiner_received", "of these, delivered at that node"),
    ("joiner_seconds", "from its first link until the last of these"),
    ("joiner_round_trips", "the same in round trips of that link"),
    ("joiner_overhead", "received for each byte of these messages, less one"),
    ("virtual_seconds", "from the first message to the end"),
    ("inputs", "that all nodes together were given, joining included"),
    ("trace_hash", "of everything that every node was told and did, and when"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::figures::Figures;
    use crate::sim::listing::Listing;

    #[test]
    fn every_figure_that_is_a_number_has_a_meaning() {
        let figures = Listing::of(&Figures::default()).unwrap();
        let without: Vec<&str> = figures
            .repeatable()
            .map(|(name, _)| name)
            .filter(|name| of(name).is_empty() && !["bytes_by_type", "kill_sweep"].contains(name))
            .collect();
        assert!(without.is_empty() && figures.iter().count() > 50, "{without:?}");
    }
}
