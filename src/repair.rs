//! What we know to be missing, who says to have it, and when to ask whom.

use crate::Time;
use crate::slots::{Slot, Slots};
use crate::sorted_map::SortedMap;

/// The streams of which something is missing, by their numbers in the table of streams.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Repair {
    lags: SortedMap<u32, Lag>,
    /// The neighbours that have not answered all of our pulls.
    pulled: SortedMap<Slot, Pulls>,
}

/// The pulls from one neighbour. They are answered in the order in which they were sent, without a word about which of
/// them an answer is to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Pulls {
    sent: u32,
    answered: u32,
}

/// What is missing of one stream, all in one: everything up to `head` that has not been seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Lag {
    /// The greatest number that somebody says to have.
    pub(crate) head: u64,
    /// Who say to have that one.
    pub(crate) at_head: Slots,
    /// Who say to have something that we lack.
    pub(crate) claimants: Slots,
    /// Who of them say that the first that we lack is gone.
    pub(crate) gone: Slots,
    /// That first one.
    pub(crate) gone_at: u64,
    /// Since when it is asked for while posts after it wait.
    pub(crate) sought: Option<Time>,
    /// Who were asked for it although they do not say to have it.
    pub(crate) others: Slots,
    /// The first announcement of `head`, unless who made it is gone.
    pub(crate) first: Option<(Slot, Time)>,
    /// When to do something about it.
    pub(crate) due: Time,
    /// Whom we asked last, until that is answered.
    pub(crate) asked: Option<Slot>,
    /// In which of the pulls from there, from when it is sent.
    asked_in: Option<u32>,
    /// Whether anything has come since.
    pub(crate) progress: bool,
    /// How often we asked, and how often in a row in vain.
    pub(crate) tries: u32,
    pub(crate) unanswered: u32,
    /// Since when nobody is known who has it.
    pub(crate) hopeless: Option<Time>,
    /// Whether posts after it came, and there was no room to hold them back.
    pub(crate) crowded: bool,
}

impl Lag {
    /// The first number that is missing: what is known of who has another one does not count.
    pub(crate) fn seek(&mut self, first: u64) {
        if self.gone_at != first {
            self.start_over();
            self.gone_at = first;
        }
    }

    /// Everybody may be asked again for the first that is missing.
    pub(crate) fn start_over(&mut self) {
        (self.gone, self.others, self.sought) = (Slots::NONE, Slots::NONE, None);
    }
}

impl Repair {
    /// `slot` says to have everything up to `head` (or some of it). Says whether that is news.
    pub(crate) fn claim(&mut self, now: Time, stream: u32, slot: Slot, head: u64, due: Time) {
        let lag = self.lags.get_or_insert_with(stream, || Lag {
            head: 0,
            at_head: Slots::NONE,
            claimants: Slots::NONE,
            gone: Slots::NONE,
            gone_at: 0,
            sought: None,
            others: Slots::NONE,
            first: Some((slot, now)),
            due,
            asked: None,
            asked_in: None,
            progress: false,
            tries: 0,
            unanswered: 0,
            hopeless: None,
            crowded: false,
        });
        if head > lag.head {
            (lag.head, lag.at_head) = (head, Slots::NONE);
            lag.first = Some((slot, now));
        }
        if head == lag.head {
            lag.at_head = lag.at_head.with(Slots::one(slot));
        }
        if !lag.claimants.has(slot) {
            // Only somebody new is reason for new hope.
            lag.claimants = lag.claimants.with(Slots::one(slot));
            lag.hopeless = None;
        }
        if lag.asked.is_none() {
            lag.due = lag.due.min(due);
        }
    }

    pub(crate) fn get(&self, stream: u32) -> Option<&Lag> {
        self.lags.get(&stream)
    }

    pub(crate) fn get_mut(&mut self, stream: u32) -> Option<&mut Lag> {
        self.lags.get_mut(&stream)
    }

    /// Nothing is missing of this stream any more.
    pub(crate) fn forget(&mut self, stream: u32) {
        self.lags.remove(&stream);
    }

    /// A neighbour is gone: it has nothing for us, and is not going to answer.
    pub(crate) fn forget_slot(&mut self, now: Time, slot: Slot) {
        self.pulled.remove(&slot);
        for lag in self.lags.values_mut() {
            lag.claimants = lag.claimants.without(Slots::one(slot));
            lag.at_head = lag.at_head.without(Slots::one(slot));
            lag.gone = lag.gone.without(Slots::one(slot));
            lag.first = lag.first.filter(|(by, _)| *by != slot);
            if lag.asked == Some(slot) {
                (lag.asked, lag.asked_in) = (None, None);
                lag.due = now;
            }
        }
    }

    /// Has something be done at once about the streams that are `meant`, but where somebody was asked. Says whether there
    /// are any.
    pub(crate) fn hasten(&mut self, now: Time, meant: impl Fn(u32) -> bool) -> bool {
        let mut any = false;
        for (stream, lag) in self.lags.iter_mut() {
            if lag.asked.is_none() && !lag.claimants.is_empty() && meant(*stream) {
                lag.due = now;
                any = true;
            }
        }
        any
    }

    /// The streams about which it is time to do something.
    pub(crate) fn due(&self, now: Time) -> Vec<u32> {
        self.lags.iter().filter(|(_, lag)| lag.due <= now).map(|(stream, _)| *stream).collect()
    }

    /// A pull was sent to `slot`, for all streams for which that is asked from now on.
    pub(crate) fn pulls(&mut self, slot: Slot) {
        let pulls = self.pulled.get_or_insert_with(slot, Pulls::default);
        pulls.sent = pulls.sent.saturating_add(1);
        for lag in self.lags.values_mut().filter(|lag| lag.asked == Some(slot)) {
            lag.asked_in.get_or_insert(pulls.sent);
        }
    }

    /// What is missing of this stream comes from `slot` with the next answer.
    pub(crate) fn comes(&mut self, stream: u32, slot: Slot) {
        let answered = self.pulled.get(&slot).map_or(0, |pulls| pulls.answered);
        if let Some(lag) = self.lags.get_mut(&stream) {
            (lag.asked, lag.asked_in) = (Some(slot), Some(answered.saturating_add(1)));
        }
    }

    /// Who was asked for this stream has not answered in time, and is not waited for any more.
    pub(crate) fn take_unanswered(&mut self, stream: u32) -> Option<Slot> {
        let lag = self.lags.get_mut(&stream)?;
        let (slot, asked_in) = (lag.asked.take()?, lag.asked_in.take());
        if let (Some(pulls), Some(asked_in)) = (self.pulled.get_mut(&slot), asked_in) {
            pulls.answered = pulls.answered.max(asked_in);
        }
        Some(slot)
    }

    /// `slot` has answered a pull. Gives back the streams for which that was.
    pub(crate) fn answered(&mut self, slot: Slot) -> Vec<u32> {
        let Some(pulls) = self.pulled.get_mut(&slot) else { return Vec::new() };
        pulls.answered = pulls.answered.saturating_add(1);
        let answered = pulls.answered;
        if answered >= pulls.sent {
            self.pulled.remove(&slot);
        }
        let mut streams = Vec::new();
        for (stream, lag) in self.lags.iter_mut() {
            if lag.asked == Some(slot) && lag.asked_in.is_none_or(|asked_in| asked_in <= answered) {
                (lag.asked, lag.asked_in) = (None, None);
                streams.push(*stream);
            }
        }
        streams
    }

    pub(crate) fn next_due(&self) -> Option<Time> {
        self.lags.values().map(|lag| lag.due).min()
    }

    pub(crate) fn len(&self) -> usize {
        self.lags.len()
    }
}
