//! Files with traces.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::Context as _;
use chinwag_memory::trace_log::{TraceEnd, TraceReader};

/// Where a trace goes.
pub(super) type Sink = Box<dyn Write + Send + Sync>;

/// Makes a file for a trace; best before a long simulation, lest it is in vain.
///
/// # Errors
/// If it cannot be made.
pub(super) fn create(path: &Path) -> anyhow::Result<Sink> {
    let file =
        File::create(path).with_context(|| format!("the trace {} cannot be written", path.display()))?;
    Ok(Box::new(file))
}

/// Begins to read a trace.
///
/// # Errors
/// If it cannot be read, or is none.
pub(super) fn open(path: &Path) -> anyhow::Result<TraceReader<impl Read + use<>>> {
    let file = File::open(path).with_context(|| format!("the trace {} cannot be read", path.display()))?;
    TraceReader::new(file).with_context(|| path.display().to_string())
}

/// What was written, for people.
pub(super) fn in_words(path: &Path, end: TraceEnd) -> String {
    format!("Its trace: {}, {} entries, hash {:016x}\n", path.display(), end.entries, end.hash)
}
