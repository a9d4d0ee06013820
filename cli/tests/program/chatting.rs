//! Peers that talk.

use std::collections::BTreeSet;

use crate::support::{Program, wait_until_linked};

#[test]
fn two_peers_meet_talk_and_part() {
    let (mut ann, at) = Program::chat("ann", "");
    let (mut bob, bob_at) = Program::chat("bob", &format!("--join {at}"));
    let up = ann.event("peer_up");
    assert_eq!((&up["peer"], &up["dialect"]), (&"bob".into(), &"native".into()));
    assert_eq!(up["address"], bob_at.as_str());
    assert_eq!(bob.event("peer_up")["peer"], "ann");

    ann.type_line("Grüße, \"bob\"");
    let sent = ann.event("sent");
    let heard = bob.event("message");
    assert_eq!((&heard["from"], &heard["text"]), (&"ann".into(), &"Grüße, \"bob\"".into()));
    assert_eq!(heard["id"], sent["id"]);
    assert!(sent["to"].is_null() && heard["time"].is_string());

    bob.type_line("/msg ann only you");
    let said = bob.event("sent");
    assert_eq!(said["to"], "ann");
    let arrived = bob.event("arrived");
    assert_eq!((&arrived["to"], &arrived["id"]), (&"ann".into(), &said["id"]));
    let direct = ann.event("direct");
    assert_eq!((&direct["from"], &direct["text"]), (&"bob".into(), &"only you".into()));

    bob.type_line("/peers");
    let peers = bob.event("peers");
    assert_eq!(peers["peers"][0]["peer"], "ann");
    assert_eq!(peers["peers"][0]["linked"], true);

    bob.end_input();
    assert_eq!(ann.event("peer_down")["reason"], "left");
    assert_eq!(bob.rest_of_events().last().unwrap()["event"], "left");
    assert_eq!(bob.exit_code(), 0);
    ann.type_line("/quit");
    assert_eq!(ann.exit_code(), 0);
}

#[test]
fn what_is_said_alone_is_kept() {
    let (mut ann, at) = Program::chat("ann", "");
    ann.type_line("is anybody there?");
    let sent = ann.event("sent");
    assert_eq!(ann.event("waiting")["id"], sent["id"]);
    let (mut bob, _) = Program::chat("bob", &format!("--join {at}"));
    assert_eq!(bob.event("message")["text"], "is anybody there?");
    assert_eq!(ann.event("waiting_sent")["count"], 1);
}

#[test]
fn who_does_not_listen_talks_all_the_same() {
    let (mut ann, at) = Program::chat("ann", "");
    let (mut bob, none) = Program::chat("bob", &format!("--no-listen --join {at}"));
    assert_eq!(none, "");
    assert!(ann.event("peer_up")["address"].is_null());
    bob.event("peer_up");
    ann.type_line("one");
    assert_eq!(bob.event("message")["text"], "one");
    bob.type_line("two");
    assert_eq!(ann.event("message")["text"], "two");

    // Listening can start later, and stop again.
    bob.type_line("/listen 127.0.0.1:0");
    let later = bob.event("listening")["address"].as_str().unwrap().to_owned();
    let (mut cleo, _) = Program::chat("cleo", &format!("--join {later}"));
    assert_eq!(cleo.event("peer_up")["peer"], "bob");
    bob.type_line("/unlisten");
    assert!(bob.event("listening")["address"].is_null());
}

#[test]
fn peers_of_peers_are_asked_for_and_met() {
    let (mut ann, at) = Program::chat("ann", "");
    let (mut bob, _) = Program::chat("bob", &format!("--join {at}"));
    bob.event("peer_up");
    let (mut cleo, _) = Program::chat("cleo", &format!("--join {at}"));
    cleo.event("peer_up");
    cleo.type_line("/request ann");
    wait_until_linked(&mut [&mut ann, &mut bob, &mut cleo], 2);
    bob.type_line("to all");
    for listener in [&mut ann, &mut cleo] {
        assert_eq!(listener.event("message")["text"], "to all");
    }
    // Exactly once, though it came to each from two sides.
    for mut program in [ann, bob, cleo] {
        program.type_line("/quit");
        assert!(program.rest_of_events().iter().all(|event| event["event"] != "message"));
    }
}

#[test]
fn a_peer_can_be_noted_found_and_met_by_name() {
    let (mut ann, at) = Program::chat("ann", "");
    let (mut bob, _) = Program::chat("bob", "");
    bob.type_line(&format!("/add ann {at}"));
    assert_eq!(bob.event("peer_up")["peer"], "ann");
    bob.type_line("/find ann");
    assert_eq!(bob.event("peers")["peers"][0]["address"], at.as_str());
    bob.type_line(&format!("/add ann {at}"));
    assert!(bob.event("error")["message"].as_str().unwrap().contains("known already"));
    bob.type_line("/find nobody");
    assert!(bob.event("error")["message"].as_str().unwrap().contains("nobody"));
    assert_eq!(ann.event("peer_up")["peer"], "bob");
}

#[test]
fn what_is_no_command_is_never_said() {
    let (mut ann, at) = Program::chat("ann", "");
    let (mut bob, _) = Program::chat("bob", &format!("--join {at}"));
    bob.event("peer_up");
    for wrong in ["/jion 127.0.0.1:1", " /quit now", "/join", "/join x:0", "/msg", "/send x"] {
        bob.type_line(wrong);
        let error = bob.event("error");
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
    bob.type_line("//quit is a command");
    bob.event("sent");
    assert_eq!(ann.event("message")["text"], "/quit is a command");
    bob.type_line("/help");
    assert!(bob.event("help")["commands"].as_array().unwrap().len() > 5);
}

#[test]
fn any_message_type_can_be_sent_by_hand() {
    let (mut ann, at) = Program::chat("ann", "");
    let (mut bob, _) = Program::chat("bob", "");
    bob.type_line(&format!("/send {at} TEST \"it works\""));
    let test = ann.event("custom");
    assert_eq!(
        (&test["msg_type"], &test["from"], &test["msg"]),
        (&"TEST".into(), &"bob".into(), &"it works".into())
    );
    bob.type_line(&format!("/send {at} MOVE [12345678901234567890, {{\"to\": null}}]"));
    let line = std::iter::from_fn(|| ann.line()).find(|line| line.contains("\"custom\"")).unwrap();
    assert!(line.contains("\"msg\":[12345678901234567890, {\"to\": null}]"), "{line}");
    bob.type_line(&format!("/send {at} MOVE nonsense"));
    assert!(bob.event("error")["message"].as_str().unwrap().contains("not JSON"));
}

#[test]
fn a_killed_peer_is_noticed_and_comes_back() {
    let (mut ann, at) = Program::chat("ann", "");
    let (mut bob, _) = Program::chat("bob", &format!("--join {at}"));
    bob.event("peer_up");
    assert_eq!(ann.event("peer_up")["peer"], "bob");
    bob.signal("KILL");
    let reason = ann.event("peer_down")["reason"].as_str().unwrap().to_owned();
    assert!(["closed", "broken", "silent"].contains(&reason.as_str()), "{reason}");
    let (mut again, _) = Program::chat("bob", &format!("--join {at}"));
    assert_eq!(ann.event("peer_up")["peer"], "bob");
    again.event("peer_up");
    again.type_line("back");
    assert_eq!(ann.event("message")["text"], "back");
}

#[test]
fn a_flood_of_lines_arrives_whole_and_in_order() {
    const LINES: usize = 3000;
    let (mut ann, at) = Program::chat("ann", "");
    let (mut bob, _) = Program::chat("bob", &format!("--join {at}"));
    let typed: String = (0..LINES).map(|line| format!("line {line}\n")).collect();
    bob.type_bytes(typed.as_bytes());
    bob.end_input();
    for line in 0..LINES {
        assert_eq!(ann.event("message")["text"], format!("line {line}"));
    }
    let ids: BTreeSet<String> = bob
        .rest_of_events()
        .iter()
        .filter(|event| event["event"] == "sent")
        .map(|event| event["id"].to_string())
        .collect();
    assert_eq!(ids.len(), LINES);
    assert_eq!(bob.exit_code(), 0);
}
