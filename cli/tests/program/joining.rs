//! What is piped in while the first peer is still being joined is for that peer.

use crate::support::Program;

/// The words are there before the link is: whichever comes first, they are heard, and nobody has to wait for an input
/// that has ended.
#[test]
fn what_is_piped_in_at_once_reaches_the_peer_that_is_joined() {
    let (mut ann, at) = Program::chat("ann", "");
    for (number, (line, kind)) in
        [("to all", "message"), ("/msg ann to you", "direct")].into_iter().cycle().take(10).enumerate()
    {
        let mut bob = Program::start(&format!("chat --json --name bob{number} --join {at}"));
        bob.type_bytes(format!("{line}\n/quit\n").as_bytes());
        let heard = ann.event(kind);
        assert_eq!(heard["from"], format!("bob{number}"));
        assert!(heard["text"].as_str().unwrap().starts_with("to "), "{heard}");
        assert_eq!(bob.exit_code(), 0);
    }
}

/// What nobody could hear is not thrown away without a word, and a `/quit` is not kept waiting for nobody.
#[test]
fn what_nobody_heard_is_told_at_the_end() {
    let (mut alone, _) = Program::chat("alone", "");
    alone.type_line("is anybody there?");
    alone.type_line("/quit");
    let error = alone.event("error");
    assert!(error["message"].as_str().unwrap().contains("nobody was there"), "{error}");
    assert_eq!(alone.exit_code(), 0);
}
