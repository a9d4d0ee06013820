//! `chinwag sim again`: the same command, and whether it gives the same result.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::arguments::{AgainArguments, Arguments, Program, SimProgram};
use crate::exit::Exit;
use crate::sim::listing::Listing;
use crate::sim::record::Origin;
use crate::sim::{folder, simulate};

/// Runs a simulation again and prints what is different: fine if nothing is.
///
/// # Errors
/// If the folder holds no simulation, or its arguments mean nothing any more.
pub(super) fn run(arguments: &AgainArguments) -> anyhow::Result<Exit> {
    let kept = folder::read(&arguments.folder)?;
    let program = simulation(&kept.origin)?;
    if let Some(out) = &arguments.out {
        folder::make(out)?;
    }
    let (new, _, _) = simulate(&program, None)?;
    let mut differences = String::new();
    for (name, before, now) in differing(&kept.figures, &new.figures) {
        writeln!(differences, "{name}: {before} before, {now} now")?;
    }
    let same_program = kept.origin.program == new.origin.program;
    let mut same_files = 0;
    for (name, text) in folder::files(&new)? {
        // Figures were compared one by one; and what names the program is another one's if the program is.
        if name == folder::RESULT || (!same_program && [folder::RUN, folder::REPORT].contains(&name)) {
            continue;
        }
        let path = arguments.folder.join(name);
        if fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))? == text.as_bytes() {
            same_files += 1;
        } else {
            writeln!(differences, "{name}: other bytes")?;
        }
    }
    if let Some(out) = &arguments.out {
        folder::write(out, &new)?;
    }
    let mut told = format!("{}\n", kept.origin.command);
    if !same_program {
        writeln!(told, "Kept by {}, run again by {}.", kept.origin.program, new.origin.program)?;
    }
    let figures = new.figures.repeatable().count();
    if differences.is_empty() {
        super::print(&format!("{told}The same: {figures} figures, {same_files} files.\n"))?;
        Ok(Exit::Fine)
    } else {
        super::print(&format!("{told}NOT the same:\n{differences}"))?;
        Ok(Exit::Failed)
    }
}

/// The figures of both that differ and should not, by their names.
fn differing<'a>(before: &'a Listing, now: &'a Listing) -> Vec<(&'a str, &'a Value, &'a Value)> {
    let of_before = before.repeatable().map(|(name, value)| (name, value, now.get(name)));
    let new = now.repeatable().filter(|(name, _)| before.iter().all(|(other, _)| other != *name));
    let new = new.map(|(name, value)| (name, &Value::Null, value));
    of_before.chain(new).filter(|(_, before, now)| before != now).collect()
}

/// What a kept command asks for.
///
/// # Errors
/// If it asks for nothing that this version knows.
pub(super) fn simulation(origin: &Origin) -> anyhow::Result<SimProgram> {
    let words = ["chinwag", "sim"].into_iter().chain(origin.arguments.iter().map(String::as_str));
    let parsed = Arguments::try_of(words)
        .with_context(|| format!("`{}` means nothing to this version", origin.command))?;
    match parsed.program {
        Some(Program::Sim(program)) => Ok(*program),
        _ => bail!("`{}` is no simulation", origin.command),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_found_but_those_of_the_machine() {
        let listing = |text| serde_json::from_str::<Listing>(text).unwrap();
        let before = listing(r#"{"nodes":9,"lost":0,"cpu_seconds":1.0,"gone":1}"#);
        let now = listing(r#"{"nodes":9,"lost":2,"cpu_seconds":3.0,"new":[]}"#);
        let names: Vec<&str> = differing(&before, &now).iter().map(|(name, _, _)| *name).collect();
        assert_eq!(names, ["lost", "gone", "new"]);
        assert!(differing(&now, &now).is_empty());
    }
}
