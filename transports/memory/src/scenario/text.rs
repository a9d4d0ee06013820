//! Scenarios as text.

use core::fmt;

use chinwag::ConfigError;

use super::{Op, Scenario, VERSION};
use crate::{AddError, config_for};

/// What is wrong with a scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ScenarioError {
    /// It is not TOML, or says something that is not in the vocabulary.
    Text(String),
    /// It is of a version that this program does not know.
    Version(u32),
    /// A number is out of its range.
    Range {
        /// Which.
        what: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// The settings make no valid configuration.
    Settings(ConfigError),
    /// A node could not be added.
    Node(AddError),
    /// It was played, but its trace could not be written.
    Trace(std::io::ErrorKind),
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(error) => write!(f, "not a scenario: {}", error.trim_end()),
            Self::Version(version) => {
                write!(f, "version {version} of scenarios is not known here: write `version = {VERSION}`")
            }
            Self::Range { what, rule } => write!(f, "`{what}` must be {rule}"),
            Self::Settings(error) => write!(f, "the settings are not valid: {error}"),
            Self::Node(error) => fmt::Display::fmt(error, f),
            Self::Trace(error) => write!(f, "the trace could not be written: {error}"),
        }
    }
}

impl core::error::Error for ScenarioError {}

impl From<AddError> for ScenarioError {
    fn from(error: AddError) -> Self {
        Self::Node(error)
    }
}

impl Scenario {
    /// Reads one from TOML.
    ///
    /// # Errors
    /// [`ScenarioError`] says what is wrong and where.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text).map_err(|error| ScenarioError::Text(error.to_string()))?;
        scenario.validate()?;
        Ok(scenario)
    }

    /// Writes it as TOML, which read again is equal (`tests/scenario_text.rs`). What cannot be played (numbers from
    /// 2⁶³ on) cannot be written, and is said in a comment instead.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_else(|error| format!("# not written: {error}\n"))
    }

    /// Checks every number against its range.
    ///
    /// # Errors
    /// [`ScenarioError`] names the first that is out of it.
    pub fn validate(&self) -> Result<(), ScenarioError> {
        if self.version != VERSION {
            return Err(ScenarioError::Version(self.version));
        }
        let check =
            |holds: bool, what, rule| if holds { Ok(()) } else { Err(ScenarioError::Range { what, rule }) };
        check(i64::try_from(self.seed).is_ok(), "seed", "below 9223372036854775808")?;
        check((1..=MOST_NODES).contains(&self.nodes), "nodes", "between 1 and 1000000")?;
        check(self.ops.len() <= MOST_OPS, "op", "at most 10000 operations")?;
        let times = [self.ending.patience_ms, self.join.over_ms, self.ending.at_ms.unwrap_or_default()];
        check(times.iter().all(|time| *time <= LONGEST_MS), "ending and join", "at most 100 hours")?;
        self.ops.iter().try_for_each(|op| validate_op(op, &check))?;
        let mut config = config_for("n").map_err(AddError::from)?;
        self.settings.apply(&mut config);
        config.validate().map_err(ScenarioError::Settings)
    }
}

fn validate_op(
    op: &Op,
    check: &impl Fn(bool, &'static str, &'static str) -> Result<(), ScenarioError>,
) -> Result<(), ScenarioError> {
    use super::What;
    let lasts = op.at_ms.saturating_add(op.what.lasts_ms());
    check(lasts <= LONGEST_MS, "at_ms", "at most 360000000 (100 hours), to the end of what happens")?;
    if let What::Say { burst, size, .. } = op.what {
        check(burst <= 10_000, "burst", "at most 10000")?;
        check(size <= 32_768, "size", "at most 32768")?;
    }
    check(op.what.count() <= MOST_TIMES, "count", "at most 100000")
}

const MOST_NODES: u32 = 1_000_000;
const MOST_OPS: usize = 10_000;
const MOST_TIMES: u32 = 100_000;
const LONGEST_MS: u64 = 360_000_000;
