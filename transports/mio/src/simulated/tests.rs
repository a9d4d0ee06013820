//! What the simulated sockets are like, and the driver on them.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test picks the events and faults it is about")]

mod calls;
mod mistakes;
mod swarm;
mod trace;
mod watched;
