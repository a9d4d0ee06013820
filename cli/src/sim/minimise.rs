//! `chinwag sim minimise`: the smallest scenario that still fails the same check.

use anyhow::{Context as _, bail};
use chinwag_memory::Scenario;
use chinwag_memory::swarm::minimise;

use crate::arguments::MinimiseArguments;
use crate::clock;
use crate::exit::Exit;
use crate::sim::{print, run_scenario};

/// Writes the smallest scenario that was found.
///
/// # Errors
/// When there is no such scenario, it does not fail, or it cannot be written.
pub(super) fn run(arguments: &MinimiseArguments) -> anyhow::Result<Exit> {
    let mut scenario = match (&arguments.file, arguments.seed) {
        (Some(file), _) => run_scenario::read(file)?,
        (None, Some(seed)) => Scenario::swarm(seed),
        (None, None) => bail!("say which scenario: a file, or --seed"),
    };
    scenario.bug = arguments.bug.or(scenario.bug);
    scenario.validate()?;
    let start = clock::now();
    let go_on = || clock::now().saturating_duration_since(start) < arguments.at_most;
    let Some(small) = minimise(&scenario, go_on) else {
        bail!("every check holds in this scenario: there is nothing to minimise");
    };
    let end = if small.complete { "nothing more can be taken away" } else { "the time was up" };
    let head = format!("# {}\n# After {} tries; {end}.\n", small.failure, small.tries);
    let text = head + &small.scenario.to_toml();
    match &arguments.out {
        Some(file) => {
            std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))?;
        }
        None => print(&text)?,
    }
    Ok(Exit::Fine)
}
