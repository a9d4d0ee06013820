//! [`Message`] ↔ one JSON object, in both dialects.
//!
//! Every object has the old program's four keys; ours are left out where they do not apply, and a reader ignores
//! every key it does not know.
//!
//! | key | type | on | limit |
//! |---|---|---|---|
//! | `msg_type` | string | all | 1 to 64 bytes, no control characters |
//! | `msg` | any JSON | all | nested at most 127 deep |
//! | `originator` | string | all | 1 to 128 bytes, no control characters |
//! | `time` | any JSON | all | passed on unchanged |
//! | `chinwag` | `{"version": number, "epoch": number}` | native `PING`, `PONG`, `HELLO` | version at least 1 |
//! | `epoch`, `seq` | numbers | native `BROADCAST`, `DIRECT` | 64 bits; `seq` at least 1; both or none |
//! | `sig` | string | `BROADCAST`, `DIRECT` | 1 to 128 bytes of printable ASCII; optional |
//! | `to` | string | `DIRECT` | a peer's name; optional |

use std::borrow::Cow;

use bytes::Bytes;
use serde::ser::SerializeTuple;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::body::has_line_break;
use crate::framing::Braces;
use crate::{
    Address, Body, Content, DecodeError, Epoch, Hello, Message, Native, PeerId, Place, Post, Sequence,
    Signature,
};

/// The most bytes a `msg_type` may have.
pub const MAX_TYPE_LEN: usize = 64;

/// How many arrays and objects a `msg` or `time` may nest.
pub const MAX_DEPTH: u32 = 127;

/// The names met last on a link: most frames there are by few authors, and a name that is known needs no memory of
/// its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names([Option<PeerId>; 8]);

impl Names {
    fn get(&mut self, name: &str) -> Result<PeerId, DecodeError> {
        let ends = name.bytes().next().into_iter().chain(name.bytes().next_back());
        let place = ends.fold(name.len(), |sum, byte| sum.wrapping_add(usize::from(byte))) % self.0.len();
        match self.0.get_mut(place) {
            Some(Some(known)) if known.as_str() == name => Ok(known.clone()),
            slot => {
                let new = PeerId::new(name).map_err(|_| DecodeError::BadName)?;
                if let Some(slot) = slot {
                    *slot = Some(new.clone());
                }
                Ok(new)
            }
        }
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    msg_type: Cow<'a, str>,
    #[serde(borrow)]
    msg: &'a RawValue,
    #[serde(borrow)]
    originator: Cow<'a, str>,
    #[serde(borrow)]
    time: &'a RawValue,
    #[serde(borrow)]
    chinwag: Option<&'a RawValue>,
    epoch: Option<u64>,
    seq: Option<u64>,
    #[serde(borrow)]
    sig: Option<Cow<'a, str>>,
    #[serde(borrow)]
    to: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Serialize)]
struct WireNative {
    version: u32,
    epoch: u64,
}

impl Message {
    /// Reads one frame: a JSON object, without or with white space around it. Total: any bytes give a message or
    /// an error. What is kept of the frame is a slice of it.
    ///
    /// # Errors
    /// [`DecodeError`], which says what is wrong with the frame.
    pub fn decode(frame: Bytes) -> Result<Self, DecodeError> {
        Self::decode_knowing(frame, &mut Names::default())
    }

    /// The same, for a reader that has met some names before.
    pub(crate) fn decode_knowing(frame: Bytes, names: &mut Names) -> Result<Self, DecodeError> {
        let text = core::str::from_utf8(&frame).map_err(|_| DecodeError::NotUtf8)?;
        let wire: Wire<'_> = parse_object(text)?;
        if is_too_deep(wire.msg.get()) || is_too_deep(wire.time.get()) {
            return Err(DecodeError::TooDeep);
        }
        let originator = names.get(&wire.originator)?;
        let content = content(&wire, &frame)?;
        let time = Body::from_raw(wire.time, Some(&frame));
        if has_line_break(text) {
            // Kept as it is, a line break would split this frame when it is passed on.
            return Ok(Self::new(originator, time, content));
        }
        Ok(Self::received(originator, time, content, frame.clone()))
    }
}

fn content(wire: &Wire<'_>, frame: &Bytes) -> Result<Content, DecodeError> {
    let msg_type = wire.msg_type.as_ref();
    Ok(match msg_type {
        "PING" => Content::Ping(hello(wire)?),
        "PONG" => Content::Pong(hello(wire)?),
        // Without the key it is some application's own greeting.
        "HELLO" if wire.chinwag.is_some() => Content::Ping(Hello { listening: None, native: native(wire)? }),
        "ADVERTISE" => Content::Advertise,
        "ADVERTISE_REPLY" => {
            let (peer, (host, port)): (Cow<'_, str>, (Cow<'_, str>, u16)) =
                parse_msg(wire, "[peer, [host, port]]")?;
            let peer = PeerId::new(&peer).map_err(|_| DecodeError::BadName)?;
            Content::AdvertiseReply { peer, address: Address::new(&host, port)? }
        }
        "BROADCAST" => Content::Broadcast(post(wire, frame)?),
        "DIRECT" => {
            let to = wire.to.as_deref().map(PeerId::new).transpose().map_err(|_| DecodeError::BadName)?;
            Content::Direct { to, post: post(wire, frame)? }
        }
        "KEEPALIVE" => Content::KeepAlive(parse_msg(wire, "a number")?),
        "KEEPALIVE_REPLY" => Content::KeepAliveReply(parse_msg(wire, "a number")?),
        "RETIRE" => Content::Retire,
        "LEAVE" => Content::Leave,
        _ if is_custom_type(msg_type) => {
            Content::Custom { msg_type: msg_type.into(), body: Body::from_raw(wire.msg, Some(frame)) }
        }
        _ => return Err(DecodeError::BadType),
    })
}

/// Whether a value is nested deeper than any reader of it would follow.
fn is_too_deep(json: &str) -> bool {
    if !json.starts_with(['[', '{']) {
        return false;
    }
    let mut braces = Braces::default();
    json.bytes().any(|byte| {
        braces.closes(byte);
        braces.depth() > MAX_DEPTH
    })
}

/// Whether an application may use this `msg_type`: 1 to 64 bytes without control characters.
#[must_use]
pub(crate) fn is_custom_type(msg_type: &str) -> bool {
    !msg_type.is_empty() && msg_type.len() <= MAX_TYPE_LEN && !msg_type.contains(char::is_control)
}

fn parse_msg<'a, T: Deserialize<'a>>(wire: &Wire<'a>, expected: &'static str) -> Result<T, DecodeError> {
    serde_json::from_str(wire.msg.get()).map_err(|_| DecodeError::BadMsg { expected })
}

fn hello(wire: &Wire<'_>) -> Result<Hello, DecodeError> {
    let (host, port): (Cow<'_, str>, u16) = parse_msg(wire, "[host, port]")?;
    let native = native(wire)?;
    let silent = native.is_some() && host.is_empty() && port == 0;
    let listening = if silent { None } else { Some(Address::new(&host, port)?) };
    Ok(Hello { listening, native })
}

fn native(wire: &Wire<'_>) -> Result<Option<Native>, DecodeError> {
    let Some(key) = wire.chinwag else { return Ok(None) };
    match parse_object(key.get())? {
        WireNative { version: 0, .. } => Err(DecodeError::BadVersion),
        WireNative { version, epoch } => Ok(Some(Native { version, epoch: Epoch::new(epoch) })),
    }
}

/// Reads an object, and not a list of its values, which what is derived for the one would take for it.
fn parse_object<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, DecodeError> {
    if json.trim_start().starts_with('[') {
        return Err(DecodeError::NotJson { detail: "a list where an object should be".into() });
    }
    serde_json::from_str(json).map_err(|error| DecodeError::from_json(&error))
}

fn post(wire: &Wire<'_>, frame: &Bytes) -> Result<Post, DecodeError> {
    let place = match (wire.epoch, wire.seq) {
        (None, None) => None,
        (Some(epoch), Some(sequence)) => Some(Place {
            epoch: Epoch::new(epoch),
            sequence: Sequence::new(sequence).ok_or(DecodeError::BadPlace)?,
        }),
        (Some(_), None) | (None, Some(_)) => return Err(DecodeError::BadPlace),
    };
    let signature = match wire.sig.as_deref() {
        Some(text) => Some(Signature::new(text).ok_or(DecodeError::BadSignature)?),
        None => None,
    };
    Ok(Post { place, body: Body::from_raw(wire.msg, Some(frame)), signature })
}

#[derive(Serialize)]
struct Spelled<'a> {
    msg_type: &'a str,
    msg: Said<'a>,
    originator: &'a str,
    time: &'a Body,
    #[serde(skip_serializing_if = "Option::is_none")]
    chinwag: Option<WireNative>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sig: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
}

/// The value of the `msg` key.
enum Said<'a> {
    Nothing,
    Number(u64),
    Body(&'a Body),
    Address(Option<&'a Address>),
    Peer(&'a PeerId, &'a Address),
}

impl Serialize for Said<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_str(""),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Body(body) => body.serialize(serializer),
            Self::Address(address) => host_and_port(*address).serialize(serializer),
            Self::Peer(peer, address) => {
                let mut pair = serializer.serialize_tuple(2)?;
                pair.serialize_element(peer.as_str())?;
                pair.serialize_element(&host_and_port(Some(address)))?;
                pair.end()
            }
        }
    }
}

fn host_and_port(address: Option<&Address>) -> (&str, u16) {
    address.map_or(("", 0), |address| (address.host(), address.port()))
}

/// Writes `message` as one line's worth of JSON, without the line break.
pub(crate) fn encode(message: &Message) -> Bytes {
    let msg = match message.content() {
        Content::Ping(Hello { listening: None, .. }) => Said::Nothing,
        Content::Ping(hello) | Content::Pong(hello) => Said::Address(hello.listening.as_ref()),
        Content::AdvertiseReply { peer, address } => Said::Peer(peer, address),
        Content::Broadcast(post) | Content::Direct { post, .. } => Said::Body(&post.body),
        Content::KeepAlive(number) | Content::KeepAliveReply(number) => Said::Number(*number),
        Content::Custom { body, .. } => Said::Body(body),
        Content::Advertise | Content::Retire | Content::Leave => Said::Nothing,
    };
    let native = match message.content() {
        Content::Ping(hello) | Content::Pong(hello) => hello.native,
        Content::Advertise
        | Content::AdvertiseReply { .. }
        | Content::Broadcast(_)
        | Content::Direct { .. }
        | Content::KeepAlive(_)
        | Content::KeepAliveReply(_)
        | Content::Retire
        | Content::Leave
        | Content::Custom { .. } => None,
    };
    let to =
        if let Content::Direct { to: Some(to), .. } = message.content() { Some(to.as_str()) } else { None };
    let place = message.post().and_then(|post| post.place);
    let body_len = message.post().map_or(0, |post| post.body.json_len());
    let spelled = Spelled {
        msg_type: message.msg_type(),
        msg,
        originator: message.originator().as_str(),
        time: message.time(),
        chinwag: native.map(|native| WireNative { version: native.version, epoch: native.epoch.get() }),
        epoch: place.map(|place| place.epoch.get()),
        seq: place.map(|place| place.sequence.get()),
        sig: message.post().and_then(|post| post.signature.as_ref()).map(Signature::as_str),
        to,
    };
    let mut frame = Vec::with_capacity(body_len.saturating_add(192));
    // Writing known-good values into memory has no way to fail; an empty frame would be rejected by its reader.
    if serde_json::to_writer(&mut frame, &spelled).is_err() {
        frame.clear();
    }
    Bytes::from(frame)
}
