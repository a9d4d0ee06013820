//! Reading a trace.

use core::fmt;
use core::time::Duration;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use chinwag::Time;

use super::bytes::Hash;
use super::entry::{Happened, TraceEntry, code};
use super::{LONGEST, MAGIC, TraceEnd};
use crate::NodeId;

/// Reads a trace, entry by entry; see the [module](crate::trace_log) for an example.
#[derive(Debug)]
pub struct TraceReader<R> {
    from: BufReader<R>,
    made_by: String,
    hash: Hash,
    texts: Vec<Arc<str>>,
    entries: u64,
    packets: u64,
    last: Time,
    end: Option<TraceEnd>,
}

/// Why a trace cannot be read, or not to its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum TraceError {
    /// It does not begin as one, or is of another version.
    NotATrace,
    /// It ends before its end: after so many entries.
    Cut(u64),
    /// What stands there after so many entries is none that a simulator has written.
    Damaged(u64),
    /// It cannot be read.
    Io(io::Error),
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATrace => {
                f.write_str("this is no trace, or one of another version: write it again with --trace")
            }
            Self::Cut(entries) => {
                write!(
                    f,
                    "the trace ends too early, after {entries} entries: was the simulation ended before it was done?"
                )
            }
            Self::Damaged(entries) => {
                write!(f, "the trace is damaged after {entries} entries: write it again")
            }
            Self::Io(error) => write!(f, "the trace cannot be read: {error}"),
        }
    }
}

impl core::error::Error for TraceError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::NotATrace | Self::Cut(_) | Self::Damaged(_) => None,
        }
    }
}

impl<R: Read> TraceReader<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// [`TraceError::NotATrace`] if it does not begin as this version writes it, or [`TraceError::Io`].
    pub fn new(from: R) -> Result<Self, TraceError> {
        let mut from = BufReader::new(from);
        let mut magic = [0; MAGIC.len()];
        let read = from.read_exact(&mut magic);
        match read {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(TraceError::Io(error)),
            Ok(()) if magic == *MAGIC.as_bytes() => {}
            Ok(()) | Err(_) => return Err(TraceError::NotATrace),
        }
        let mut line = Vec::new();
        (&mut from).take(LONGEST_HEADER).read_until(b'\n', &mut line).map_err(TraceError::Io)?;
        let made_by =
            String::from_utf8(line).ok().filter(|line| line.ends_with('\n')).ok_or(TraceError::NotATrace)?;
        Ok(Self {
            from,
            made_by: made_by.trim_end().to_owned(),
            hash: Hash::new(),
            texts: Vec::new(),
            entries: 0,
            packets: 0,
            last: Time::ZERO,
            end: None,
        })
    }

    /// What its writer said that it was made by.
    #[must_use]
    pub fn made_by(&self) -> &str {
        &self.made_by
    }

    /// How it ended, once all has been read.
    #[must_use]
    pub const fn end(&self) -> Option<TraceEnd> {
        self.end
    }

    /// How many entries were read.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The next entry; `None` at the end.
    ///
    /// # Errors
    /// [`TraceError`]: nothing can be read behind it.
    pub fn read(&mut self) -> Result<Option<TraceEntry>, TraceError> {
        while self.end.is_none() {
            let hash = self.hash.get();
            let passed = self.number()?;
            let kind = self.number()?;
            if passed > 0 && [code::TEXT, code::HASH, code::END].contains(&kind) {
                return Err(self.damaged());
            }
            match kind {
                code::TEXT => self.text()?,
                code::HASH | code::END => {
                    let entries = if kind == code::END { self.number()? } else { self.entries };
                    let mut told = [0; 8];
                    self.exact(&mut told)?;
                    if (u64::from_le_bytes(told), entries) != (hash, self.entries) {
                        return Err(self.damaged());
                    }
                    self.end = (kind == code::END).then_some(TraceEnd { entries, hash });
                }
                _ => {
                    let what = self.what(kind)?;
                    self.last += Duration::from_nanos(passed);
                    self.entries += 1;
                    return Ok(Some(TraceEntry { at: self.last, what }));
                }
            }
        }
        Ok(None)
    }

    fn what(&mut self, kind: u64) -> Result<Happened, TraceError> {
        Ok(match kind {
            code::ADDED => Happened::Added { node: self.node()?, name: self.word()? },
            code::PUBLISHED => Happened::Published { node: self.node()?, message: self.word()? },
            code::SENT => {
                let (from, to) = (self.node()?, self.node()?);
                let (kind, about) = (self.word()?, self.word()?);
                self.packets += 1;
                Happened::Sent { packet: self.packets, from, to, kind, about }
            }
            code::RECEIVED => Happened::Received { packet: self.packet()? },
            code::HELD => Happened::Held { packet: self.packet()? },
            code::LOST => Happened::Lost { packet: self.packet()?, reason: self.word()? },
            code::DELIVERED => Happened::Delivered { node: self.node()?, message: self.word()? },
            code::GAVE_UP => {
                let (node, stream) = (self.node()?, self.word()?);
                Happened::GaveUp { node, stream, from: self.number()?, to: self.number()? }
            }
            code::PEER_UP => Happened::PeerUp { node: self.node()?, peer: self.word()? },
            code::PEER_DOWN => {
                Happened::PeerDown { node: self.node()?, peer: self.word()?, reason: self.word()? }
            }
            code::CRASHED => Happened::Crashed { node: self.node()? },
            code::RESTARTED => Happened::Restarted { node: self.node()?, forgot: self.number()? != 0 },
            code::FAULT => Happened::Fault { fault: self.word()?, nodes: self.nodes()? },
            code::CUT => {
                let both_ways = self.number()? != 0;
                Happened::Cut { from: self.nodes()?, to: self.nodes()?, both_ways }
            }
            code::ENDED => Happened::Ended { trace_hash: self.number()? },
            _ => return Err(self.damaged()),
        })
    }

    fn text(&mut self) -> Result<(), TraceError> {
        let length = usize::try_from(self.number()?).ok().filter(|length| *length <= LONGEST);
        let mut bytes = vec![0; length.ok_or_else(|| self.damaged())?];
        self.exact(&mut bytes)?;
        let text = String::from_utf8(bytes).map_err(|_| self.damaged())?;
        self.texts.push(text.into());
        Ok(())
    }

    fn word(&mut self) -> Result<Arc<str>, TraceError> {
        let place = self.number()?;
        let word = usize::try_from(place).ok().and_then(|place| self.texts.get(place)).cloned();
        word.ok_or_else(|| self.damaged())
    }

    fn node(&mut self) -> Result<NodeId, TraceError> {
        let number = self.number()?;
        let node = u32::try_from(number).ok().map(|number| NodeId::from_index(number as usize));
        node.ok_or_else(|| self.damaged())
    }

    /// Each takes a byte at least, so that a false number of them takes no more memory than the file is long.
    fn nodes(&mut self) -> Result<Arc<[NodeId]>, TraceError> {
        let count = self.number()?;
        let mut nodes = Vec::new();
        for _ in 0..count {
            nodes.push(self.node()?);
        }
        Ok(nodes.into())
    }

    fn packet(&mut self) -> Result<u64, TraceError> {
        let back = self.number()?;
        let packet = self.packets.checked_sub(back).filter(|packet| *packet > 0);
        packet.ok_or_else(|| self.damaged())
    }

    fn number(&mut self) -> Result<u64, TraceError> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let mut byte = [0];
            self.exact(&mut byte)?;
            let part = u64::from(byte[0] & 0x7f);
            if shift > 63 || part << shift >> shift != part {
                return Err(self.damaged());
            }
            number |= part << shift;
            if byte[0] & 0x80 == 0 {
                return Ok(number);
            }
            shift += 7;
        }
    }

    fn exact(&mut self, into: &mut [u8]) -> Result<(), TraceError> {
        self.from.read_exact(into).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                TraceError::Cut(self.entries)
            } else {
                TraceError::Io(error)
            }
        })?;
        self.hash.add(into);
        Ok(())
    }

    const fn damaged(&self) -> TraceError {
        TraceError::Damaged(self.entries)
    }
}

/// The longest line that says what made a trace, in bytes.
const LONGEST_HEADER: u64 = 1 << 20;
