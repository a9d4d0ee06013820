//! Golden vectors: the exact bytes of both dialects, and what each of them means.
//!
//! `vectors/classic.json` and `vectors/native.json` hold, for each frame, the message it is and, where that differs
//! from the frame, how we would write that message ourselves (`encoded`). `vectors/malformed.json` holds frames that
//! are no message, each with its error. Ids of classic posts in there were computed by another implementation of the
//! hash, in another language.
#![cfg(test)]

use chinwag::{
    Address, AddressError, Body, Content, Control, DecodeError, Epoch, Hello, Message, Native, PeerId, Place,
    Post, Sequence, Signature,
};
use serde::Deserialize;

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
        let cut = [",\"chinwag\"", ",\"epoch\"", ",\"seq\"", ",\"sig\""]
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
    number: Option<u64>,
    signature: Option<String>,
    id: Option<String>,
}

#[derive(Deserialize)]
struct ExpectedNative {
    version: u32,
    epoch: u64,
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
            "KEEPALIVE" => Content::Control(Control::KeepAlive(self.number.unwrap())),
            "KEEPALIVE_REPLY" => Content::Control(Control::KeepAliveReply(self.number.unwrap())),
            "RETIRE" => Content::Retire,
            "LEAVE" => Content::Leave,
            other => Content::Custom { msg_type: other.into(), body: self.body() },
        }
    }

    fn hello(&self) -> Hello {
        let native = self
            .native
            .as_ref()
            .map(|native| Native { version: native.version, ..Native::new(Epoch::new(native.epoch)) });
        Hello { listening: address(self.listening.as_ref()), native, others: Vec::new() }
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
        Post { place, room: None, body: self.body(), signature }
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
const MALFORMED: &str = include_str!("vectors/malformed.json");
