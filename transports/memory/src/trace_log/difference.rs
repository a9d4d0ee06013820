//! Where two traces part.

use std::collections::VecDeque;
use std::io::Read;

use super::{TraceEntry, TraceError, TraceReader};

/// What came of comparing two traces.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Compared {
    /// How many entries are the same in both, from the beginning.
    pub same: u64,
    /// The last of these, at most eight, oldest first.
    pub before: Vec<TraceEntry>,
    /// Where they part, if they do.
    pub difference: Option<Difference>,
}

/// The first entries that are not the same.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Difference {
    /// What stands in the one from here on, at most eight entries; none if it ends here.
    pub one: Vec<TraceEntry>,
    /// Likewise in the other.
    pub other: Vec<TraceEntry>,
}

/// Compares two traces, entry by entry, up to the first that is not the same.
///
/// # Errors
/// [`TraceError`] if one of them cannot be read so far.
pub fn compare<R: Read, S: Read>(
    one: &mut TraceReader<R>,
    other: &mut TraceReader<S>,
) -> Result<Compared, TraceError> {
    let (mut same, mut before) = (0, VecDeque::new());
    loop {
        match (one.read()?, other.read()?) {
            (None, None) => return Ok(Compared { same, before: before.into(), difference: None }),
            (Some(there), Some(here)) if there == here => {
                same += 1;
                if before.len() == CONTEXT {
                    before.pop_front();
                }
                before.push_back(there);
            }
            (there, here) => {
                let difference = Difference { one: rest(there, one)?, other: rest(here, other)? };
                return Ok(Compared { same, before: before.into(), difference: Some(difference) });
            }
        }
    }
}

fn rest<R: Read>(
    first: Option<TraceEntry>,
    reader: &mut TraceReader<R>,
) -> Result<Vec<TraceEntry>, TraceError> {
    let mut entries = Vec::new();
    entries.extend(first);
    while !entries.is_empty() && entries.len() < CONTEXT {
        let Some(entry) = reader.read()? else { break };
        entries.push(entry);
    }
    Ok(entries)
}

/// How many entries are told on either side of a difference.
const CONTEXT: usize = 8;
