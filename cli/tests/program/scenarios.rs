//! Scenarios from the command line: those that come with the program, those in files, and swarms of them.

use std::fs;

use crate::support::Program;

#[test]
fn the_scenarios_are_listed_shown_and_played() {
    let listed = Program::start("sim --list").rest();
    assert!(listed.len() >= 16, "{listed:#?}");
    let text = Program::start("sim run --show late-joiners").rest().join("\n");
    assert!(text.contains("do = \"arrive\""), "{text}");
    let mut run = Program::start("sim run lossy --nodes 8 --seed 3 --format json");
    let outcome: serde_json::Value = serde_json::from_str(&run.line().unwrap()).unwrap();
    assert_eq!(run.exit_code(), 0);
    assert!(
        outcome["failure"].is_null() && outcome["coverage"]["drop loss"].as_u64().unwrap() > 0,
        "{outcome}"
    );
    assert_eq!(Program::start("sim run no-such-scenario").exit_code(), 1);
}

#[test]
fn scenarios_and_swarms_speak_every_format() {
    for (task, first) in [("run single --nodes 8", "failure"), ("swarm --seeds 2 --threads 1", "scenarios")] {
        let said = |format: &str| Program::start(&format!("sim {task} --format {format}")).rest().join("\n");
        let json: serde_json::Value = serde_json::from_str(&said("json")).unwrap();
        let text = said("csv");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().unwrap().clone();
        let values = reader.records().next().unwrap().unwrap();
        assert_eq!((&names[0], names.len()), (first, json.as_object().unwrap().len()));
        for (name, value) in names.iter().zip(&values).filter(|(name, _)| json[*name].is_number()) {
            assert_eq!(value, json[name].to_string(), "{name}");
        }
        let markdown = said("markdown");
        assert!(markdown.starts_with("| figure | value | |\n|---|---:|---|\n"), "{markdown}");
    }
}

#[test]
fn threads_change_nothing_of_what_is_printed() {
    let said =
        |threads: &str| Program::start(&format!("sim run churn --format json --threads {threads}")).rest();
    let one = said("1");
    assert!(one.concat().contains("trace_hash"), "{one:?}");
    assert_eq!(said("2"), one);
    assert_eq!(said("3"), one);
}

#[test]
fn a_swarm_says_how_to_see_a_failure_again_and_the_minimiser_writes_it_down() {
    let mut fine = Program::start("sim swarm --seeds 2 --threads 2");
    assert_eq!(fine.exit_code(), 0);
    let mut swarm = Program::start("sim swarm --seeds 3 --threads 1 --bug dial-twice");
    let said = swarm.rest();
    assert_eq!(swarm.exit_code(), 1);
    let again = said.iter().find_map(|line| line.trim().strip_prefix("chinwag sim run")).unwrap();
    let mut run = Program::start(&format!("sim run{again}"));
    assert!(run.rest().iter().any(|line| line.contains("FAILED: one-dial-at-a-time")));
    assert_eq!(run.exit_code(), 1);

    let folder = std::env::temp_dir().join(format!("chinwag-scenarios-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("small.toml");
    let small = format!("sim minimise --seed 0 --bug dial-twice --for 3s --out {}", file.display());
    assert_eq!(Program::start(&small).exit_code(), 0);
    let mut run = Program::start(&format!("sim run {}", file.display()));
    assert!(run.rest().iter().any(|line| line.contains("FAILED: one-dial-at-a-time")));
    assert_eq!(run.exit_code(), 1);
    fs::remove_dir_all(&folder).unwrap();
}
