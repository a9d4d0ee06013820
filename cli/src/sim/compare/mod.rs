//! `chinwag sim compare`: two simulations side by side, and what differs.

mod difference;
mod page;
mod text;

use std::fs;

use anyhow::Context as _;

use crate::arguments::{CompareArguments, Format};
use crate::exit::Exit;
use crate::sim::folder;
use difference::Comparison;

/// Prints the comparison: fine however much differs.
///
/// # Errors
/// If a folder holds no simulation, or the page cannot be written.
pub(super) fn run(arguments: &CompareArguments) -> anyhow::Result<Exit> {
    let (one, other) = (folder::read(&arguments.one)?, folder::read(&arguments.other)?);
    let comparison = Comparison::of(&one, &other);
    if let Some(path) = &arguments.html {
        let page = page::of(&one, &other, &comparison);
        fs::write(path, page).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    super::print(&match arguments.format {
        Format::Table => text::table(&comparison),
        Format::Markdown => text::markdown(&comparison),
        Format::Csv => text::csv(&comparison)?,
        Format::Json => format!("{}\n", serde_json::to_string(&comparison)?),
    })?;
    Ok(Exit::Fine)
}
