//! See `chinwag_testkit::fuzzing::scenario`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| chinwag_testkit::fuzzing::scenario(bytes));

#[cfg(not(fuzzing))]
fn main() {}
