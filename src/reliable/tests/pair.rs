//! Two ends of a link, and a network between them that loses, doubles and delays frames.

use core::time::Duration;
use std::collections::BTreeMap;

use super::{at, message};
use crate::reliable::{Reliable, WINDOW};
use crate::rng::Rng;
use crate::{Message, Seed, Time};

/// What the network does to frames: chances in thousandths, times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weather {
    pub(super) loss: u32,
    pub(super) doubling: u32,
    pub(super) latency: u64,
    pub(super) jitter: u32,
    /// Whether an acknowledgement that only repeats the one before is sent at all.
    pub(super) repeat: bool,
}

#[derive(Clone, Debug)]
enum OnWire {
    Numbered(u64, Message),
    Acknowledgement(u64, u64),
}

/// Two ends and a network between them, on a virtual clock.
pub(super) struct Pair {
    weather: Weather,
    rng: Rng,
    pub(super) now: Time,
    pub(super) ends: [Reliable; 2],
    air: BTreeMap<(Time, u64), (usize, OnWire)>,
    frames: u64,
    last_said: [Option<(u64, u64)>; 2],
    pub(super) said: [Vec<u64>; 2],
    heard: [Vec<Message>; 2],
    pub(super) sendings: u64,
    pub(super) copies: u64,
    pub(super) acknowledgements: u64,
    pub(super) lost: u64,
}

impl Pair {
    pub(super) fn new(seed: u64, weather: Weather) -> Self {
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

    pub(super) fn say(&mut self, end: usize, count: u64) {
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
        assert!(self.ends[end].sending.in_flight() as u64 <= WINDOW);
        assert!(self.ends[end].receiving.arrived() as u64 <= WINDOW);
        assert!(self.ends[end].next_deadline().is_none_or(|deadline| deadline > self.now));
    }

    /// Lets time pass up to `until`; true if there was nothing left to wait for before.
    pub(super) fn run(&mut self, until: Time) -> bool {
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

    pub(super) fn assert_all_arrived_once_in_order(&self) {
        for end in 0..2 {
            let said: Vec<Message> = self.said[end].iter().copied().map(message).collect();
            assert_eq!(self.heard[1 - end], said);
            assert_eq!(self.ends[end].unacknowledged_bytes(), 0);
            assert_eq!(self.ends[end].next_deadline(), None);
        }
    }
}
