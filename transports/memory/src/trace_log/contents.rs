//! Who was there in a run, and what was said.

use core::fmt;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use chinwag::Time;

use super::{Happened, TraceError, TraceReader};
use crate::NodeId;

/// The nodes of a trace, and its messages to everybody in the order they were said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contents {
    nodes: BTreeMap<NodeId, Arc<str>>,
    messages: Vec<Said>,
}

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

/// A name that nothing in a trace goes by, or more than one thing.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct UnknownName {
    /// What it should be the name of.
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// What it could mean; empty if nothing.
    pub fits: Vec<String>,
    /// The first few names that there are.
    pub known: Vec<String>,
    /// How many there are.
    pub count: usize,
}

/// Reads a trace to its end, and says what is in it.
///
/// # Errors
/// [`TraceError`] if it cannot be read to its end.
pub fn contents<R: Read>(mut trace: TraceReader<R>) -> Result<Contents, TraceError> {
    let (mut nodes, mut messages) = (BTreeMap::new(), Vec::new());
    while let Some(entry) = trace.read()? {
        if let Happened::Added { node, name } = entry.what {
            nodes.insert(node, name);
        } else if let Happened::Published { node, message } = entry.what {
            messages.push(Said { id: message, author: node, at: entry.at });
        }
    }
    Ok(Contents { nodes, messages })
}

impl Contents {
    /// The messages, in the order they were said.
    #[must_use]
    pub fn messages(&self) -> &[Said] {
        &self.messages
    }

    /// The nodes and their names, by number.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (NodeId, &str)> {
        self.nodes.iter().map(|(node, name)| (*node, &**name))
    }

    /// The id of the message that `name` means: its id, or `author/number` if only one of the author's runs has that.
    ///
    /// # Errors
    /// [`UnknownName`] if it means none, or more than one.
    pub fn message(&self, name: &str) -> Result<&str, UnknownName> {
        let exact = self.messages.iter().find(|said| *said.id == *name);
        let short = self.messages.iter().filter(|said| short(&said.id).is_some_and(|short| short == name));
        let fits: Vec<&Said> = exact.map_or_else(|| short.collect(), |exact| vec![exact]);
        if let [one] = fits[..] {
            return Ok(&one.id);
        }
        Err(UnknownName {
            what: "message",
            name: name.to_owned(),
            fits: fits.iter().map(|said| said.id.to_string()).collect(),
            known: self.messages.iter().take(KNOWN).map(|said| in_short(&said.id)).collect(),
            count: self.messages.len(),
        })
    }

    /// The node that `name` means: its name, or its number.
    ///
    /// # Errors
    /// [`UnknownName`] if it means none.
    pub fn node(&self, name: &str) -> Result<NodeId, UnknownName> {
        let named = self.nodes.iter().find(|(_, is)| ***is == *name);
        let numbered = || self.nodes.iter().find(|(node, _)| node.get().to_string() == name);
        named.or_else(numbered).map(|(node, _)| *node).ok_or_else(|| UnknownName {
            what: "node",
            name: name.to_owned(),
            fits: Vec::new(),
            known: self.nodes.values().take(KNOWN).map(ToString::to_string).collect(),
            count: self.nodes.len(),
        })
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, name, count, .. } = self;
        if !self.fits.is_empty() {
            return write!(f, "{name} may mean the {what}s {}: say which", self.fits.join(" and "));
        }
        let known = self.known.join(", ");
        match count {
            0 => write!(f, "there is no {what} {name} in the trace, and no other"),
            1 => write!(f, "there is no {what} {name} in the trace, only {known}"),
            _ if *count > self.known.len() => {
                write!(
                    f,
                    "there is no {what} {name} among the {count} in the trace, which are {known} and so on"
                )
            }
            _ => write!(f, "there is no {what} {name} among the {count} in the trace: {known}"),
        }
    }
}

impl core::error::Error for UnknownName {}

/// The id without the epoch, for people.
pub(super) fn in_short(id: &str) -> String {
    short(id).unwrap_or_else(|| id.to_owned())
}

fn short(id: &str) -> Option<String> {
    let (stream, number) = id.rsplit_once('/')?;
    let (author, _) = stream.rsplit_once('/')?;
    Some(format!("{author}/{number}"))
}

/// How many names are told where another one was asked for.
const KNOWN: usize = 8;
