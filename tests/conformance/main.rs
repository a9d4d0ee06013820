//! The same scenarios on the memory network and over real TCP: what a node does must not depend on who drives it.
//!
//! A scenario is a file in `scenarios/`: plain data, see [`scenario`].
#![cfg(test)]

mod memory;
mod scenario;
mod tcp;

use std::fs;
use std::path::Path;

use scenario::Scenario;

#[test]
fn every_scenario_passes_in_memory() {
    for (name, scenario) in scenarios() {
        for world in memory::Memory::every_kind() {
            scenario.play(&format!("{name} on {world:?}"), world);
        }
    }
}

#[test]
fn every_scenario_passes_over_tcp() {
    for (name, scenario) in scenarios() {
        scenario.play(&format!("{name} over TCP"), tcp::Tcp::default());
    }
}

/// A scenario whose expectations are wrong fails, so that passing means something.
#[test]
#[should_panic(expected = "bob should have heard")]
fn a_wrong_expectation_is_noticed() {
    let (name, mut scenario) = scenarios().remove(0);
    scenario.expected_mut("bob").push("ann: what nobody said".to_owned());
    scenario.play(&name, memory::Memory::every_kind().remove(0));
}

/// All scenarios, by file name.
fn scenarios() -> Vec<(String, Scenario)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/scenarios");
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "the scenarios are there");
    let parse = |path: &Path| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    files.iter().map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), parse(path))).collect()
}
