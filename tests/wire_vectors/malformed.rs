//! Frames that are no message.

use chinwag::{AddressError, DecodeError, Message};
use serde::Deserialize;

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

const MALFORMED: &str = include_str!("../vectors/malformed.json");
