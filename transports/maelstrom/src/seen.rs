//! The values that were said to everybody.

use std::collections::HashSet;

use serde_json::value::RawValue;

/// Each value once, in the order in which they came, digit for digit as they were said.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    values: Vec<Box<RawValue>>,
    known: HashSet<Box<str>>,
}

impl Seen {
    /// Takes a value in, unless it is known.
    pub(crate) fn insert(&mut self, value: Box<RawValue>) {
        if self.known.insert(value.get().into()) {
            self.values.push(value);
        }
    }

    pub(crate) fn values(&self) -> &[Box<RawValue>] {
        &self.values
    }
}
