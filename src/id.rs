//! Names for peers, links, streams and messages.

use core::fmt;
use core::hash::Hasher as _;
use core::str::FromStr;
use std::sync::Arc;

/// Who somebody is: the name a person or program chose, as it stands under `originator` on the wire.
///
/// 1 to 128 bytes of text without control characters. Cloning copies a pointer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(Arc<str>);

/// The text is no [`PeerId`]: empty, longer than [`PeerId::MAX_LEN`] bytes, or with control characters in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerIdError;

impl fmt::Display for PeerIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a name must be 1 to {} bytes long, without control characters", PeerId::MAX_LEN)
    }
}

impl core::error::Error for PeerIdError {}

impl PeerId {
    /// The most bytes a name may have.
    pub const MAX_LEN: usize = 128;

    /// The peer of this name.
    ///
    /// # Errors
    /// [`PeerIdError`] if the text is empty, too long, or holds control characters.
    pub fn new(name: &str) -> Result<Self, PeerIdError> {
        if name.is_empty() || name.len() > Self::MAX_LEN || name.contains(char::is_control) {
            return Err(PeerIdError);
        }
        Ok(Self(name.into()))
    }

    /// Who speaks where nobody is named.
    pub(crate) fn nobody() -> Self {
        Self("*".into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PeerId {
    type Err = PeerIdError;

    fn from_str(name: &str) -> Result<Self, PeerIdError> {
        Self::new(name)
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// One connection, in either direction, as its driver numbered it.
///
/// A driver never has two links of the same number at once for one node. It may use a number again once the node
/// has closed the link, or was told of its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(u64);

impl LinkId {
    /// The link of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link#{}", self.0)
    }
}

/// One run of an author: chosen at its start and greater than that of every earlier run.
///
/// By convention the wall-clock time of the start in milliseconds since 1970, so that nothing has to be saved.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// The place of a message in its author's stream, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Sequence(u64);

impl Sequence {
    /// The first place of a stream.
    pub const FIRST: Self = Self(1);

    /// The place of this number, or `None` for 0.
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        if number == 0 { None } else { Some(Self(number)) }
    }

    /// The number, at least 1.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// What one author said during one run: the unit of order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    author: PeerId,
    epoch: Epoch,
}

impl StreamId {
    /// The stream of `author` in its run `epoch`.
    #[must_use]
    pub const fn new(author: PeerId, epoch: Epoch) -> Self {
        Self { author, epoch }
    }

    /// Who speaks in it.
    #[must_use]
    pub const fn author(&self) -> &PeerId {
        &self.author
    }

    /// In which run.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.author, self.epoch.0)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A stream in short: a 64-bit hash of its author's name and its epoch, the same at every node.
///
/// Announcements, pulls and digests name streams by it, as they are many and should be small. A name that is no more
/// than a hint there: a post itself always says whose it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamTag(u64);

impl StreamTag {
    /// The tag of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The tag of a stream.
    #[must_use]
    pub fn of(author: &PeerId, epoch: Epoch) -> Self {
        let mut hasher =
            siphasher::sip::SipHasher13::new_with_keys(0x6368_696e_7761_6721, 0x7374_7265_616d_2121);
        hasher.write(author.as_str().as_bytes());
        hasher.write_u64(epoch.get());
        Self(hasher.finish())
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Debug for StreamTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:016x}", self.0)
    }
}

/// A message, named for ever: what no other message of anybody is called.
///
/// Never derived from the text of a native message: the same text twice is two messages. Written
/// `author/epoch/sequence`, `author/epoch/direct/sequence` for a message to one peer, or `~` and 32 hexadecimal
/// digits for a message of the classic dialect.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageId {
    /// A message to everybody with a place in its author's stream.
    Native {
        /// The author's stream.
        stream: StreamId,
        /// The place in it.
        sequence: Sequence,
    },
    /// A message to one peer: these are counted apart from those to everybody.
    Direct {
        /// The author's stream.
        stream: StreamId,
        /// The place in what its author says to single peers.
        sequence: Sequence,
    },
    /// A message of the old dialect, which numbers nothing.
    Classic(ClassicId),
}

impl MessageId {
    /// The id of the message at `sequence` in `stream`.
    #[must_use]
    pub const fn native(stream: StreamId, sequence: Sequence) -> Self {
        Self::Native { stream, sequence }
    }

    /// The id of the message to one peer at `sequence` of what the author of `stream` says to single peers.
    #[must_use]
    pub const fn direct(stream: StreamId, sequence: Sequence) -> Self {
        Self::Direct { stream, sequence }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native { stream, sequence } => write!(f, "{stream}/{}", sequence.0),
            Self::Direct { stream, sequence } => write!(f, "{stream}/direct/{}", sequence.0),
            Self::Classic(id) => fmt::Display::fmt(id, f),
        }
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A 128-bit hash of (originator, time, text): the same at every node that meets the message, however its JSON
/// was spelled on the way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassicId(u128);

impl ClassicId {
    /// The id of this hash.
    #[must_use]
    pub const fn new(hash: u128) -> Self {
        Self(hash)
    }
}

impl fmt::Display for ClassicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "~{:032x}", self.0)
    }
}

impl fmt::Debug for ClassicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_printable() {
        assert!(PeerId::new(&"x".repeat(128)).is_ok());
        for bad in ["", &"x".repeat(129), "a\nb", "a\u{1b}[31m"] {
            assert_eq!(PeerId::new(bad), Err(PeerIdError), "{bad:?}");
        }
    }

    #[test]
    fn ids_are_written_as_documented() {
        let stream = StreamId::new(PeerId::new("ann").unwrap(), Epoch::new(7));
        assert_eq!(MessageId::native(stream.clone(), Sequence::FIRST).to_string(), "ann/7/1");
        assert_eq!(MessageId::direct(stream, Sequence::FIRST).to_string(), "ann/7/direct/1");
        assert_eq!(ClassicId::new(255).to_string(), "~000000000000000000000000000000ff");
    }
}
