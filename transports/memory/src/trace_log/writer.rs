//! Writing a trace.

use core::fmt::{self, Write as _};
use core::num::NonZeroU64;
use std::io::{self, Write};

use chinwag::{Content, Control, Event, Message, Run, StreamTag, Time};
use hashbrown::HashMap;

use super::bytes::{Hash, push};
use super::entry::code;
use super::fault_words::{InWords, concerned};
use super::{BETWEEN_HASHES, LONGEST, MAGIC};
use crate::stats::DropReason;
use crate::traffic::carried;
use crate::{Fault, Memory, NodeId};

/// How a trace ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TraceEnd {
    /// How many entries it has.
    pub entries: u64,
    /// The hash of all bytes of its entries.
    pub hash: u64,
}

/// Which of all packets in a network's traces it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Traced(NonZeroU64);

/// Where a network tells what happens, whether somebody wants to keep it or not. A clone writes nothing, lest two runs
/// are mixed in one trace.
#[derive(Debug, Default)]
pub(crate) struct Tracer {
    log: Option<Box<TraceLog>>,
    /// How many packets have been numbered, in the traces before this one, too.
    packets: u64,
}

impl Clone for Tracer {
    fn clone(&self) -> Self {
        Self { log: None, packets: self.packets }
    }
}

impl Tracer {
    pub(crate) fn begin(&mut self, made_by: &str, sink: Box<dyn Write + Send + Sync>) {
        self.log = Some(Box::new(TraceLog::new(made_by, self.packets, sink)));
    }

    pub(crate) const fn is_writing(&self) -> bool {
        self.log.is_some()
    }

    /// Ends the trace; nothing if there is none.
    pub(crate) fn end(&mut self, now: Time, trace_hash: u64) -> io::Result<Option<TraceEnd>> {
        self.log.take().map(|log| (*log).end(now, trace_hash)).transpose()
    }

    pub(crate) fn added(&mut self, now: Time, node: NodeId, name: impl fmt::Display) {
        if let Some(log) = &mut self.log {
            let name = log.put(format_args!("{name}"));
            log.write(now, code::ADDED, &[number(node), name]);
        }
    }

    pub(crate) fn published(&mut self, now: Time, node: NodeId, message: impl fmt::Display) {
        if let Some(log) = &mut self.log {
            let message = log.put(format_args!("{message}"));
            log.write(now, code::PUBLISHED, &[number(node), message]);
        }
    }

    pub(crate) fn sent(&mut self, now: Time, from: NodeId, to: NodeId, message: &Message) -> Option<Traced> {
        let log = self.log.as_mut()?;
        let message = carried(message);
        let kind = log.put(format_args!("{}", message.msg_type()));
        let about = log.about(message);
        log.write(now, code::SENT, &[number(from), number(to), kind, about]);
        self.packets = self.packets.saturating_add(1);
        log.packets = self.packets;
        NonZeroU64::new(self.packets).map(Traced)
    }

    pub(crate) fn received(&mut self, now: Time, packet: Option<Traced>) {
        if let Some((log, back)) = self.back_to(packet) {
            log.write(now, code::RECEIVED, &[back]);
        }
    }

    pub(crate) fn held(&mut self, now: Time, packet: Option<Traced>) {
        if let Some((log, back)) = self.back_to(packet) {
            log.write(now, code::HELD, &[back]);
        }
    }

    pub(crate) fn lost(&mut self, now: Time, packet: Option<Traced>, reason: DropReason) {
        if let Some((log, back)) = self.back_to(packet) {
            let reason = log.put(format_args!("{}", reason.in_words()));
            log.write(now, code::LOST, &[back, reason]);
        }
    }

    pub(crate) fn emitted(&mut self, now: Time, node: NodeId, event: &Event) {
        if let Some(log) = &mut self.log {
            log.emitted(now, node, event);
        }
    }

    pub(crate) fn crashed(&mut self, now: Time, node: NodeId) {
        if let Some(log) = &mut self.log {
            log.write(now, code::CRASHED, &[number(node)]);
        }
    }

    pub(crate) fn restarted(&mut self, now: Time, node: NodeId, memory: Memory) {
        if let Some(log) = &mut self.log {
            log.write(now, code::RESTARTED, &[number(node), u64::from(memory == Memory::Lost)]);
        }
    }

    pub(crate) fn fault(&mut self, now: Time, fault: &Fault) {
        let Some(log) = &mut self.log else { return };
        if let Fault::Partition { one, other } = fault {
            log.cut(now, one, other, true);
        } else if let Fault::OneWay { from, to } = fault {
            log.cut(now, from, to, false);
        } else if !matches!(fault, Fault::Crash { .. } | Fault::Restart { .. }) {
            // Those have an entry where they take effect.
            let nodes = concerned(fault);
            let text = log.put(format_args!("{}", InWords(fault)));
            let mut parts = vec![text, nodes.len() as u64];
            parts.extend(nodes.into_iter().map(number));
            log.write(now, code::FAULT, &parts);
        }
    }

    /// How many packets ago it was sent: a small number for most. None if it was sent before this trace began.
    fn back_to(&mut self, packet: Option<Traced>) -> Option<(&mut TraceLog, u64)> {
        let (log, packet) = self.log.as_deref_mut().zip(packet)?;
        let back = self.packets.checked_sub(packet.0.get())?;
        (packet.0.get() > log.before).then_some((log, back))
    }
}

/// A trace that is being written.
struct TraceLog {
    sink: Box<dyn Write + Send + Sync>,
    /// What went wrong with the sink; nothing is written any more.
    failed: Option<io::Error>,
    /// What the sink has not had yet.
    bytes: Vec<u8>,
    hash: Hash,
    /// Up to where the bytes are hashed.
    hashed: usize,
    entries: u64,
    last: Time,
    texts: HashMap<Box<str>, u64>,
    /// Where texts are put together, to spare memory for each.
    text: String,
    /// The numbers of the last packet before the trace began, and of the last one.
    before: u64,
    packets: u64,
}

impl fmt::Debug for TraceLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceLog").field("entries", &self.entries).finish_non_exhaustive()
    }
}

impl TraceLog {
    fn new(made_by: &str, before: u64, sink: Box<dyn Write + Send + Sync>) -> Self {
        let bytes = format!("{MAGIC}{}\n", made_by.replace('\n', " ")).into_bytes();
        Self {
            sink,
            failed: None,
            hash: Hash::new(),
            hashed: bytes.len(),
            bytes,
            entries: 0,
            last: Time::ZERO,
            texts: HashMap::new(),
            text: String::new(),
            before,
            packets: before,
        }
    }

    fn end(mut self, now: Time, trace_hash: u64) -> io::Result<TraceEnd> {
        self.write(now, code::ENDED, &[trace_hash]);
        self.hash_on();
        let end = TraceEnd { entries: self.entries, hash: self.hash.get() };
        push(&mut self.bytes, 0);
        push(&mut self.bytes, code::END);
        push(&mut self.bytes, end.entries);
        self.bytes.extend(end.hash.to_le_bytes());
        self.give_away();
        match self.failed {
            Some(error) => Err(error),
            None => self.sink.flush().map(|()| end),
        }
    }

    fn emitted(&mut self, now: Time, node: NodeId, event: &Event) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "a trace tells of messages and links only")]
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

    fn cut(&mut self, now: Time, from: &[NodeId], to: &[NodeId], both_ways: bool) {
        let mut parts = vec![u64::from(both_ways)];
        for group in [from, to] {
            parts.push(group.len() as u64);
            parts.extend(group.iter().map(|node| number(*node)));
        }
        self.write(now, code::CUT, &parts);
    }

    /// What a message is about; see [`Happened::Sent`](super::Happened::Sent).
    fn about(&mut self, message: &Message) -> u64 {
        if let Some(id) = message.id() {
            return self.put(format_args!("{id}"));
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "the others name no message and no stream")]
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
            // Before the entry that uses it: at no time.
            push(&mut self.bytes, 0);
            push(&mut self.bytes, code::TEXT);
            push(&mut self.bytes, short.len() as u64);
            self.bytes.extend(short.as_bytes());
        }
        self.text = whole;
        place
    }

    fn write(&mut self, now: Time, kind: u64, parts: &[u64]) {
        push(&mut self.bytes, now.as_nanos().saturating_sub(self.last.as_nanos()));
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
            self.give_away();
        }
    }

    fn hash_on(&mut self) {
        self.hash.add(&self.bytes[self.hashed..]);
        self.hashed = self.bytes.len();
    }

    fn give_away(&mut self) {
        self.hash_on();
        if self.failed.is_none() {
            self.failed = self.sink.write_all(&self.bytes).err();
        }
        self.bytes.clear();
        self.hashed = 0;
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
