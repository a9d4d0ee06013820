//! What is said arrives once and in order, at a low cost, and no lie does harm.

mod pair;

use pair::{Pair, Weather};
use proptest::prelude::*;

use super::sending::HARD_BOUND;
use super::*;
use crate::{Body, Content, PeerId};

fn message(n: u64) -> Message {
    Message::new(PeerId::new("ann").unwrap(), Body::text(&n.to_string()), Content::Leave)
}

fn at(millis: u64) -> Time {
    Time::from_millis(millis)
}

fn any_weather() -> impl Strategy<Value = Weather> {
    (0..400_u32, 0..300_u32, 0..60_u64, 0..80_u32).prop_map(|(loss, doubling, latency, jitter)| Weather {
        loss,
        doubling,
        latency,
        jitter,
        repeat: true,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn every_message_arrives_once_and_in_order(
        seed in any::<u64>(),
        weather in any_weather(),
        bursts in prop::collection::vec((0..400_u64, 0..2_usize, 1..150_u64), 0..8),
    ) {
        let mut pair = Pair::new(seed, weather);
        for (pause, end, count) in bursts {
            pair.run(pair.now + Duration::from_millis(pause));
            pair.say(end, count);
        }
        prop_assert!(pair.run(pair.now + Duration::from_secs(600)), "the ends never come to rest");
        pair.assert_all_arrived_once_in_order();
    }
}

/// Copies beyond the first that arrive, per message, and acknowledgements per message.
fn cost(loss: u32, latency: u64, (burst, pause): (u64, u64), repeat: bool) -> (f64, f64) {
    let weather = Weather { loss, doubling: 0, latency, jitter: 0, repeat };
    let (mut messages, mut copies, mut acknowledgements, mut lost) = (0, 0, 0, 0);
    for seed in 0..20 {
        let mut pair = Pair::new(seed, weather);
        for _ in 0..(400 / burst) {
            pair.say(0, burst);
            pair.run(pair.now + Duration::from_millis(pause));
        }
        assert!(pair.run(pair.now + Duration::from_secs(60)));
        pair.assert_all_arrived_once_in_order();
        messages += pair.said[0].len() as u64;
        copies += pair.copies;
        acknowledgements += pair.acknowledgements;
        lost += pair.lost;
    }
    assert_eq!(messages, 8000);
    // At least as many frames as that fraction of the messages were lost, give or take their chance.
    assert!(lost * 1000 >= messages * u64::from(loss) * 9 / 10, "{lost}");
    let per_message = |n: u64| n as f64 / messages as f64;
    (per_message(copies) - 1.0, per_message(acknowledgements))
}

#[test]
fn copies_are_rare() {
    for (loss, p) in [(50, 0.05), (100, 0.1), (200, 0.2)] {
        for latency in [10, 30, 50] {
            for pattern in [(1, 200), (1, 15), (50, 1000), (50, 100)] {
                let (copies, acknowledgements) = cost(loss, latency, pattern, true);
                println!("{p} {latency} {pattern:?}: {copies:.4} copies, {acknowledgements:.2} acks");
                assert!(copies <= 1.2 * p * p + 0.01, "{p} {latency} {pattern:?}: {copies}");
                assert!(acknowledgements < 2.2 + p, "{p} {latency} {pattern:?}: {acknowledgements}");
            }
            // Isolated messages are what the repetition is for: without it, most lost acknowledgements count,
            // but for those that the next message's makes good before the second resending.
            let (once, acknowledgements) = cost(loss, latency, (1, 200), false);
            println!("{p} {latency} said once: {once:.4} copies, {acknowledgements:.2} acks");
            assert!(once > 0.5 * p && once < 1.6 * p + 0.02, "{p} {latency}: {once}");
        }
    }
}

#[test]
fn without_loss_there_are_no_copies_and_soon_no_repetitions() {
    for latency in [0, 10, 50, 700, 1500] {
        let weather = Weather { loss: 0, doubling: 0, latency, jitter: 0, repeat: true };
        let mut pair = Pair::new(1, weather);
        for _ in 0..200 {
            pair.say(0, 1);
            pair.run(pair.now + Duration::from_millis(200));
        }
        let before = (pair.sendings, pair.acknowledgements);
        for _ in 0..100 {
            pair.say(0, 1);
            pair.run(pair.now + Duration::from_millis(200));
        }
        assert!(pair.run(pair.now + Duration::from_secs(60)));
        pair.assert_all_arrived_once_in_order();
        if latency <= 50 {
            assert_eq!(pair.sendings, 300, "{latency}");
            assert!((99..=101).contains(&(pair.acknowledgements - before.1)), "{latency}");
        } else {
            // Longer than the initial timeout: the first ones are doubled until the round trip is learnt.
            assert_eq!(pair.sendings - before.0, 100, "{latency}");
            assert!(pair.ends[0].round_trip() >= Some(Duration::from_millis(2 * latency)));
        }
    }
}

#[test]
fn timeouts_double_and_teach_nothing_about_the_round_trip() {
    let mut end = Reliable::new();
    assert_eq!(end.send(at(0), message(1), 100), Ok(Some(1)));
    for due in [250, 750, 1750, 3750, 5750] {
        assert_eq!(end.next_deadline(), Some(at(due)));
        assert_eq!(end.next_to_send(at(due - 1)), None);
        assert_eq!(end.next_to_send(at(due)), Some((1, message(1))));
        assert_eq!(end.next_to_send(at(due)), None);
    }
    end.acknowledged(at(5751), 1, 0);
    assert_eq!((end.round_trip(), end.next_deadline()), (None, None));
    assert_eq!(end.send(at(6000), message(2), 100), Ok(Some(2)));
    end.acknowledged(at(6040), 2, 0);
    assert_eq!(end.round_trip(), Some(Duration::from_millis(40)));
    // 40 + 4 · 20, and the delays of an acknowledgement and of its repetition.
    assert_eq!(end.send(at(7000), message(3), 100), Ok(Some(3)));
    assert_eq!(end.next_deadline(), Some(at(7140)));
}

#[test]
fn what_three_later_ones_have_overtaken_is_sent_again_once() {
    let mut end = Reliable::new();
    for n in 1..=6 {
        assert_eq!(end.send(at(n), message(n), 100), Ok(Some(n)));
    }
    end.acknowledged(at(40), 0, 0b011);
    assert_eq!(end.next_to_send(at(40)), None);
    end.acknowledged(at(41), 0, 0b111);
    assert_eq!(end.next_deadline(), Some(at(41)));
    assert_eq!(end.next_to_send(at(41)), Some((1, message(1))));
    // Its time was not over, so that it does not wait twice as long for the next.
    assert!(end.sending.is_given_the_first_timeout(1, at(41)));
    // The rest of the same flight is no further news; three that were sent after the copy are.
    end.acknowledged(at(42), 0, 0b11111);
    assert_eq!(end.next_to_send(at(42)), None);
    for n in 7..=9 {
        assert_eq!(end.send(at(43), message(n), 100), Ok(Some(n)));
    }
    end.acknowledged(at(80), 0, 0b1111_1111);
    assert_eq!(end.next_to_send(at(80)), Some((1, message(1))));
    assert_eq!(end.next_to_send(at(80)), None);
    end.acknowledged(at(99), 9, 0);
    assert_eq!((end.next_deadline(), end.unacknowledged_bytes()), (None, 0));
}

#[test]
fn a_full_window_opens_from_its_start() {
    let mut end = Reliable::new();
    for n in 1..=70 {
        assert_eq!(end.send(at(0), message(n), 100), Ok((n <= 64).then_some(n)));
    }
    assert_eq!(end.next_to_send(at(0)), None);
    // All but the first: nothing more may be sent, for an acknowledgement could not tell of it.
    end.acknowledged(at(1), 0, u64::MAX >> 1);
    assert_eq!(end.next_to_send(at(1)), Some((1, message(1))));
    assert_eq!(end.next_to_send(at(1)), None);
    end.acknowledged(at(2), 64, 0);
    assert_eq!(end.next_deadline(), Some(Time::ZERO));
    // Nobody overtakes those that wait already.
    assert_eq!(end.send(at(2), message(71), 100), Ok(None));
    let sent: Vec<u64> = core::iter::from_fn(|| end.next_to_send(at(2))).map(|(n, _)| n).collect();
    assert_eq!(sent, (65..=71).collect::<Vec<u64>>());
}

#[test]
fn what_waits_is_bounded_in_bytes_and_in_number() {
    for (bytes, soft, hard) in [(1024, 256, 512), (0, 4096, 8192), (usize::MAX, 0, 0)] {
        let mut end = Reliable::new();
        let mut count = 0;
        loop {
            assert_eq!(end.has_room(bytes), count < soft, "{count} of {bytes}");
            let before = end.clone();
            if end.send(at(0), message(1), bytes).is_err() {
                assert_eq!(end, before);
                break;
            }
            count += 1;
        }
        assert_eq!(count, hard);
    }
}

#[test]
fn what_comes_in_order_waits_to_be_acknowledged_and_other_news_does_not() {
    let mut end = Reliable::new();
    let mut due_after = |now, number| {
        end.receive(at(now), number, message(number));
        let due = end.next_deadline().expect("an acknowledgement is owed");
        let said = end.take_acknowledgement(due).expect("it is due");
        assert_eq!(end.take_acknowledgement(due + ACK_REPEAT), Some(said));
        assert_eq!(end.next_deadline(), None);
        (due.saturating_since(at(now)), said)
    };
    assert_eq!(due_after(100, 1), (ACK_DELAY, (1, 0)));
    assert_eq!(due_after(200, 1), (Duration::ZERO, (1, 0)));
    assert_eq!(due_after(300, 4), (Duration::ZERO, (1, 0b10)));
    assert_eq!(due_after(400, 2), (Duration::ZERO, (2, 0b1)));
    assert_eq!(due_after(500, 3), (Duration::ZERO, (4, 0)));
    assert_eq!(due_after(600, u64::MAX), (Duration::ZERO, (4, 0)));
    assert_eq!(due_after(700, 5), (ACK_DELAY, (5, 0)));
    // Half a window in order is as urgent.
    for number in 6..=37 {
        assert_eq!(end.next_deadline(), (number > 6).then_some(at(810)));
        assert!(end.receive(at(800), number, message(number)));
    }
    assert_eq!(end.take_acknowledgement(at(800)), Some((37, 0)));
}

#[test]
fn bursts_cost_few_acknowledgements() {
    let mut end = Reliable::new();
    for n in (1..=40).filter(|n| n % 5 != 0) {
        assert!(end.receive(at(100), n, message(n)));
        let said = end.take_acknowledgement(at(100));
        assert_eq!(said, (n == 6).then_some((4, 1)), "{n}");
    }
    assert_eq!(end.next_deadline(), Some(at(102)));
    let all = Some((4, (6..40_u64).filter(|n| n % 5 != 0).fold(0, |map, n| map | 1 << (n - 6))));
    assert_eq!(end.take_acknowledgement(at(102)), all);
    assert_eq!(end.take_acknowledgement(at(111)), None);
    assert_eq!(end.take_acknowledgement(at(112)), all);
    assert_eq!(end.next_deadline(), None);
}

proptest! {
    #[test]
    fn acknowledgements_say_exactly_what_has_come(
        numbers in prop::collection::vec(0..90_u64, 0..200), pop_every in 1..20_usize,
    ) {
        let (mut end, mut model, mut given) = (Reliable::new(), std::collections::BTreeSet::new(), 0);
        for (i, number) in numbers.into_iter().enumerate() {
            // The window starts at what was given out.
            let fresh = number > 0 && number <= given + 64 && model.insert(number);
            let now = at(100 * i as u64);
            prop_assert_eq!(end.receive(now, number, message(number)), fresh);
            if i % pop_every == 0 {
                while let Some(next) = end.pop_ready() {
                    given += 1;
                    prop_assert_eq!(next, message(given));
                }
                prop_assert!(!model.contains(&(given + 1)));
            }
            let (upto, beyond) = end.take_acknowledgement(now + ACK_DELAY).expect("it is due");
            prop_assert!((1..=upto).all(|n| model.contains(&n)) && !model.contains(&(upto + 1)));
            for bit in 0..64 {
                prop_assert_eq!(beyond >> bit & 1 == 1, model.contains(&(upto + 2 + bit)));
            }
        }
    }

    #[test]
    fn no_lie_does_harm(
        lies in prop::collection::vec((any::<bool>(), lying_number(), lying_map(), 0..300_u64), 0..200),
    ) {
        let mut end = Reliable::new();
        let (mut now, mut sent) = (at(0), 0);
        for (of_having, number, map, pause) in lies {
            now += Duration::from_millis(pause);
            sent += u64::from(end.send(now, message(1), 5000).is_ok_and(|number| number.is_some()));
            if of_having {
                let before = end.clone();
                end.acknowledged(now, number, map);
                if number > sent || map.checked_ilog2().is_some_and(|bit| number + 2 + u64::from(bit) > sent) {
                    prop_assert_eq!(&end, &before);
                }
            } else {
                let fresh = end.receive(now, number, message(number));
                prop_assert!(!fresh || (1..=64).contains(&number));
            }
            end.take_acknowledgement(now);
            while let Some((number, _)) = end.next_to_send(now) {
                prop_assert!(number <= sent + 1);
                sent = sent.max(number);
            }
            prop_assert!(end.receiving.arrived() <= 64 && end.sending.in_flight() <= 64);
            let (kept, counted) = end.sending.sums();
            prop_assert_eq!(kept, counted);
            prop_assert!(end.unacknowledged_bytes() <= HARD_BOUND);
            prop_assert!(end.next_deadline().is_none_or(|deadline| deadline > now));
        }
    }
}

fn lying_number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..100_u64, 1 => u64::MAX - 70..=u64::MAX, 1 => any::<u64>()]
}

fn lying_map() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..16_u64, Just(1 << 63), Just(u64::MAX), any::<u64>()]
}

#[test]
fn at_the_end_of_time_nothing_is_due_for_ever() {
    let mut end = Reliable::new();
    assert_eq!(end.send(Time::LAST, message(1), 100), Ok(Some(1)));
    assert!(end.receive(Time::LAST, 1, message(1)));
    assert_eq!((end.next_to_send(Time::MAX), end.take_acknowledgement(Time::MAX)), (None, None));
}
