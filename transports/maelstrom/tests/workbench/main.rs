//! A workbench of our own: processes of the program, a network between them, clients, and an account of it all.
//!
//! It goes by the protocol's description. Lines between nodes take a latency and are lost between those that are parted;
//! lines of clients take no time, as in Maelstrom.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod account;
mod many_nodes;
mod network;
mod partitions;
mod process;

/// Held by whoever measures times: they are those of the machine as well.
static MACHINE: std::sync::Mutex<()> = std::sync::Mutex::new(());
