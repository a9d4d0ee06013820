//! Frames do not depend on how their bytes were cut up, and unfinished ones cost bounded memory.
#![cfg(test)]

use bytes::BytesMut;
use chinwag::framing::{Decoder, write_frame};
use chinwag::{DecodeError, Message};
use chinwag_testkit::messages;
use proptest::collection::vec;
use proptest::prelude::*;

const MAX_FRAME: usize = 400;

proptest! {
    #![proptest_config(chinwag_testkit::cases(512))]

    #[test]
    fn messages_arrive_whole_in_any_chunking(
        messages in vec(messages::message(), 1..6),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut stream = BytesMut::new();
        for message in &messages {
            write_frame(&mut stream, message.encoded());
        }
        let read = read(&stream, &cuts, 1 << 20);
        let expected: Vec<_> = messages.into_iter().map(Ok).collect();
        prop_assert_eq!(read.items, expected);
        prop_assert_eq!(read.end, None);
    }

    #[test]
    fn every_chunking_gives_the_same_messages_and_errors(
        stream in stream(),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let whole = read(&stream, &[], MAX_FRAME);
        prop_assert_eq!(&read(&stream, &cuts, MAX_FRAME), &whole);
        prop_assert_eq!(&read_bytewise(&stream, MAX_FRAME), &whole);
    }

    #[test]
    fn a_frame_that_is_too_long_is_the_last_word(stream in stream(), padding in 0..40_usize) {
        let mut long = vec![b'x'; MAX_FRAME + 1 + padding];
        long.push(b'\n');
        let read = read(&[b"\n", &long[..], &stream].concat(), &[], MAX_FRAME);
        prop_assert_eq!(read.items, [Err(DecodeError::TooLong { limit: MAX_FRAME })]);
        prop_assert_eq!(read.end, None);
    }

    /// What is said before the overlong line is not lost with it.
    #[test]
    fn messages_before_a_frame_that_is_too_long_are_read(message in messages::message()) {
        prop_assume!(message.encoded().len() <= MAX_FRAME);
        let stream = [&message.encoded()[..], b"\n", &[b'{'; 2 * MAX_FRAME]].concat();
        let read = read(&stream, &[], MAX_FRAME);
        prop_assert_eq!(read.items, [Ok(message), Err(DecodeError::TooLong { limit: MAX_FRAME })]);
    }
}

/// The properties above say little if the streams they run on hold nothing of interest.
#[test]
fn the_streams_of_these_tests_hold_everything_that_can_go_wrong() {
    let reads =
        chinwag_testkit::sample(300, &stream()).into_iter().map(|stream| read(&stream, &[], MAX_FRAME));
    let (mut whole, mut malformed, mut too_long, mut cut_off) = (0, 0, 0, 0);
    for read in reads {
        for item in &read.items {
            match item {
                Ok(_) => whole += 1,
                Err(DecodeError::TooLong { .. }) => too_long += 1,
                Err(_) => malformed += 1,
            }
        }
        cut_off += usize::from(read.end == Some(DecodeError::Truncated));
    }
    let counts = [whole, malformed, too_long, cut_off];
    assert!(counts.iter().all(|count| *count >= 10), "{counts:?}");
}

#[test]
fn the_limit_is_exact_for_the_first_object_and_for_lines() {
    let frame = |length: usize| {
        let empty = r#"{"msg_type":"TEST","msg":"","originator":"a","time":0}"#;
        empty.replacen("\"\"", &format!("\"{}\"", "x".repeat(length - empty.len())), 1)
    };
    for (length, fits) in [(MAX_FRAME, true), (MAX_FRAME + 1, false)] {
        let lone = read(frame(length).as_bytes(), &[], MAX_FRAME);
        assert_eq!(lone.items[0].is_ok(), fits, "as the first object");
        let second = format!("{}\n{}\n", frame(60), frame(length));
        assert_eq!(read(second.as_bytes(), &[], MAX_FRAME).items[1].is_ok(), fits, "as a line");
        assert_eq!(read_bytewise(second.as_bytes(), MAX_FRAME).items[1].is_ok(), fits, "byte by byte");
    }
}

/// An old peer sends one object and no line break, and its object may hold line breaks between its parts.
#[test]
fn the_first_object_needs_no_line_break_even_with_one_inside() {
    let spread = "{\n\"msg_type\":\n\"TEST\",\"msg\":[1,\n2],\"originator\":\"a\",\r\n\"time\":0}";
    let read = read(spread.as_bytes(), &[], MAX_FRAME);
    let [Ok(message)] = &read.items[..] else { panic!("one message: {read:?}") };
    assert!(!message.encoded().contains(&b'\n'), "what is passed on is one line");
    assert_eq!(read.end, None);
}

/// Everything a decoder says about one link's bytes.
#[derive(Debug, PartialEq)]
struct Read {
    items: Vec<Result<Message, DecodeError>>,
    end: Option<DecodeError>,
}

fn read(stream: &[u8], cuts: &[prop::sample::Index], max_frame: usize) -> Read {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    at.extend([0, stream.len()]);
    at.sort_unstable();
    read_chunks(at.windows(2).map(|pair| &stream[pair[0]..pair[1]]), max_frame)
}

fn read_bytewise(stream: &[u8], max_frame: usize) -> Read {
    read_chunks(stream.chunks(1), max_frame)
}

fn read_chunks<'a>(chunks: impl Iterator<Item = &'a [u8]>, max_frame: usize) -> Read {
    let mut decoder = Decoder::new(max_frame);
    let mut items = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        // A numbered frame may be longer than the one that it carries.
        let most = max_frame + 48;
        assert!(decoder.buffered() <= most + chunk.len(), "{} bytes are buffered", decoder.buffered());
        items.extend(core::iter::from_fn(|| decoder.next()));
        assert!(decoder.buffered() <= most, "{} bytes wait", decoder.buffered());
    }
    Read { items, end: decoder.finish() }
}

/// Bytes as a link might bring them: messages, lines that are none, blanks, overlong lines, half an object at the
/// start or the end, and plain noise out of the bytes that matter to a decoder.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => messages::message().prop_map(|message| message.encoded().to_vec()),
        2 => Just(b"\n".to_vec()),
        1 => Just(b" \r\n\t".to_vec()),
        1 => Just(b"\xff\xfe\n".to_vec()),
        1 => Just(b"{\"a\": \"}\\\"\", \"b\": [}".to_vec()),
        1 => (MAX_FRAME - 2..MAX_FRAME + 3).prop_map(|length| vec![b'x'; length]),
        3 => vec(prop::sample::select(b"{}[]\"\\ \n\ra:".to_vec()), 0..24),
        1 => vec(any::<u8>(), 0..24),
    ];
    vec(prop_oneof![3 => piece.clone().prop_map(|mut piece| { piece.push(b'\n'); piece }), 1 => piece], 0..10)
        .prop_map(|pieces| pieces.concat())
}
