//! Bytes in any chunking ↔ frames, with limits.

use bytes::{Buf, Bytes, BytesMut};

use crate::codec::Names;
use crate::{DecodeError, Input, LinkId, Message};

/// Cuts a stream of bytes into frames and decodes them.
///
/// The first object of a link ends where its braces balance, so that a peer of the old program (one object, no
/// newline) is understood before it hangs up; from then on a frame is a line. At most `max_frame` bytes (and [`NUMBER`]
/// for a numbered frame) plus one chunk are buffered. The messages do not depend on how the bytes were cut into chunks (checked by
/// `tests/framing.rs`).
#[derive(Clone, Debug)]
pub struct Decoder {
    buffer: BytesMut,
    max_frame: usize,
    /// How far `buffer` has been searched already.
    searched: usize,
    first: Option<Braces>,
    broken: bool,
    names: Names,
}

/// How deep inside a JSON object a reader is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Braces {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Braces {
    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    /// Reads one byte; true when it closes the outermost object.
    pub(crate) fn closes(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

impl Decoder {
    /// A decoder for a new link whose frames are at most `max_frame` bytes long.
    #[must_use]
    pub fn new(max_frame: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            max_frame,
            searched: 0,
            first: Some(Braces::default()),
            broken: false,
            names: Names::default(),
        }
    }

    /// Takes in bytes as they came. Follow with [`next`](Self::next) until it gives `None`.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.broken {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next message or error, or `None` if more bytes are needed.
    ///
    /// After [`DecodeError::TooLong`] the link cannot be read any further: later bytes are thrown away.
    #[expect(clippy::should_implement_trait, reason = "None means `not yet`, after which there may be more")]
    pub fn next(&mut self) -> Option<Result<Message, DecodeError>> {
        loop {
            self.skip_white_space();
            let Some(end) = self.find_end() else {
                return self.check_length(self.buffer.len()).err().map(Err);
            };
            if let Err(error) = self.check_length(end) {
                return Some(Err(error));
            }
            let frame = self.buffer.split_to(end).freeze();
            self.searched = 0;
            self.first = None;
            if !frame.is_empty() {
                return Some(Message::decode_knowing(frame, &mut self.names));
            }
        }
    }

    /// Takes in bytes as they came on `link`, and gives what they say, for the node to hear.
    pub fn inputs(&mut self, link: LinkId, bytes: &[u8]) -> impl Iterator<Item = Input> + '_ {
        self.push(bytes);
        core::iter::from_fn(move || self.next()).map(move |decoded| Input::received(link, decoded))
    }

    /// The link has ended: the error, if that was in the middle of a frame.
    pub fn finish(&mut self) -> Option<DecodeError> {
        self.skip_white_space();
        let rest = core::mem::take(&mut self.buffer);
        (!rest.is_empty()).then_some(DecodeError::Truncated)
    }

    /// How many bytes wait for the rest of their frame.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    fn skip_white_space(&mut self) {
        if self.searched == 0 {
            let blank = self.buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.buffer.advance(blank);
        }
    }

    fn find_end(&mut self) -> Option<usize> {
        let unseen = self.buffer.get(self.searched..)?;
        let found = match &mut self.first {
            Some(braces) if matches!(self.buffer.first(), Some(b'{' | b'[')) => {
                unseen.iter().position(|byte| braces.closes(*byte)).map(|at| at.saturating_add(1))
            }
            Some(_) | None => memchr::memchr(b'\n', unseen),
        };
        let end = found.map(|at| self.searched.saturating_add(at));
        self.searched = self.buffer.len();
        end
    }

    fn check_length(&mut self, length: usize) -> Result<(), DecodeError> {
        // A numbered frame is longer by its number than the one that it carries.
        let wrapped = self.buffer.starts_with(b"[\"#\",");
        let limit = self.max_frame.saturating_add(if wrapped { NUMBER } else { 0 });
        if length <= limit {
            return Ok(());
        }
        self.broken = true;
        self.searched = 0;
        self.buffer = BytesMut::new();
        Err(DecodeError::TooLong { limit: self.max_frame })
    }
}

/// How many bytes longer than the frame in it a numbered one (of a datagram link) may be.
pub const NUMBER: usize = 48;

/// Appends one frame and the line break that ends it.
pub fn write_frame(to: &mut BytesMut, frame: &Bytes) {
    to.reserve(frame.len().saturating_add(1));
    to.extend_from_slice(frame);
    to.extend_from_slice(b"\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: &str = r#"{"msg_type": "PING", "msg": ["h", 1], "originator": "a}\"{", "time": 0}"#;

    fn all(decoder: &mut Decoder) -> Vec<Result<Message, DecodeError>> {
        core::iter::from_fn(|| decoder.next()).collect()
    }

    #[test]
    fn a_first_object_needs_no_newline_and_later_ones_do() {
        let mut decoder = Decoder::new(1000);
        decoder.push(PING.as_bytes());
        assert_eq!(all(&mut decoder).len(), 1);
        decoder.push(PING.as_bytes());
        assert_eq!(all(&mut decoder).len(), 0);
        decoder.push(b"\n\r\n\n");
        assert_eq!(all(&mut decoder).len(), 1);
        assert_eq!(decoder.finish(), None);
    }

    #[test]
    fn a_line_that_never_ends_costs_no_more_than_the_limit() {
        for start in ["{", "x"] {
            let mut decoder = Decoder::new(100);
            decoder.push(start.as_bytes());
            let mut errors = 0;
            for _ in 0..100 {
                decoder.push(&[b' '; 50]);
                errors += all(&mut decoder).len();
                assert!(decoder.buffered() <= 150);
            }
            assert_eq!(errors, 1);
        }
    }

    #[test]
    fn half_a_frame_at_the_end_is_told() {
        let mut decoder = Decoder::new(1000);
        decoder.push(&PING.as_bytes()[..20]);
        assert!(decoder.next().is_none());
        assert_eq!(decoder.finish(), Some(DecodeError::Truncated));
    }
}
