//! Lines: who says what to whom.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A line of the workbench.
#[derive(Deserialize, Debug)]
pub(crate) struct Line<'a> {
    #[serde(borrow)]
    pub(crate) src: std::borrow::Cow<'a, str>,
    /// Who is meant: this node, even before it knows that.
    #[serde(borrow)]
    pub(crate) dest: std::borrow::Cow<'a, str>,
    /// What it says.
    #[serde(borrow)]
    pub(crate) body: &'a RawValue,
}

/// What all bodies may have.
#[derive(Deserialize, Debug)]
pub(crate) struct Head<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: std::borrow::Cow<'a, str>,
    /// By which the answer names it; nobody waits for one where there is none.
    #[serde(default)]
    pub(crate) msg_id: Option<u64>,
}

/// `init`: who this node is, and who there are.
#[derive(Deserialize, Debug)]
pub(crate) struct Init {
    pub(crate) node_id: String,
    pub(crate) node_ids: Vec<String>,
}

/// `broadcast`: a value, with every digit it has.
#[derive(Deserialize, Debug)]
pub(crate) struct Broadcast<'a> {
    #[serde(borrow)]
    pub(crate) message: &'a RawValue,
}

/// What nodes say to each other: frames in their order.
#[derive(Deserialize, Debug)]
pub(crate) struct Frames<'a> {
    #[serde(borrow)]
    pub(crate) frames: Vec<&'a RawValue>,
}

/// Why a request was not carried out; the codes are Maelstrom's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    NotSupported = 10,
    NotYet = 11,
    Malformed = 12,
}

/// A line of this node's.
pub(crate) fn line(src: &str, dest: &str, body: &impl Serialize) -> String {
    #[derive(Serialize)]
    struct Said<'a, B> {
        src: &'a str,
        dest: &'a str,
        body: &'a B,
    }
    // It fails only for keys that are no strings, and no body here has such.
    serde_json::to_string(&Said { src, dest, body }).unwrap_or_default()
}

/// The answer that something was done.
#[derive(Serialize, Debug)]
pub(crate) struct Done {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) in_reply_to: u64,
}

/// The answer to `read`: all values.
#[derive(Serialize, Debug)]
pub(crate) struct Values<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) in_reply_to: u64,
    pub(crate) messages: &'a [Box<RawValue>],
}

/// The answer that something was not done.
#[derive(Serialize, Debug)]
pub(crate) struct Refused<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) in_reply_to: u64,
    pub(crate) code: u8,
    pub(crate) text: &'a str,
}

/// What a node says to another.
#[derive(Serialize, Debug)]
pub(crate) struct Bundle<'a> {
    /// What kind of message the first frame is.
    #[serde(rename = "type")]
    pub(crate) kind: &'a str,
    pub(crate) frames: &'a [&'a RawValue],
}
