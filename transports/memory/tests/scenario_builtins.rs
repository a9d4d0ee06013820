//! Every scenario that comes with this crate can be read, and everything is well in it, in small.
#![cfg(test)]

use std::collections::BTreeSet;

use chinwag_memory::scenario::{Builtin, builtin, builtins};

#[test]
fn all_of_them_are_what_their_names_say_and_end_well() {
    let names: BTreeSet<&str> = builtins().iter().map(|builtin| builtin.name).collect();
    assert_eq!(names.len(), builtins().len());
    let (one, other) = builtins().split_at(builtins().len() / 2);
    std::thread::scope(|scope| {
        scope.spawn(|| one.iter().for_each(play));
        other.iter().for_each(play);
    });
}

fn play(builtin: &Builtin) {
    let scenario = builtin.scenario().unwrap_or_else(|error| panic!("{}: {error}", builtin.name));
    assert!(!scenario.about.is_empty(), "{}", builtin.name);
    let outcome = scenario.at_most(20).play().unwrap();
    assert_eq!(outcome.failure, None, "{}", builtin.name);
    assert_eq!(outcome.parts, 1, "{}", builtin.name);
    assert!(outcome.figures.heard > 0, "{}: {:?}", builtin.name, outcome.figures);
}

#[test]
fn they_are_found_by_name() {
    assert_eq!(builtin("churn").map(|builtin| builtin.name), Some("churn"));
    assert_eq!(builtin("no such"), None);
}
