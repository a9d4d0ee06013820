//! Where two traces part.

use std::collections::VecDeque;
use std::io::Read;

use super::narrator::Narrator;
use super::{TraceEntry, TraceError, TraceReader};

/// What came of comparing two traces.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Compared {
    /// How many entries are the same in both, from the beginning.
    pub same: u64,
    /// The last of these, at most eight, oldest first.
    pub before: Vec<Told>,
    /// Where they part, if they do.
    pub difference: Option<Difference>,
}

/// The first entries that are not the same.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Difference {
    /// What stands in the one from here on, at most eight entries; none if it ends here.
    pub one: Vec<Told>,
    /// Likewise in the other.
    pub other: Vec<Told>,
}

/// An entry, and what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Told {
    /// The entry.
    pub entry: TraceEntry,
    /// The same in words, its time first.
    pub words: String,
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
    let mut narrator = Narrator::default();
    let told = |narrator: &Narrator, before: VecDeque<TraceEntry>| {
        before.into_iter().map(|entry| Told { words: narrator.tell(&entry), entry }).collect()
    };
    loop {
        match (one.read()?, other.read()?) {
            (None, None) => {
                return Ok(Compared { same, before: told(&narrator, before), difference: None });
            }
            (Some(there), Some(here)) if there == here => {
                same += 1;
                narrator.follow(&there);
                if before.len() == CONTEXT {
                    before.pop_front();
                }
                before.push_back(there);
            }
            (there, here) => {
                let before = told(&narrator, before);
                let one = rest(narrator.clone(), there, one)?;
                let difference = Some(Difference { one, other: rest(narrator, here, other)? });
                return Ok(Compared { same, before, difference });
            }
        }
    }
}

fn rest<R: Read>(
    mut narrator: Narrator,
    first: Option<TraceEntry>,
    reader: &mut TraceReader<R>,
) -> Result<Vec<Told>, TraceError> {
    let mut entries = Vec::new();
    let mut next = first;
    while let Some(entry) = next {
        narrator.follow(&entry);
        entries.push(Told { words: narrator.tell(&entry), entry });
        next = if entries.len() < CONTEXT { reader.read()? } else { None };
    }
    Ok(entries)
}

/// How many entries are told on either side of a difference.
const CONTEXT: usize = 8;
