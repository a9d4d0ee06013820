//! The cases of `chinwag_memory::conformance` on every driver there is: what a node does must not depend on who drives it.
#![cfg(test)]

mod memory;
mod tcp;

use chinwag_memory::conformance::{self, Harness, cases};

#[test]
fn every_case_passes_in_memory() {
    for kind in memory::Kind::ALL {
        passes(kind, || memory::Simulated::new(kind));
    }
}

#[test]
fn every_case_passes_over_tcp() {
    passes("TCP", tcp::Tcp::default);
}

/// Plays every case that is for such links.
fn passes<H: Harness>(what: impl core::fmt::Debug, mut make: impl FnMut() -> H) {
    let semantics = make().semantics();
    let report = conformance::run(make).unwrap_or_else(|failed| panic!("{what:?}: {failed}"));
    assert_eq!(report.cases, cases().iter().filter(|case| case.is_for(semantics)).count());
    assert!(report.cases >= 19 && report.heard > 3500, "{what:?}: only {report}");
}
