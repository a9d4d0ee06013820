//! The codec is total, and a message survives it unchanged, byte for byte.
#![cfg(test)]

use bytes::Bytes;
use chinwag::{Content, Control, Message};
use chinwag_testkit::messages;
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(512))]

    #[test]
    fn a_message_survives_being_written_and_read(message in messages::message()) {
        let frame = message.encoded().clone();
        prop_assert!(!frame.contains(&b'\n'), "a line break would split the frame");
        let read = Message::decode(frame).expect("we read what we write");
        prop_assert_eq!(read.id(), message.id());
        prop_assert_eq!(read, message);
    }

    /// A relay passes on the very bytes, however the message was spelled.
    #[test]
    fn a_message_that_was_read_is_passed_on_as_it_came(message in messages::authored(), spelling in spelling()) {
        let frame = spelling.respell(&message);
        let read = Message::decode(frame.clone()).expect("only the spelling differs");
        prop_assert_eq!(read.encoded(), &frame);
        prop_assert_eq!(read, message);
    }

    /// What is wrapped in a numbered message is unwrapped as it was, and passed on as it came.
    #[test]
    fn a_numbered_message_wraps_the_very_bytes(message in messages::authored(), spelling in spelling(), number: u64) {
        let inner = spelling.respell(&message);
        let mut frame = format!("[\"#\",7,{number},").into_bytes();
        frame.extend_from_slice(&inner);
        frame.push(b']');
        let read = Message::decode(frame.into()).expect("only the spelling differs");
        let Content::Control(Control::Numbered { session: 7, number: place, message: unwrapped }) = read.content()
        else {
            panic!("{read:?}")
        };
        prop_assert_eq!(*place, number);
        prop_assert_eq!(unwrapped.encoded(), &inner);
        prop_assert_eq!(read.id(), message.id());
        prop_assert_eq!(unwrapped, &message);
    }

    #[test]
    fn the_classic_form_has_four_keys_and_the_same_classic_id(message in messages::authored()) {
        prop_assume!(!matches!(message.content(), Content::Direct { .. }));
        let classic = message.to_classic();
        let spelled: serde_json::Value = serde_json::from_slice(classic.encoded()).expect("JSON");
        let keys = spelled.as_object().expect("an object").keys().count();
        prop_assert_eq!(keys, 4);
        prop_assert_eq!(classic.classic_id(), message.classic_id());
    }

    #[test]
    fn any_bytes_give_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode_and_look(bytes);
    }

    /// Nearer to a message than plain noise: a good frame with a few bytes changed, cut out or doubled.
    #[test]
    fn a_damaged_frame_gives_a_message_or_an_error(
        message in messages::message(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let mut frame = message.encoded().to_vec();
        for (at, byte, kind) in damage {
            let at = at.index(frame.len());
            match kind {
                0 => frame[at] = byte,
                1 => frame.truncate(at.max(1)),
                _ => frame.insert(at, byte),
            }
        }
        let _ = decode_and_look(frame);
    }
}

/// The frames of these tests are of every kind there is.
#[test]
fn every_kind_of_message_is_among_them() {
    let kinds: std::collections::BTreeSet<String> = chinwag_testkit::sample(1500, &messages::message())
        .iter()
        .map(|message| {
            let custom = matches!(message.content(), Content::Custom { .. });
            if custom { "custom".to_owned() } else { message.msg_type().to_owned() }
        })
        .collect();
    for kind in KINDS {
        assert!(kinds.contains(kind), "no {kind} in {kinds:?}");
    }
    assert_eq!(kinds.len(), KINDS.len(), "{kinds:?}");
}

const KINDS: [&str; 33] = [
    "#",
    "?",
    "ACK",
    "ADVERTISE",
    "ADVERTISE_REPLY",
    "ARRIVED",
    "BEACON",
    "BROADCAST",
    "CATCHUP",
    "DIRECT",
    "DISCONNECT",
    "FIND",
    "FOUND",
    "GRAFT",
    "HELLO",
    "IHAVE",
    "INSTEAD",
    "KEEPALIVE",
    "KEEPALIVE_REPLY",
    "LEAVE",
    "PEERS",
    "PING",
    "PONG",
    "PRUNE",
    "PULL",
    "PULLED",
    "RETIRE",
    "SHUFFLE",
    "SINCE",
    "STUCK",
    "SYNC",
    "WALK",
    "custom",
];

#[test]
fn damage_is_found_and_survived_both() {
    let good = br#"{"msg_type":"BROADCAST","msg":"hello","originator":"ann","time":0}"#;
    let changed = |at: usize| {
        let mut frame = good.to_vec();
        frame[at] ^= 1;
        decode_and_look(frame)
    };
    let outcomes: Vec<bool> = (0..good.len()).map(changed).collect();
    assert!(outcomes.contains(&true) && outcomes.contains(&false), "{outcomes:?}");
}

/// How much white space a writer puts between the parts of the outer object, and in which order it writes the keys.
#[derive(Clone, Copy, Debug)]
struct Spelling {
    spaces: bool,
    backwards: bool,
    unknown_key: bool,
}

fn spelling() -> impl Strategy<Value = Spelling> {
    any::<(bool, bool, bool)>().prop_map(|(spaces, backwards, unknown_key)| Spelling {
        spaces,
        backwards,
        unknown_key,
    })
}

impl Spelling {
    fn respell(self, message: &Message) -> Bytes {
        let fields: std::collections::BTreeMap<String, Box<serde_json::value::RawValue>> =
            serde_json::from_slice(message.encoded()).expect("an object");
        let (colon, comma) = if self.spaces { (" :  ", " , ") } else { (":", ",") };
        let mut parts: Vec<String> =
            fields.iter().map(|(key, value)| format!("\"{key}\"{colon}{}", value.get())).collect();
        if self.unknown_key {
            parts.insert(0, format!("\"x-unknown\"{colon}[1]"));
        }
        if self.backwards {
            parts.reverse();
        }
        format!("{{{}}}", parts.join(comma)).into()
    }
}

/// Reads the frame and touches every derived value, as each of them parses anew; whether it was a message.
fn decode_and_look(frame: Vec<u8>) -> bool {
    let Ok(message) = Message::decode(frame.into()) else { return false };
    let _ =
        (message.id(), message.classic_id(), message.to_classic().encoded().len(), format!("{message:?}"));
    for body in [Some(message.time()), message.post().map(|post| &post.body)].into_iter().flatten() {
        let _ = (body.as_text(), body.to_display(), body.to_value());
    }
    true
}
