//! Scenarios as text: what is written can be read, what is no scenario is refused, and all front ends make scenarios.
#![cfg(test)]

use chinwag_memory::Scenario;
use chinwag_memory::scenario::{Hostility, ScenarioError, Senders, What};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_written_can_be_read(bytes in vec(any::<u8>(), 0..400), seed in any::<u64>()) {
        for scenario in [Scenario::from_bytes(&bytes), Scenario::swarm(seed)] {
            prop_assert_eq!(scenario.validate(), Ok(()));
            prop_assert_eq!(Scenario::from_toml(&scenario.to_toml()), Ok(scenario));
        }
    }
}

#[test]
fn no_bytes_spell_the_simplest_scenario_and_many_spell_all_kinds() {
    let simplest = Scenario::from_bytes(&[]);
    assert_eq!((simplest.nodes, simplest.ops.len(), simplest.hostile), (2, 0, None));
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 0..200 {
        kinds.extend(Scenario::swarm(seed).ops.iter().map(|op| op.what.name()));
    }
    assert_eq!(kinds.len(), 14, "{kinds:?}");
}

#[test]
fn a_program_and_a_file_say_the_same() {
    let text = r#"
        version = 1
        seed = 7
        nodes = 20
        hostile = { share = 0.1, does = "spam" }

        [[op]]
        at_ms = 8000
        do = "say"
        senders = "rotate"
        count = 3

        [[op]]
        at_ms = 9500
        do = "crash-share"
        share = 0.5
    "#;
    let written = Scenario::new(20)
        .seed(7)
        .hostile(0.1, Hostility::Spam)
        .say(8_000, Senders::Rotate, 3)
        .at(9_500, What::CrashShare { share: 0.5.into() });
    assert_eq!(Scenario::from_toml(text), Ok(written));
}

#[test]
fn what_is_no_scenario_is_refused_and_the_reason_said() {
    let head = "version = 1\nnodes = 5\n";
    for (text, reason) in [
        ("nodes = 5", "missing field `version`"),
        ("version = 2\nnodes = 5", "version 2 of scenarios is not known here"),
        ("version = 1\nnodes = 0", "`nodes` must be between 1 and 1000000"),
        (&format!("{head}sed = 3"), "unknown field `sed`"),
        (&format!("{head}seed = -3"), "invalid value"),
        (&format!("{head}[links]\nloss = 1.5"), "1.5 is no share"),
        (&format!("{head}[settings]\ntarget_neighbours = 9"), "`max_neighbours` must be at least"),
        (&format!("{head}[[op]]\nat_ms = 3\ndo = \"dance\""), "unknown variant `dance`"),
        (&format!("{head}[[op]]\nat_ms = 3\ndo = \"crash\"\nnode = 1\nnodes = 2"), "unknown field `nodes`"),
        (&format!("{head}[[op]]\nat_ms = 3\ndo = \"crash\""), "missing field `node`"),
        (&format!("{head}[[op]]\nat_ms = 400000000\ndo = \"heal\""), "at most 360000000"),
    ] {
        let error: ScenarioError = Scenario::from_toml(text).unwrap_err();
        assert!(error.to_string().contains(reason), "{text}: {error}");
    }
}
