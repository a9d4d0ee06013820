//! Every input that the fuzzers found worth keeping is run again, without a fuzzer.
#![cfg(test)]

use std::fs;
use std::path::Path;

use chinwag_testkit::fuzzing;

#[test]
fn decode() {
    replay("decode", fuzzing::decode);
}

#[test]
fn framing() {
    replay("framing", fuzzing::framing);
}

#[test]
fn hostile_peer() {
    replay("hostile_peer", fuzzing::hostile_peer);
}

#[test]
fn node_inputs() {
    replay("node_inputs", fuzzing::node_inputs);
}

#[test]
fn scenario() {
    replay("scenario", fuzzing::scenario);
}

fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in fs::read_dir(&corpus).unwrap_or_else(|error| panic!("{}: {error}", corpus.display())) {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        println!("{}", path.display());
        run(&bytes);
        inputs += 1;
    }
    assert!(inputs >= 20, "only {inputs} inputs in {}", corpus.display());
}
