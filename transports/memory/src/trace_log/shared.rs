//! A trace that stays in memory.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// A place in memory for a trace: clones share it, so that one can be given away to write and another one read.
#[derive(Clone, Debug, Default)]
pub struct SharedBytes(Arc<Mutex<Vec<u8>>>);

impl SharedBytes {
    /// An empty place.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads what was written so far, from the beginning.
    #[must_use]
    pub fn reader(&self) -> impl Read + use<> {
        io::Cursor::new(self.bytes())
    }
}

impl Write for SharedBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
