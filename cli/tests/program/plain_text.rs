//! What a person reads, where no terminal is.

use crate::support::Program;

fn text(program: &mut Program, part: &str) -> String {
    std::iter::from_fn(|| program.line())
        .find(|line| line.contains(part))
        .unwrap_or_else(|| panic!("no {part}"))
}

#[test]
fn a_piped_line_is_sent_before_it_leaves() {
    let (mut ann, at) = Program::chat("ann", "");
    let mut bob = Program::start(&format!("chat --name bob --join {at}"));
    bob.type_line("hi");
    bob.end_input();
    assert_eq!(ann.event("message")["text"], "hi");
    assert_eq!(bob.exit_code(), 0);
}

#[test]
fn it_says_that_it_is_alone_how_others_join_who_comes_and_who_goes() {
    let mut ann = Program::start("chat --name ann");
    let at = text(&mut ann, "listening at").rsplit(' ').next().unwrap().to_owned();
    text(&mut ann, "nobody else is here yet");
    let command = text(&mut ann, "--join");
    assert!(command.contains(&format!("chat --name bob --join {at}")), "{command}");
    ann.type_line("hello?");
    text(&mut ann, "ann: hello?");
    text(&mut ann, "kept");
    let (mut bob, bob_at) = Program::chat("bob", &format!("--join {at}"));
    assert!(text(&mut ann, "bob is here").contains(&bob_at));
    text(&mut ann, "been sent");
    bob.type_line("first\\n still one line");
    text(&mut ann, "bob: first");
    ann.type_line("/msg bob psst");
    text(&mut ann, "ann → bob: psst");
    text(&mut ann, "✓ to bob");
    ann.type_line("/peers");
    assert!(text(&mut ann, "   bob").contains("linked"));
    bob.type_line("/quit");
    text(&mut ann, "bob has left; nobody else is here now");
}

#[test]
fn it_says_why_a_dial_failed_once_and_goes_on_trying() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut ann = Program::start(&format!("chat --name ann --join {free} --linger 3s"));
    ann.end_input();
    let mut lines = ann.rest();
    lines.retain(|line| line.contains("cannot reach"));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("refused") && lines[0].contains("trying again"), "{lines:?}");
}

#[test]
fn an_unknown_type_is_ignored_with_a_debug_line_and_a_test_is_printed() {
    let mut ann = Program::start("chat --name ann -vv");
    let at = text(&mut ann, "listening at").rsplit(' ').next().unwrap().to_owned();
    let (mut bob, _) = Program::chat("bob", "");
    bob.type_line(&format!("/send {at} MOVE 1"));
    bob.type_line(&format!("/send {at} TEST \"it works\""));
    assert!(text(&mut ann, "TEST").contains("TEST from bob: it works"));
    ann.end_input();
    assert!(ann.rest().iter().all(|line| !line.contains("MOVE")));
    assert!(ann.errors().contains("ignored: no handler for MOVE"));
}
