//! What is kept of a simulation: enough to print it, draw it, compare it with another one, and run it again.

use chinwag::Time;
use chinwag_memory::{LoggedPacket, NodeId, Reached};
use serde::{Deserialize, Serialize};

use crate::sim::distributions::Distributions;
use crate::sim::listing::Listing;
use crate::sim::measure::{LastMessage, Measured};

/// A simulation that is over.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Record {
    pub(super) origin: Origin,
    /// The figures, as `docs/json.md` documents them.
    pub(super) figures: Listing,
    pub(super) distributions: Distributions,
    pub(super) messages: Vec<MessageRow>,
    /// How the message that was said last spread.
    pub(super) deliveries: Vec<DeliveryRow>,
    /// Who said what to whom meanwhile; empty but in small networks.
    pub(super) packets: Vec<PacketRow>,
}

/// Where a record comes from.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
pub(super) struct Origin {
    /// The program and its version.
    pub(super) program: String,
    /// How it was called, for people.
    pub(super) command: String,
    /// The options after `chinwag sim`.
    pub(super) arguments: Vec<String>,
}

/// One message.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub(super) struct MessageRow {
    /// In the order they were said, from 1.
    pub(super) number: usize,
    /// The number of the node that said it.
    pub(super) author: usize,
    /// Which of its author's messages it was, from 1.
    pub(super) turn: u32,
    /// When it was said, in virtual milliseconds since the network was made.
    pub(super) said_ms: f64,
    /// Whether it was said in the moment of a fault, or during a partition.
    pub(super) disturbed: bool,
    pub(super) due: usize,
    pub(super) deliveries: usize,
    pub(super) copies: u64,
    pub(super) hops_mean: Option<f64>,
    pub(super) hops_last: Option<u16>,
    pub(super) last_delivery_ms: Option<f64>,
    pub(super) envelope_bytes: usize,
}

/// One delivery of the message that was said last.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub(super) struct DeliveryRow {
    pub(super) node: usize,
    /// Who sent it the first copy; none in the row of the author.
    pub(super) from: Option<usize>,
    pub(super) hops: u16,
    /// How long after it was said.
    pub(super) after_ms: f64,
}

/// One packet that was sent while the last message spread.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub(super) struct PacketRow {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Counted from when the message was said.
    pub(super) sent_ms: f64,
    /// The same; none if it was lost.
    pub(super) received_ms: Option<f64>,
    pub(super) msg_type: String,
    /// Whether it is of the kinds that nodes exchange for ever although nothing happens.
    pub(super) upkeep: bool,
}

impl Origin {
    /// Of a simulation that this program runs with these options.
    pub(super) fn here(arguments: &[String]) -> Self {
        let quoted = |word: &String| {
            if word.contains(char::is_whitespace) { format!("'{word}'") } else { word.clone() }
        };
        let words: Vec<String> =
            ["chinwag", "sim"].map(str::to_owned).into_iter().chain(arguments.iter().map(quoted)).collect();
        Self {
            program: concat!("chinwag ", env!("CARGO_PKG_VERSION")).to_owned(),
            command: words.join(" "),
            arguments: arguments.to_vec(),
        }
    }
}

impl MessageRow {
    /// The rows of these messages, in the order they were said.
    pub(super) fn of(measured: &[Measured]) -> Vec<Self> {
        let mut measured: Vec<&Measured> = measured.iter().collect();
        measured.sort_by_key(|message| message.said);
        (1..).zip(measured).map(|(number, message)| Self::numbered(number, message)).collect()
    }

    fn numbered(number: usize, message: &Measured) -> Self {
        Self {
            number,
            author: message.author.index(),
            turn: message.turn,
            said_ms: millis(message.said.saturating_since(Time::ZERO)),
            disturbed: message.disturbed,
            due: message.due,
            deliveries: message.deliveries,
            copies: message.copies,
            hops_mean: (message.reached > 0).then(|| message.hops_sum as f64 / message.reached as f64),
            hops_last: message.hops_last,
            last_delivery_ms: message.last.map(millis),
            envelope_bytes: message.envelope,
        }
    }

    /// Copies received for each delivery.
    pub(super) fn copies_per_delivery(&self) -> Option<f64> {
        (self.deliveries > 0).then(|| self.copies as f64 / self.deliveries as f64)
    }
}

impl DeliveryRow {
    /// The author, and then whom the message came to, in that order.
    pub(super) fn of(last: &LastMessage) -> Vec<Self> {
        let author = last.spread.author().map(|author| Self {
            node: author.index(),
            from: None,
            hops: 0,
            after_ms: 0.0,
        });
        let delivery = |reached: &Reached| Self {
            node: reached.node.index(),
            from: reached.from.map(NodeId::index),
            hops: reached.hops,
            after_ms: millis(reached.after),
        };
        author.into_iter().chain(last.spread.deliveries().iter().map(delivery)).collect()
    }
}

impl PacketRow {
    /// What was sent from the moment the message was said until shortly after its last delivery.
    pub(super) fn of(last: &LastMessage) -> Vec<Self> {
        let said = last.spread.published();
        let until = said + last.spread.last_delivery().unwrap_or_default() * 2;
        let row = |packet: &LoggedPacket| Self {
            from: packet.from.index(),
            to: packet.to.index(),
            sent_ms: millis(packet.sent.saturating_since(said)),
            received_ms: packet.received.map(|at| millis(at.saturating_since(said))),
            msg_type: packet.msg_type().to_owned(),
            upkeep: packet.is_upkeep(),
        };
        last.packets.iter().filter(|packet| packet.sent <= until).map(row).collect()
    }
}

fn millis(time: std::time::Duration) -> f64 {
    time.as_nanos() as f64 / 1e6
}
