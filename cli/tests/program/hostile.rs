//! Peers that mean ill, seen from the standard output of their victim.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::{PATIENCE, Program};

/// Moves the cursor, sets the title, turns the text around, and looks like something else.
const EVIL: &str =
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}txt.exe\u{2066}\u{200b}\u{feff}\u{7f}\u{85}\r\nok> fake";
const EVIL_NAME: &str = "b\u{202e}ob\u{200d}";

fn evil_peer(at: &str) -> TcpStream {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let hello = serde_json::json!({
        "msg_type": "PING", "msg": ["", 0], "originator": EVIL_NAME, "time": EVIL,
        "chinwag": { "version": 1, "epoch": 5 }
    });
    writeln!(stream, "{hello}").unwrap();
    let post = serde_json::json!({
        "msg_type": "BROADCAST", "msg": EVIL, "originator": EVIL_NAME, "time": EVIL, "epoch": 5, "seq": 1
    });
    writeln!(stream, "{post}").unwrap();
    let test = serde_json::json!({
        "msg_type": "TEST", "msg": { EVIL: EVIL }, "originator": EVIL_NAME, "time": EVIL
    });
    // As raw as JSON allows: only what it forbids is escaped.
    writeln!(stream, "{test}").unwrap();
    // So that its bytes are taken in before it hangs up.
    let _ = stream.read(&mut [0; 1]).unwrap();
    stream
}

fn harmless(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() || "│→…–".contains(c)
}

#[test]
fn nothing_raw_reaches_the_reader_of_json() {
    let (mut ann, at) = Program::chat("ann", "");
    let _evil = evil_peer(&at);
    loop {
        let line = ann.line().unwrap();
        assert!(line.chars().all(harmless), "{line:?}");
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        if event["event"] == "message" {
            assert_eq!((event["from"].as_str(), event["text"].as_str()), (Some(EVIL_NAME), Some(EVIL)));
        }
        if event["event"] == "custom" {
            assert_eq!(event["msg"][EVIL], EVIL);
            return;
        }
    }
}

#[test]
fn nothing_raw_reaches_the_terminal() {
    let mut ann = Program::start("chat --name ann");
    let at = loop {
        if let Some((_, at)) = ann.line().unwrap().split_once("listening at ") {
            break at.to_owned();
        }
    };
    let _evil = evil_peer(&at);
    let mut said = Vec::new();
    while !said.last().is_some_and(|line: &String| line.contains("TEST")) {
        let line = ann.line().unwrap();
        assert!(line.chars().all(harmless), "{line:?}");
        said.push(line);
    }
    let at = said.iter().position(|line| line.contains("ob\\u{200d}: \\u{1b}[2J")).expect("the message");
    // The second line of a message cannot be taken for a message, or for anything of ours.
    assert_eq!(said[at + 1].trim_start(), "│ ok> fake");
}

#[test]
fn nonsense_is_told_and_costs_the_others_nothing() {
    let (mut ann, at) = Program::chat("ann", "");
    let (mut bob, _) = Program::chat("bob", &format!("--join {at}"));
    bob.event("peer_up");
    let mut nonsense = TcpStream::connect(&at).unwrap();
    nonsense.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let rejected = ann.event("rejected");
    assert_eq!(rejected["reason"], "malformed");
    assert!(!rejected["message"].as_str().unwrap().is_empty());
    bob.type_line("still here");
    assert_eq!(ann.event("message")["text"], "still here");
}

#[test]
fn two_of_one_name_are_told_so() {
    let (mut ann, at) = Program::chat("ann", "");
    let (mut other, _) = Program::chat("ann", &format!("--join {at}"));
    assert_eq!(other.event("dial_failed")["reason"], "same_name");
    assert_eq!(ann.event("rejected")["reason"], "same_name");
}
