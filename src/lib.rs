//! Peer-to-peer chat and broadcast as a pure state machine.
//!
//! A [`ChatNode`] owns every decision of the protocol: whom to talk to, what to pass on, what was delivered
//! already, who is gone. It never touches a clock, a socket, a thread or entropy: whoever runs it, its *driver*,
//! owns those. The same node runs over TCP (`chinwag-mio`), in a deterministic network of many (`chinwag-memory`),
//! or in a loop of your own.
//!
//! # The contract
//! 1. Give the node [`Input`]s with the current [`Time`].
//! 2. Carry out every [`Action`], in order.
//! 3. Call again by [`ChatNode::next_deadline`], with [`Input::Tick`] if nothing else has happened.
//!
//! Breaking it costs latency, never state.
//!
//! ```
//! use chinwag::{Action, ChatNode, Config, Epoch, Event, Input, PeerId, Seed, Time};
//!
//! let config = Config::new(PeerId::new("ann")?, Epoch::new(1_795_374_131_000));
//! let mut node = ChatNode::new(config, Seed::new(1))?;
//!
//! node.join(Time::ZERO, "127.0.0.1:5001".parse()?)?;
//! node.broadcast(Time::ZERO, "hello?")?;
//!
//! let actions: Vec<Action> = node.handle(Time::from_millis(1), Input::Tick).collect();
//! assert!(matches!(&actions[..], [Action::Dial { .. }, Action::Emit(Event::Waiting { .. })]));
//! assert!(node.next_deadline() > Some(Time::from_millis(1)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where things are
//! [`Input`] and [`Action`] are the two vocabularies; who knows them knows the API. [`Message`] is what travels,
//! [`codec`] how it is spelled, [`framing`] how bytes become messages. [`Config`] holds the limits that can be set.
#![forbid(unsafe_code)]

mod action;
mod address;
mod announcing;
mod beacon;
mod body;
mod broadcast;
mod catching_up;
mod classic;
mod classic_id;
pub mod codec;
mod command;
mod comparing;
mod config;
mod control;
mod control_text;
mod ctx;
mod datagram_links;
mod delivering;
mod dialer;
mod direct;
mod entries;
mod error;
pub mod framing;
mod handlers;
mod history;
mod id;
mod input;
mod introduce;
mod keep_alive;
mod lazy;
mod links;
mod mark;
mod message;
mod node;
mod outbox;
mod overlay;
mod part;
mod passive;
mod peers;
mod receive;
mod recency;
mod reconcile;
mod reliable;
mod repair;
mod rng;
mod routes;
mod scouting;
mod second_links;
mod serving;
mod session;
mod settings;
mod slots;
mod sorted_map;
mod span_json;
mod spans;
mod spreading;
mod stats;
mod streams;
mod tag_text;
mod target;
mod thrift;
mod time;
mod timers;
mod trees;
mod versions;
mod views;
mod walks;
mod wall_clock;

pub use action::{Action, Delivery, Dialect, DownReason, Event, Recipients};
pub use address::{Address, AddressError};
pub use body::Body;
pub use config::{Config, Dialects, Strategy};
pub use control::{Contact, Control, Run};
pub use datagram_links::DatagramLinks;
pub use error::{ConfigError, DecodeError, Rejection, SendError};
pub use handlers::{Dispatch, Handlers};
pub use id::{ClassicId, Epoch, LinkId, MessageId, PeerId, PeerIdError, Sequence, StreamId, StreamTag};
pub use input::{Command, DialError, Input, LinkEnd, Semantics, Target};
pub use message::{Content, Hello, Intent, Message, Native, Place, Post, Room, Signature};
pub use node::ChatNode;
pub use outbox::{ActionBuffer, Actions};
pub use peers::Peer;
pub use rng::Seed;
pub use spans::Spans;
pub use stats::Stats;
pub use time::Time;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct Embedding;
