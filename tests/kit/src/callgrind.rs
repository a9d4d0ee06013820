//! Instructions counted by Valgrind: the same on a busy machine as on an idle one.

use core::fmt;
use std::env;
use std::io;
use std::process::{Command, Output, Stdio};

/// Runs this very program once more with other `arguments`, under Valgrind's callgrind, and gives how many instructions
/// it executes in `function` and in what that calls.
///
/// The function goes by its full path, as in `program::module::function`. It must not be generic, so that it has one
/// name, and not be inlined (`#[inline(never)]`).
///
/// # Errors
/// [`CallgrindError`] says what to do.
pub fn instructions(function: &str, arguments: &[&str]) -> Result<u64, CallgrindError> {
    let program = env::current_exe().map_err(CallgrindError::Start)?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect={function}"))
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) => collected(function, &output),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(CallgrindError::NoValgrind),
        Err(error) => Err(CallgrindError::Start(error)),
    }
}

fn collected(function: &str, output: &Output) -> Result<u64, CallgrindError> {
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(CallgrindError::Failed(said.into_owned()));
    }
    let count = said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match count {
        None => Err(CallgrindError::Failed(said.into_owned())),
        Some(0) => Err(CallgrindError::NotCalled(function.to_owned())),
        Some(count) => Ok(count),
    }
}

/// Why there is no count.
#[derive(Debug)]
pub enum CallgrindError {
    /// There is no program of the name.
    NoValgrind,
    /// It could not be started.
    Start(io::Error),
    /// It failed, or the program in it; what it said.
    Failed(String),
    /// No function of that name was called.
    NotCalled(String),
}

impl fmt::Display for CallgrindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValgrind => {
                write!(
                    f,
                    "instructions are counted by valgrind, which is not installed: install the package of that name"
                )
            }
            Self::Start(error) => write!(f, "valgrind could not be started: {error}"),
            Self::Failed(said) => write!(f, "no count came of valgrind, which said:\n{said}"),
            Self::NotCalled(function) => {
                write!(
                    f,
                    "no function {function} was called: is it `#[inline(never)]`, and its path spelled right?"
                )
            }
        }
    }
}

impl core::error::Error for CallgrindError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        if let Self::Start(error) = self { Some(error) } else { None }
    }
}
