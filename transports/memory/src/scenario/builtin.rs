//! The scenarios that come with this crate.

use super::{Scenario, ScenarioError};

/// A scenario that comes with this crate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its text: a file to read, copy and change.
    pub toml: &'static str,
}

impl Builtin {
    /// The scenario.
    ///
    /// # Errors
    /// None but if this crate was changed: all are read by `tests/scenario_builtins.rs`.
    pub fn scenario(&self) -> Result<Scenario, ScenarioError> {
        Scenario::from_toml(self.toml)
    }
}

/// All of them, in the order in which to list them.
#[must_use]
pub const fn builtins() -> &'static [Builtin] {
    &BUILTINS
}

/// The one of a name.
#[must_use]
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| builtin.name == name)
}

macro_rules! builtins {
    ($($name:literal)*) => {
        [$(Builtin { name: $name, toml: include_str!(concat!("../../scenarios/", $name, ".toml")) }),*]
    };
}

const BUILTINS: [Builtin; 16] = builtins![
    "single"
    "random"
    "all-senders"
    "burst"
    "churn"
    "kill-50"
    "kill-80"
    "kill-90"
    "partition"
    "one-way"
    "late-joiners"
    "lossy"
    "continents"
    "hostile-silent"
    "hostile-spam"
    "hostile-lie"
];
