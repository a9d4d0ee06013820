//! A run in a process of its own.

use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde::de::DeserializeOwned;

/// Runs this program with these arguments. Memory that one run gives back stays with its process, and would be missing
/// in the next one's account.
pub(crate) fn run_in_a_process<T: DeserializeOwned>(arguments: &[String]) -> anyhow::Result<T> {
    let output = Command::new(std::env::current_exe()?).args(arguments).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "`peers {}` failed: {}", arguments.join(" "), output.status);
    serde_json::from_slice(&output.stdout).context("a run printed something else than what came of it")
}
