//! Whatever the bytes of a trace are, reading ends with entries or an error that says where.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::sync::LazyLock;

use chinwag_memory::Scenario;
use chinwag_memory::trace_log::{
    SharedBytes, TraceEntry, TraceError, TraceReader, compare, contents, explain,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let bytes = SharedBytes::new();
    Scenario::swarm(3).play_traced("a test", bytes.clone()).unwrap();
    bytes.bytes()
});

/// What can be read, and how it ended.
fn read(bytes: &[u8]) -> (Vec<TraceEntry>, Result<(), TraceError>) {
    let mut reader = match TraceReader::new(bytes) {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut entries = Vec::new();
    loop {
        match reader.read() {
            Ok(Some(entry)) => entries.push(entry),
            Ok(None) => return (entries, Ok(())),
            Err(error) => return (entries, Err(error)),
        }
    }
}

#[test]
fn a_cut_trace_says_after_how_many_entries_it_ends() {
    let (whole, end) = read(&WHOLE);
    end.unwrap();
    let (mut cuts, mut empty) = (0, 0);
    for cut in (0..WHOLE.len()).step_by(997).chain(WHOLE.len() - 9..WHOLE.len()) {
        let (entries, end) = read(&WHOLE[..cut]);
        assert_eq!(entries, whole[..entries.len()]);
        match end.unwrap_err() {
            TraceError::Cut(after) => {
                assert_eq!(after, entries.len() as u64, "cut at {cut}");
                cuts += 1;
            }
            TraceError::NotATrace => {
                assert!(cut < 25, "cut at {cut}");
                empty += 1;
            }
            other @ (TraceError::Damaged(_) | TraceError::Io(_) | _) => panic!("cut at {cut}: {other}"),
        }
    }
    assert!(cuts > 50 && empty > 0, "{cuts} cuts, {empty} within the first lines");
}

#[test]
fn every_changed_bit_is_found() {
    let header = WHOLE.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
    let within = (header..WHOLE.len()).step_by(1499).map(|place| (place, place % 8));
    let at_the_end = (WHOLE.len() - 20..WHOLE.len()).flat_map(|place| (0..8).map(move |bit| (place, bit)));
    for (place, bit) in within.chain(at_the_end) {
        let mut bytes = WHOLE.clone();
        bytes[place] ^= 1 << bit;
        assert!(read(&bytes).1.is_err(), "a changed bit in byte {place} of {} is not found", WHOLE.len());
    }
}

/// An entry with as many parts as its kind has, all of them small; or a few bytes of any kind.
fn entry() -> impl Strategy<Value = Vec<u8>> {
    let parts = [2, 2, 4, 1, 2, 2, 4, 2, 3, 1, 2, 2, 1, 1, 3];
    let sound = (0_u8..3, 0..parts.len()).prop_flat_map(move |(time, kind)| {
        let kind_byte = kind as u8 + 2;
        prop::collection::vec(0_u8..3, parts[kind])
            .prop_map(move |parts| [&[time, kind_byte], parts.as_slice()].concat())
    });
    prop_oneof![24 => sound, 1 => prop::collection::vec(any::<u8>(), 0..4)]
}

#[test]
fn no_bytes_make_reading_or_explaining_panic() {
    let (read_entries, longest, damaged, explained) =
        (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let texts = [&[0, 17, 5][..], b"a/1/2", &[0, 17, 5], b"IHAVE", &[0, 17, 4], b"PULL"].concat();
    let header = [b"chinwag trace 1\nx\n", texts.as_slice()].concat();
    let node = contents(TraceReader::new(WHOLE.as_slice()).unwrap()).unwrap().nodes().nth(1).unwrap().0;
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) };
    let bytes = (prop::collection::vec(entry(), 0..40), any::<bool>());
    let checked = TestRunner::new(config).run(&bytes, |(entries, ends)| {
        let mut bytes = [header.as_slice(), &entries.concat()].concat();
        let (entries, end) = read(&bytes);
        read_entries.set(read_entries.get() + entries.len());
        longest.set(longest.get().max(entries.len()));
        damaged.set(damaged.get() + usize::from(matches!(end, Err(TraceError::Damaged(_)))));
        if ends && matches!(end, Err(TraceError::Cut(_))) {
            end_properly(&mut bytes, entries.len());
        }
        let reader = || TraceReader::new(bytes.as_slice()).unwrap();
        let _ = contents(reader());
        if let Ok(explanation) = explain(reader(), "a/1/2", node) {
            explained.set(explained.get() + 1);
            prop_assert!(!explanation.to_string().is_empty());
        }
        if let Ok(compared) = compare(&mut reader(), &mut reader()) {
            prop_assert!(compared.difference.is_none());
        }
        Ok(())
    });
    checked.unwrap();
    assert!(read_entries.get() > 10_000 && longest.get() > 20, "{read_entries:?} {longest:?}");
    assert!(damaged.get() > 500 && explained.get() > 100, "{damaged:?} {explained:?}");
}

/// Appends an end with the right hash.
fn end_properly(bytes: &mut Vec<u8>, entries: usize) {
    let body = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
    let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = bytes[body..].iter().fold(0xcbf2_9ce4_8422_2325, fnv);
    bytes.extend([0, 1, u8::try_from(entries).unwrap()]);
    bytes.extend(hash.to_le_bytes());
}

#[test]
fn what_is_no_trace_is_refused() {
    for bytes in
        [&b""[..], b"chinwag", b"chinwag trace 2\nx\n", b"chinwag trace 1\nno end of line", b"{}\n{}\n"]
    {
        assert!(matches!(read(bytes), (_, Err(TraceError::NotATrace))), "{bytes:?}");
    }
}
