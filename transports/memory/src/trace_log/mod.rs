//! A compact record of what happened in a run, to be read, compared and asked questions.
//!
//! A network writes it while it runs ([`Network::write_trace`](crate::Network::write_trace)), and keeps nothing of it. Being
//! recorded changes nothing in a run (`tests/trace_log.rs`). It tells what passed between nodes, and knows nothing of what
//! goes on inside them; the [`Trace`](crate::Trace) in memory is the opposite: what each node was told, enough to repeat
//! what it did.
//!
//! ```
//! use chinwag_memory::{Network, NetworkConfig, secs, trace_log};
//!
//! let bytes = trace_log::SharedBytes::new();
//! let mut network = Network::new(NetworkConfig::new(7));
//! network.write_trace("an example", bytes.clone());
//! let (ann, bob) = (network.add_node("ann")?, network.add_node("bob")?);
//! network.join(bob, ann)?;
//! network.run_for(secs(1));
//! network.broadcast(ann, "hello")?;
//! network.run_for(secs(1));
//! network.end_trace()?;
//!
//! let contents = trace_log::contents(trace_log::TraceReader::new(bytes.reader())?)?;
//! let message = contents.message("ann/1")?;
//! let explanation = trace_log::explain(trace_log::TraceReader::new(bytes.reader())?, message, bob)?;
//! assert!(explanation.to_string().starts_with("bob delivered ann/1"), "{explanation}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Format
//! A line that names the format and its version, a line that says what made it, then the entries. An entry is the time since
//! the one before in nanoseconds, its kind, and its parts, all as variable-length numbers (LEB128); texts are written once and
//! then go by number. After every 4,096 entries, and at the end, stands the hash (FNV-1a) of all bytes after the two lines: a
//! trace that was cut or changed on the way says so.

mod bytes;
mod contents;
mod difference;
mod entry;
mod explain;
mod explanation;
mod fault_words;
mod narrator;
mod reader;
mod shared;
mod verdict;
mod writer;

pub use contents::{Contents, Said, UnknownName, contents};
pub use difference::{Compared, Difference, Told, compare};
pub use entry::{Happened, TraceEntry};
pub use explain::explain;
pub use explanation::{Circumstance, Explanation, Fate, How, MessageCopy};
pub use reader::{TraceError, TraceReader};
pub use shared::SharedBytes;
pub use writer::TraceEnd;

pub(crate) use writer::{Traced, Tracer};

/// How a trace begins.
const MAGIC: &str = "chinwag trace 1\n";
/// After so many entries stands a hash.
const BETWEEN_HASHES: u64 = 4096;
/// The longest text, in bytes: of what is longer, the beginning.
const LONGEST: usize = 4096;
