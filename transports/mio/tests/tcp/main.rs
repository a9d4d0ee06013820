//! The driver over real loopback sockets: one behaviour a file.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test picks the events it is about")]
#![expect(clippy::unwrap_used, reason = "what a test cannot have is its failure")]

mod bad_input;
mod chat;
mod classic_peers;
mod common;
mod connect_storms;
mod dialing;
mod embedded;
mod flooding;
mod half_open;
mod listening;
mod many_connections;
mod other_threads;
mod resets;
mod restarts;
mod short_reads_and_writes;
mod shutdown;
mod simultaneous_dials;
mod slow_reader;
mod stats;
mod subscriptions;
mod trickling;
