//! What can go wrong with a driver, and what to do about it. What goes wrong with one link is the node's to hear.

use std::io;

use chinwag::{Command, ConfigError, DialError};

/// Why a driver could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// The node refuses its configuration.
    #[error("the configuration is not valid: {0}")]
    Config(#[from] ConfigError),
    /// A limit in [`Options`](crate::Options) is out of its range.
    #[error("the option `{field}` must be {rule}")]
    Options {
        /// Which.
        field: &'static str,
        /// Its range.
        rule: &'static str,
    },
    /// The address to listen at is not `host:port` with a port from 0 to 65535.
    #[error("cannot listen on {bind:?}: {reason}")]
    BadBind {
        /// What was given.
        bind: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The address to listen at cannot be had.
    #[error("cannot listen on {bind}: {}", advice(.source))]
    Listen {
        /// What was given.
        bind: String,
        /// The system's reason.
        source: io::Error,
    },
    /// Fewer than three tokens were given: one for the wake-up, one for the listener, one for each link.
    #[error("an embedded driver needs at least 3 tokens: one for each link and two more")]
    TooFewTokens,
    /// The driver lives in somebody else's `Poll` and cannot wait by itself.
    #[error("this driver lives in another Poll: wait there, and call `on_event` and `on_turn`")]
    Embedded,
    /// The system's readiness queue failed.
    #[error("cannot {what}: {source}")]
    Poll {
        /// What was tried.
        what: &'static str,
        /// The system's reason.
        source: io::Error,
    },
}

impl DriverError {
    pub(crate) fn poll(what: &'static str, source: io::Error) -> Self {
        Self::Poll { what, source }
    }
}

/// Why a [`Handle`](crate::Handle) could not pass on a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// As many commands wait as [`Options::max_commands`](crate::Options::max_commands) allows.
    #[error("the node has too many commands to carry out: try again later")]
    Full(Command),
    /// The driver is gone.
    #[error("the node has stopped")]
    Stopped(Command),
}

/// What a failed connection means to the node.
pub(crate) fn dial_error(error: &io::Error) -> DialError {
    if lacks_room(error) {
        return DialError::NoRoom;
    }
    #[expect(clippy::wildcard_enum_match_arm, reason = "the standard library may add kinds at any time")]
    match error.kind() {
        io::ErrorKind::ConnectionRefused => DialError::Refused,
        io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => DialError::Unreachable,
        io::ErrorKind::TimedOut => DialError::TimedOut,
        _ => DialError::Other,
    }
}

/// Whether the process or the machine has run out of file descriptors or buffers: waiting may help.
fn lacks_room(error: &io::Error) -> bool {
    // Per-process and system-wide file tables, then buffers. The standard library has no kinds for these.
    const UNIX: [i32; 4] = [24, 23, 105, 55];
    const WINDOWS: [i32; 2] = [10024, 10055];
    let codes: &[i32] = if cfg!(windows) { &WINDOWS } else { &UNIX };
    error.kind() == io::ErrorKind::OutOfMemory
        || error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

fn advice(error: &io::Error) -> String {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the standard library may add kinds at any time")]
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "the port is in use: choose another, or port 0 for any that is free".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "no interface of this machine has that address: 127.0.0.1 and 0.0.0.0 always work".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "not allowed: ports below 1024 are usually reserved, choose a higher one".to_owned()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_want_of_descriptors_is_told_apart_from_a_refusal() {
        if cfg!(unix) {
            assert_eq!(dial_error(&io::Error::from_raw_os_error(24)), DialError::NoRoom);
        }
        assert_eq!(dial_error(&io::ErrorKind::ConnectionRefused.into()), DialError::Refused);
        assert_eq!(dial_error(&io::ErrorKind::BrokenPipe.into()), DialError::Other);
    }
}
