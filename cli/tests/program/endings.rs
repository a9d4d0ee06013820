//! How it starts, how it ends, and what it says when it cannot.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Program, now};

/// A port of this machine at which nobody listens.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn the_first_line_says_where_it_listens() {
    let (mut ann, at) = Program::chat("ann", "");
    assert!(at.starts_with("127.0.0.1:") && !at.ends_with(":0"), "{at}");
    ann.end_input();
    assert_eq!(ann.exit_code(), 0);
    let mut mute = Program::start("chat --json --name mute --no-listen");
    assert_eq!(mute.line().unwrap(), r#"{"event":"listening","address":null}"#);
}

#[test]
fn a_wrong_command_line_is_exit_2_and_says_what_is_right() {
    for (arguments, hint) in [
        ("chat --join 127.0.0.1:0", "from 1 to 65535"),
        ("chat --join 127.0.0.1:65536", "from 1 to 65535"),
        ("chat --join 127.0.0.1", "host:port"),
        ("chat --listen 127.0.0.1:65536", "65535"),
        ("chat --classic --no-listen", "--no-listen"),
        ("chat --linger soon", "soon"),
        ("chat --nmae ann", "--name"),
        ("chat --history many", "many"),
        ("chat --history 10001", "..=10000"),
        ("chat --strategy gossip", "tree"),
        ("demo --strategy gossip", "flood"),
        ("sim --nodes 1", "2..="),
        ("talk", "talk"),
    ] {
        let mut program = Program::start(arguments);
        let errors = program.errors();
        assert!(errors.contains(hint), "{arguments}: {errors}");
        assert_eq!(program.exit_code(), 2, "{arguments}");
    }
}

#[test]
fn what_cannot_be_listened_at_is_exit_1_and_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    for (listen, hint) in [(at.as_str(), "in use"), ("192.0.2.1:0", "no interface")] {
        let mut program = Program::start(&format!("chat --json --listen {listen}"));
        let error = program.event("error");
        assert!(error["message"].as_str().unwrap().contains(hint), "{error}");
        let errors = program.errors();
        assert!(errors.contains(hint) && errors.contains(listen) && errors.contains("--listen"), "{errors}");
        assert_eq!(program.exit_code(), 1);
    }
}

#[test]
fn nobody_there_within_the_join_timeout_is_exit_3() {
    let start = now();
    let at = nobody();
    let (mut ann, _) = Program::chat("ann", &format!("--join {at} --join-timeout 700ms"));
    let failed = ann.event("dial_failed");
    assert_eq!((&failed["address"], &failed["reason"]), (&at.as_str().into(), &"refused".into()));
    assert!(failed["retry_in_ms"].as_u64().unwrap() > 0);
    assert!(ann.event("error")["message"].as_str().unwrap().contains("nobody"));
    assert_eq!(ann.exit_code(), 3);
    assert!(start.elapsed() >= Duration::from_millis(700));
    // The end of input changes nothing about that.
    let (mut bob, _) = Program::chat("bob", &format!("--join {at} --join-timeout 300ms"));
    bob.end_input();
    assert_eq!(bob.exit_code(), 3);
}

#[test]
fn a_host_that_does_not_exist_is_said_so() {
    let (mut ann, _) = Program::chat("ann", "--join nobody.invalid:5001");
    let failed = ann.event("dial_failed");
    assert_eq!(
        (&failed["address"], &failed["reason"]),
        (&"nobody.invalid:5001".into(), &"unresolvable".into())
    );
}

#[test]
fn joining_oneself_is_refused() {
    let (mut ann, at) = Program::chat("ann", "");
    ann.type_line(&format!("/join {at}"));
    assert!(ann.event("error")["message"].as_str().unwrap().contains("our own address"));
}

#[test]
fn a_signal_makes_it_leave_politely() {
    for signal in ["TERM", "INT"] {
        let (mut ann, at) = Program::chat("ann", "");
        let (mut bob, _) = Program::chat("bob", &format!("--join {at}"));
        bob.event("peer_up");
        bob.type_line("last words");
        bob.event("sent");
        bob.signal(signal);
        assert_eq!(bob.rest_of_events().last().unwrap()["event"], "left");
        assert_eq!(bob.exit_code(), 130);
        assert_eq!(ann.event("message")["text"], "last words");
        assert_eq!(ann.event("peer_down")["reason"], "left");
    }
}

#[test]
fn who_has_nobody_to_read_its_output_ends() {
    let reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let mut gone = reader;
    let pipe = gone.stdin.take().unwrap();
    gone.wait().unwrap();
    let mut ann = Program::start_with("chat --json --name ann", Stdio::from(pipe));
    assert!(ann.errors().contains("standard output"));
    assert_eq!(ann.exit_code(), 1);
}

#[test]
fn lingering_keeps_it_there_after_the_end_of_input() {
    let (mut ann, at) = Program::chat("ann", "--linger 30s");
    ann.end_input();
    let (mut bob, _) = Program::chat("bob", &format!("--join {at} --linger 200ms"));
    bob.type_line("you linger");
    bob.end_input();
    assert_eq!(ann.event("message")["text"], "you linger");
    assert_eq!(bob.exit_code(), 0);
    ann.signal("TERM");
    assert_eq!(ann.exit_code(), 130);
}
