//! How the program ends, as others see it.

use std::process::ExitCode;

/// What the exit code says. A wrong command line ends with 2, which the argument parser sees to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    /// Everything went well.
    Fine,
    /// Something did not work; standard error says what.
    Failed,
    /// Nobody was there within the time that was given.
    NoPeer,
    /// A signal asked the program to stop, and it left politely.
    Interrupted,
}

impl Exit {
    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Failed => 1,
            Self::NoPeer => 3,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
