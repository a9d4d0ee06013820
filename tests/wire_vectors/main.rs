//! Golden vectors: the exact bytes of both dialects, and what each of them means.
//!
//! `vectors/classic.json` and `vectors/native.json` hold, for each frame, the message it is and, where that differs
//! from the frame, how we would write that message ourselves (`encoded`). `vectors/malformed.json` holds frames that
//! are no message, each with its error. `vectors/control.json` holds what neighbours say to each other about the network,
//! and `vectors/tags.json` the tags of some streams. Ids of classic posts, and tags, were computed by another
//! implementation of their hash, in another language.
#![cfg(test)]

mod control;
mod malformed;

use chinwag::{
    Address, Body, Content, Epoch, Hello, Intent, Message, Native, PeerId, Place, Post, Room, Sequence,
    Signature,
};
use control::contacts;
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

fn address(text: Option<&String>) -> Option<Address> {
    text.map(|text| text.parse().unwrap())
}

const CLASSIC: &str = include_str!("../vectors/classic.json");
const NATIVE: &str = include_str!("../vectors/native.json");
