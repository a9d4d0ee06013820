//! One JSON object a line, for programs. The schema is `docs/json.md`: keys may be added, never changed.

use std::borrow::Cow;

use chinwag::{Body, Contact, Delivery, Event, Peer, Stats};
use chinwag_mio::Counters;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::Render;
use super::reasons::{dial_reason, down_reason, rejection, undelivered};
use crate::command::COMMANDS;
use crate::notice::{Notice, Trying};
use crate::sanitize;

/// Tells everything as JSON.
#[derive(Debug, Default)]
pub(crate) struct Json;

impl Render for Json {
    fn render(&mut self, notice: &Notice<'_>, to: &mut String) {
        let Some(line) = Line::of(notice) else { return };
        match serde_json::to_string(&line) {
            Ok(json) => {
                to.push_str(&sanitize::json(&json));
                to.push('\n');
            }
            Err(error) => tracing::error!(%error, "an event could not be written as JSON"),
        }
    }

    fn is_for_people(&self) -> bool {
        false
    }
}

/// The schema.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Listening {
        address: Option<String>,
    },
    PeerUp {
        peer: &'a str,
        address: Option<String>,
        dialect: String,
    },
    PeerDown {
        peer: &'a str,
        reason: &'static str,
    },
    Message(Said<'a>),
    Direct(Said<'a>),
    Custom {
        msg_type: &'a str,
        from: &'a str,
        msg: Verbatim<'a>,
        time: Verbatim<'a>,
    },
    Advertised {
        by: &'a str,
        peer: &'a str,
        address: String,
    },
    DialFailed {
        address: String,
        reason: &'static str,
        message: String,
        retry_in_ms: Option<u64>,
        lost: usize,
    },
    Sent {
        id: String,
        to: Option<&'a str>,
    },
    Waiting {
        id: String,
    },
    WaitingSent {
        count: usize,
    },
    Gap {
        author: &'a str,
        epoch: u64,
        from: u64,
        to: u64,
        before_contact: bool,
    },
    ClassicQueueFull {
        id: String,
        peer: &'a str,
    },
    Arrived {
        id: String,
        to: &'a str,
    },
    Undeliverable {
        id: String,
        to: &'a str,
        reason: &'static str,
        message: String,
    },
    TooLongForClassic {
        id: String,
        peers: usize,
    },
    NameConflict {
        peer: &'a str,
    },
    Rejected {
        link: u64,
        peer: Option<&'a str>,
        reason: &'static str,
        message: String,
    },
    Peers {
        peers: Vec<Entry<'a>>,
        trying: Vec<Attempt>,
    },
    Stats {
        linked: usize,
        waiting: usize,
        undelivered: usize,
        node: &'a Stats,
        driver: &'a Counters,
    },
    Help {
        commands: Vec<Usage>,
    },
    Error {
        message: Cow<'a, str>,
    },
    Left {},
}

#[derive(Serialize)]
struct Said<'a> {
    from: &'a str,
    text: String,
    id: Option<String>,
    time: Verbatim<'a>,
    /// Only where it is not a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    msg: Option<Verbatim<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    peer: &'a str,
    address: Option<String>,
    dialect: Option<String>,
    linked: bool,
    round_trip_ms: Option<f64>,
}

#[derive(Serialize)]
struct Attempt {
    address: String,
    reason: &'static str,
    message: String,
    times: u32,
    retry_in_ms: u64,
}

#[derive(Serialize)]
struct Usage {
    written: &'static str,
    does: &'static str,
}

/// A body as it came: the same digits, the same order of keys. What is no JSON after all (the core does not look
/// into it: it may be nested too deep) is given as a string.
struct Verbatim<'a>(&'a Body);

impl Serialize for Verbatim<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serde_json::from_str::<Value>(self.0.as_json()).is_ok() {
            self.0.serialize(serializer)
        } else {
            serializer.serialize_str(self.0.as_json())
        }
    }
}

impl<'a> Line<'a> {
    fn of(notice: &Notice<'a>) -> Option<Self> {
        Some(match notice {
            Notice::Listening(address) => Self::Listening { address: address.map(ToString::to_string) },
            Notice::Event { event, .. } => return Self::of_event(event),
            Notice::Custom(delivery) | Notice::Unhandled(delivery) => Self::custom(delivery),
            Notice::Sent { id, to, .. } => Self::Sent { id: id.to_string(), to: to.map(|to| to.as_str()) },
            Notice::Peers { peers, others, trying } => Self::Peers {
                peers: peers.iter().map(Entry::of).chain(others.iter().map(Entry::of_contact)).collect(),
                trying: trying.iter().map(Attempt::of).collect(),
            },
            Notice::Stats(counted) => Self::Stats {
                linked: counted.linked,
                waiting: counted.waiting,
                undelivered: counted.undelivered,
                node: &counted.node,
                driver: &counted.driver,
            },
            Notice::Help => Self::Help {
                commands: COMMANDS
                    .iter()
                    .map(|usage| Usage { written: usage.written, does: usage.does })
                    .collect(),
            },
            Notice::Error(message) => Self::Error { message: Cow::Borrowed(message) },
            Notice::Hint(_) => return None,
        })
    }

    fn custom(delivery: &'a Delivery) -> Self {
        Self::Custom {
            msg_type: delivery.msg_type(),
            from: delivery.from().as_str(),
            msg: Verbatim(delivery.body()),
            time: Verbatim(delivery.time()),
        }
    }

    fn of_event(event: &'a Event) -> Option<Self> {
        Some(match event {
            Event::Delivered(delivery) => Self::Message(Said::of(delivery)),
            Event::Direct(delivery) => Self::Direct(Said::of(delivery)),
            Event::Custom(delivery) => Self::custom(delivery),
            Event::Gap { stream, from, to, before_contact } => Self::Gap {
                author: stream.author().as_str(),
                epoch: stream.epoch().get(),
                from: from.get(),
                to: to.get(),
                before_contact: *before_contact,
            },
            Event::PeerUp { peer, address, dialect } => Self::PeerUp {
                peer: peer.as_str(),
                address: address.as_ref().map(ToString::to_string),
                dialect: dialect.to_string(),
            },
            Event::PeerDown { peer, reason } => {
                Self::PeerDown { peer: peer.as_str(), reason: down_reason(*reason) }
            }
            Event::Advertised { by, peer, address } => {
                Self::Advertised { by: by.as_str(), peer: peer.as_str(), address: address.to_string() }
            }
            Event::DialFailed { address, reason, retry_in, lost } => Self::DialFailed {
                address: address.to_string(),
                reason: dial_reason(*reason),
                message: reason.to_string(),
                retry_in_ms: retry_in.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
                lost: *lost,
            },
            Event::Waiting { id } => Self::Waiting { id: id.to_string() },
            Event::WaitingSent { count } => Self::WaitingSent { count: *count },
            Event::TooLongForClassic { id, peers } => {
                Self::TooLongForClassic { id: id.to_string(), peers: *peers }
            }
            Event::ClassicQueueFull { id, peer } => {
                Self::ClassicQueueFull { id: id.to_string(), peer: peer.as_str() }
            }
            Event::Arrived { id, to } => Self::Arrived { id: id.to_string(), to: to.as_str() },
            Event::Undeliverable { id, to, reason } => Self::Undeliverable {
                id: id.to_string(),
                to: to.as_str(),
                reason: dial_reason(*reason),
                message: undelivered(*reason),
            },
            Event::NameConflict { peer } => Self::NameConflict { peer: peer.as_str() },
            Event::Rejected { link, peer, reason } => Self::Rejected {
                link: link.get(),
                peer: peer.as_ref().map(|peer| peer.as_str()),
                reason: rejection(reason),
                message: reason.to_string(),
            },
            Event::CommandFailed { error } => Self::Error { message: Cow::Owned(error.to_string()) },
            Event::Left => Self::Left {},
            other => {
                tracing::debug!(?other, "an event without a JSON form");
                return None;
            }
        })
    }
}

impl<'a> Said<'a> {
    fn of(delivery: &'a Delivery) -> Self {
        let body = delivery.body();
        Self {
            from: delivery.from().as_str(),
            text: body.to_display().into_owned(),
            id: delivery.id().map(|id| id.to_string()),
            time: Verbatim(delivery.time()),
            msg: body.as_text().is_none().then_some(Verbatim(body)),
        }
    }
}

impl<'a> Entry<'a> {
    fn of(peer: &'a Peer) -> Self {
        Self {
            peer: peer.id.as_str(),
            address: peer.address.as_ref().map(ToString::to_string),
            dialect: peer.dialect.map(|dialect| dialect.to_string()),
            linked: peer.linked,
            round_trip_ms: peer.round_trip.map(|trip| trip.as_secs_f64() * 1000.0),
        }
    }

    fn of_contact(contact: &'a Contact) -> Self {
        Self {
            peer: contact.peer().as_str(),
            address: Some(contact.address().to_string()),
            dialect: None,
            linked: false,
            round_trip_ms: None,
        }
    }
}

impl Attempt {
    fn of(trying: &Trying) -> Self {
        Self {
            address: trying.address.to_string(),
            reason: dial_reason(trying.reason),
            message: trying.reason.to_string(),
            times: trying.times,
            retry_in_ms: u64::try_from(trying.retry_in.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

// The words below are part of the schema: the core's `Display` texts may be polished, these may not.

#[cfg(test)]
mod tests;
