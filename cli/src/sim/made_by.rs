//! What made a trace: enough to make it again.

use anyhow::{Context as _, ensure};
use chinwag_memory::Scenario;
use serde::{Deserialize, Serialize};

use crate::arguments::SimProgram;
use crate::sim::record::Origin;
use crate::sim::trace_file::Sink;
use crate::sim::{again, simulate};

/// The command, and the scenario if it was one: the file it was in may be another by now.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
pub(super) struct MadeBy {
    #[serde(flatten)]
    pub(super) origin: Origin,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scenario: Option<String>,
}

impl MadeBy {
    pub(super) const fn simulation(origin: Origin) -> Self {
        Self { origin, scenario: None }
    }

    /// A scenario that these words after `chinwag sim` named.
    pub(super) fn scenario(words: Vec<String>, scenario: &Scenario) -> Self {
        Self { origin: Origin::here(&words), scenario: Some(scenario.to_toml()) }
    }

    /// How it stands in a trace.
    ///
    /// # Errors
    /// If it cannot be written as text, which does not happen.
    pub(super) fn line(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// What stands in a trace.
    ///
    /// # Errors
    /// If another program wrote it.
    pub(super) fn read(line: &str) -> anyhow::Result<Self> {
        serde_json::from_str(line).context("the trace does not say which command of this program made it")
    }

    /// What it takes to run the same again.
    ///
    /// # Errors
    /// If it means nothing to this version of the program.
    pub(super) fn again(&self) -> anyhow::Result<Again> {
        if let Some(text) = &self.scenario {
            return Ok(Again::Scenario(self.line()?, Box::new(Scenario::from_toml(text)?)));
        }
        let program = again::simulation(&self.origin)?;
        ensure!(program.task.is_none(), "`{}` is not one simulation", self.origin.command);
        Ok(Again::Simulation(Box::new(program)))
    }
}

/// A run that is to be made again.
#[derive(Clone, Debug)]
pub(super) enum Again {
    Simulation(Box<SimProgram>),
    /// With the line that says what made it.
    Scenario(String, Box<Scenario>),
}

impl Again {
    /// Runs it, and writes its trace to `sink`.
    ///
    /// # Errors
    /// If it cannot be run or written.
    pub(super) fn run(&self, sink: Sink) -> anyhow::Result<()> {
        match self {
            Self::Simulation(program) => drop(simulate(program, Some(sink))?),
            Self::Scenario(made_by, scenario) => drop(scenario.play_traced(made_by, sink)?),
        }
        Ok(())
    }
}
