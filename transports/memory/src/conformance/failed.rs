//! What went otherwise than it should, in words.

use core::fmt;
use std::error::Error;

/// How a case failed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Failed {
    /// The case's name.
    pub case: &'static str,
    /// What it is about.
    pub about: String,
    /// The step at which it failed, counted from 1; `None` at the end, when all had been done and what was heard was looked
    /// at.
    pub step: Option<usize>,
    /// What was wrong.
    pub wrong: Box<Wrong>,
}

/// What was wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Wrong {
    /// The harness gave up.
    Harness {
        /// What it was to do.
        what: &'static str,
        /// Why it did not.
        error: String,
    },
    /// A node that was started as one that listens gave no address.
    NoAddress {
        /// Which.
        who: String,
    },
    /// A node refused a command.
    Refused {
        /// Which.
        who: String,
        /// Why.
        error: String,
    },
    /// A node was handed something that is no message, though only nodes speak with each other.
    Malformed {
        /// Which.
        who: String,
        /// What is wrong with it.
        error: String,
    },
    /// A node that does not run told something.
    Undead {
        /// Which.
        who: String,
    },
    /// A node was not linked in time with as many peers as it should be.
    Linked {
        /// Which.
        who: String,
        /// With how many it should be.
        expected: usize,
        /// With whom it was.
        with: Vec<String>,
    },
    /// A node was not told in time as much as it should be.
    TooLittle {
        /// Which.
        who: String,
        /// How many things it should be told.
        expected: usize,
        /// What it was told.
        heard: Vec<String>,
    },
    /// A node was told other things than it should be.
    Heard {
        /// Which.
        who: String,
        /// What it was not told.
        missing: Vec<String>,
        /// What it should not have been told, or not so often.
        unexpected: Vec<String>,
    },
    /// A node was told the right things in a wrong order.
    Order {
        /// Which.
        who: String,
        /// What came first of what should have come later.
        early: String,
        /// What should have come in its place.
        instead_of: String,
    },
}

impl Wrong {
    /// What a loop that does this usually lacks.
    const fn advice(&self) -> &'static str {
        match self {
            Self::Harness { .. } | Self::NoAddress { .. } => "see the documentation of `Harness`",
            Self::Refused { .. } => "does the loop hand on each command once, to the node that is meant?",
            Self::Malformed { .. } => {
                "does it write frames whole and in order, one after another, and read with one decoder for each link?"
            }
            Self::Undead { .. } => "does `kill` end the node and its sockets?",
            Self::Linked { .. } => {
                "does it carry out every `Dial`, tell of every link's beginning and end, and call by `next_deadline`?"
            }
            Self::TooLittle { .. } | Self::Heard { .. } => {
                "does it carry out every `Send` once for each link, say of its links no more than they keep \
                 (`Semantics`), and hand over each event once?"
            }
            Self::Order { .. } => "does it keep the order of frames on a stream, and of events?",
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (", self.case, self.wrong)?;
        match self.step {
            Some(step) => write!(f, "at step {step} of transports/memory/conformance/{}.json", self.case)?,
            None => f.write_str("at the end")?,
        }
        write!(f, "). The case: {} To look at: {}", self.about, self.wrong.advice())
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Harness { what, error } => write!(f, "the harness could not {what}: {error}"),
            Self::NoAddress { who } => write!(f, "{who} was to listen and has no address"),
            Self::Refused { who, error } => write!(f, "{who} refused a command: {error}"),
            Self::Malformed { who, error } => write!(f, "{who} was handed what is no message: {error}"),
            Self::Undead { who } => write!(f, "{who} does not run and tells something nevertheless"),
            Self::Linked { who, expected, with } => {
                write!(f, "{who} should be linked with {expected} and is with {}: {with:?}", with.len())
            }
            Self::TooLittle { who, expected, heard } => {
                write!(f, "{who} should have been told {expected} things and was told {}", heard.len())?;
                write_some(f, ": ", heard)
            }
            Self::Heard { who, missing, unexpected } => {
                write!(f, "{who} was told other things than it should be")?;
                write_some(f, "; missing: ", missing)?;
                write_some(f, "; too many: ", unexpected)
            }
            Self::Order { who, early, instead_of } => {
                write!(f, "{who} was told {early:?} where it should have been told {instead_of:?}")
            }
        }
    }
}

impl Error for Failed {}

/// The first few of `lines`, and how many more there are.
fn write_some(f: &mut fmt::Formatter<'_>, before: &str, lines: &[String]) -> fmt::Result {
    const ENOUGH: usize = 5;
    if lines.is_empty() {
        return Ok(());
    }
    write!(f, "{before}{:?}", &lines[..lines.len().min(ENOUGH)])?;
    match lines.len().checked_sub(ENOUGH) {
        Some(more @ 1..) => write!(f, " and {more} more"),
        Some(0) | None => Ok(()),
    }
}
