//! Traces: written, run again, compared, and asked how messages came.

use std::fs;

use crate::support::{Folder, Program, said};

/// A trace of a small simulation, and what that printed.
fn traced(folder: &Folder, name: &str, arguments: &str) -> (String, String) {
    let file = folder.path(name);
    let (text, code) = said(&format!("sim --nodes 12 --warm 3s --rounds 4 {arguments} --trace {file}"));
    assert_eq!(code, 0, "{text}");
    (file, text)
}

/// The ids of some messages, as `explain` names them to who asks for another one.
fn messages(file: &str) -> Vec<String> {
    let mut asked = Program::start(&format!("sim explain {file} --message none --node 0"));
    let told = asked.errors();
    assert_eq!(asked.exit_code(), 1);
    let (_, list) = told.split_once(": n").or_else(|| told.split_once("which are n")).unwrap();
    format!("n{list}").split(", ").map(|id| id.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn what_a_trace_was_written_of_runs_again_just_so() {
    let folder = Folder::new("replay");
    for (name, arguments) in
        [("plain", ""), ("kill", "--kill 0.3"), ("lossy", "--semantics datagram --loss 0.1")]
    {
        let (file, printed) = traced(&folder, name, arguments);
        let told = printed.lines().last().unwrap().to_owned();
        let counted = told.split(", ").nth(1).unwrap().strip_suffix(" entries").unwrap();
        assert!(counted.parse::<u64>().unwrap() > 2_000, "{told}");
        let (text, code) = said(&format!("sim replay {file}"));
        assert_eq!(code, 0, "{text}");
        assert!(text.contains(&format!("Identical: {counted} entries")), "{text}");
        assert!(text.starts_with("chinwag sim --nodes 12"), "{text}");
    }
}

#[test]
fn a_scenario_runs_again_though_its_file_is_gone() {
    let folder = Folder::new("scenario");
    let (scenario, trace) = (folder.path("mine.toml"), folder.path("trace"));
    let text = Program::start("sim run --show churn").rest().join("\n");
    fs::write(&scenario, text).unwrap();
    assert_eq!(Program::start(&format!("sim run {scenario} --nodes 9 --trace {trace}")).exit_code(), 0);
    fs::remove_file(&scenario).unwrap();
    let (text, code) = said(&format!("sim replay {trace}"));
    assert!(code == 0 && text.contains("Identical: "), "{text}");
}

#[test]
fn a_run_that_goes_otherwise_is_told_from_its_trace() {
    let folder = Folder::new("otherwise");
    let (file, _) = traced(&folder, "trace", "--seed 3");
    let bytes = fs::read(&file).unwrap();
    // The same entries, said to be of another seed.
    let place = bytes.windows(8).position(|bytes| bytes == b"--seed\",").unwrap() + 9;
    assert_eq!(bytes[place], b'3');
    let mut changed = bytes.clone();
    changed[place] = b'4';
    let other = folder.path("other");
    fs::write(&other, changed).unwrap();
    let (text, code) = said(&format!("sim replay {other}"));
    assert_eq!(code, 1, "{text}");
    for part in ["NOT the same.", "The trace goes on:\n<", "The run goes on:\n>"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Cut off, it says where.
    fs::write(&other, &bytes[..bytes.len() / 2]).unwrap();
    let mut cut = Program::start(&format!("sim replay {other}"));
    assert!(cut.errors().contains("the trace ends too early, after "));
    assert_eq!(cut.exit_code(), 1);
}

#[test]
fn two_traces_are_compared_and_their_commands() {
    let folder = Folder::new("diff");
    let (one, _) = traced(&folder, "one", "");
    let (same, _) = traced(&folder, "same", "");
    let (other, _) = traced(&folder, "other", "--kill 0.3 --kill-at-broadcast=2");
    let (text, code) = said(&format!("sim diff {one} {same}"));
    assert!(code == 0 && text.contains("A and B: chinwag sim") && text.contains("Identical: "), "{text}");
    let (text, code) = said(&format!("sim diff {one} {other}"));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("B: chinwag sim --nodes 12 --rounds 4 --warm 3s --kill 0.3"), "{text}");
    assert!(text.contains("entries are the same. The last of them:\n  "), "{text}");
    // What makes the difference is the kill.
    let (_, after) = text.split_once("B goes on:\n").unwrap();
    assert!(after.lines().next().unwrap().ends_with("crashes"), "{text}");
}

#[test]
fn an_explanation_says_how_a_message_came_or_why_not() {
    let folder = Folder::new("explain");
    let (file, _) = traced(&folder, "trace", "--kill 0.5");
    let messages = messages(&file);
    assert_eq!(messages.len(), 4, "{messages:?}");
    // The kill is at the third message.
    let (mut came, mut down) = (0, 0);
    for node in 0..12 {
        let (text, code) = said(&format!("sim explain {file} --message {} --node n{node}", messages[2]));
        assert_eq!(code, 0, "{text}");
        came += usize::from(text.contains(&format!("n{node} delivered {} ", messages[2])));
        down += usize::from(text.contains("at the moment the message was said, and did not start again"));
    }
    assert_eq!((came, down), (5, 6), "the author is the twelfth");
    let mut unknown = Program::start(&format!("sim explain {file} --message {} --node n99", messages[0]));
    assert!(unknown.errors().contains("there is no node n99 among the 12 in the trace, which are n0, n1"));
    assert_eq!(unknown.exit_code(), 1);
}

#[test]
fn what_is_no_trace_is_refused() {
    let folder = Folder::new("refused");
    let file = folder.path("text");
    fs::write(&file, "some text\nand more\n").unwrap();
    for command in ["sim replay", "sim explain -m n0/1 -n 0"] {
        let mut refused = Program::start(&format!("{command} {file}"));
        let told = refused.errors();
        assert!(told.contains("this is no trace"), "{told}");
        assert_eq!(refused.exit_code(), 1);
    }
    let mut nowhere = Program::start(&format!("sim --nodes 9 --trace {}", folder.path("no/such/folder")));
    assert!(nowhere.errors().contains("cannot be written"));
    assert_eq!(nowhere.exit_code(), 1);
}
