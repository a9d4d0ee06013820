//! A history is what a plain list is, and takes no more room than its limits allow, whatever the numbers are.

use std::cell::Cell;
use std::collections::BTreeMap;

use chinwag_testkit::cases;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::{Body, Content, PeerId};

/// All that a history is, as a list in order of arrival.
#[derive(Default)]
struct Model(Vec<Row>);

struct Row {
    stream: u32,
    sequence: u64,
    received: Time,
    bytes: usize,
    known: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fate {
    Kept,
    KeptInAGap,
    KeptInPlaceOfOthers,
    Known,
    TooLarge,
    TooFarBehind,
}

impl Model {
    fn expire(&mut self, limits: &Limits, now: Time) -> usize {
        let before = self.0.len();
        while let Some(row) = self.0.first()
            && (self.0.len() > limits.count
                || self.bytes() > limits.bytes
                || now.saturating_since(row.received) > limits.age)
        {
            self.0.remove(0);
        }
        before - self.0.len()
    }

    fn insert(&mut self, limits: &Limits, row: Row) -> Fate {
        let now = row.received;
        self.expire(limits, now);
        if row.bytes > limits.bytes || limits.count == 0 {
            return Fate::TooLarge;
        }
        if self.0.iter().any(|other| (other.stream, other.sequence) == (row.stream, row.sequence)) {
            return Fate::Known;
        }
        let before = self.spans();
        let (first, last, count) =
            before.get(&row.stream).copied().unwrap_or((row.sequence, row.sequence, 0));
        let span = u128::from(last.max(row.sequence) - first.min(row.sequence)) + 1;
        let old_span = if count == 0 { 0 } else { u128::from(last - first) + 1 };
        let well_filled = span <= 8 * (count + 1) + 64;
        let holes: u128 =
            before.values().map(|(first, last, count)| u128::from(last - first) + 1 - count).sum();
        let small_step = span - old_span <= 4096;
        let shared = holes + (span - old_span) - 1 <= 8 * limits.count as u128 + 4096;
        let mut fate = if row.sequence < last { Fate::KeptInAGap } else { Fate::Kept };
        if !(well_filled || small_step && shared) {
            if row.sequence < last {
                return Fate::TooFarBehind;
            }
            self.0.retain(|other| other.stream != row.stream);
            fate = Fate::KeptInPlaceOfOthers;
        }
        self.0.push(row);
        self.expire(limits, now);
        fate
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|row| row.bytes).sum()
    }

    /// The first and the last number of each stream, and how many there are.
    fn spans(&self) -> BTreeMap<u32, (u64, u64, u128)> {
        let mut spans = BTreeMap::new();
        for row in &self.0 {
            let span = spans.entry(row.stream).or_insert((row.sequence, row.sequence, 0));
            *span = (span.0.min(row.sequence), span.1.max(row.sequence), span.2 + 1);
        }
        spans
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// So many posts in a row, the first as far from the stream's last.
    Insert {
        stream: u32,
        ahead: i64,
        many: u64,
        bytes: usize,
        known: u64,
    },
    /// The same, at this number.
    InsertAt {
        stream: u32,
        sequence: u64,
    },
    Wait(Duration),
    Limit(Limits),
    Forget(u32),
    ForgetSlot(u32),
}

fn step() -> impl Strategy<Value = Step> {
    let ahead = prop_oneof![
        8 => Just(1),
        3 => -4..6_i64,
        2 => -80..80_i64,
        2 => -600..600_i64,
        2 => -5000..5000_i64,
        1 => any::<i64>(),
    ];
    let many = prop_oneof![4 => Just(1), 1 => 1..40_u64];
    let insert = (0..4_u32, ahead, many, 0..60_usize, any::<u64>())
        .prop_map(|(stream, ahead, many, bytes, known)| Step::Insert { stream, ahead, many, bytes, known });
    let edges = prop_oneof![0..9_u64, u64::MAX - 9..=u64::MAX, any::<u64>()];
    prop_oneof![
        40 => insert,
        1 => (0..4_u32, edges).prop_map(|(stream, sequence)| Step::InsertAt { stream, sequence }),
        4 => (0..5_u64).prop_map(|tenths| Step::Wait(Duration::from_millis(100 * tenths))),
        1 => limits().prop_map(Step::Limit),
        1 => (0..5_u32).prop_map(Step::Forget),
        2 => (0..70_u32).prop_map(Step::ForgetSlot),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    (0..100_usize, prop_oneof![0..200_usize, 200..3000_usize], 0..50_u64)
        .prop_map(|(count, bytes, tenths)| Limits { count, bytes, age: Duration::from_millis(100 * tenths) })
}

fn message() -> Message {
    Message::new(PeerId::new("ann").unwrap(), Body::text(""), Content::Advertise)
}

/// A history whose arrival numbers run out after so many.
fn nearly_out(left: u32) -> History {
    History { base: HOLE - left, ..History::default() }
}

/// That the parts fit together, and take no more room than they may if no limit was above `count`.
fn check(history: &History, count: usize) {
    let (mut places, mut posts) = (0, 0);
    for (stream, stretch) in (0..).zip(&history.stretches) {
        let numbers = &stretch.arrivals;
        assert!(numbers.front() != Some(&HOLE) && numbers.back() != Some(&HOLE));
        for (sequence, number) in
            (stretch.first..=u64::MAX).zip(numbers).filter(|(_, number)| **number != HOLE)
        {
            let post = history.ring[(number - history.base) as usize].as_ref().unwrap();
            assert_eq!((post.stream, post.sequence), (stream, sequence));
        }
        let filled = numbers.iter().filter(|number| **number != HOLE).count();
        assert_eq!(filled, stretch.count as usize);
        assert!(numbers.capacity() <= ALWAYS_KEPT.max(8 * numbers.len() + 8));
        places += numbers.len();
        posts += filled;
    }
    assert_eq!((places, posts), (history.places, history.len()));
    assert_eq!(history.ring.iter().flatten().count(), posts);
    assert_eq!(history.ring.iter().flatten().map(|post| post.bytes as usize).sum::<usize>(), history.bytes);
    assert!(history.ring.len() <= 2 * count + MAX_FORGOTTEN, "{} in the ring", history.ring.len());
    assert!(history.ring.capacity() <= ALWAYS_KEPT.max(8 * history.ring.len() + 8));
    assert!(places <= 89 * count + 4096, "{places} places");
}

fn compare(history: &History, model: &Model) {
    assert_eq!((history.len(), history.bytes()), (model.0.len(), model.bytes()));
    let rows = |rows: &[Row]| -> Vec<_> {
        rows.iter().map(|row| (row.stream, row.sequence, row.received, row.known)).collect()
    };
    for count in [0, 1, model.0.len() / 2, usize::MAX] {
        let newest = history
            .newest(count)
            .map(|(stream, sequence, post)| (stream, sequence, post.received, post.known));
        let expected = rows(&model.0[model.0.len().saturating_sub(count)..]);
        assert_eq!(newest.collect::<Vec<_>>(), expected);
    }
    for stream in 0..5 {
        let mut from = 0;
        let mut sequences: Vec<_> =
            model.0.iter().filter(|row| row.stream == stream).map(|row| row.sequence).collect();
        sequences.sort_unstable();
        for sequence in sequences {
            let (found, post) = history.next_from(stream, from).unwrap();
            assert_eq!((found, post.sequence), (sequence, sequence));
            assert_eq!(history.get(stream, sequence), Some(post));
            if sequence > from {
                assert_eq!(history.get(stream, sequence - 1), None);
            }
            let Some(next) = sequence.checked_add(1) else { return };
            from = next;
        }
        assert_eq!(history.next_from(stream, from), None);
        assert_eq!(history.get(stream, from), None);
    }
}

#[test]
fn it_is_what_a_plain_list_is() {
    let seen = Cell::new(BTreeMap::new());
    let expired = Cell::new(0);
    let starts = prop_oneof![Just(HOLE), 1..200_u32];
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..cases(256) });
    let all = (starts, limits(), prop::collection::vec(step(), 1..150));
    let outcome = runner.run(&all, |(start, mut limits, steps)| {
        let (mut history, mut model) = (nearly_out(start), Model::default());
        let (mut now, mut last, mut most) = (Time::ZERO, [1_u64; 4], limits.count);
        for step in steps {
            let mut insert = |stream, sequence, bytes, known| {
                history.insert(&limits, now, stream, sequence, message(), bytes, known);
                let row = Row { stream, sequence, received: now, bytes, known };
                let fate = model.insert(&limits, row);
                let mut fates = seen.take();
                *fates.entry(fate).or_insert(0) += 1;
                seen.set(fates);
            };
            match step {
                Step::Insert { stream, ahead, many, bytes, known } => {
                    for turn in 0..many {
                        let last = &mut last[stream as usize];
                        let sequence = last.saturating_add_signed(if turn == 0 { ahead } else { 1 });
                        insert(stream, sequence, bytes, known);
                        if ahead < 5000 {
                            *last = sequence;
                        }
                    }
                }
                Step::InsertAt { stream, sequence } => insert(stream, sequence, 1, 1),
                Step::Wait(time) => {
                    now += time;
                    history.expire(&limits, now);
                    expired.set(expired.get() + model.expire(&limits, now));
                }
                Step::Limit(new) => {
                    limits = new;
                    most = most.max(new.count);
                }
                Step::Forget(stream) => {
                    history.forget(stream);
                    model.0.retain(|row| row.stream != stream);
                }
                Step::ForgetSlot(slot) => {
                    history.forget_slot(slot);
                    for row in &mut model.0 {
                        row.known &= !u64::try_from(1_u128 << slot).unwrap_or(0);
                    }
                }
            }
            if let Some((stream, sequence)) = model.0.last_mut().map(|row| {
                row.known |= 2;
                (row.stream, row.sequence)
            }) {
                history.get_mut(stream, sequence).unwrap().known |= 2;
            }
            check(&history, most);
            compare(&history, &model);
        }
        Ok(())
    });
    outcome.unwrap();
    let seen = seen.take();
    assert_eq!(seen.len(), 6, "{seen:?}");
    assert!(seen.values().all(|count| *count > 200), "{seen:?}");
    assert!(expired.get() > 1000, "{} expired", expired.get());
}

/// Streams that come and go behind one old post, and streams that spread as far as they can.
#[test]
fn no_pattern_takes_more_room_than_the_limits_allow() {
    let limits = Limits { count: 200, bytes: 1000, age: Duration::from_secs(1) };
    let mut history = History::default();
    history.insert(&limits, Time::ZERO, 0, 1, message(), 1, 0);
    for turn in 0..10_000 {
        history.insert(&limits, Time::ZERO, 1 + turn % 3, u64::from(turn), message(), 1, 0);
        history.forget(1 + turn % 3);
        check(&history, 1);
    }
    assert!(history.get(0, 1).is_some());
    let patterns: [fn(u64) -> (u64, u64); 5] = [
        |turn| (0, if turn % 2 == 0 { 1_000_000 + turn } else { 1_000_000 - turn }),
        |turn| (turn % 100, turn * 40),
        |turn| (turn % 100, 1_000_000 - turn * 10),
        |turn| (turn / 200, if turn % 200 == 199 { 0 } else { turn % 200 * 8 }),
        |turn| (turn % 64, 1 + turn * 4095),
    ];
    for pattern in patterns {
        let mut most = 0;
        for turn in 0..20_000 {
            let (stream, sequence) = pattern(turn);
            let stream = u32::try_from(stream).unwrap();
            history.insert(&limits, Time::ZERO, stream, sequence, message(), 1, 0);
            most = most.max(history.places);
            if turn % 64 == 0 {
                check(&history, limits.count);
            }
        }
        check(&history, limits.count);
        assert!(most > 2 * limits.count, "no pattern worth its name: {most}");
    }
    history.expire(&limits, Time::MAX);
    check(&history, 0);
    assert_eq!((history.len(), history.bytes(), history.places), (0, 0, 0));
    assert_eq!(history.ring.capacity(), ALWAYS_KEPT);
}

#[test]
fn once_it_has_grown_it_takes_no_more_memory() {
    let limits = Limits { count: 1000, bytes: 150_000, age: Duration::from_secs(1) };
    let message = message();
    let mut history = History::default();
    let mut run = |turns: core::ops::Range<u64>| {
        for turn in turns {
            // Pairs come the wrong way round, and every tenth post is missing.
            let stream = u32::try_from(turn % 8).unwrap();
            let sequence = (turn / 8) ^ 1;
            if sequence % 10 != 3 {
                let now = Time::from_millis(turn);
                history.insert(&limits, now, stream, sequence, message.clone(), 200, 0);
            }
        }
        history.len()
    };
    assert_eq!(allocation_counter::measure(|| drop(History::default())).count_total, 0);
    assert!(
        allocation_counter::measure(|| {
            run(0..5000);
        })
        .count_total
            > 0
    );
    let used = allocation_counter::measure(|| {
        run(5000..50_000);
    });
    assert_eq!(used.count_total, 0);
    assert_eq!(run(50_000..50_001), 750, "as many as the bytes allow");
    assert!(size_of::<History>() <= 80 && size_of::<Option<Retained>>() <= 40);
}
