//! What a node answers to clients of the workbench, whatever they say.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Stdio};

use chinwag::{Epoch, Seed, Time};
use chinwag_maelstrom::Server;
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn server() -> Server {
    Server::new(Epoch::new(1), Seed::new(1))
}

/// The answer's body; `None` if there is none. It comes from who was asked, who may not know yet who that is.
fn ask(server: &mut Server, body: &str) -> Option<Value> {
    let turn = server.take_in(Time::ZERO, &format!(r#"{{"id":7,"src":"c1","dest":"n1","body":{body}}}"#));
    let mut lines = turn.lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let answer = lines.find(|line| line["dest"] == "c1")?;
    assert_eq!(answer["src"], "n1");
    Some(answer["body"].clone())
}

fn ready() -> Server {
    let mut server = server();
    let init = r#"{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1","n2","n3"]}"#;
    assert_eq!(ask(&mut server, init), Some(json!({"type": "init_ok", "in_reply_to": 1})));
    server
}

#[test]
fn requests_are_answered() {
    let mut server = ready();
    let topology = r#"{"type":"topology","msg_id":2,"topology":{"n1":["n2"]}}"#;
    assert_eq!(ask(&mut server, topology), Some(json!({"type": "topology_ok", "in_reply_to": 2})));
    let said = ask(&mut server, r#"{"type":"broadcast","msg_id":3,"message":1000}"#);
    assert_eq!(said, Some(json!({"type": "broadcast_ok", "in_reply_to": 3})));
    let read = ask(&mut server, r#"{"type":"read","msg_id":4}"#);
    assert_eq!(read, Some(json!({"type": "read_ok", "in_reply_to": 4, "messages": [1000]})));
}

#[test]
fn integers_keep_every_digit() {
    let mut server = ready();
    let long = "123456789012345678901234567890123456789";
    for value in [long, "-9007199254740993", "18446744073709551615"] {
        ask(&mut server, &format!(r#"{{"type":"broadcast","msg_id":3,"message":{value}}}"#)).unwrap();
    }
    let read = r#"{"src":"c1","dest":"n1","body":{"type":"read","msg_id":4}}"#;
    let lines = server.take_in(Time::ZERO, read).lines;
    let values = format!(r#""messages":[{long},-9007199254740993,18446744073709551615]"#);
    assert!(lines.iter().any(|line| line.contains(&values)), "{lines:?}");
}

#[test]
fn what_cannot_be_done_is_refused_with_the_code_for_it() {
    let refused = |server: &mut Server, body: &str| {
        let answer = ask(server, body).unwrap();
        assert_eq!((&answer["type"], &answer["in_reply_to"]), (&json!("error"), &json!(9)), "{answer}");
        assert!(!answer["text"].as_str().unwrap().is_empty());
        answer["code"].as_u64().unwrap()
    };
    assert_eq!(refused(&mut server(), r#"{"type":"read","msg_id":9}"#), 11);
    assert_eq!(refused(&mut server(), r#"{"type":"init","msg_id":9}"#), 12);
    assert_eq!(refused(&mut server(), r#"{"type":"init","msg_id":9,"node_id":"a b","node_ids":[]}"#), 12);
    let mut ready = ready();
    assert_eq!(refused(&mut ready, r#"{"type":"cas","msg_id":9}"#), 10);
    assert_eq!(refused(&mut ready, r#"{"type":"broadcast","msg_id":9}"#), 12);
    assert_eq!(refused(&mut ready, r#"{"type":"init","msg_id":9,"node_id":"n1","node_ids":["n1"]}"#), 12);
    // Nobody waits for an answer to these.
    assert_eq!(ask(&mut ready, r#"{"type":"cas"}"#), None);
    assert_eq!(ask(&mut ready, r#"{"type":"error","in_reply_to":5,"code":13,"text":"no"}"#), None);
}

#[test]
fn the_end_of_the_input_is_the_end() {
    let ended = Command::new(env!("CARGO_BIN_EXE_chinwag-maelstrom")).stdin(Stdio::null()).status();
    assert_eq!(ended.unwrap().code(), Some(0));
}

/// Pieces of what the workbench and other nodes say, so that some lines nearly make sense.
fn piece() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        r#"{"src":"n2","dest":"n1","body":{"type":"PING","frames":["#,
        r#"{"src":"c1","dest":"n1","body":{"type":"broadcast","msg_id":1,"message":"#,
        r##"["#",1,1,["KEEPALIVE",3]]"##,
        r#"{"msg_type":"PING","msg":["n2",1],"originator":"n2","time":0,"chinwag":{"version":1,"epoch":5}}"#,
        "]}}",
        "}}",
        ",",
        "null",
        "1e999",
        "\"",
        "\u{0}",
    ];
    prop_oneof![prop::sample::select(KNOWN).prop_map(str::to_owned), ".{0,12}"]
}

proptest! {
    #![proptest_config(chinwag_testkit::cases(512))]

    #[test]
    fn no_line_makes_a_node_fail(lines in prop::collection::vec(prop::collection::vec(piece(), 0..6), 1..20)) {
        let mut server = ready();
        for line in lines {
            let turn = server.take_in(Time::ZERO, &line.concat());
            // A number may be too large for a `Value`.
            prop_assert!(turn.lines.iter().all(|line| serde_json::from_str::<&RawValue>(line).is_ok()));
        }
        let read = r#"{"src":"c1","dest":"n1","body":{"type":"read","msg_id":4}}"#;
        prop_assert!(server.take_in(Time::ZERO, read).lines.concat().contains(r#""type":"read_ok""#));
    }
}
