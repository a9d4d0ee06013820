//! [`Control`] ↔ a JSON array: `["IHAVE","mfrLTYwYUgA",17]`.
//!
//! A list that is longer than its limit is refused while it is read, before more is kept of it.

use core::fmt;
use core::marker::PhantomData;
use std::borrow::Cow;

use bytes::Bytes;
use serde::de::{self, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::codec::Names;
use crate::control::{Contact, Control, MAX_PEERS, MAX_RUNS, Run};
use crate::{Address, DecodeError, Message, PeerId, Sequence, StreamTag};

/// Writes a control message.
pub(crate) fn encode(control: &Control) -> Bytes {
    if let Control::Numbered { session, number, message } = control {
        let inner = message.encoded();
        let mut frame = format!("[\"#\",{session},{number},").into_bytes();
        frame.extend_from_slice(inner);
        frame.push(b']');
        return Bytes::from(frame);
    }
    let mut frame = Vec::with_capacity(48);
    if serde_json::to_writer(&mut frame, control).is_err() {
        frame.clear();
    }
    Bytes::from(frame)
}

/// Reads a control message from `text`, which is all of `frame`.
///
/// `wrapped`: it stands in a numbered one, and may not be one itself.
pub(crate) fn decode(
    text: &str,
    frame: &Bytes,
    names: &mut Names,
    wrapped: bool,
) -> Result<Control, DecodeError> {
    let read: Read<'_> = serde_json::from_str(text).map_err(|error| DecodeError::from_json(&error))?;
    Ok(match read {
        Read::Control(control) => control,
        Read::Numbered { .. } if wrapped => return Err(DecodeError::TooDeep),
        Read::Numbered { session, number, inner } => {
            let message = Message::decode_wrapped(frame.slice_ref(inner.get().as_bytes()), names)?;
            Control::Numbered { session, number, message }
        }
    })
}

/// Reads a list of contacts.
pub(crate) fn read_contacts(list: &RawValue) -> Result<Vec<Contact>, DecodeError> {
    let list: Bounded<Contact, MAX_PEERS> =
        serde_json::from_str(list.get()).map_err(|_| DecodeError::BadMsg { expected: "a list of peers" })?;
    Ok(list.0)
}

enum Read<'a> {
    Control(Control),
    Numbered { session: u32, number: u64, inner: &'a RawValue },
}

impl Serialize for Control {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut array = serializer.serialize_seq(None)?;
        array.serialize_element(self.kind())?;
        match self {
            Self::KeepAlive(number) | Self::KeepAliveReply(number) => array.serialize_element(number)?,
            Self::Disconnect | Self::Unknown => {}
            Self::Walk { peer, hops_left } => {
                array.serialize_element(peer)?;
                array.serialize_element(hops_left)?;
            }
            Self::Shuffle { number, hops_left, peers } => {
                array.serialize_element(number)?;
                array.serialize_element(hops_left)?;
                array.serialize_element(peers)?;
            }
            Self::Peers { answers, peers } => {
                array.serialize_element(answers)?;
                array.serialize_element(peers)?;
            }
            Self::Instead(peer) => array.serialize_element(peer)?,
            Self::Beacon { root, number } => {
                array.serialize_element(root)?;
                array.serialize_element(number)?;
            }
            Self::Have(runs) | Self::Pulled(runs) | Self::Since(runs) => write_runs(&mut array, runs)?,
            Self::Graft(stream) | Self::Prune(stream) => {
                if let Some(stream) = stream {
                    array.serialize_element(stream)?;
                }
            }
            Self::Pull { credit, runs } => {
                array.serialize_element(credit)?;
                write_runs(&mut array, runs)?;
            }
            Self::CatchUp { count, credit } => {
                array.serialize_element(count)?;
                array.serialize_element(credit)?;
            }
            Self::Sync(spans) => array.serialize_element(spans)?,
            Self::Find { number, peer, wide } => {
                array.serialize_element(number)?;
                array.serialize_element(peer.as_str())?;
                if *wide {
                    array.serialize_element(wide)?;
                }
            }
            Self::Found { number } => array.serialize_element(number)?,
            Self::Arrived(stream, sequence) | Self::Stuck(stream, sequence) => {
                array.serialize_element(stream)?;
                array.serialize_element(&sequence.get())?;
            }
            Self::Numbered { session, number, message } => {
                array.serialize_element(session)?;
                array.serialize_element(number)?;
                let inner: &RawValue =
                    serde_json::from_slice(message.encoded()).map_err(serde::ser::Error::custom)?;
                array.serialize_element(inner)?;
            }
            Self::Acknowledge { session, upto, beyond } => {
                array.serialize_element(session)?;
                array.serialize_element(upto)?;
                array.serialize_element(beyond)?;
            }
        }
        array.end()
    }
}

fn write_runs<A: SerializeSeq>(array: &mut A, runs: &[(StreamTag, Run)]) -> Result<(), A::Error> {
    for (stream, run) in runs {
        array.serialize_element(stream)?;
        if run.from() == run.to() {
            array.serialize_element(&run.from())?;
        } else {
            array.serialize_element(&(run.from(), run.to()))?;
        }
    }
    Ok(())
}

impl Control {
    /// The first element of its array.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::KeepAlive(_) => "KEEPALIVE",
            Self::KeepAliveReply(_) => "KEEPALIVE_REPLY",
            Self::Disconnect => "DISCONNECT",
            Self::Unknown => "?",
            Self::Walk { .. } => "WALK",
            Self::Shuffle { .. } => "SHUFFLE",
            Self::Peers { .. } => "PEERS",
            Self::Instead(_) => "INSTEAD",
            Self::Beacon { .. } => "BEACON",
            Self::Have(_) => "IHAVE",
            Self::Graft(_) => "GRAFT",
            Self::Prune(_) => "PRUNE",
            Self::Pull { .. } => "PULL",
            Self::Pulled(_) => "PULLED",
            Self::CatchUp { .. } => "CATCHUP",
            Self::Since(_) => "SINCE",
            Self::Sync(_) => "SYNC",
            Self::Find { .. } => "FIND",
            Self::Found { .. } => "FOUND",
            Self::Arrived(..) => "ARRIVED",
            Self::Stuck(..) => "STUCK",
            Self::Numbered { .. } => "#",
            Self::Acknowledge { .. } => "ACK",
        }
    }
}

impl<'de> Deserialize<'de> for Read<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ReadVisitor)
    }
}

struct ReadVisitor;

impl<'de> Visitor<'de> for ReadVisitor {
    type Value = Read<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array that begins with its kind")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Read<'de>, A::Error> {
        let kind: Cow<'de, str> = next(&mut array)?;
        let control = match kind.as_ref() {
            "KEEPALIVE" => Control::KeepAlive(next(&mut array)?),
            "KEEPALIVE_REPLY" => Control::KeepAliveReply(next(&mut array)?),
            "DISCONNECT" => Control::Disconnect,
            "WALK" => Control::Walk { peer: next(&mut array)?, hops_left: next(&mut array)? },
            "SHUFFLE" => Control::Shuffle {
                number: next(&mut array)?,
                hops_left: next(&mut array)?,
                peers: next::<_, Bounded<Contact, MAX_PEERS>>(&mut array)?.0,
            },
            "PEERS" => Control::Peers {
                answers: next(&mut array)?,
                peers: next::<_, Bounded<Contact, MAX_PEERS>>(&mut array)?.0,
            },
            "INSTEAD" => Control::Instead(next(&mut array)?),
            "BEACON" => Control::Beacon { root: next(&mut array)?, number: next(&mut array)? },
            "IHAVE" => return read_runs(array).map(|runs| Read::Control(Control::Have(runs))),
            "PULLED" => return read_runs(array).map(|runs| Read::Control(Control::Pulled(runs))),
            "SINCE" => return read_runs(array).map(|runs| Read::Control(Control::Since(runs))),
            "PULL" => {
                let credit = next(&mut array)?;
                return read_runs(array).map(|runs| Read::Control(Control::Pull { credit, runs }));
            }
            "GRAFT" => Control::Graft(array.next_element()?),
            "PRUNE" => Control::Prune(array.next_element()?),
            "CATCHUP" => Control::CatchUp { count: next(&mut array)?, credit: next(&mut array)? },
            "SYNC" => Control::Sync(next(&mut array)?),
            "FIND" => Control::Find {
                number: next(&mut array)?,
                peer: next::<_, Name>(&mut array)?.0,
                wide: array.next_element()?.unwrap_or(false),
            },
            "FOUND" => Control::Found { number: next(&mut array)? },
            "ARRIVED" => Control::Arrived(next(&mut array)?, next::<_, Number>(&mut array)?.0),
            "STUCK" => Control::Stuck(next(&mut array)?, next::<_, Number>(&mut array)?.0),
            "ACK" => Control::Acknowledge {
                session: next(&mut array)?,
                upto: next(&mut array)?,
                beyond: next(&mut array)?,
            },
            "#" => {
                let (session, number) = (next(&mut array)?, next(&mut array)?);
                let inner = next(&mut array)?;
                skip_rest(&mut array)?;
                return Ok(Read::Numbered { session, number, inner });
            }
            _ => Control::Unknown,
        };
        skip_rest(&mut array)?;
        Ok(Read::Control(control))
    }
}

/// What follows is of a later version.
fn skip_rest<'de, A: SeqAccess<'de>>(array: &mut A) -> Result<(), A::Error> {
    while array.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn next<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(array: &mut A) -> Result<T, A::Error> {
    array.next_element()?.ok_or_else(|| de::Error::custom("an element is missing"))
}

fn read_runs<'de, A: SeqAccess<'de>>(mut array: A) -> Result<Vec<(StreamTag, Run)>, A::Error> {
    let mut runs = Vec::new();
    while let Some(stream) = array.next_element()? {
        if runs.len() >= MAX_RUNS {
            return Err(de::Error::custom("too many runs"));
        }
        runs.push((stream, next(&mut array)?));
    }
    Ok(runs)
}

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RunVisitor;
        impl<'de> Visitor<'de> for RunVisitor {
            type Value = Run;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 1, or the first and the last of some")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Run, E> {
                Run::of(number, number).ok_or_else(|| E::custom("0 is no place"))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Run, A::Error> {
                let (from, to) = (next(&mut array)?, next(&mut array)?);
                skip_rest(&mut array)?;
                Run::of(from, to).ok_or_else(|| de::Error::custom("an empty run"))
            }
        }
        deserializer.deserialize_any(RunVisitor)
    }
}

/// A list that refuses to become longer than `MOST`.
struct Bounded<T, const MOST: usize>(Vec<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Bounded<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T, const MOST: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for ListVisitor<T, MOST> {
            type Value = Bounded<T, MOST>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MOST}")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(element) = array.next_element()? {
                    if list.len() >= MOST {
                        return Err(de::Error::custom("a list is too long"));
                    }
                    list.push(element);
                }
                Ok(Bounded(list))
            }
        }
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct Name(PeerId);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <Cow<'de, str>>::deserialize(deserializer)?;
        PeerId::new(&name).map(Self).map_err(de::Error::custom)
    }
}

struct Number(Sequence);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Sequence::new(u64::deserialize(deserializer)?)
            .map(Self)
            .ok_or_else(|| de::Error::custom("0 is no place"))
    }
}

impl Serialize for Contact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.peer().as_str(), self.address().host(), self.address().port()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Contact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (name, host, port) = <(Name, Cow<'de, str>, u16)>::deserialize(deserializer)?;
        let address = Address::new(&host, port).map_err(de::Error::custom)?;
        Ok(Self::new(name.0, address))
    }
}
