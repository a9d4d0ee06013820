#![doc = "Peer-to-peer chat and broadcast as a pure state machine."]
#![forbid(unsafe_code)]

mod action;
mod address;
mod body;
mod classic_id;
pub mod codec;
mod config;
mod error;
pub mod framing;
mod handlers;
mod id;
mod input;
mod message;
mod outbox;
mod rng;
mod stats;
mod time;
mod timers;
mod wall_clock;

pub use action::{Action, Delivery, Dialect, DownReason, Event, Recipients};
pub use address::{Address, AddressError};
pub use body::Body;
pub use config::{Config, Dialects};
pub use error::{ConfigError, DecodeError, Rejection, SendError};
pub use handlers::{Dispatch, Handlers};
pub use id::{ClassicId, Epoch, LinkId, MessageId, PeerId, PeerIdError, Sequence, StreamId};
pub use input::{Command, DialError, Input, LinkEnd, Semantics, Target};
pub use message::{Content, Hello, Message, Native, Place, Post, Signature};
pub use outbox::Actions;
pub use rng::Seed;
pub use stats::Stats;
pub use time::Time;
