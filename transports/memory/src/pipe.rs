//! The receiving end of a stream of bytes: what was written, cut into chunks and decoded.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};
use chinwag::framing::{Decoder, write_frame};
use chinwag::{DecodeError, Message};

use crate::draw::{Draw, Place, Purpose};

pub(crate) type Decoded = Result<Message, DecodeError>;

/// Bytes on their way to one decoder.
///
/// A frame is handed over when its last byte arrives, however the bytes are cut: the decoder may have seen bytes
/// that were sent after it, but what they say waits for its own time.
#[derive(Clone, Debug)]
pub(crate) struct Pipe {
    written: BytesMut,
    /// How many bytes were ever written.
    end: u64,
    /// How many of them the decoder has seen.
    read: u64,
    decoder: Decoder,
    decoded: VecDeque<Decoded>,
    chunks: u64,
}

/// How often the decoder was fed.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Fed {
    pub(crate) chunks: u64,
    pub(crate) across_frames: u64,
}

impl Pipe {
    pub(crate) fn new(max_frame: usize) -> Self {
        Self {
            written: BytesMut::new(),
            end: 0,
            read: 0,
            decoder: Decoder::new(max_frame),
            decoded: VecDeque::new(),
            chunks: 0,
        }
    }

    /// Writes a frame, with one bit flipped if `corrupt` says which; gives the offset of its end.
    pub(crate) fn write(&mut self, frame: &Bytes, corrupt: Option<Draw>) -> u64 {
        let start = self.written.len();
        write_frame(&mut self.written, frame);
        if let (Some(draw), Some(frame)) = (corrupt, self.written.get_mut(start..)) {
            flip_bit(frame, draw);
        }
        self.end = self.end.saturating_add(self.written.len().saturating_sub(start) as u64);
        self.end
    }

    /// Feeds the decoder at least up to `offset`, in chunks of drawn sizes, and gives what has arrived by then.
    pub(crate) fn read_to(&mut self, offset: u64, seed: u64, place: Place, into: &mut Vec<Decoded>) -> Fed {
        let mut fed = Fed::default();
        while self.read < offset {
            let place = Place { sequence: self.chunks, ..place };
            self.chunks = self.chunks.wrapping_add(1);
            let available = self.written.len() as u64;
            // Half of the chunks are a few bytes, the others anything up to all there is.
            let most = if Draw::new(seed, Purpose::ChunkKind, place).below(2) == 0 { 8 } else { available };
            let length = 1 + Draw::new(seed, Purpose::ChunkLength, place).below(most.min(available));
            let chunk = usize::try_from(length.min(available)).unwrap_or(usize::MAX);
            self.decoder.push(&self.written[..chunk]);
            self.written.advance(chunk);
            let before = self.decoded.len();
            while let Some(result) = self.decoder.next() {
                self.decoded.push_back(result);
            }
            let ended = self.decoded.len() > before;
            fed.across_frames += u64::from(ended && self.decoder.buffered() > 0);
            fed.chunks += 1;
            self.read = self.read.saturating_add(chunk as u64);
            if chunk == 0 {
                break;
            }
        }
        // With nothing seen ahead of time, all that was decoded has arrived. Otherwise this is about one frame.
        let arrived = if self.read <= offset { self.decoded.len() } else { 1 };
        into.extend(self.decoded.drain(..arrived.min(self.decoded.len())));
        fed
    }

    /// The stream has ended: what is left, and whether it ended in the middle of a frame.
    pub(crate) fn finish(&mut self, into: &mut Vec<Decoded>) {
        into.extend(self.decoded.drain(..));
        into.extend(self.decoder.finish().map(Err));
    }
}

/// A datagram, which is one frame; with one bit flipped if `corrupt` says which.
pub(crate) fn datagram(frame: &Bytes, corrupt: Option<Draw>) -> Bytes {
    let Some(draw) = corrupt else { return frame.clone() };
    let mut bytes = BytesMut::from(&frame[..]);
    flip_bit(&mut bytes, draw);
    bytes.freeze()
}

/// Decodes a datagram, as a link of its own.
pub(crate) fn decode_datagram(datagram: &Bytes, max_frame: usize, into: &mut Vec<Decoded>) {
    let mut decoder = Decoder::new(max_frame);
    decoder.push(datagram);
    // A datagram ends where it ends: only an object would show that by itself.
    decoder.push(b"\n");
    while let Some(result) = decoder.next() {
        into.push(result);
    }
    into.extend(decoder.finish().map(Err));
}

fn flip_bit(bytes: &mut [u8], draw: Draw) {
    let bit = draw.below(bytes.len() as u64 * 8);
    if let Some(byte) = usize::try_from(bit / 8).ok().and_then(|at| bytes.get_mut(at)) {
        *byte ^= 1 << (bit % 8);
    }
}
