//! Writing a trace.

use core::fmt::{self, Write as _};
use core::num::NonZeroU64;

use chinwag::{Content, Control, Event, Message, Run, StreamTag, Time};
use hashbrown::HashMap;

use super::bytes::{Hash, push};
use super::entry::code;
use super::{BETWEEN_HASHES, LONGEST, MAGIC};
use crate::stats::DropReason;
use crate::traffic::carried;
use crate::{Fault, NodeId};

/// The first bytes of a trace. `made_by` is kept as one line, and given back by
/// [`TraceReader::made_by`](super::TraceReader::made_by).
#[must_use]
pub fn header(made_by: &str) -> Vec<u8> {
    let line = made_by.replace('\n', " ");
    format!("{MAGIC}{line}\n").into_bytes()
}

/// Which packet of a trace it is, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Traced(NonZeroU64);

/// How a trace ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceEnd {
    /// How many entries it has.
    pub entries: u64,
    /// The hash of all bytes of its entries.
    pub hash: u64,
}

/// The bytes of a trace that nobody has taken yet, and what it takes to go on.
#[derive(Clone, Debug)]
pub(crate) struct TraceLog {
    bytes: Vec<u8>,
    hash: Hash,
    /// Up to where the bytes are hashed.
    hashed: usize,
    entries: u64,
    last: Time,
    texts: HashMap<Box<str>, u64>,
    /// Where texts are put together, to spare memory for each.
    text: String,
    packets: u64,
}

impl TraceLog {
    pub(crate) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            hash: Hash::new(),
            hashed: 0,
            entries: 0,
            last: Time::ZERO,
            texts: HashMap::new(),
            text: String::new(),
            packets: 0,
        }
    }

    /// Takes the bytes since the last time.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.hash_on();
        self.hashed = 0;
        core::mem::take(&mut self.bytes)
    }

    /// Writes the end, of which nothing follows.
    pub(crate) fn end(&mut self) -> TraceEnd {
        self.hash_on();
        let end = TraceEnd { entries: self.entries, hash: self.hash.get() };
        push(&mut self.bytes, 0);
        push(&mut self.bytes, code::END);
        push(&mut self.bytes, end.entries);
        self.bytes.extend(end.hash.to_le_bytes());
        end
    }

    pub(crate) fn added(&mut self, now: Time, node: NodeId, name: &str) {
        let name = self.put(format_args!("{name}"));
        self.write(now, code::ADDED, &[number(node), name]);
    }

    pub(crate) fn published(&mut self, now: Time, node: NodeId, message: impl fmt::Display) {
        let message = self.put(format_args!("{message}"));
        self.write(now, code::PUBLISHED, &[number(node), message]);
    }

    pub(crate) fn sent(&mut self, now: Time, from: NodeId, to: NodeId, message: &Message) -> Traced {
        let message = carried(message);
        let kind = self.put(format_args!("{}", message.msg_type()));
        let about = self.about(message);
        self.write(now, code::SENT, &[number(from), number(to), kind, about]);
        self.packets = self.packets.saturating_add(1);
        Traced(NonZeroU64::new(self.packets).unwrap_or(NonZeroU64::MIN))
    }

    pub(crate) fn received(&mut self, now: Time, packet: Traced) {
        // Most packets are young, so that this is a small number.
        let back = self.packets.saturating_sub(packet.0.get());
        self.write(now, code::RECEIVED, &[back]);
    }

    pub(crate) fn lost(&mut self, now: Time, packet: Traced, reason: DropReason) {
        let back = self.packets.saturating_sub(packet.0.get());
        let reason = self.put(format_args!("{}", reason.in_words()));
        self.write(now, code::LOST, &[back, reason]);
    }

    pub(crate) fn emitted(&mut self, now: Time, node: NodeId, event: &Event) {
        match event {
            Event::Delivered(delivery) => {
                let Some(id) = delivery.id() else { return };
                let message = self.put(format_args!("{id}"));
                self.write(now, code::DELIVERED, &[number(node), message]);
            }
            Event::Gap { stream, from, to, .. } => {
                let stream = self.put(format_args!("{stream}"));
                self.write(now, code::GAVE_UP, &[number(node), stream, from.get(), to.get()]);
            }
            Event::PeerUp { peer, .. } => {
                let peer = self.put(format_args!("{peer}"));
                self.write(now, code::PEER_UP, &[number(node), peer]);
            }
            Event::PeerDown { peer, reason } => {
                let peer = self.put(format_args!("{peer}"));
                let reason = self.put(format_args!("{reason}"));
                self.write(now, code::PEER_DOWN, &[number(node), peer, reason]);
            }
            _ => {}
        }
    }

    pub(crate) fn crashed(&mut self, now: Time, node: NodeId) {
        self.write(now, code::CRASHED, &[number(node)]);
    }

    pub(crate) fn restarted(&mut self, now: Time, node: NodeId) {
        self.write(now, code::RESTARTED, &[number(node)]);
    }

    pub(crate) fn fault(&mut self, now: Time, fault: &Fault) {
        let fault = self.put(format_args!("{fault:?}"));
        self.write(now, code::FAULT, &[fault]);
    }

    /// What a message is about; see [`Happened::Sent`](super::Happened::Sent).
    fn about(&mut self, message: &Message) -> u64 {
        if let Some(id) = message.id() {
            return self.put(format_args!("{id}"));
        }
        match message.content() {
            Content::Control(
                Control::Have(runs)
                | Control::Pull { runs, .. }
                | Control::Pulled(runs)
                | Control::Since(runs),
            ) => self.put(format_args!("{}", Runs(runs))),
            Content::Control(Control::Graft(Some(tag)) | Control::Prune(Some(tag))) => {
                self.put(format_args!("{tag:?}"))
            }
            _ => self.put(format_args!("")),
        }
    }

    /// The number of a text, which is written where it is new.
    fn put(&mut self, text: fmt::Arguments<'_>) -> u64 {
        let mut whole = core::mem::take(&mut self.text);
        whole.clear();
        // Writing to a string does not fail.
        let _ = whole.write_fmt(text);
        let end = (0..=LONGEST.min(whole.len())).rev().find(|end| whole.is_char_boundary(*end));
        let short = &whole[..end.unwrap_or(0)];
        let known = self.texts.get(short).copied();
        let place = known.unwrap_or_else(|| {
            let place = self.texts.len() as u64;
            self.texts.insert(short.into(), place);
            place
        });
        if known.is_none() {
            // Before the entry that uses it: at no time, of no kind.
            push(&mut self.bytes, 0);
            push(&mut self.bytes, TEXT);
            push(&mut self.bytes, short.len() as u64);
            self.bytes.extend(short.as_bytes());
        }
        self.text = whole;
        place
    }

    fn write(&mut self, now: Time, kind: u64, parts: &[u64]) {
        push(&mut self.bytes, now.saturating_since(self.last).as_nanos() as u64);
        self.last = now;
        push(&mut self.bytes, kind);
        for part in parts {
            push(&mut self.bytes, *part);
        }
        self.entries += 1;
        if self.entries.is_multiple_of(BETWEEN_HASHES) {
            self.hash_on();
            let hash = self.hash.get();
            push(&mut self.bytes, 0);
            push(&mut self.bytes, code::HASH);
            self.bytes.extend(hash.to_le_bytes());
        }
    }

    fn hash_on(&mut self) {
        self.hash.add(&self.bytes[self.hashed..]);
        self.hashed = self.bytes.len();
    }
}

struct Runs<'a>(&'a [(StreamTag, Run)]);

impl fmt::Display for Runs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (tag, run)) in self.0.iter().enumerate() {
            let space = if at > 0 { " " } else { "" };
            write!(f, "{space}{tag:?}/{}-{}", run.from(), run.to())?;
        }
        Ok(())
    }
}

fn number(node: NodeId) -> u64 {
    u64::from(node.get())
}

/// The kind of what is no entry, but a text.
pub(super) const TEXT: u64 = 14;
