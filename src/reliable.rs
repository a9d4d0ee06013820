//! Delivery that is ordered and reliable over a link whose frames may be lost, doubled or overtaken.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::{Message, Time};

/// Both directions of one link: what was sent and is not acknowledged, and what has come but not in order.
///
/// Selective repeat: messages are numbered from 1, each has its own retransmission time, and an acknowledgement says
/// exactly which of the window have come. So a lost message costs one more copy of itself, and of nothing else.
///
/// A copy that the other end has already is sent only when *acknowledgements* were lost. One loss should not be
/// enough for that, so an acknowledgement after which nothing else comes is said twice, and retransmission waits for
/// the second: of isolated messages, a fraction p² is doubled instead of p. In a steady flow the next acknowledgement
/// is the repetition, and it costs nothing. A link that has shown no loss for a while is spared it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reliable {
    /// The greatest number that a message was given.
    numbered: u64,
    /// Sent and not acknowledged, by number.
    flight: BTreeMap<u64, Frame>,
    /// Waits for the window to open, with what it counts for.
    queue: VecDeque<(Message, usize)>,
    /// What the queue and the flight count for together.
    bytes: usize,
    /// How many first sendings and resendings there were.
    sendings: u64,
    estimate: Option<Estimate>,
    /// How many acknowledgements in a row were of messages that had been sent more than once because of time.
    ambiguous: u32,
    /// Every message up to this number was given out by `pop_ready`.
    popped: u64,
    /// Every message up to this number has come.
    had: u64,
    /// What has come and was not given out, by number.
    arrived: BTreeMap<u64, Message>,
    debt: Debt,
}

/// A message in flight.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Frame {
    message: Message,
    bytes: usize,
    /// Which sending of all was its first, and which its latest.
    first: u64,
    latest: u64,
    /// When its latest sending was.
    sent: Time,
    /// When it is sent again.
    due: Time,
    /// How often its time was over.
    timeouts: u32,
    /// How many messages that were sent after its latest sending have been acknowledged.
    overtaken: u32,
}

/// The smoothed round-trip time and its variation.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Estimate {
    smoothed: Duration,
    variation: Duration,
}

/// What the other end has to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Debt {
    /// When to acknowledge next.
    due: Option<Time>,
    /// How often to say what is known now, as long as nothing else comes.
    sayings: u32,
    /// How many messages came since the last acknowledgement.
    arrivals: u32,
    /// When the last acknowledgement was taken.
    said: Option<Time>,
    /// For how many more messages without a sign of loss acknowledgements are repeated.
    wary: u32,
}

/// More is waiting to be delivered than the bound allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Overflow;

impl Reliable {
    pub(crate) fn new() -> Self {
        Self {
            numbered: 0,
            flight: BTreeMap::new(),
            queue: VecDeque::new(),
            bytes: 0,
            sendings: 0,
            estimate: None,
            ambiguous: 0,
            popped: 0,
            had: 0,
            arrived: BTreeMap::new(),
            debt: Debt { due: None, sayings: 0, arrivals: 0, said: None, wary: WARY_FOR },
        }
    }

    /// Takes a message that must arrive. Its number, if it is to be sent now; `None` if it waits for the window to
    /// open, for [`next_to_send`](Self::next_to_send) to give out.
    ///
    /// # Errors
    /// [`Overflow`], with nothing changed, if there is no room for `bytes` more.
    pub(crate) fn send(
        &mut self,
        now: Time,
        message: Message,
        bytes: usize,
    ) -> Result<Option<u64>, Overflow> {
        let bytes = bytes.max(LEAST_BYTES);
        let total = self.bytes.saturating_add(bytes);
        if total > HARD_BOUND {
            return Err(Overflow);
        }
        self.bytes = total;
        if self.queue.is_empty() && self.window_is_open() {
            return Ok(Some(self.launch(now, message, bytes)));
        }
        self.queue.push_back((message, bytes));
        Ok(None)
    }

    /// Whether there is room for `bytes` of what could be announced instead of sent: less than
    /// [`send`](Self::send) takes, so that messages which must arrive still fit.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.bytes.saturating_add(bytes.max(LEAST_BYTES)) <= SOFT_BOUND
    }

    /// How many bytes wait or are in flight; a message counts for 64 at least.
    #[cfg(test)]
    pub(crate) fn unacknowledged_bytes(&self) -> usize {
        self.bytes
    }

    /// The smoothed round-trip time, which includes the time that the other end takes to acknowledge.
    #[cfg(test)]
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.estimate.as_ref().map(|estimate| estimate.smoothed)
    }

    /// The next message to send or to send again, with its number. To be called until there is none: after
    /// [`acknowledged`](Self::acknowledged), and at the deadline.
    pub(crate) fn next_to_send(&mut self, now: Time) -> Option<(u64, Message)> {
        let due = self.flight.iter().find(|(_, frame)| is_over(frame.due, now)).map(|(number, _)| *number);
        if let Some(number) = due {
            return self.resend(now, number);
        }
        if !self.window_is_open() {
            return None;
        }
        let (message, bytes) = self.queue.pop_front()?;
        Some((self.launch(now, message.clone(), bytes), message))
    }

    /// Whether another number is near enough to the first one that is missing at the other end.
    fn window_is_open(&self) -> bool {
        let first = self.flight.first_key_value().map(|(first, _)| *first);
        first.is_none_or(|first| self.numbered.saturating_add(1).saturating_sub(first) < WINDOW)
    }

    fn launch(&mut self, now: Time, message: Message, bytes: usize) -> u64 {
        self.numbered = self.numbered.saturating_add(1);
        self.sendings = self.sendings.saturating_add(1);
        let (order, due) = (self.sendings, now + self.timeout(0));
        let frame =
            Frame { message, bytes, first: order, latest: order, sent: now, due, timeouts: 0, overtaken: 0 };
        self.flight.insert(self.numbered, frame);
        self.numbered
    }

    fn resend(&mut self, now: Time, number: u64) -> Option<(u64, Message)> {
        let known_lost = self.flight.get(&number)?.overtaken >= OVERTAKEN_IS_LOST;
        let timeouts = self.flight.get(&number)?.timeouts.saturating_add(u32::from(!known_lost));
        let due = now + self.timeout(timeouts);
        self.sendings = self.sendings.saturating_add(1);
        let frame = self.flight.get_mut(&number)?;
        (frame.latest, frame.sent, frame.due) = (self.sendings, now, due);
        (frame.timeouts, frame.overtaken) = (timeouts, 0);
        Some((number, frame.message.clone()))
    }

    /// How long to wait for the acknowledgement of a message whose time was over `timeouts` times.
    fn timeout(&self, timeouts: u32) -> Duration {
        let once = self.estimate.as_ref().map_or(INITIAL_TIMEOUT, Estimate::timeout);
        // Acknowledgements of what was sent twice say nothing about the round trip (Karn). Were every timeout too
        // short, there would never be another kind: so after some in a row, new messages too are given longer.
        let patience = (self.ambiguous / AMBIGUOUS_IN_A_ROW).min(MAX_PATIENCE);
        let once = once.saturating_mul(1 << patience);
        once.saturating_mul(1 << timeouts.min(16)).min(once.max(MAX_TIMEOUT))
    }

    /// The other end says what it has: every number up to `upto`, and `upto + 2 + i` for each bit `i` of `beyond`.
    ///
    /// Who claims to have what was never sent is not believed anything.
    pub(crate) fn acknowledged(&mut self, now: Time, upto: u64, beyond: u64) {
        let span = u64::from(u64::BITS.saturating_sub(beyond.leading_zeros()));
        let greatest =
            if span == 0 { Some(upto) } else { upto.checked_add(1).and_then(|n| n.checked_add(span)) };
        if greatest.is_none_or(|greatest| greatest > self.numbered) {
            return;
        }
        let has = |number: u64| {
            number <= upto
                || number
                    .checked_sub(upto.saturating_add(2))
                    .is_some_and(|bit| bit < 64 && beyond >> bit & 1 == 1)
        };
        let (mut newly, mut last) = (Vec::new(), None);
        let bytes = &mut self.bytes;
        self.flight.retain(|number, frame| {
            if !has(*number) {
                return true;
            }
            *bytes = bytes.saturating_sub(frame.bytes);
            newly.push(frame.first);
            last = Some((frame.sent, frame.first == frame.latest, frame.timeouts > 0));
            false
        });
        // Only the last one can be what the acknowledgement answers; the others may have come long before.
        let Some((sent, sent_once, timed_out)) = last else { return };
        if sent_once {
            let sample = now.saturating_since(sent);
            self.estimate = Some(Estimate::with(self.estimate.take(), sample));
            self.ambiguous = 0;
        } else if timed_out {
            self.ambiguous = self.ambiguous.saturating_add(1);
        }
        self.find_lost(now, &newly);
    }

    /// Has those sent again at once that three later ones have overtaken. Since what is sent again counts as sent
    /// anew, and is overtaken only by what was first sent after that, this happens at most once per round trip.
    fn find_lost(&mut self, now: Time, newly: &[u64]) {
        for frame in self.flight.values_mut() {
            let later = newly.iter().filter(|first| **first > frame.latest).count();
            frame.overtaken = frame.overtaken.saturating_add(u32::try_from(later).unwrap_or(u32::MAX));
            if frame.overtaken >= OVERTAKEN_IS_LOST {
                frame.due = frame.due.min(now);
            }
        }
    }

    /// A numbered message came in. False if it had come already, or is beyond the window: then nothing is owed for it
    /// but an acknowledgement.
    pub(crate) fn receive(&mut self, now: Time, number: u64, message: Message) -> bool {
        // Measured from what was given out, so that nothing piles up if nobody asks for it.
        let in_window = number <= self.popped.saturating_add(WINDOW);
        let fresh = number > self.had && in_window && !self.arrived.contains_key(&number);
        let in_order = fresh && number == self.had.saturating_add(1) && !self.has_gap();
        if fresh {
            self.arrived.insert(number, message);
            while self.arrived.contains_key(&self.had.saturating_add(1)) {
                self.had = self.had.saturating_add(1);
            }
        }
        self.debt.incur(now, in_order);
        fresh
    }

    fn has_gap(&self) -> bool {
        self.arrived.last_key_value().is_some_and(|(last, _)| *last > self.had)
    }

    /// The next message in order, if it is there.
    pub(crate) fn pop_ready(&mut self) -> Option<Message> {
        let next = self.popped.saturating_add(1);
        let message = self.arrived.remove(&next)?;
        self.popped = next;
        Some(message)
    }

    /// What to tell the other end, if an acknowledgement is due: the arguments of its
    /// [`acknowledged`](Self::acknowledged).
    pub(crate) fn take_acknowledgement(&mut self, now: Time) -> Option<(u64, u64)> {
        if !self.debt.pay(now) {
            return None;
        }
        let base = self.had.saturating_add(2);
        let bits = self.arrived.range(base..).filter_map(|(number, _)| number.checked_sub(base));
        Some((self.had, bits.filter(|bit| *bit < 64).fold(0, |map, bit| map | 1 << bit)))
    }

    /// When to call [`take_acknowledgement`](Self::take_acknowledgement) and [`next_to_send`](Self::next_to_send)
    /// next (the origin of time if there is something to send already). `None` if nothing is owed on either side.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        if !self.queue.is_empty() && self.window_is_open() {
            return Some(Time::ZERO);
        }
        self.flight.values().map(|frame| frame.due).chain(self.debt.due).min()
    }
}

impl Estimate {
    /// RFC 6298, section 2.
    fn with(before: Option<Self>, sample: Duration) -> Self {
        let Some(Self { smoothed, variation }) = before else {
            return Self { smoothed: sample, variation: sample / 2 };
        };
        let deviation = smoothed.abs_diff(sample);
        Self {
            smoothed: smoothed.saturating_mul(7).saturating_add(sample) / 8,
            variation: variation.saturating_mul(3).saturating_add(deviation) / 4,
        }
    }

    /// The same, and time for the other end to acknowledge and to repeat that: the sample may come from an
    /// acknowledgement that was not delayed, and waiting is cheaper than a copy.
    fn timeout(&self) -> Duration {
        let margin = self.variation.saturating_mul(4).max(GRANULARITY);
        let answered = self.smoothed.saturating_add(margin).max(MIN_TIMEOUT);
        answered.saturating_add(ACK_DELAY).saturating_add(ACK_REPEAT)
    }
}

impl Debt {
    /// Notes an arrival. One in order can wait for others to be acknowledged with it; any other shows a loss, which
    /// the sender should know of at once.
    fn incur(&mut self, now: Time, in_order: bool) {
        self.arrivals = self.arrivals.saturating_add(1);
        self.wary = if in_order { self.wary.saturating_sub(1) } else { WARY_FOR };
        self.sayings = if self.wary > 0 { 2 } else { 1 };
        let at = if in_order && self.arrivals < MAX_ARRIVALS {
            now + ACK_DELAY
        } else {
            // A burst with a gap is one piece of news, not one for each message of it.
            self.said.map_or(now, |said| now.max(said + ACK_SPACING))
        };
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// Whether to acknowledge now; if so, that counts as done.
    fn pay(&mut self, now: Time) -> bool {
        if !self.due.is_some_and(|due| is_over(due, now)) {
            return false;
        }
        self.sayings = self.sayings.saturating_sub(1);
        self.due = (self.sayings > 0).then(|| now + ACK_REPEAT);
        self.arrivals = 0;
        self.said = Some(now);
        true
    }
}

/// Whether a time is over. The end of time never is, so that who asks until nothing is due comes to an end.
fn is_over(due: Time, now: Time) -> bool {
    due <= now.min(Time::LAST)
}

/// How many numbers may be in flight, from the first that is missing. All of them fit into an acknowledgement (which
/// could tell of 65): with more, those past its end would be sent again though they have come. At 50 ms one way this
/// still carries 500 messages a second.
const WINDOW: u64 = 64;
/// How many later ones must be acknowledged for a message to count as lost, as in RFC 5681.
const OVERTAKEN_IS_LOST: u32 = 3;
const HARD_BOUND: usize = 512 * 1024;
const SOFT_BOUND: usize = 256 * 1024;
/// What a message counts for at least, so that the bound in bytes bounds their number too.
const LEAST_BYTES: usize = 64;

const INITIAL_TIMEOUT: Duration = Duration::from_millis(250);
const MIN_TIMEOUT: Duration = Duration::from_millis(60);
/// Where doubling ends, unless the round trip itself takes longer.
const MAX_TIMEOUT: Duration = Duration::from_secs(2);
/// The least margin above the round-trip time: on a link that never varies, the variation goes to zero.
const GRANULARITY: Duration = Duration::from_millis(10);
const AMBIGUOUS_IN_A_ROW: u32 = 3;
const MAX_PATIENCE: u32 = 5;

const ACK_DELAY: Duration = Duration::from_millis(10);
const ACK_REPEAT: Duration = Duration::from_millis(10);
const ACK_SPACING: Duration = Duration::from_millis(2);
/// How many messages are acknowledged without delay, so that the sender need not stop for the end of its window.
const MAX_ARRIVALS: u32 = 32;
/// How many messages must come without a sign of loss until acknowledgements are said only once.
const WARY_FOR: u32 = 128;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rng::Rng;
    use crate::{Body, Content, PeerId, Seed};

    fn message(n: u64) -> Message {
        Message::new(PeerId::new("ann").unwrap(), Body::text(&n.to_string()), Content::Leave)
    }

    fn at(millis: u64) -> Time {
        Time::from_millis(millis)
    }

    /// What the network does to frames: chances in thousandths, times in milliseconds.
    #[derive(Clone, Copy, Debug)]
    struct Weather {
        loss: u32,
        doubling: u32,
        latency: u64,
        jitter: u32,
        /// Whether an acknowledgement that only repeats the one before is sent at all.
        repeat: bool,
    }

    #[derive(Clone, Debug)]
    enum OnWire {
        Numbered(u64, Message),
        Acknowledgement(u64, u64),
    }

    /// Two ends and a network between them, on a virtual clock.
    struct Pair {
        weather: Weather,
        rng: Rng,
        now: Time,
        ends: [Reliable; 2],
        air: BTreeMap<(Time, u64), (usize, OnWire)>,
        frames: u64,
        last_said: [Option<(u64, u64)>; 2],
        said: [Vec<u64>; 2],
        heard: [Vec<Message>; 2],
        sendings: u64,
        copies: u64,
        acknowledgements: u64,
        lost: u64,
    }

    impl Pair {
        fn new(seed: u64, weather: Weather) -> Self {
            Self {
                weather,
                rng: Rng::new(Seed::new(seed)),
                now: at(1000),
                ends: [Reliable::new(), Reliable::new()],
                air: BTreeMap::new(),
                frames: 0,
                last_said: [None, None],
                said: [Vec::new(), Vec::new()],
                heard: [Vec::new(), Vec::new()],
                sendings: 0,
                copies: 0,
                acknowledgements: 0,
                lost: 0,
            }
        }

        fn say(&mut self, end: usize, count: u64) {
            for _ in 0..count {
                let n = self.said[end].len() as u64 + 1;
                self.said[end].push(n);
                if let Some(number) = self.ends[end].send(self.now, message(n), 100).unwrap() {
                    assert_eq!(number, n);
                    self.put(1 - end, OnWire::Numbered(number, message(n)));
                }
            }
            self.settle(end);
        }

        fn put(&mut self, to: usize, frame: OnWire) {
            match frame {
                OnWire::Numbered(..) => self.sendings += 1,
                OnWire::Acknowledgement(..) => self.acknowledgements += 1,
            }
            if self.rng.below(1000) < self.weather.loss {
                self.lost += 1;
                return;
            }
            let copies = if self.rng.below(1000) < self.weather.doubling { 2 } else { 1 };
            for _ in 0..copies {
                let late = u64::from(self.rng.below(self.weather.jitter + 1));
                self.frames += 1;
                let key = (self.now + Duration::from_millis(self.weather.latency + late), self.frames);
                self.air.insert(key, (to, frame.clone()));
            }
        }

        fn settle(&mut self, end: usize) {
            while let Some(said) = self.ends[end].take_acknowledgement(self.now) {
                if self.last_said[end].replace(said) != Some(said) || self.weather.repeat {
                    self.put(1 - end, OnWire::Acknowledgement(said.0, said.1));
                }
            }
            while let Some((number, message)) = self.ends[end].next_to_send(self.now) {
                self.put(1 - end, OnWire::Numbered(number, message));
            }
            while let Some(message) = self.ends[end].pop_ready() {
                self.heard[end].push(message);
            }
            assert!(self.ends[end].flight.len() as u64 <= WINDOW);
            assert!(self.ends[end].arrived.len() as u64 <= WINDOW);
            assert!(self.ends[end].next_deadline().is_none_or(|deadline| deadline > self.now));
        }

        /// Lets time pass up to `until`; true if there was nothing left to wait for before.
        fn run(&mut self, until: Time) -> bool {
            loop {
                let arrival = self.air.first_key_value().map(|(key, _)| key.0);
                let deadlines = self.ends.iter().filter_map(Reliable::next_deadline);
                let next = deadlines.chain(arrival).min();
                let Some(next) = next.filter(|next| *next <= until) else {
                    self.now = self.now.max(until);
                    return next.is_none();
                };
                self.now = next;
                while let Some(entry) = self.air.first_entry().filter(|entry| entry.key().0 <= next) {
                    let (to, frame) = entry.remove();
                    match frame {
                        OnWire::Numbered(number, message) => {
                            self.copies += 1;
                            // A repetition is one only if nothing came since.
                            self.last_said[to] = None;
                            self.ends[to].receive(next, number, message);
                        }
                        OnWire::Acknowledgement(upto, beyond) => {
                            self.ends[to].acknowledged(next, upto, beyond);
                        }
                    }
                    self.settle(to);
                }
                self.settle(0);
                self.settle(1);
            }
        }

        fn assert_all_arrived_once_in_order(&self) {
            for end in 0..2 {
                let said: Vec<Message> = self.said[end].iter().copied().map(message).collect();
                assert_eq!(self.heard[1 - end], said);
                assert_eq!(self.ends[end].unacknowledged_bytes(), 0);
                assert_eq!(self.ends[end].next_deadline(), None);
            }
        }
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
        assert_eq!(end.flight[&1].due, at(41) + end.timeout(0));
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
                prop_assert!(end.arrived.len() <= 64 && end.flight.len() <= 64);
                let counted = end.flight.values().map(|frame| frame.bytes).chain(end.queue.iter().map(|(_, n)| *n));
                prop_assert_eq!(counted.sum::<usize>(), end.unacknowledged_bytes());
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
}
