//! Golden vectors: the exact bytes of both dialects, and what each of them means.
//!
//! `vectors/classic.json` and `vectors/native.json` hold, for each frame, the message it is and, where that differs
//! from the frame, how we would write that message ourselves (`encoded`). `vectors/malformed.json` holds frames that
//! are no message, each with its error. `vectors/control.json` holds what neighbours say to each other about the network,
//! and `vectors/tags.json` the tags of some streams. Ids of classic posts, and tags, were computed by another
//! implementation of their hash, in another language.
#![cfg(test)]

use chinwag::{
    Address, AddressError, Body, Contact, Content, Control, DecodeError, Epoch, Hello, Intent, Message,
    Native, PeerId, Place, Post, Room, Run, Sequence, Signature, StreamTag,
};
use serde::Deserialize;

#[test]
fn every_control_frame_means_what_its_vector_says_and_is_written_so() {
    let vectors: Vec<ControlVector> = serde_json::from_str(CONTROL).unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    for ControlVector { name, frame, encoded, message } in vectors {
        let read = Message::decode(frame.clone().into()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = message.content(&frame).map(Message::control);
        if let Some(expected) = &expected {
            assert_eq!(read, *expected, "{name}");
        }
        let written = expected.unwrap_or_else(|| read.clone());
        assert_eq!(written.encoded(), encoded.as_ref().unwrap_or(&frame), "{name}");
        assert_eq!((read.msg_type(), read.originator().as_str()), (message.kind.as_str(), "*"), "{name}");
        kinds.insert(message.kind);
    }
    assert_eq!(kinds.len(), 23, "a vector for every kind: {kinds:?}");
}

/// A number around a post gives away the very bytes of the post.
#[test]
fn a_wrapped_post_is_passed_on_as_it_came() {
    let post = r#"{"msg_type":"BROADCAST","msg":"caf\u00e9","originator":"ann","time":0,"epoch":1,"seq":17}"#;
    let wrapped = Message::decode(format!("[\"#\",7,1, {post} ]").into()).unwrap();
    let Content::Control(Control::Numbered { message, .. }) = wrapped.content() else {
        panic!("{wrapped:?}")
    };
    assert_eq!(message.encoded(), post);
    assert_eq!(wrapped.id().map(|id| id.to_string()).as_deref(), Some("ann/1/17"));
}

#[test]
fn every_tag_is_the_hash_of_its_stream() {
    let vectors: Vec<TagVector> = serde_json::from_str(TAGS).unwrap();
    assert!(vectors.len() >= 4, "the file is there");
    for TagVector { author, epoch, tag } in vectors {
        let real = StreamTag::of(&PeerId::new(&author).unwrap(), Epoch::new(epoch));
        assert_eq!(serde_json::to_string(&real).unwrap(), format!("\"{tag}\""), "{author} {epoch}");
    }
}

#[derive(Deserialize)]
struct ControlVector {
    name: String,
    frame: String,
    encoded: Option<String>,
    message: ExpectedControl,
}

#[derive(Deserialize)]
struct TagVector {
    author: String,
    epoch: u64,
    tag: String,
}

/// A control message, spelled out: runs with their streams' tags as plain numbers.
#[derive(Deserialize)]
struct ExpectedControl {
    kind: String,
    number: Option<u64>,
    hops_left: Option<u8>,
    peers: Option<Vec<(String, String, u16)>>,
    peer: Option<String>,
    tags: Option<Vec<String>>,
    runs: Option<Vec<(String, u64, u64)>>,
    credit: Option<u32>,
    count: Option<u32>,
    session: Option<u32>,
    beyond: Option<u64>,
    inner: Option<Box<Self>>,
    /// The number of the post inside, which stands in the frame.
    post: Option<String>,
}

impl ExpectedControl {
    /// `None` for what only the codec can make.
    fn content(&self, frame: &str) -> Option<Control> {
        let number = || self.number.unwrap();
        let peers = || contacts(self.peers.as_deref().unwrap());
        let tag = || self.tags.as_deref().unwrap().first().map(|tag| StreamTag::new(tag.parse().unwrap()));
        let place = || Sequence::new(number()).unwrap();
        let runs = || self.runs.as_deref().unwrap().iter().map(run).collect();
        Some(match self.kind.as_str() {
            "KEEPALIVE" => Control::KeepAlive(number()),
            "KEEPALIVE_REPLY" => Control::KeepAliveReply(number()),
            "DISCONNECT" => Control::Disconnect,
            "?" => Control::Unknown,
            "WALK" => Control::Walk { peer: peers().remove(0), hops_left: self.hops_left.unwrap() },
            "SHUFFLE" => {
                Control::Shuffle { number: number(), hops_left: self.hops_left.unwrap(), peers: peers() }
            }
            "PEERS" => Control::Peers { answers: number(), peers: peers() },
            "INSTEAD" => Control::Instead(peers().remove(0)),
            "BEACON" => Control::Beacon { root: tag().unwrap(), number: number() },
            "IHAVE" => Control::Have(runs()),
            "GRAFT" => Control::Graft(tag()),
            "PRUNE" => Control::Prune(tag()),
            "PULL" => Control::Pull { credit: self.credit.unwrap(), runs: runs() },
            "PULLED" => Control::Pulled(runs()),
            "CATCHUP" => Control::CatchUp { count: self.count.unwrap(), credit: self.credit.unwrap() },
            "SINCE" => Control::Since(runs()),
            "FIND" => Control::Find {
                number: number(),
                peer: PeerId::new(self.peer.as_ref().unwrap()).unwrap(),
                wide: false,
            },
            "FOUND" => Control::Found { number: number() },
            "ARRIVED" => Control::Arrived(tag().unwrap(), place()),
            "STUCK" => Control::Stuck(tag().unwrap(), place()),
            "ACK" => Control::Acknowledge {
                session: self.session.unwrap(),
                upto: number(),
                beyond: self.beyond.unwrap(),
            },
            "#" => {
                let message = match (&self.inner, &self.post) {
                    (Some(inner), None) => Message::control(inner.content(frame)?),
                    (None, Some(_)) => {
                        let inner = &frame[frame.find('{').unwrap()..=frame.rfind('}').unwrap()];
                        Message::decode(inner.to_owned().into()).unwrap()
                    }
                    _ => panic!("a number is around one thing"),
                };
                Control::Numbered { session: self.session.unwrap(), number: number(), message }
            }
            "SYNC" => return None,
            other => panic!("no kind is called {other}"),
        })
    }
}

fn run((tag, from, to): &(String, u64, u64)) -> (StreamTag, Run) {
    (StreamTag::new(tag.parse().unwrap()), Run::of(*from, *to).unwrap())
}

fn contacts(contacts: &[(String, String, u16)]) -> Vec<Contact> {
    contacts
        .iter()
        .map(|(name, host, port)| {
            Contact::new(PeerId::new(name).unwrap(), Address::new(host, *port).unwrap())
        })
        .collect()
}

#[test]
fn every_frame_means_what_its_vector_says_and_is_passed_on_as_it_came() {
    for vector in vectors() {
        let Vector { name, frame, .. } = &vector;
        let read = Message::decode(frame.clone().into()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read, vector.message(), "{name}");
        assert_eq!(read.encoded(), frame, "{name}");
        assert_eq!(read.id().map(|id| id.to_string()), vector.message.id, "{name}");
    }
}

#[test]
fn every_message_is_written_as_its_vector_says() {
    for vector in vectors() {
        let expected = vector.encoded.as_ref().unwrap_or(&vector.frame);
        assert_eq!(vector.message().encoded(), expected, "{}", vector.name);
    }
}

#[test]
fn a_native_frame_in_the_classic_dialect_has_the_four_keys_in_their_order() {
    for vector in vectors().filter(|vector| vector.message.msg_type != "DIRECT") {
        let message = vector.message();
        let silent = matches!(message.content(), Content::Ping(Hello { listening: None, .. }));
        let own = vector.encoded.as_ref().unwrap_or(&vector.frame);
        let cut = [",\"chinwag\"", ",\"epoch\"", ",\"seq\"", ",\"sig\"", ",\"room\""]
            .iter()
            .filter_map(|key| own.find(key))
            .min()
            .map_or_else(|| own.clone(), |at| format!("{}}}", &own[..at]));
        assert_eq!(message.to_classic().encoded(), &cut, "{}", vector.name);
        // Without its key, the greeting of one who does not listen is nothing that the protocol knows.
        let read = Message::decode(cut.into()).unwrap();
        let unknown = !matches!(message.content(), Content::Custom { .. })
            && matches!(read.content(), Content::Custom { .. });
        assert_eq!(unknown, silent, "{}", vector.name);
    }
}

#[test]
fn every_malformed_frame_gives_its_error() {
    let vectors: Vec<MalformedVector> = serde_json::from_str(MALFORMED).unwrap();
    assert!(vectors.len() > 40, "the file is there");
    for vector in vectors {
        let Err(error) = Message::decode(vector.bytes().into()) else { panic!("{} is read", vector.name) };
        vector.error.check(&error, &vector.name);
        assert!(error.to_string().len() <= 256, "{}: {error}", vector.name);
    }
}

/// Values nest as deep as is documented, and no deeper; what is ignored may be as deep as it likes.
#[test]
fn deep_nesting_is_bounded() {
    for depth in [1, 127, 128, 1000, 30_000] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for frame in [
            format!(r#"{{"msg_type":"BROADCAST","msg":{nested},"originator":"a","time":0}}"#),
            format!(r#"{{"msg_type":"BROADCAST","msg":0,"originator":"a","time":{nested}}}"#),
        ] {
            match Message::decode(frame.clone().into()) {
                Ok(message) => {
                    assert!(depth <= 127 && message.id().is_some());
                    assert_eq!(message.encoded(), &frame);
                }
                Err(error) => assert!(depth > 127 && error == DecodeError::TooDeep, "{depth}: {error}"),
            }
        }
        let ignored =
            format!(r#"{{"msg_type":"TEST","msg":0,"originator":"a","time":0,"unknown":{nested}}}"#);
        assert!(Message::decode(ignored.into()).is_ok());
    }
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    frame: String,
    encoded: Option<String>,
    message: Expected,
}

/// A message, spelled out. `time` and `body` are JSON texts, as their spelling is kept.
#[derive(Deserialize)]
struct Expected {
    #[serde(rename = "type")]
    msg_type: String,
    originator: String,
    time: String,
    body: Option<String>,
    listening: Option<String>,
    native: Option<ExpectedNative>,
    peer: Option<String>,
    address: Option<String>,
    to: Option<String>,
    #[serde(default)]
    others: Vec<(String, String, u16)>,
    signature: Option<String>,
    room: Option<String>,
    id: Option<String>,
}

#[derive(Deserialize)]
struct ExpectedNative {
    version: u32,
    epoch: u64,
    intent: Option<String>,
    #[serde(default)]
    session: u32,
}

#[derive(Deserialize)]
struct MalformedVector {
    name: String,
    frame: Option<String>,
    /// Instead of `frame`, for bytes that are no text.
    hex: Option<String>,
    error: ExpectedError,
}

#[derive(Deserialize)]
struct ExpectedError {
    kind: String,
    /// A part of the parser's words.
    says: Option<String>,
    expected: Option<String>,
    address: Option<String>,
}

fn vectors() -> impl Iterator<Item = Vector> {
    [CLASSIC, NATIVE].into_iter().flat_map(|file| {
        let vectors: Vec<Vector> = serde_json::from_str(file).unwrap();
        assert!(vectors.len() > 10, "the file is there");
        vectors
    })
}

impl Vector {
    fn message(&self) -> Message {
        let Expected { originator, time, .. } = &self.message;
        Message::new(PeerId::new(originator).unwrap(), Body::from_json(time).unwrap(), self.message.content())
    }
}

impl Expected {
    fn content(&self) -> Content {
        match self.msg_type.as_str() {
            "PING" => Content::Ping(self.hello()),
            "PONG" => Content::Pong(self.hello()),
            "ADVERTISE" => Content::Advertise,
            "ADVERTISE_REPLY" => Content::AdvertiseReply {
                peer: PeerId::new(self.peer.as_deref().unwrap()).unwrap(),
                address: address(self.address.as_ref()).unwrap(),
            },
            "BROADCAST" => Content::Broadcast(self.post()),
            "DIRECT" => {
                let to = self.to.as_deref().map(|to| PeerId::new(to).unwrap());
                Content::Direct { to, post: self.post() }
            }
            "RETIRE" => Content::Retire,
            "LEAVE" => Content::Leave,
            other => Content::Custom { msg_type: other.into(), body: self.body() },
        }
    }

    fn hello(&self) -> Hello {
        let intent = |native: &ExpectedNative| match native.intent.as_deref() {
            None => Intent::Neighbour,
            Some("urgent") => Intent::Urgent,
            Some("join") => Intent::Join,
            Some("visit") => Intent::Visit,
            Some("full") => Intent::Full,
            Some(other) => panic!("no intent is called {other}"),
        };
        let native = self.native.as_ref().map(|native| Native {
            version: native.version,
            epoch: Epoch::new(native.epoch),
            intent: intent(native),
            session: native.session,
        });
        let others = contacts(&self.others);
        Hello { listening: address(self.listening.as_ref()), native, others }
    }

    /// The place is read off the id, in which both its numbers stand.
    fn post(&self) -> Post {
        let place = self.id.as_deref().filter(|id| !id.starts_with('~')).map(|id| {
            let numbers = id.replace("/direct", "");
            let [sequence, epoch] = [numbers.rsplit('/').next(), numbers.rsplit('/').nth(1)]
                .map(|number| number.unwrap().parse::<u64>().unwrap());
            Place { epoch: Epoch::new(epoch), sequence: Sequence::new(sequence).unwrap() }
        });
        let signature = self.signature.as_deref().map(|text| Signature::new(text).unwrap());
        let room = self.room.as_deref().map(|name| Room::new(name).unwrap());
        Post { place, room, body: self.body(), signature }
    }

    fn body(&self) -> Body {
        Body::from_json(self.body.as_ref().unwrap()).unwrap()
    }
}

impl MalformedVector {
    fn bytes(&self) -> Vec<u8> {
        let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        match (&self.frame, &self.hex) {
            (Some(frame), None) => frame.clone().into_bytes(),
            (None, Some(hex)) => hex.as_bytes().chunks(2).map(byte).collect(),
            _ => panic!("{} needs either a frame or hex", self.name),
        }
    }
}

impl ExpectedError {
    fn check(&self, error: &DecodeError, name: &str) {
        let expected = match self.kind.as_str() {
            "NotUtf8" => DecodeError::NotUtf8,
            "NotJson" => {
                let DecodeError::NotJson { detail } = error else { panic!("{name}: {error:?}") };
                assert!(detail.contains(self.says.as_ref().unwrap()), "{name}: {detail}");
                return;
            }
            "BadType" => DecodeError::BadType,
            "BadName" => DecodeError::BadName,
            "BadMsg" => {
                let DecodeError::BadMsg { expected } = error else { panic!("{name}: {error:?}") };
                assert_eq!(Some(*expected), self.expected.as_deref(), "{name}");
                return;
            }
            "BadAddress" => DecodeError::BadAddress(match self.address.as_deref() {
                Some("BadHost") => AddressError::BadHost,
                Some("BadPort") => AddressError::BadPort,
                other => panic!("{name}: no address error is called {other:?}"),
            }),
            "BadPlace" => DecodeError::BadPlace,
            "BadSignature" => DecodeError::BadSignature,
            "BadRoom" => DecodeError::BadRoom,
            "TooDeep" => DecodeError::TooDeep,
            "BadVersion" => DecodeError::BadVersion,
            other => panic!("{name}: no error is called {other}"),
        };
        assert_eq!(*error, expected, "{name}");
    }
}

fn address(text: Option<&String>) -> Option<Address> {
    text.map(|text| text.parse().unwrap())
}

const CLASSIC: &str = include_str!("vectors/classic.json");
const NATIVE: &str = include_str!("vectors/native.json");
const CONTROL: &str = include_str!("vectors/control.json");
const TAGS: &str = include_str!("vectors/tags.json");
const MALFORMED: &str = include_str!("vectors/malformed.json");
