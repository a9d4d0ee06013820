//! The two programs that need nobody.

use crate::support::Program;

#[test]
fn the_demo_is_what_runs_without_arguments_and_everybody_hears_everything_once() {
    let mut demo = Program::start("");
    demo.end_input();
    let said = demo.rest();
    assert!(said.iter().any(|line| line.contains("exactly once: 25 deliveries")), "{said:#?}");
    // The only one that speaks the old dialect is heard in it, by all others.
    let eve = said.iter().find(|line| line.starts_with("Eve:")).unwrap();
    assert_eq!(eve.matches("ms*").count(), 4, "{eve}");
    assert_eq!(demo.exit_code(), 0);
}

#[test]
fn a_person_can_type_as_one_of_the_five() {
    let mut demo = Program::start("demo --interactive");
    demo.type_line("hello, you four");
    demo.type_line("/quit");
    let said = demo.rest();
    assert!(said.iter().any(|line| line.contains("exactly once: 29 deliveries")), "{said:#?}");
    assert_eq!(demo.exit_code(), 0);
}

#[test]
fn a_simulation_counts_what_happens_and_repeats_it() {
    let run = || {
        let mut sim =
            Program::start("sim --nodes 50 --overlay random --degree 4 --messages 3 --seed 9 --format json");
        let line = sim.line().unwrap();
        assert_eq!(sim.exit_code(), 0);
        serde_json::from_str::<serde_json::Value>(&line).unwrap()
    };
    let (mut one, mut other) = (run(), run());
    assert_eq!((&one["deliveries"], &one["deliveries_due"]), (&(3 * 49).into(), &(3 * 49).into()));
    assert!(one["violation"].is_null() && one["hops_max"].as_u64().unwrap() >= 2);
    for outcome in [&mut one, &mut other] {
        let outcome = outcome.as_object_mut().unwrap();
        outcome.retain(|key, _| {
            !key.starts_with("real_") && !["cpu_seconds", "peak_rss_bytes"].contains(&key.as_str())
        });
        assert_eq!(outcome["trace_hash"].as_str().unwrap().len(), 16);
    }
    assert_eq!(one, other);
}

#[test]
fn every_figure_of_a_simulation_is_documented_and_a_bad_request_is_refused() {
    let documented = include_str!("../../../docs/json.md");
    let mut sim = Program::start("sim --nodes 4 --warm 1s --rounds 1 --format json");
    let figures: serde_json::Value = serde_json::from_str(&sim.line().unwrap()).unwrap();
    let keys: Vec<&String> = figures.as_object().unwrap().keys().collect();
    assert!(keys.len() > 40 && keys.iter().all(|key| documented.contains(&format!("`{key}`"))), "{keys:?}");
    assert_eq!(sim.exit_code(), 0);
    assert_eq!(Program::start("sim --nodes 4 --loss 0.1").exit_code(), 1);
    assert_eq!(Program::start("sim --nodes 4 --rounds 2 --kill 0.1 --kill-at-broadcast=3").exit_code(), 1);
}
