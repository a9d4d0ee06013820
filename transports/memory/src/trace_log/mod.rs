//! A compact record of what happened in a run, to be read, compared and asked questions.
//!
//! A network writes it as bytes while it runs ([`Network::log_trace`](crate::Network::log_trace)), and these are taken away bit
//! by bit ([`Network::take_trace_log`](crate::Network::take_trace_log)), so that nothing of it has to stay in memory. Being
//! recorded changes nothing in a run (`tests/trace_log.rs`).
//!
//! The bytes: a line that names the format and its version, a line of JSON that says what made it, then the entries. An entry is the
//! time since the one before, its kind, and its parts, all as variable-length numbers (LEB128); texts are written once and
//! then go by number. After every 4,096 entries, and at the end, stands the hash of all bytes before: a trace that was
//! cut or changed on the way says so.

mod bytes;
mod difference;
mod entry;
mod explain;
mod reader;
mod writer;

pub use difference::{Compared, Difference, compare};
pub use entry::{Happened, TraceEntry};
pub use explain::{Explanation, explain};
pub use reader::{TraceError, TraceReader};
pub use writer::{TraceEnd, header};

pub(crate) use writer::{TraceLog, Traced};

/// How a trace begins.
const MAGIC: &str = "chinwag trace 1\n";
/// After so many entries stands a hash.
const BETWEEN_HASHES: u64 = 4096;
/// The longest text, in bytes: of what is longer, the beginning.
const LONGEST: usize = 4096;
