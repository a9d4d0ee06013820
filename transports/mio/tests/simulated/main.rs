//! Drivers on simulated sockets, under every fault that a system has.

#![expect(clippy::unwrap_used, reason = "what a test cannot have is its failure")]

mod swarm;
