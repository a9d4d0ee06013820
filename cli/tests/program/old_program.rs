//! Peers of the old program, and ours among them.

use std::collections::BTreeSet;

use crate::classic::ClassicPeer;
use crate::support::{PATIENCE, Program, wait_for, wait_until_linked};

#[test]
fn an_old_peer_joins_ours_and_both_hear_each_other_once() {
    let (mut ann, at) = Program::chat("ann", "");
    let baker = ClassicPeer::start("Baker");
    baker.join(at.rsplit(':').next().unwrap().parse().unwrap());
    let up = ann.event("peer_up");
    assert_eq!((&up["peer"], &up["dialect"]), (&"Baker".into(), &"classic".into()));
    assert_eq!(up["address"], format!("127.0.0.1:{}", baker.port()));
    wait_for("Baker knows nobody", || baker.peers() == ["ann"]);

    baker.broadcast("hello from the past");
    let heard = ann.event("message");
    assert_eq!((&heard["from"], &heard["text"]), (&"Baker".into(), &"hello from the past".into()));
    assert_eq!(heard["time"], "Sun Nov 22 19:02:11 2026");
    ann.type_line("hello from the future");
    ann.event("sent");
    wait_for("Baker hears nothing", || !baker.heard().is_empty());
    ann.type_line("/msg Baker psst");
    assert!(ann.event("error")["message"].as_str().unwrap().contains("old program"));

    drop(baker);
    ann.type_line("are you there?");
    assert_eq!(ann.event("dial_failed")["reason"], "refused");
    // It may be back: it is given up when it has left three pings unanswered, or refused too often.
    let gone = ann.event_within("peer_down", 3 * PATIENCE);
    assert_eq!(gone["peer"], "Baker");
    assert!(gone["reason"] == "silent" || gone["reason"] == "unreachable", "{gone}");
}

#[test]
fn ours_joins_an_old_peer_and_what_is_piped_arrives() {
    /// More than wait for one old peer at a time.
    const LINES: usize = 400;
    let baker = ClassicPeer::start("Baker");
    let (mut ann, _) = Program::chat("ann", &format!("--join 127.0.0.1:{}", baker.port()));
    for line in 0..LINES {
        ann.type_line(&format!("line {line}"));
    }
    ann.end_input();
    assert_eq!(ann.exit_code(), 0);
    let all: BTreeSet<String> = (0..LINES).map(|line| format!("ann: line {line}")).collect();
    wait_for("not all arrived", || baker.heard().len() >= all.len());
    // It reads each message in a thread of its own, so that their order is its own affair.
    assert_eq!(baker.heard().into_iter().collect::<BTreeSet<_>>(), all);
    assert_eq!(baker.heard().len(), all.len());
}

#[test]
fn ours_can_be_a_peer_of_the_old_kind() {
    let (mut old, at) = Program::chat("old", "--classic");
    let baker = ClassicPeer::start("Baker");
    baker.join(at.rsplit(':').next().unwrap().parse().unwrap());
    assert_eq!(old.event("peer_up")["peer"], "Baker");
    let (mut ann, _) = Program::chat("ann", &format!("--join {at}"));
    assert_eq!(ann.event("peer_up")["dialect"], "classic");
    wait_until_linked(&mut [&mut old], 2);
    ann.type_line("through the old one");
    assert_eq!(old.event("message")["text"], "through the old one");
    wait_for("Baker hears nothing", || baker.heard() == ["ann: through the old one"]);
    wait_for("Baker knows nobody", || !baker.peers().is_empty());
    baker.broadcast("and back");
    assert_eq!(ann.event("message")["text"], "and back");
}
