//! 64-bit numbers as text: the 11 characters of base64url that their 8 bytes, greatest first, take without padding.
//!
//! As JSON numbers they would take up to 20, and readers that count in floating point would round them.

use core::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::StreamTag;

/// A number that is written as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TextNumber(pub(crate) u64);

const LEN: usize = 11;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl TextNumber {
    fn write(self) -> String {
        // 11 characters hold 66 bits: the two at the end are always zero.
        let bits = u128::from(self.0) << 2;
        let sextet = |at: usize| usize::try_from((bits >> (6 * (LEN - 1 - at))) & 63).unwrap_or_default();
        (0..LEN).filter_map(|at| ALPHABET.get(sextet(at))).map(|letter| char::from(*letter)).collect()
    }

    /// Nothing but what [`write`](Self::write) gives is read, so that equal numbers are equal texts.
    fn read(text: &str) -> Option<Self> {
        if text.len() != LEN {
            return None;
        }
        let mut bits = 0_u128;
        for byte in text.bytes() {
            let sextet = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'-' => 62,
                b'_' => 63,
                _ => return None,
            };
            bits = bits << 6 | u128::from(sextet);
        }
        if bits & 3 == 0 { u64::try_from(bits >> 2).ok().map(Self) } else { None }
    }
}

impl Serialize for TextNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.write())
    }
}

impl<'de> Deserialize<'de> for TextNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = TextNumber;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("64 bits as 11 characters of base64url")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<TextNumber, E> {
                TextNumber::read(text).ok_or_else(|| E::custom("not 64 bits of base64url"))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Written as 11 characters of base64url.
impl Serialize for StreamTag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        TextNumber(self.get()).serialize(serializer)
    }
}

/// Read from 11 characters of base64url, and from nothing else.
impl<'de> Deserialize<'de> for StreamTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TextNumber::deserialize(deserializer).map(|number| Self::new(number.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64) {
            let text = TextNumber(number).write();
            prop_assert_eq!(text.len(), LEN);
            prop_assert_eq!(TextNumber::read(&text), Some(TextNumber(number)));
            let tag = StreamTag::new(number);
            let json = serde_json::to_string(&tag).unwrap();
            prop_assert_eq!(&json, &format!("\"{text}\""));
            prop_assert_eq!(serde_json::from_str::<StreamTag>(&json).unwrap(), tag);
        }

        #[test]
        fn what_is_read_is_written_the_same(text in "[A-Za-z0-9_-]{9}[A-Za-z0-9_/=-][AEIMQUYcgkosw048BZ+]") {
            if let Some(number) = TextNumber::read(&text) {
                prop_assert_eq!(number.write(), text);
            } else {
                prop_assert!(text.contains(['/', '=', '+']) || text.ends_with(['B', 'Z']));
            }
        }

        #[test]
        fn any_text_will_do(text in ".{0,12}") {
            prop_assert!(TextNumber::read(&text).is_none_or(|number| number.write() == text));
        }
    }

    #[test]
    fn as_everybody_else_writes_base64url() {
        assert_eq!(TextNumber(0).write(), "AAAAAAAAAAA");
        assert_eq!(TextNumber(1).write(), "AAAAAAAAAAE");
        assert_eq!(TextNumber(u64::MAX).write(), "__________8");
        assert_eq!(TextNumber(u64::from_be_bytes(*b"chinwag!")).write(), "Y2hpbndhZyE");
        for bad in
            ["", "AAAAAAAAAA", "AAAAAAAAAAAA", "AAAAAAAAAAB", "AAAAA/AAAAA", "AAAAAAAAAA=", "ä123456789"]
        {
            assert_eq!(TextNumber::read(bad), None, "{bad}");
        }
    }
}
