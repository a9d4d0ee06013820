//! Strangers that say nonsense, too much, too little or nothing.

use std::time::Duration;

use chinwag::Content;
use chinwag_mio::Options;

use crate::common::{Peer, Stranger, config, line, link, turn_until};

/// Ann and Bob chat, a stranger does its worst to Ann, and then they still chat.
fn survive(do_worst: impl FnOnce(&mut Peer, &mut Peer)) -> Peer {
    let mut quick = config("ann");
    quick.handshake = Duration::from_millis(300);
    let (mut ann, mut bob) = (Peer::with(quick, Options::default()), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    do_worst(&mut ann, &mut bob);
    ann.say("still here");
    turn_until(&mut [&mut ann, &mut bob], "bob to hear", |peers| peers[1].heard() == ["ann: still here"]);
    turn_until(&mut [&mut ann, &mut bob], "the stranger's connection to be gone", |peers| {
        peers[0].driver.connections() == 1
    });
    ann
}

/// A stranger that says `bytes` and stays is told apart by an event that holds `complaint`, and hung up on.
fn refuse(bytes: &[u8], complaint: &[&str]) {
    let ann = survive(|ann, bob| {
        let mut stranger = Stranger::connect(ann);
        stranger.say(bytes);
        turn_until(&mut [ann, bob], "the stranger to be hung up on", |_| stranger.is_closed());
    });
    assert!(ann.saw(complaint), "{complaint:?} is not in {:#?}", ann.events);
}

#[test]
fn garbage_is_refused() {
    refuse(b"\xff\xfe\x00garbage\n", &["Rejected", "NotUtf8"]);
    refuse(b"GET / HTTP/1.1\r\n\r\n", &["Rejected", "NotJson"]);
    refuse(b"{}\n", &["Rejected", "NotJson"]);
}

#[test]
fn deeply_nested_json_is_refused() {
    let nested = format!("{{\"msg\":{}", "[".repeat(10_000));
    refuse(format!("{nested}\n").as_bytes(), &["Rejected"]);
}

#[test]
fn silence_is_refused() {
    refuse(b"", &["Rejected", "Silent"]);
}

#[test]
fn half_a_message_is_refused() {
    let ann = survive(|ann, bob| {
        let ping = line("eve", Content::Advertise);
        let mut stranger = Stranger::connect(ann);
        stranger.say(&ping[..ping.len() / 2]);
        drop(stranger);
        turn_until(&mut [ann, bob], "the half to be refused", |peers| {
            peers[0].saw(&["Rejected", "Truncated"])
        });
    });
    assert!(!ann.saw(&["PeerUp", "eve"]));
}

#[test]
fn an_endless_line_costs_no_more_than_a_frame() {
    let ann = survive(|ann, bob| {
        let mut stranger = Stranger::connect(ann);
        let mut open = true;
        turn_until(&mut [ann, bob], "the endless line to be cut", |_| {
            open = open && stranger.write(&[b'x'; 8192]).is_some();
            !open || stranger.is_closed()
        });
    });
    assert!(ann.saw(&["Rejected", "TooLong"]));
    assert!(ann.driver.counters().bytes_in < 16 << 20);
}

#[test]
fn one_object_before_a_half_close_is_read_to_its_end() {
    let ann = survive(|ann, bob| {
        let hello = Content::Custom { msg_type: "HELLO".into(), body: "there".into() };
        let mut stranger = Stranger::connect(ann);
        let mut object = line("eve", hello);
        object.pop();
        stranger.say(&object);
        stranger.0.shutdown(std::net::Shutdown::Write).unwrap();
        turn_until(&mut [ann, bob], "the object to be read and the link to be closed", |peers| {
            peers[0].saw(&["Custom", "HELLO", "eve"]) && stranger.is_closed()
        });
    });
    assert!(!ann.saw(&["Truncated"]));
}

#[test]
fn a_reset_ends_the_link_and_nothing_else() {
    let ann = survive(|ann, bob| {
        // Unread bytes at the closing end turn the close into a reset.
        let mut stranger = Stranger::connect(ann);
        stranger.say(&crate::common::native_ping("eve"));
        turn_until(&mut [&mut *ann, &mut *bob], "eve to be linked", |peers| peers[0].linked() == 2);
        ann.say("unread by eve");
        turn_until(&mut [&mut *ann, &mut *bob], "bob to hear", |peers| !peers[1].heard().is_empty());
        bob.events.clear();
        drop(stranger);
        turn_until(&mut [ann, bob], "eve to be gone", |peers| peers[0].saw(&["PeerDown", "eve"]));
    });
    assert!(!ann.saw(&["PeerDown", "bob"]));
}

#[test]
fn a_million_tiny_frames_are_taken_in_helpings() {
    let ann = survive(|ann, bob| {
        let mut stranger = Stranger::connect(ann);
        let blank = vec![b'\n'; 1 << 16];
        let mut written = 0;
        turn_until(&mut [&mut *ann, &mut *bob], "the blank lines to be read", |peers| {
            written += stranger.write(&blank).unwrap_or(0);
            peers[0].driver.counters().bytes_in >= 1_000_000 || stranger.is_closed()
        });
        assert!(written >= 1_000_000, "hung up on after {written} bytes");
    });
    assert_ne!(ann.driver.node().find_peer(&"bob".parse().unwrap()), None);
}
