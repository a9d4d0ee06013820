//! The state of the terminal, which has to be given back as it was found.

use std::io::{self, IsTerminal as _, Write as _};

/// How the terminal was when the program started.
///
/// While a line is being typed the terminal is in raw mode, on another thread. Whoever ends the program calls
/// [`restore`](Self::restore), else the shell is left without echo.
#[derive(Clone, Debug)]
pub(crate) struct Terminal {
    #[cfg(unix)]
    found: rustix::termios::Termios,
}

impl Terminal {
    /// The terminal, if a person sits there: both input and output are one.
    #[cfg(unix)]
    pub(crate) fn found() -> Option<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return None;
        }
        rustix::termios::tcgetattr(io::stdin()).ok().map(|found| Self { found })
    }

    /// The terminal, if a person sits there: both input and output are one.
    #[cfg(not(unix))]
    pub(crate) fn found() -> Option<Self> {
        (io::stdin().is_terminal() && io::stdout().is_terminal()).then_some(Self {})
    }

    /// Takes back raw mode and the line that is being typed, if there is one.
    #[cfg(unix)]
    pub(crate) fn restore(&self) {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

        let typing = tcgetattr(io::stdin()).is_ok_and(|now| !now.local_modes.contains(LocalModes::ICANON));
        if typing {
            // Bracketed paste off, and the prompt erased. Nothing can be done about a terminal that is gone.
            let _ = io::stdout().write_all(b"\x1b[?2004l\r\x1b[K");
            let _ = io::stdout().flush();
            let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.found);
        }
    }

    /// Takes back raw mode and the line that is being typed, if there is one.
    #[cfg(not(unix))]
    pub(crate) fn restore(&self) {
        // The console keeps its mode per handle, and the shell sets its own when it reads next.
        let _ = io::stdout().flush();
    }
}
