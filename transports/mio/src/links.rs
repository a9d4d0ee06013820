//! All connections: by link, by token, and which of them have something to do.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use chinwag::{LinkId, Time};
use mio::Token;
use slab::Slab;

use crate::Counters;
use crate::connection::{Connection, Flush, Limits, Phase};
use crate::sockets::Calls;

/// How long the other end may take to close its side once everything was sent. Closing ours for good while it still
/// speaks would answer it with a reset, which can cost it what it has not read yet.
const LINGER: Duration = Duration::from_secs(1);
/// How long one that connected may keep a place that others need before it has said anything. Peers introduce
/// themselves at once.
const SILENCE: Duration = Duration::from_millis(500);

/// The table of connections.
///
/// A link's number holds its slot in the low bits and how many came before it in the others, so that finding a link
/// needs no hashing and no number is used twice.
#[derive(Debug)]
pub(crate) struct Links<S: Calls> {
    pub(crate) sockets: S,
    slots: Slab<Connection<S>>,
    first_token: usize,
    capacity: usize,
    slot_bits: u32,
    serial: u64,
    limits: Limits,
    close_timeout: Duration,
    ready: Vec<LinkId>,
    dirty: Vec<LinkId>,
    closing: BTreeSet<(Time, LinkId)>,
    /// Those that connected and have not said anything, by when they came.
    silent: BTreeSet<(Time, LinkId)>,
}

impl<S: Calls> Links<S> {
    /// A table for `capacity` connections, whose tokens count from `first_token`.
    pub(crate) fn new(
        sockets: S,
        first_token: usize,
        capacity: usize,
        limits: Limits,
        close_timeout: Duration,
    ) -> Self {
        Self {
            sockets,
            slots: Slab::new(),
            first_token,
            capacity,
            slot_bits: usize::BITS - capacity.saturating_sub(1).leading_zeros(),
            serial: 0,
            limits,
            close_timeout,
            ready: Vec::new(),
            dirty: Vec::new(),
            closing: BTreeSet::new(),
            silent: BTreeSet::new(),
        }
    }

    /// Takes in a connection. There must be [room](Self::make_room).
    pub(crate) fn insert(&mut self, stream: S::Stream, phase: Phase) -> io::Result<LinkId> {
        let entry = self.slots.vacant_entry();
        let slot = entry.key();
        let link = LinkId::new((self.serial << self.slot_bits) | slot as u64);
        let token = Token(self.first_token + slot);
        let connection = Connection::new(stream, (link, token), phase, self.limits, &self.sockets)?;
        self.serial += 1;
        entry.insert(connection);
        Ok(link)
    }

    /// Whether there is room for one more of at most `limit` connections, if need be by closing one that has
    /// nothing left to send and only waits for the other end to hang up.
    pub(crate) fn make_room(&mut self, limit: usize) -> bool {
        let limit = limit.min(self.capacity);
        if self.slots.len() < limit {
            return true;
        }
        let idle = self.closing.iter().map(|(_, link)| *link).find(|link| {
            self.get(*link).is_some_and(|it| matches!(it.phase, Phase::Closing { finished: true, .. }))
        });
        idle.is_some_and(|link| {
            self.remove(link);
            self.slots.len() < limit
        })
    }

    /// The link was dialed by the other end, which is to say something.
    pub(crate) fn expect_word(&mut self, link: LinkId, now: Time) {
        if let Some(connection) = self.get_mut(link) {
            connection.silent_since = Some(now);
            self.silent.insert((now, link));
        }
    }

    /// The other end has said something, or need not any more.
    pub(crate) fn heard(&mut self, link: LinkId) {
        if let Some(since) = self.get_mut(link).and_then(|connection| connection.silent_since.take()) {
            self.silent.remove(&(since, link));
        }
    }

    /// The link whose other end has been silent for longest since it connected, if that is long.
    pub(crate) fn longest_silent(&self, now: Time) -> Option<LinkId> {
        let (since, link) = self.silent.first()?;
        (now.saturating_since(*since) >= SILENCE).then_some(*link)
    }

    pub(crate) fn get(&self, link: LinkId) -> Option<&Connection<S>> {
        self.slots.get(self.slot_of(link)).filter(|connection| connection.link == link)
    }

    pub(crate) fn get_mut(&mut self, link: LinkId) -> Option<&mut Connection<S>> {
        let slot = self.slot_of(link);
        self.slots.get_mut(slot).filter(|connection| connection.link == link)
    }

    pub(crate) fn at(&mut self, token: Token) -> Option<&mut Connection<S>> {
        self.slots.get_mut(token.0.checked_sub(self.first_token)?)
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// How many bytes are queued for all links together.
    pub(crate) fn queued(&self) -> usize {
        self.slots.iter().map(|(_, connection)| connection.queued()).sum()
    }

    /// Closes a connection as it stands, and gives back how many bytes it never sent.
    pub(crate) fn remove(&mut self, link: LinkId) -> usize {
        if self.get(link).is_none() {
            return 0;
        }
        self.heard(link);
        let mut connection = self.slots.remove(self.slot_of(link));
        if let Phase::Closing { until, .. } = connection.phase {
            self.closing.remove(&(until, link));
        }
        connection.deregister(&self.sockets);
        connection.queued()
    }

    /// Closes every connection as it stands, and gives back how many bytes were never sent.
    pub(crate) fn remove_all(&mut self) -> usize {
        let links: Vec<LinkId> = self.slots.iter().map(|(_, connection)| connection.link).collect();
        links.into_iter().map(|link| self.remove(link)).sum()
    }

    /// Closes a link once what is queued for it has been sent.
    pub(crate) fn close(&mut self, link: LinkId, now: Time) {
        self.heard(link);
        let until = now + self.close_timeout;
        let Some(connection) = self.get_mut(link) else { return };
        if connection.phase == Phase::Open {
            connection.phase = Phase::Closing { until, finished: false };
            self.closing.insert((until, link));
            self.mark_dirty(link);
        }
    }

    /// Closes every link once what is queued for it has been sent.
    pub(crate) fn close_all(&mut self, now: Time) {
        let links: Vec<LinkId> = self.slots.iter().map(|(_, connection)| connection.link).collect();
        for link in links {
            self.close(link, now);
        }
    }

    /// Writes what is queued for `link`, and goes on closing it if that is under way.
    pub(crate) fn flush(&mut self, link: LinkId, now: Time, counters: &mut Counters) {
        let slot = self.slot_of(link);
        let Some(connection) = self.slots.get_mut(slot).filter(|it| it.link == link) else { return };
        let flushed = connection.flush(&self.sockets, counters);
        match (connection.phase, flushed) {
            (Phase::Dialing(_), _) | (_, Flush::Blocked) | (Phase::Open, Flush::Empty) => {}
            (Phase::Open, Flush::Broken) => self.mark_ready(link),
            (Phase::Closing { .. }, Flush::Broken) => {
                counters.cut_short += 1;
                self.remove(link);
            }
            (Phase::Closing { .. }, Flush::Empty) if connection.read_ended() => {
                self.remove(link);
            }
            (Phase::Closing { finished: true, .. }, Flush::Empty) => {}
            (Phase::Closing { until, finished: false }, Flush::Empty) => {
                connection.finish_writing();
                let sooner = until.min(now + LINGER);
                connection.phase = Phase::Closing { until: sooner, finished: true };
                self.closing.remove(&(until, link));
                self.closing.insert((sooner, link));
                self.mark_ready(link);
            }
        }
    }

    /// When the next of the links that are being closed runs out of time.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.closing.first().map(|(until, _)| *until)
    }

    /// Closes the links whose time is up.
    pub(crate) fn expire(&mut self, now: Time, counters: &mut Counters) {
        while let Some((until, link)) = self.closing.first().copied()
            && until <= now
        {
            counters.cut_short += u64::from(self.remove(link) > 0);
        }
    }

    /// The link may have something to read (or have been connected).
    pub(crate) fn mark_ready(&mut self, link: LinkId) {
        if let Some(connection) = self.get_mut(link)
            && !core::mem::replace(&mut connection.listed_ready, true)
        {
            self.ready.push(link);
        }
    }

    /// The link has something to write.
    pub(crate) fn mark_dirty(&mut self, link: LinkId) {
        if let Some(connection) = self.get_mut(link)
            && !core::mem::replace(&mut connection.listed_dirty, true)
        {
            self.dirty.push(link);
        }
    }

    pub(crate) fn any_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(crate) fn any_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Moves the links that may have something to read to `list`, which is empty.
    pub(crate) fn take_ready(&mut self, list: &mut Vec<LinkId>) {
        core::mem::swap(&mut self.ready, list);
        for link in &*list {
            if let Some(connection) = self.get_mut(*link) {
                connection.listed_ready = false;
            }
        }
    }

    /// Moves the links that have something to write to `list`, which is empty.
    pub(crate) fn take_dirty(&mut self, list: &mut Vec<LinkId>) {
        core::mem::swap(&mut self.dirty, list);
        for link in &*list {
            if let Some(connection) = self.get_mut(*link) {
                connection.listed_dirty = false;
            }
        }
    }

    /// Moves every connection to another `Poll`.
    pub(crate) fn rehome(&mut self, to: S) -> io::Result<()> {
        let from = core::mem::replace(&mut self.sockets, to);
        for (_, connection) in &mut self.slots {
            connection.rehome(&from, &self.sockets)?;
        }
        Ok(())
    }

    fn slot_of(&self, link: LinkId) -> usize {
        let mask = (1u64 << self.slot_bits) - 1;
        usize::try_from(link.get() & mask).unwrap_or(usize::MAX)
    }
}
