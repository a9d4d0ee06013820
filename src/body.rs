//! What a message says: one JSON value, kept as the bytes it came in.

use core::fmt;
use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// One JSON value as text, usually a string.
///
/// The old protocol lets `msg` and `time` be anything JSON can say; a body keeps the exact bytes, so that passing
/// it on changes nothing. Cloning copies a pointer; a body that came from the network is a slice of its frame.
/// It never holds a line break. `Debug` prints long ones as their length. Two bodies are equal when their bytes are.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(Bytes);

/// What bodies are parts of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) bytes: &'a Bytes,
    /// Whether there is no line break anywhere in it.
    pub(crate) is_one_line: bool,
}

impl Body {
    /// No value.
    pub(crate) const fn null() -> Self {
        Self(Bytes::from_static(b"null"))
    }

    /// A string.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::from(Value::from(text))
    }

    /// A value written as JSON.
    ///
    /// # Errors
    /// The parser's, when `json` is not exactly one JSON value.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        let raw: &RawValue = serde_json::from_str(json)?;
        Ok(Self::one_line(raw.get()))
    }

    /// Keeps `raw`, which is part of `frame`: as a slice of it, if that is one line.
    pub(crate) fn part_of(frame: &Frame<'_>, raw: &RawValue) -> Self {
        if frame.is_one_line {
            Self(frame.bytes.slice_ref(raw.get().as_bytes()))
        } else {
            Self::one_line(raw.get())
        }
    }

    fn one_line(json: &str) -> Self {
        Self(if has_line_break(json) {
            Bytes::from(without_line_breaks(json))
        } else {
            Bytes::copy_from_slice(json.as_bytes())
        })
    }

    /// The value as JSON text.
    #[must_use]
    pub fn as_json(&self) -> &str {
        // Every constructor starts from a `str`; the check is repeated here because the bytes do not remember it.
        core::str::from_utf8(&self.0).unwrap_or("null")
    }

    /// The string this is, or `None` if it is another kind of value.
    #[must_use]
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        let json = self.as_json();
        let inner = json.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            serde_json::from_str::<String>(json).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }

    /// The string this is, else its JSON: what to show a person.
    #[must_use]
    pub fn to_display(&self) -> Cow<'_, str> {
        self.as_text().unwrap_or_else(|| Cow::Borrowed(self.as_json()))
    }

    /// The value, parsed.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::from_slice(&self.0).unwrap_or(Value::Null)
    }

    /// How many bytes its JSON takes.
    #[must_use]
    pub fn json_len(&self) -> usize {
        self.0.len()
    }
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        Self(Bytes::from(value.to_string()))
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

impl Serialize for Body {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_slice(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() > 80 { write!(f, "<{} B>", self.0.len()) } else { f.write_str(self.as_json()) }
    }
}

pub(crate) fn has_line_break(text: &str) -> bool {
    memchr::memchr2(b'\n', b'\r', text.as_bytes()).is_some()
}

/// A line break in valid JSON stands between tokens, where it means nothing, and would split a frame of lines.
fn without_line_breaks(json: &str) -> String {
    json.chars().filter(|c| !matches!(c, '\n' | '\r')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_json_and_back() {
        for text in ["", "hi", "quote \" and \\", "line\nbreak", "snow ☃ \u{202e}"] {
            let body = Body::text(text);
            assert_eq!(body.as_text().as_deref(), Some(text));
            assert!(!body.as_json().contains('\n'));
        }
    }

    #[test]
    fn any_json_is_kept_as_it_is_spelled_but_for_line_breaks() {
        assert_eq!(Body::from_json("[1, 2.50]").unwrap().as_json(), "[1, 2.50]");
        assert_eq!(Body::from_json("[1,\n2]").unwrap().as_json(), "[1,2]");
        assert_eq!(Body::from_json("[\"\\ud83d\",\n2]").unwrap().as_json(), "[\"\\ud83d\",2]");
        assert_eq!(Body::from_json("7").unwrap().as_text(), None);
        assert!(Body::from_json("7 8").is_err());
    }
}
