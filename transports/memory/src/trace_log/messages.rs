//! What was said in a run.

use core::fmt;
use std::io::Read;
use std::sync::Arc;

use chinwag::Time;

use super::{Happened, TraceError, TraceReader};
use crate::NodeId;

/// All messages to everybody in a trace, in the order they were said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Messages(Vec<Said>);

/// One message.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Said {
    /// Its id: `author/epoch/number`.
    pub id: Arc<str>,
    /// Who said it.
    pub author: NodeId,
    /// When.
    pub at: Time,
}

/// A name that no message goes by, or more than one.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct UnknownMessage {
    /// The name.
    pub asked: String,
    /// The ids that it could mean; empty if none.
    pub fits: Vec<String>,
    /// The first few messages that were said, in short.
    pub known: Vec<String>,
    /// How many were said.
    pub count: usize,
}

/// Reads a trace to its end, and says which messages there are.
///
/// # Errors
/// [`TraceError`] if it cannot be read to its end.
pub fn messages<R: Read>(mut trace: TraceReader<R>) -> Result<Messages, TraceError> {
    let mut said = Vec::new();
    while let Some(entry) = trace.read()? {
        if let Happened::Published { node, message } = entry.what {
            said.push(Said { id: message, author: node, at: entry.at });
        }
    }
    Ok(Messages(said))
}

impl Messages {
    /// The messages.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Said> {
        self.0.iter()
    }

    /// The id of the message that `name` means: its id, or `author/number` if only one of the author's runs has that.
    ///
    /// # Errors
    /// [`UnknownMessage`] if it means none, or more than one.
    pub fn find(&self, name: &str) -> Result<&str, UnknownMessage> {
        let is_exact = |said: &&Said| *said.id == *name;
        let is_short = |said: &&Said| short(&said.id).is_some_and(|short| short == name);
        let exact = self.0.iter().find(is_exact);
        let fits: Vec<&Said> =
            exact.map_or_else(|| self.0.iter().filter(is_short).collect(), |one| vec![one]);
        if let [one] = fits[..] {
            return Ok(&one.id);
        }
        Err(UnknownMessage {
            asked: name.to_owned(),
            fits: fits.iter().map(|said| said.id.to_string()).collect(),
            known: self.0.iter().take(KNOWN).map(|said| in_short(&said.id)).collect(),
            count: self.0.len(),
        })
    }
}

impl fmt::Display for UnknownMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.fits.is_empty() {
            return write!(f, "{} may mean {}: say which", self.asked, self.fits.join(" or "));
        }
        write!(f, "nobody said a message {}", self.asked)?;
        match self.known.as_slice() {
            [] => write!(f, ", or any at all"),
            known => {
                let more = if self.count > known.len() { ", …" } else { "" };
                write!(f, "; the {} that were said are {}{more}", self.count, known.join(", "))
            }
        }
    }
}

impl core::error::Error for UnknownMessage {}

/// The id without the epoch, for people.
pub(super) fn in_short(id: &str) -> String {
    short(id).unwrap_or_else(|| id.to_owned())
}

fn short(id: &str) -> Option<String> {
    let (stream, number) = id.rsplit_once('/')?;
    let (author, _) = stream.rsplit_once('/')?;
    Some(format!("{author}/{number}"))
}

/// How many messages are named where another one was asked for.
const KNOWN: usize = 8;
