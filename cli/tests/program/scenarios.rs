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
