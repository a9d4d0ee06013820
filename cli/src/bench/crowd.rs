//! The peers of one thread: their drivers share one `Poll`.

use std::collections::{BTreeSet, VecDeque};
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chinwag::{Address, Config, Event};
use chinwag_mio::{MioDriver, Options, random_seed};
use mio::{Events, Poll};

use super::course::{Course, Phase};
use super::pace::Pace;
use super::tally::Tally;
use super::text;
use crate::clock;

/// How long a thread waits at most before it looks whether another phase has begun.
const LOOK_UP: Duration = Duration::from_millis(20);
/// How many peers of one thread look for their first neighbour at once.
const JOINING_AT_ONCE: usize = 64;
/// How many tokens a peer gets beyond those of its links: for its driver, and for dials under way.
const SPARE_TOKENS: usize = 32;

/// The peers of one thread.
pub(super) struct Crowd {
    poll: Poll,
    events: Events,
    peers: Vec<Peer>,
    /// The first token of each peer, and the first that is free.
    tokens: Vec<usize>,
    deadlines: BTreeSet<(Instant, usize)>,
    /// Who has something to do, once each.
    busy: Vec<usize>,
    to_join: VecDeque<(usize, Address)>,
    joining: usize,
    pace: Pace,
    size: usize,
    tally: Tally,
    course: Arc<Course>,
}

struct Peer {
    driver: MioDriver,
    deadline: Option<Instant>,
    is_busy: bool,
    is_joining: bool,
    is_ready: bool,
    /// With how many others it needs to be linked.
    needs: usize,
}

impl Crowd {
    /// Nobody yet. Those who are added first say texts of `size` bytes, as `pace` will have it.
    ///
    /// # Errors
    /// When the system has no room.
    pub(super) fn new(course: Arc<Course>, pace: Pace, size: usize) -> anyhow::Result<Self> {
        Ok(Self {
            poll: Poll::new().context("the system has no room for another Poll")?,
            events: Events::with_capacity(1024),
            peers: Vec::new(),
            tokens: vec![0],
            deadlines: BTreeSet::new(),
            busy: Vec::new(),
            to_join: VecDeque::new(),
            joining: 0,
            pace,
            size,
            tally: Tally::new()?,
            course,
        })
    }

    /// Adds a peer that needs to be linked with `needs` others, and may be with `links`.
    ///
    /// # Errors
    /// When the system has no room for it.
    pub(super) fn add(&mut self, config: Config, needs: usize, links: usize) -> anyhow::Result<()> {
        let mut options = Options::default();
        options.max_links = links;
        options.max_dials = SPARE_TOKENS / 2;
        let first = self.tokens.last().copied().unwrap_or_default();
        let tokens = first..first.saturating_add(links).saturating_add(SPARE_TOKENS);
        self.tokens.push(tokens.end);
        let driver = MioDriver::embedded(self.poll.registry(), tokens, config, random_seed(), options)?;
        let (is_busy, is_joining, is_ready) = (false, false, false);
        self.peers.push(Peer { driver, deadline: None, is_busy, is_joining, is_ready, needs });
        self.touch(self.peers.len().saturating_sub(1));
        Ok(())
    }

    /// Has the peer that was added last listen on a free port of this machine, and gives back where; `None` if there is
    /// no peer.
    ///
    /// # Errors
    /// When the system has no port for it.
    pub(super) fn listen(&mut self) -> anyhow::Result<Option<Address>> {
        let Some(peer) = self.peers.last_mut() else { return Ok(None) };
        Ok(Some(peer.driver.listen("127.0.0.1:0", None)?))
    }

    /// Has the peer that was added last join `address` when it is its turn.
    pub(super) fn join_later(&mut self, address: Address) {
        self.to_join.push_back((self.peers.len().saturating_sub(1), address));
    }

    /// Goes on until the course is over.
    ///
    /// # Errors
    /// When the `Poll` fails.
    pub(super) fn run(mut self) -> anyhow::Result<Tally> {
        let mut phase = Phase::Join;
        while phase != Phase::Stop {
            let now = self.course.phase();
            if now != phase {
                phase = now;
                self.pace.begin();
                if phase == Phase::Measure {
                    self.peers.iter().for_each(|peer| self.tally.leave_out(peer.driver.counters()));
                }
            }
            self.join_some();
            let speaks = if phase.is_talk() { self.speak(phase == Phase::Measure)? } else { None };
            self.let_the_busy_work();
            self.wait(speaks)?;
            self.let_the_busy_work();
        }
        self.peers.iter().for_each(|peer| self.tally.take_in(peer.driver.counters()));
        Ok(self.tally)
    }

    fn join_some(&mut self) {
        while self.joining < JOINING_AT_ONCE
            && let Some((place, address)) = self.to_join.pop_front()
        {
            let Some(peer) = self.peers.get_mut(place) else { continue };
            // It fails only for an address that is no address, and this one is a listener's.
            let _ = peer.driver.with_node(|node, now| node.join(now, address));
            peer.is_joining = true;
            self.joining += 1;
            self.touch(place);
        }
    }

    /// Has those speak whose turn it is, and gives back when to look again.
    fn speak(&mut self, counts: bool) -> anyhow::Result<Option<Instant>> {
        for place in self.pace.speakers(&self.course) {
            let text = text::write(counts, self.course.micros(), self.size);
            let Some(peer) = self.peers.get_mut(place) else { continue };
            peer.driver.with_node(|node, now| node.broadcast(now, text.as_str()))?;
            self.touch(place);
        }
        Ok(self.pace.next(&self.course))
    }

    /// Waits until there is something to do for somebody, or for an author.
    fn wait(&mut self, speaks: Option<Instant>) -> anyhow::Result<()> {
        let now = clock::now();
        let due = self.deadlines.first().map(|(deadline, _)| *deadline);
        let wake = due.into_iter().chain(speaks).min();
        let wait = wake.map_or(LOOK_UP, |wake| wake.saturating_duration_since(now).min(LOOK_UP));
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            waited => waited.context("waiting for the sockets failed")?,
        }
        for event in &self.events {
            let place = self.tokens.partition_point(|first| *first <= event.token().0).saturating_sub(1);
            if let Some(peer) = self.peers.get_mut(place) {
                peer.driver.on_event(event);
                if !std::mem::replace(&mut peer.is_busy, true) {
                    self.busy.push(place);
                }
            }
        }
        let now = clock::now();
        while let Some((deadline, place)) = self.deadlines.first().copied()
            && deadline <= now
        {
            self.deadlines.pop_first();
            if let Some(peer) = self.peers.get_mut(place) {
                peer.deadline = None;
            }
            self.touch(place);
        }
        Ok(())
    }

    fn touch(&mut self, place: usize) {
        if let Some(peer) = self.peers.get_mut(place)
            && !std::mem::replace(&mut peer.is_busy, true)
        {
            self.busy.push(place);
        }
    }

    fn let_the_busy_work(&mut self) {
        for place in self.busy.drain(..) {
            let Some(peer) = self.peers.get_mut(place) else { continue };
            peer.is_busy = false;
            peer.driver.on_turn();
            let heard = take_events(&mut peer.driver, &self.course, &mut self.tally);
            self.course.note_heard(heard);
            if peer.is_joining && peer.driver.node().linked() > 0 {
                peer.is_joining = false;
                self.joining = self.joining.saturating_sub(1);
            }
            let is_ready = peer.driver.node().linked() >= peer.needs;
            if std::mem::replace(&mut peer.is_ready, is_ready) != is_ready {
                self.course.note_ready(is_ready);
            }
            let deadline = peer.driver.next_deadline();
            if deadline != peer.deadline {
                if let Some(before) = std::mem::replace(&mut peer.deadline, deadline) {
                    self.deadlines.remove(&(before, place));
                }
                self.deadlines.extend(deadline.map(|deadline| (deadline, place)));
            }
        }
    }
}

/// Takes what a peer has heard, and gives back how many deliveries that were.
fn take_events(driver: &mut MioDriver, course: &Course, tally: &mut Tally) -> u64 {
    let (mut heard, mut now) = (0, None);
    while let Some(event) = driver.next_event() {
        let Event::Delivered(delivery) = event else { continue };
        heard += 1;
        let said_at = delivery.body().as_text().and_then(|text| text::said_at(&text));
        if let Some(said_at) = said_at {
            tally.deliver(said_at, *now.get_or_insert_with(|| course.micros()));
        }
    }
    heard
}
