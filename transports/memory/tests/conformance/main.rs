//! A loop that does as it should passes every case, and one with a fault does not.
#![cfg(test)]

mod by_hand;

use by_hand::{ByHand, Fault};
use chinwag_memory::conformance::{Case, Failed, Wrong, cases, run};

#[test]
fn a_plain_loop_passes() {
    let report = run(|| ByHand::new(Fault::None)).unwrap_or_else(|failed| panic!("{failed}"));
    assert_eq!(report.cases, cases().len());
    assert!(report.heard > 4000, "{report}");
}

#[test]
fn every_case_says_what_it_is_about() {
    let cases = cases();
    assert!(cases.len() >= 20);
    for case in &cases {
        assert!(case.about().ends_with('.'), "{}", case.name());
        assert_eq!(cases.iter().filter(|other| other.name() == case.name()).count(), 1);
    }
}

/// How a case fails in a loop with a fault.
fn failure(fault: Fault, case: &str) -> Failed {
    let is_it = |it: &Case| it.name() == case;
    let case = cases().into_iter().find(is_it).unwrap();
    match case.play(&mut ByHand::new(fault)) {
        Ok(_) => panic!("{} passes with {fault:?}", case.name()),
        Err(failed) => failed,
    }
}

/// Every fault is found by the whole set, whatever case it is that finds it.
#[test]
fn a_loop_with_any_fault_fails() {
    for fault in Fault::ALL {
        let found = run(|| ByHand::new(fault));
        assert!(found.is_err(), "{fault:?} should be found, and {found:?}");
    }
}

#[test]
fn a_frame_that_is_lost_is_missed() {
    let failed = failure(Fault::LosesFrames, "every_frame_once");
    assert!(matches!(*failed.wrong, Wrong::TooLittle { .. } | Wrong::Heard { .. }), "{failed}");
}

#[test]
fn a_frame_that_comes_twice_is_one_too_many() {
    let failed = failure(Fault::SendsTwice, "every_frame_once");
    assert!(
        matches!(&*failed.wrong, Wrong::Heard { missing, unexpected, .. }
        if missing.is_empty() && !unexpected.is_empty()),
        "{failed}"
    );
}

#[test]
fn frames_that_overtake_each_other_are_out_of_order() {
    let failed = failure(Fault::Reorders, "every_frame_once");
    assert!(matches!(*failed.wrong, Wrong::Order { .. }), "{failed}");
}

#[test]
fn events_that_overtake_each_other_are_out_of_order() {
    let failed = failure(Fault::ReordersEvents, "burst");
    assert!(matches!(*failed.wrong, Wrong::Order { .. }), "{failed}");
}

#[test]
fn who_was_to_be_killed_and_tells_something_is_noticed() {
    let failed = failure(Fault::ForgetsKills, "nobody_listens_yet");
    assert!(matches!(&*failed.wrong, Wrong::Undead { who } if who == "ann"), "{failed}");
}

#[test]
fn who_is_killed_and_whose_links_stay_is_still_linked() {
    let failed = failure(Fault::KeepsLinksOfTheDead, "ends_are_told");
    assert!(matches!(&*failed.wrong, Wrong::Linked { .. }), "{failed}");
}

#[test]
fn a_deadline_that_nobody_keeps_is_missed() {
    let failed = failure(Fault::NeverTicks, "nobody_listens_yet");
    assert!(matches!(*failed.wrong, Wrong::Linked { .. }), "{failed}");
}

#[test]
fn bytes_that_are_cut_off_are_noticed() {
    let failed = failure(Fault::CutsLongFrames, "longest_words");
    assert!(matches!(*failed.wrong, Wrong::Malformed { .. }), "{failed}");
}

#[test]
fn what_was_queued_when_a_link_is_closed_is_missed() {
    let failed = failure(Fault::DropsLastWords, "last_words");
    assert!(matches!(&*failed.wrong, Wrong::Heard { who, .. } if who == "ann"), "{failed}");
}

#[test]
fn a_harness_that_gives_up_is_named_with_its_own_words() {
    let failed = failure(Fault::CannotStart, "two_meet");
    assert!(failed.to_string().contains("no room for another node"), "{failed}");
}
