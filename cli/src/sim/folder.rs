//! The folder in which a simulation is kept.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sim::record::{Origin, Record};
use crate::sim::report;

/// Makes a folder, if it is not there: best before a long simulation, lest it is in vain.
///
/// # Errors
/// If it cannot be made.
pub(super) fn make(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("the folder {} cannot be made", folder.display()))
}

/// Writes everything that is kept of a simulation. Files of an earlier one are replaced.
///
/// All but the figures about the machine follow from the arguments, to the last byte (`cli/tests/program/results.rs`).
///
/// # Errors
/// If the folder cannot be written to.
pub(super) fn write(folder: &Path, record: &Record) -> anyhow::Result<()> {
    for (name, text) in files(record)? {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// Reads what was kept.
///
/// # Errors
/// If the folder was not written by `--out`, or by a version that writes otherwise.
pub(super) fn read(folder: &Path) -> anyhow::Result<Record> {
    let text = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read: was the folder written with --out?", path.display()))
    };
    let kept: Kept = json(&text(RUN)?, RUN)?;
    ensure!(
        kept.version == VERSION,
        "{} is kept in version {}, this program reads version {VERSION}: run `{}` again with --out",
        folder.display(),
        kept.version,
        kept.origin.command
    );
    Ok(Record {
        origin: kept.origin,
        figures: json(&text(RESULT)?, RESULT)?,
        distributions: json(&text(DISTRIBUTIONS)?, DISTRIBUTIONS)?,
        messages: rows(&text(MESSAGES)?, MESSAGES)?,
        deliveries: rows(&text(DELIVERIES)?, DELIVERIES)?,
        packets: rows(&text(PACKETS)?, PACKETS)?,
    })
}

/// The names of the files, and what is in them.
///
/// # Errors
/// If something cannot be written as text, which does not happen with what a simulation measures.
pub(super) fn files(record: &Record) -> anyhow::Result<[(&'static str, String); 7]> {
    let kept = Kept { version: VERSION, origin: record.origin.clone() };
    Ok([
        (RUN, serde_json::to_string_pretty(&kept)? + "\n"),
        (RESULT, serde_json::to_string_pretty(&record.figures)? + "\n"),
        (DISTRIBUTIONS, serde_json::to_string(&record.distributions)? + "\n"),
        (MESSAGES, table(&record.messages)?),
        (DELIVERIES, table(&record.deliveries)?),
        (PACKETS, table(&record.packets)?),
        (REPORT, report::page(record)),
    ])
}

#[derive(Serialize, serde::Deserialize)]
struct Kept {
    version: u32,
    #[serde(flatten)]
    origin: Origin,
}

fn json<T: DeserializeOwned>(text: &str, name: &str) -> anyhow::Result<T> {
    serde_json::from_str(text).with_context(|| format!("{name} is not as --out writes it"))
}

fn rows<T: DeserializeOwned>(text: &str, name: &str) -> anyhow::Result<Vec<T>> {
    let rows: Result<Vec<T>, csv::Error> =
        csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect();
    rows.with_context(|| format!("{name} is not as --out writes it"))
}

fn table(rows: &[impl Serialize]) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// What an older program reads otherwise is of another version.
const VERSION: u32 = 1;

pub(super) const RUN: &str = "run.json";
pub(super) const RESULT: &str = "result.json";
const DISTRIBUTIONS: &str = "distributions.json";
const MESSAGES: &str = "messages.csv";
const DELIVERIES: &str = "deliveries.csv";
const PACKETS: &str = "packets.csv";
pub(super) const REPORT: &str = "report.html";
