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
//! | `chinwag` | `{"version": number, "epoch": number}`, and where they are not the usual ones `"intent": "join"`, `"urgent"`, `"visit"` or `"full"`, and `"session": number` | native `PING`, `PONG`, `HELLO` | version at least 1 |
//! | `epoch`, `seq` | numbers | native `BROADCAST`, `DIRECT` | 64 bits; `seq` at least 1; both or none |
//! | `sig` | string | `BROADCAST`, `DIRECT` | 1 to 128 bytes of printable ASCII; optional |
//! | `room` | string | `BROADCAST`, `DIRECT` | 1 to 64 bytes, no control characters; optional |
//! | `to` | string | `DIRECT` | a peer's name; optional |
//!
//! What neighbours say about the network itself ([`Control`](crate::Control)) is a short array instead.

use std::borrow::Cow;

use bytes::Bytes;
use serde::ser::SerializeTuple;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::body::{Frame, has_line_break};
use crate::framing::Braces;
use crate::{
    Address, Body, Contact, Content, DecodeError, Epoch, Hello, Intent, Message, Native, PeerId, Place, Post,
    Room, Sequence, Signature, control_text,
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
    room: Option<Cow<'a, str>>,
    #[serde(borrow)]
    peers: Option<&'a RawValue>,
    #[serde(borrow)]
    to: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Serialize)]
struct WireNative {
    version: u32,
    epoch: u64,
    #[serde(default, skip_serializing_if = "WireIntent::is_neighbour")]
    intent: WireIntent,
    #[serde(default, skip_serializing_if = "is_zero")]
    session: u32,
}

/// Left out where the two are, or want to be, neighbours.
#[derive(Deserialize, Serialize, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
enum WireIntent {
    #[default]
    Neighbour,
    Urgent,
    Join,
    Visit,
    Full,
}

impl WireIntent {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    fn is_neighbour(&self) -> bool {
        *self == Self::Neighbour
    }

    const fn of(intent: Intent) -> Self {
        match intent {
            Intent::Neighbour => Self::Neighbour,
            Intent::Urgent => Self::Urgent,
            Intent::Join => Self::Join,
            Intent::Visit => Self::Visit,
            Intent::Full => Self::Full,
        }
    }

    const fn intent(self) -> Intent {
        match self {
            Self::Neighbour => Intent::Neighbour,
            Self::Urgent => Intent::Urgent,
            Self::Join => Intent::Join,
            Self::Visit => Intent::Visit,
            Self::Full => Intent::Full,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
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
        Self::decode_any(&frame, names, false)
    }

    /// The same for one that stands in another.
    pub(crate) fn decode_wrapped(frame: Bytes, names: &mut Names) -> Result<Self, DecodeError> {
        Self::decode_any(&frame, names, true)
    }

    fn decode_any(frame: &Bytes, names: &mut Names, wrapped: bool) -> Result<Self, DecodeError> {
        let text = core::str::from_utf8(frame).map_err(|_| DecodeError::NotUtf8)?;
        if text.starts_with('[') {
            let control = control_text::decode(text, frame, names, wrapped)?;
            return Ok(Self::control(control));
        }
        let wire: Wire<'_> = parse_object(text)?;
        if is_too_deep(wire.msg.get()) || is_too_deep(wire.time.get()) {
            return Err(DecodeError::TooDeep);
        }
        let originator = names.get(&wire.originator)?;
        let whole = Frame { bytes: frame, is_one_line: !has_line_break(text) };
        let content = content(&wire, &whole)?;
        let time = Body::part_of(&whole, wire.time);
        if whole.is_one_line {
            Ok(Self::received(originator, time, content, frame.clone()))
        } else {
            // Kept as it is, a line break would split this frame when it is passed on.
            Ok(Self::new(originator, time, content))
        }
    }
}

fn content(wire: &Wire<'_>, frame: &Frame<'_>) -> Result<Content, DecodeError> {
    let msg_type = wire.msg_type.as_ref();
    Ok(match msg_type {
        "PING" => Content::Ping(hello(wire)?),
        "PONG" => Content::Pong(hello(wire)?),
        // Without the key it is some application's own greeting.
        "HELLO" if wire.chinwag.is_some() => {
            Content::Ping(Hello { listening: None, native: native(wire)?, others: Vec::new() })
        }
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
        "RETIRE" => Content::Retire,
        "LEAVE" => Content::Leave,
        _ if is_custom_type(msg_type) => {
            Content::Custom { msg_type: msg_type.into(), body: Body::part_of(frame, wire.msg) }
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
    let others = match wire.peers {
        Some(peers) if native.is_some() => control_text::read_contacts(peers)?,
        Some(_) | None => Vec::new(),
    };
    Ok(Hello { listening, native, others })
}

fn native(wire: &Wire<'_>) -> Result<Option<Native>, DecodeError> {
    let Some(key) = wire.chinwag else { return Ok(None) };
    match parse_object(key.get())? {
        WireNative { version: 0, .. } => Err(DecodeError::BadVersion),
        WireNative { version, epoch, intent, session } => {
            Ok(Some(Native { version, epoch: Epoch::new(epoch), intent: intent.intent(), session }))
        }
    }
}

/// Reads an object, and not a list of its values, which what is derived for the one would take for it.
fn parse_object<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, DecodeError> {
    if json.trim_start().starts_with('[') {
        return Err(DecodeError::NotJson { detail: "a list where an object should be".into() });
    }
    serde_json::from_str(json).map_err(|error| DecodeError::from_json(&error))
}

fn post(wire: &Wire<'_>, frame: &Frame<'_>) -> Result<Post, DecodeError> {
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
    let room = match wire.room.as_deref() {
        Some(name) => Some(Room::new(name).ok_or(DecodeError::BadRoom)?),
        None => None,
    };
    Ok(Post { place, room, body: Body::part_of(frame, wire.msg), signature })
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
    room: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Contact]>::is_empty")]
    peers: &'a [Contact],
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
}

/// The value of the `msg` key.
enum Said<'a> {
    Nothing,
    Body(&'a Body),
    Address(Option<&'a Address>),
    Peer(&'a PeerId, &'a Address),
}

impl Serialize for Said<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_str(""),
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
    if let Content::Control(control) = message.content() {
        return control_text::encode(control);
    }
    let msg = match message.content() {
        Content::Ping(Hello { listening: None, .. }) => Said::Nothing,
        Content::Ping(hello) | Content::Pong(hello) => Said::Address(hello.listening.as_ref()),
        Content::AdvertiseReply { peer, address } => Said::Peer(peer, address),
        Content::Broadcast(post) | Content::Direct { post, .. } => Said::Body(&post.body),
        Content::Custom { body, .. } => Said::Body(body),
        Content::Advertise | Content::Retire | Content::Leave | Content::Control(_) => Said::Nothing,
    };
    let (native, peers) = match message.content() {
        Content::Ping(hello @ Hello { listening: None, .. }) => (hello.native, &[][..]),
        Content::Ping(hello) | Content::Pong(hello) => (hello.native, &hello.others[..]),
        Content::Advertise
        | Content::AdvertiseReply { .. }
        | Content::Broadcast(_)
        | Content::Direct { .. }
        | Content::Retire
        | Content::Leave
        | Content::Custom { .. }
        | Content::Control(_) => (None, &[][..]),
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
        chinwag: native.map(|native| WireNative {
            version: native.version,
            epoch: native.epoch.get(),
            intent: WireIntent::of(native.intent),
            session: native.session,
        }),
        epoch: place.map(|place| place.epoch.get()),
        seq: place.map(|place| place.sequence.get()),
        sig: message.post().and_then(|post| post.signature.as_ref()).map(Signature::as_str),
        room: message.post().and_then(|post| post.room.as_ref()).map(Room::as_str),
        peers,
        to,
    };
    let mut frame = Vec::with_capacity(body_len.saturating_add(192));
    // Writing known-good values into memory has no way to fail; an empty frame would be rejected by its reader.
    if serde_json::to_writer(&mut frame, &spelled).is_err() {
        frame.clear();
    }
    Bytes::from(frame)
}
