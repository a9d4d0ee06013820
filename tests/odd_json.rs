//! Legal JSON that few writers produce: deep nesting, halves of surrogate pairs, line breaks between tokens.
#![cfg(test)]

use chinwag::{DecodeError, Message};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(64))]

    /// The bound is on the nesting, whatever nests and wherever it stands, and not on the reader's stack.
    #[test]
    fn nesting_is_bounded(depth in 1..20_000_usize, objects in any::<bool>(), in_time in any::<bool>()) {
        let (open, close) = if objects { (r#"{"a":"#, "}") } else { ("[", "]") };
        let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let (msg, time) = if in_time { ("1", deep.as_str()) } else { (deep.as_str(), "1") };
        match read(msg, time) {
            Ok(_) => prop_assert!(depth <= DEEPEST),
            Err(error) => {
                prop_assert!(depth > DEEPEST, "{depth} deep: {error}");
                prop_assert_eq!(error, DecodeError::TooDeep);
            }
        }
    }
}

#[test]
fn the_deepest_that_is_read() {
    for (depth, fits) in [(DEEPEST, true), (DEEPEST + 1, false)] {
        let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(&value, "1").is_ok(), fits, "{depth}");
    }
}

/// Python writes half a surrogate pair as an escape that no Unicode text can hold: two of those are two messages.
#[test]
fn texts_that_are_no_unicode_are_told_apart() {
    let ids = [r#""\ud83d one""#, r#""\ud83d two""#, r#"["\ud83d one"]"#]
        .map(|msg| read(msg, "1").expect("legal JSON").classic_id());
    assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2], "{ids:?}");
}

/// Line breaks go, as they would split a frame; what they stood between stays.
#[test]
fn a_value_keeps_all_but_its_line_breaks() {
    let message = read("[\n\"\\ud83d\",\r\n 1.50]", "1").expect("legal JSON");
    assert_eq!(message.post().expect("a post").body.as_json(), r#"["\ud83d", 1.50]"#);
}

fn read(msg: &str, time: &str) -> Result<Message, DecodeError> {
    let frame = format!(r#"{{"msg_type":"BROADCAST","msg":{msg},"originator":"Able","time":{time}}}"#);
    Message::decode(frame.into_bytes().into())
}

/// As deep as `docs/wire.md` says that a value may nest.
const DEEPEST: usize = 127;
