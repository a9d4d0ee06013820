//! Runs a [`chinwag`] node under the Maelstrom workbench, which has distributed programs talk in JSON lines on standard
//! input and output, through a network that delays, reorders and loses what they say.
//!
//! That network knows no connections and tells nothing about its failures, so that nothing here can lean on what TCP
//! promises: links are of [`Datagram`](chinwag::Semantics::Datagram) semantics. [`Server`] is the whole program but for
//! the clock, the streams and chance, which are `main`'s.
//!
//! | file | concern |
//! |---|---|
//! | `envelope` | lines: what goes around a body |
//! | `server` | what clients ask: `init`, `topology`, `broadcast`, `read` |
//! | `member` | the node, its links, and what they carry |
//! | `bundles` | what waits to go to the same peer, so that fewer lines are needed |
//! | `seen` | the values, in the order in which they came |
//! | `settings` | how the node is set up for such a network |
//!
//! How to run it, how it maps, and what was measured: `docs/maelstrom.md`.

#![forbid(unsafe_code)]

mod bundles;
mod envelope;
mod member;
mod seen;
mod server;
mod settings;

pub use server::{Server, Turn};
