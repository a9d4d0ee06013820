//! What fuzzers run: each takes any bytes and panics if a promise is broken.
//!
//! Called by the targets in `fuzz/`, and by `tests/fuzz_corpus.rs` with every input that those have found worth
//! keeping.

use bytes::Bytes;
use chinwag::framing::{Decoder, NUMBER};
use chinwag::{Content, DecodeError, Event, Input, Message};
use chinwag_memory::Scenario;

use crate::steps::Script;
use crate::{Lab, event, introduction, numbered};

/// Any bytes are a message or an error, and a message is passed on as it came and survives being written anew.
pub fn decode(bytes: &[u8]) {
    let Ok(message) = Message::decode(Bytes::copy_from_slice(bytes)) else { return };
    let frame = message.encoded().clone();
    // What neighbours say about the network is not relayed, but for what it may wrap.
    let control = matches!(message.content(), Content::Control(_));
    if !control && !bytes.contains(&b'\n') && !bytes.contains(&b'\r') {
        assert_eq!(frame, bytes, "a relay changes nothing");
    }
    assert!(!frame.contains(&b'\n'), "a line break would split the frame");
    let again = Message::decode(frame).expect("what was passed on can be read");
    assert_eq!(again, message);
    assert_eq!(again.id(), message.id());
    let anew = Message::new(message.originator().clone(), message.time().clone(), message.content().clone());
    assert_eq!(Message::decode(anew.encoded().clone()).as_ref(), Ok(&message), "what we write can be read");
    for body in [Some(message.time()), message.post().map(|post| &post.body)].into_iter().flatten() {
        let _ = (body.as_text(), body.to_display(), body.to_value(), format!("{body:?}"));
    }
    let classic = message.to_classic();
    if !matches!(message.content(), Content::Ping(hello) | Content::Pong(hello) if hello.listening.is_none())
    {
        assert!(Message::decode(classic.encoded().clone()).is_ok(), "an old peer can read it");
    }
    assert_eq!(classic.classic_id(), message.classic_id());
}

/// The first byte says how the rest is cut into chunks; what is read does not depend on that.
pub fn framing(bytes: &[u8]) {
    const MAX_FRAME: usize = 256;
    let Some((pattern, stream)) = bytes.split_first() else { return };
    let whole = read(std::iter::once(stream), MAX_FRAME);
    assert_eq!(read(stream.chunks(1), MAX_FRAME), whole);
    assert_eq!(read(stream.chunks(usize::from(*pattern) + 2), MAX_FRAME), whole);
}

/// Any sequence of inputs keeps the rules that a [`Lab`] checks after each of them.
pub fn node_inputs(bytes: &[u8]) {
    let script = Script::parse(bytes.get(..4 * 500).unwrap_or(bytes));
    let lab = Lab::played(&script);
    let mut again = lab.origin.clone();
    for (now, input) in &lab.trace {
        again.handle(*now, input.clone()).for_each(drop);
    }
    assert_eq!(again, lab.node, "the same inputs give an equal node");
}

/// Whatever comes over one link, nobody else's link or message suffers.
pub fn hostile_peer(bytes: &[u8]) {
    let mut lab = Lab::narrow();
    let (friend, hostile) = (lab.accept(), lab.accept());
    lab.input(Input::Received { link: friend, message: introduction("friend") });
    let mut decoder = Decoder::new(lab.node.config().max_frame);
    for chunk in bytes.chunks(97) {
        decoder.push(chunk);
        while let Some(item) = decoder.next() {
            if !lab.links().contains(&hostile) {
                break;
            }
            lab.input(match item {
                Ok(message) => Input::Received { link: hostile, message },
                Err(error) => Input::Malformed { link: hostile, error },
            });
        }
    }
    assert!(lab.links().contains(&friend), "a friend's link is closed for what somebody else said");
    let heard = lab.input(Input::Received { link: friend, message: numbered("friend", 1, "good morning") });
    let friends = |event: &Event| matches!(event, Event::Delivered(said) if said.from().as_str() == "friend");
    let delivered = heard.iter().filter_map(event).any(friends);
    // Whoever knows the name may have said it before in the friend's name, as nothing is signed yet.
    let forged = bytes.windows(6).any(|window| window == b"friend");
    assert!(delivered || forged, "a friend's message is lost");
}

/// Whatever bytes spell happens to a small network, no promise is broken, and in the end all is well.
pub fn scenario(bytes: &[u8]) {
    let scenario = Scenario::from_bytes(bytes.get(..400).unwrap_or(bytes)).at_most(6);
    let outcome = scenario.play().expect("bytes spell a scenario that can be played");
    assert_eq!(outcome.failure, None, "{}", scenario.to_toml());
}

fn read<'a>(
    chunks: impl Iterator<Item = &'a [u8]>,
    max_frame: usize,
) -> (Vec<Result<Message, DecodeError>>, Option<DecodeError>) {
    let mut decoder = Decoder::new(max_frame);
    let mut items = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        items.extend(core::iter::from_fn(|| decoder.next()));
        assert!(decoder.buffered() <= max_frame + NUMBER, "{} bytes wait", decoder.buffered());
    }
    let end = decoder.finish();
    (items, end)
}
