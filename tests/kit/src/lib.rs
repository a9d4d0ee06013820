//! What chinwag's tests, fuzz targets and benchmarks share: strategies for messages and inputs, and settings for runs.
//!
//! A crate of its own, so that it is compiled once and not into every test.

#![forbid(unsafe_code)]
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up has failed"
)]

mod callgrind;
mod control_steps;
pub mod controls;
pub mod fuzzing;
pub mod gossip;
mod guest;
mod lab;
pub mod messages;
mod networks;
pub mod plan;
mod rules;
mod runs;
mod says;
pub mod steps;

pub use callgrind::{CallgrindError, instructions};
pub use guest::{Guest, at, sent};
pub use lab::{LAST, Lab, event, hub, hub_that, narrow_config, relay};
pub use networks::joined;
pub use runs::{cases, sample};
pub use says::{answer, classic, introduction, introduction_at, message, numbered, post};
