//! Ctrl-C, SIGTERM and a terminal that hangs up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;

use super::terminal::Terminal;
use crate::exit::Exit;

/// How often the program was asked to stop. The first time it leaves politely, the second time at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupts(Arc<AtomicU32>);

impl Interrupts {
    /// Listens for signals; `wake` is called at the first.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub(crate) fn catch(
        terminal: Option<Terminal>,
        wake: impl Fn() + Send + 'static,
    ) -> anyhow::Result<Self> {
        let interrupts = Self::default();
        let counter = interrupts.clone();
        ctrlc::set_handler(move || {
            if counter.add() > 1 {
                if let Some(terminal) = &terminal {
                    terminal.restore();
                }
                std::process::exit(i32::from(Exit::Interrupted.code()));
            }
            wake();
        })
        .context("Ctrl-C and SIGTERM cannot be caught")?;
        Ok(interrupts)
    }

    /// One more; how many there were with it.
    pub(crate) fn add(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Whether there was one.
    pub(crate) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}
