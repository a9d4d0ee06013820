//! Lists for a person: who is here, what has been counted, which commands there are.

use std::time::Duration;

use chinwag::{Contact, Peer, PeerId};
use unicode_width::UnicodeWidthStr as _;

use super::palette::Role;
use super::text::{Text, approximately, name, put, shown};
use crate::command::COMMANDS;
use crate::notice::{Counted, Trying};

/// How many of those who are known and not linked are shown.
const KNOWN: usize = 20;

impl Text {
    /// First those with whom we are linked, then some who are only known.
    pub(super) fn peers(&self, peers: &[Peer], others: &[Contact], trying: &[Trying], to: &mut String) {
        let (linked, away): (Vec<_>, Vec<_>) = peers.iter().partition(|peer| peer.linked);
        if linked.is_empty() && away.is_empty() && others.is_empty() {
            self.note(to, "nobody is here");
        }
        let known = away.len().saturating_add(others.len());
        let row = |peer: &Peer, state| Row {
            peer: peer.id.clone(),
            state,
            at: peer.address.as_ref().map_or_else(|| "not listening".to_owned(), shown),
            dialect: peer.dialect.map_or_else(String::new, |dialect| format!("  {dialect}")),
            trip: peer.round_trip.map_or_else(String::new, |trip| format!("  {}", milliseconds(trip))),
        };
        let heard_of = |contact: &Contact| Row {
            peer: contact.peer().clone(),
            state: "known",
            at: shown(contact.address()),
            dialect: String::new(),
            trip: String::new(),
        };
        let away = away.iter().map(|peer| row(peer, "known")).chain(others.iter().map(heard_of));
        let rows: Vec<Row> = linked.iter().map(|peer| row(peer, "linked")).chain(away.take(KNOWN)).collect();
        let width = rows.iter().map(|row| name(&row.peer).width()).max().unwrap_or(0);
        for Row { peer, state, at, dialect, trip } in &rows {
            let gap = " ".repeat(width.saturating_sub(name(peer).width()));
            put(to, format_args!("   {}{gap}  {state:<6}  {at:<21}{dialect}{trip}", self.name(peer)));
        }
        if let Some(more) = known.checked_sub(KNOWN).filter(|more| *more > 0) {
            put(to, format_args!("   … and {more} more known"));
        }
        if !linked.is_empty() && known > 0 {
            self.note(
                to,
                "who is linked passes on what you say, so that everybody else in the network hears it too",
            );
        }
        for attempt in trying {
            let Trying { address, reason, times, retry_in } = attempt;
            let times = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
            put(
                to,
                format_args!(
                    "   trying {}: {reason} (tried {times}, next in {})",
                    shown(address),
                    approximately(*retry_in)
                ),
            );
        }
    }

    /// What has been counted, less what never happened.
    pub(super) fn stats(&self, counted: &Counted, to: &mut String) {
        put(
            to,
            format_args!(
                "   linked with {} peer(s), {} message(s) waiting, {} on the way to one peer",
                counted.linked, counted.waiting, counted.undelivered
            ),
        );
        let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(counted.node) else { return };
        for (field, value) in fields.iter().filter(|(_, value)| **value != 0) {
            put(to, format_args!("   {value:>8}  {}", field.replace('_', " ")));
        }
        let quiet = fields.values().all(|value| *value == 0);
        if quiet {
            self.note(to, "nothing has happened yet");
        }
    }

    /// Every command.
    pub(super) fn help(&self, to: &mut String) {
        let width = COMMANDS.iter().map(|usage| usage.written.width()).max().unwrap_or(0);
        for usage in COMMANDS {
            let gap = " ".repeat(width.saturating_sub(usage.written.width()));
            let written = self.palette.paint(Role::Strong, usage.written);
            put(to, format_args!("   {written}{gap}  {}", usage.does));
        }
    }
}

/// A peer in a list.
struct Row {
    peer: PeerId,
    state: &'static str,
    at: String,
    dialect: String,
    trip: String,
}

fn milliseconds(trip: Duration) -> String {
    format!("{:.1} ms", trip.as_secs_f64() * 1000.0)
}
