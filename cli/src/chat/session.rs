//! The loop: what the node tells goes to the screen, what is typed goes to the node.

mod commands;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chinwag::{Address, Dispatch, DownReason, Event, Handlers, PeerId};
use chinwag_mio::MioDriver;

use super::absent::Absent;
use super::attempts::Attempts;
use super::completion::Names;
use super::ending::{Ending, Standing, Verdict};
use super::guide;
use super::input::{Inbox, Typed};
use super::interrupts::Interrupts;
use super::terminal::Terminal;
use crate::clock;
use crate::command::Line;
use crate::exit::Exit;
use crate::notice::Notice;
use crate::screen::Screen;

/// How long leaving may take.
const FLUSH: Duration = Duration::from_secs(3);

/// How many lines are dealt with before the node has its turn.
const LINES_PER_TURN: usize = 64;

/// How long a first peer may take to be joined while what was piped in for it waits.
const JOINING: Duration = Duration::from_secs(2);

/// How soon to look again while that is so.
const SOON: Duration = Duration::from_millis(50);

/// While more than this waits for peers to take it, no more is read from standard input.
const QUEUED: usize = 256 * 1024;

/// A chat that is going on.
pub(crate) struct Session {
    driver: MioDriver,
    screen: Screen,
    inbox: Inbox,
    names: Names,
    absent: Absent,
    interrupts: Interrupts,
    ending: Ending,
    attempts: Attempts,
    /// The addresses that were given by whoever types, and whether somebody was met there. What comes of others is the
    /// network's own affair.
    given: BTreeMap<Address, bool>,
    handlers: Handlers<Screen>,
    /// Since when the person wants to leave.
    quit: Option<Instant>,
    /// Since when the first peer is being joined, until what is piped in may be read.
    joining: Option<Instant>,
}

impl Session {
    /// A chat through `driver`, about to start.
    pub(crate) fn new(
        driver: MioDriver,
        screen: Screen,
        inbox: Inbox,
        names: Names,
        interrupts: Interrupts,
        ending: Ending,
    ) -> Self {
        let mut handlers = Handlers::new();
        // The one type beyond the protocol that the old program knows: it prints it.
        handlers.add("TEST", |screen: &mut Screen, delivery| {
            screen.tell(&Notice::Custom(delivery));
        });
        Self {
            driver,
            screen,
            inbox,
            names,
            absent: Absent::default(),
            interrupts,
            ending,
            attempts: Attempts::default(),
            given: BTreeMap::new(),
            handlers,
            quit: None,
            joining: None,
        }
    }

    /// Joins the network and goes on until the end. The terminal, if there is one, is given back.
    ///
    /// # Errors
    /// What keeps it from going on.
    pub(crate) fn run(
        mut self,
        join: impl Iterator<Item = Address>,
        terminal: Option<&Terminal>,
    ) -> anyhow::Result<Exit> {
        self.start(join);
        let ended = self.until_the_end();
        if let Some(terminal) = terminal {
            self.screen.flush();
            terminal.restore();
            self.screen.leave_prompt();
        }
        if matches!(ended, Ok(Exit::NoPeer)) {
            self.screen.tell(&Notice::Error(
                "nobody was there in time: are the addresses right, and are the others running?",
            ));
        }
        let left = self.leave();
        let exit = ended?;
        left?;
        Ok(exit)
    }

    fn start(&mut self, join: impl Iterator<Item = Address>) {
        let mut joining = false;
        for address in join {
            joining = true;
            self.screen.tell(&Notice::Hint(&format!("joining {address} …")));
            self.join(address);
        }
        if !joining {
            let node = self.driver.node();
            let guide = guide::how_others_join(node.id(), node.config().listening.as_ref());
            self.screen.tell(&Notice::Hint(&guide));
        }
        self.joining = (joining && !self.inbox.is_prompt()).then(clock::now);
        self.inbox.go_on();
    }

    fn until_the_end(&mut self) -> anyhow::Result<Exit> {
        loop {
            self.tell_events();
            let more = self.read_input();
            self.tell_events();
            if self.interrupts.any() {
                return Ok(Exit::Interrupted);
            }
            let now = clock::now();
            if self.quit.is_some_and(|since| !self.is_about_to_be_heard(now, since)) {
                return Ok(Exit::Fine);
            }
            anyhow::ensure!(!self.screen.is_broken(), "nobody reads standard output any more");
            let standing = self.standing();
            let timeout = match self.ending.verdict(now, standing) {
                Verdict::Stay(_) if self.quit.is_some() => Some(SOON),
                Verdict::Leave(exit) => return Ok(exit),
                Verdict::Stay(_) if more => Some(Duration::ZERO),
                Verdict::Stay(_) if self.is_joining(now) => Some(SOON),
                Verdict::Stay(until) => {
                    let until = [until, self.absent.until()].into_iter().flatten().min();
                    until.map(|until| until.saturating_duration_since(now))
                }
            };
            self.driver.poll(timeout)?;
        }
    }

    /// Whether what was said before `/quit` waits for a peer that is just being dialed, or is just on its way to one.
    fn is_about_to_be_heard(&self, now: Instant, since: Instant) -> bool {
        let node = self.driver.node();
        let on_its_way = node.undelivered() > 0 && now.saturating_duration_since(since) < JOINING;
        on_its_way || node.waiting() > 0 && self.is_first_peer_on_its_way(now, since)
    }

    /// Whether nobody is linked yet, but somebody may be any moment: nothing has failed `since`, and that is not long.
    fn is_first_peer_on_its_way(&self, now: Instant, since: Instant) -> bool {
        let (node, stats) = (self.driver.node(), self.driver.node().stats());
        let dialing = node.linked() == 0 && stats.dials > 0 && stats.dials_failed == 0;
        dialing && now.saturating_duration_since(since) < JOINING
    }

    fn leave(&mut self) -> anyhow::Result<()> {
        let unsaid = self.driver.node().waiting();
        if unsaid > 0 {
            self.screen
                .tell(&Notice::Error(&format!("nobody was there to hear what was kept ({unsaid} in all)")));
        }
        let flushed = self.driver.shutdown(FLUSH).context("cannot leave politely")?;
        self.tell_events();
        if !flushed.is_complete() {
            let what = format!(
                "{} bytes could not be sent before leaving: somebody reads too slowly",
                flushed.unsent_bytes
            );
            self.screen.tell(&Notice::Error(&what));
        }
        Ok(())
    }

    fn standing(&self) -> Standing {
        let node = self.driver.node();
        let busy = node.queued() > 0 || self.dials_under_way() > 0;
        let undelivered = node.undelivered() > 0;
        Standing { linked: node.linked(), unsent: node.waiting() > 0, busy, undelivered }
    }

    fn dials_under_way(&self) -> u64 {
        let counters = self.driver.counters();
        let ended = counters.dialed.saturating_add(counters.dials_failed);
        self.driver.node().stats().dials.saturating_sub(ended)
    }

    fn tell_events(&mut self) {
        let now = clock::now();
        while let Some(event) = self.driver.next_event() {
            if let Event::PeerUp { peer, address, .. } = &event {
                self.met(peer, address.as_ref());
            }
            if self.screen.is_for_people() && self.absent.holds_back(now, &event) {
                continue;
            }
            if matches!(event, Event::Waiting { .. } | Event::Left) {
                // It is of importance now who is not here.
                self.tell_absent(None);
            }
            self.tell(&event);
        }
        self.tell_absent(Some(now));
    }

    fn met(&mut self, peer: &PeerId, address: Option<&Address>) {
        self.names.add(peer);
        let Some(address) = address else { return };
        self.attempts.reached(address);
        if let Some(met) = self.given.get_mut(address) {
            *met = true;
        }
    }

    /// Tells who has been gone for too long at `now`, or who is gone at all.
    fn tell_absent(&mut self, now: Option<Instant>) {
        while let Some(event) = self.absent.next(now) {
            self.tell(&event);
        }
    }

    fn tell(&mut self, event: &Event) {
        if let Event::Custom(delivery) = event {
            if self.handlers.dispatch(&mut self.screen, event) == Dispatch::NoHandler {
                let msg_type = delivery.msg_type();
                tracing::debug!(from = %delivery.from(), "ignored: no handler for {msg_type}");
                self.screen.tell(&Notice::Unhandled(delivery));
            }
            return;
        }
        let (mut repeats, mut there, mut asked) = (0, None, true);
        if let Event::PeerDown { peer, reason } = event {
            // Who has parted is in the network still.
            if *reason != DownReason::Parted {
                self.names.remove(peer);
            }
        } else if let Event::Delivered(delivery) | Event::Direct(delivery) = event {
            self.names.add(delivery.from());
        } else if let Event::DialFailed { address, reason, retry_in, .. } = event {
            repeats = self.attempts.failed(clock::now(), address, *reason, *retry_in);
            // Who was met and has gone is missed only where nobody else is.
            let met = self.given.get(address).copied();
            asked = met.is_some_and(|met| !met || self.driver.node().linked() == 0);
            there = self.driver.node().peers().find(|peer| peer.address.as_ref() == Some(address));
        }
        let linked = self.driver.node().linked();
        let there = there.as_ref().map(|peer| &peer.id);
        self.screen.tell(&Notice::Event { event, linked, repeats, there, asked });
    }

    /// Deals with what was typed; whether there may be more already.
    fn read_input(&mut self) -> bool {
        for _ in 0..LINES_PER_TURN {
            if self.quit.is_some() || self.hold_input() {
                return false;
            }
            match self.inbox.next() {
                None => return false,
                Some(Typed::End) => self.ending.input_ended(clock::now()),
                Some(Typed::Interrupt) => {
                    self.interrupts.add();
                }
                Some(Typed::Unusable(why)) => self.screen.tell(&Notice::Error(&why)),
                Some(Typed::Line(line)) => self.take(&line),
            }
            if self.quit.is_some() || self.interrupts.any() {
                return false;
            }
            self.tell_events();
            self.screen.flush_before_prompt();
            self.inbox.go_on();
        }
        true
    }

    /// Whether the first peer is just being joined: what is piped in may be for that very one.
    fn is_joining(&self, now: Instant) -> bool {
        self.joining.is_some_and(|since| self.is_first_peer_on_its_way(now, since))
    }

    /// Whether what is typed has to wait until peers have taken what there is.
    fn hold_input(&mut self) -> bool {
        if self.is_joining(clock::now()) {
            return true;
        }
        self.joining = None;
        let node = self.driver.node();
        let room = node.config().max_queue.min(node.config().max_waiting) / 2;
        let nobody_takes_it = node.waiting() >= room && !self.inbox.is_prompt();
        self.ending.input_held(clock::now(), nobody_takes_it);
        // Old peers take one message at a time, each on a connection of its own.
        let old_peers_are_behind = self.driver.node().queued() >= room;
        nobody_takes_it || old_peers_are_behind || self.driver.queued_bytes() > QUEUED
    }

    fn take(&mut self, line: &str) {
        match Line::parse(line) {
            Ok(Line::Blank) => {}
            Ok(Line::Say(text)) => {
                match self.driver.with_node(|node, now| node.broadcast(now, text.as_str())) {
                    Ok(id) => self.screen.tell(&Notice::Sent { id: &id, to: None, text: &text }),
                    Err(error) => self.fail(&error),
                }
            }
            Ok(Line::Command(command)) => self.carry_out(command),
            Err(error) => self.fail(&error),
        }
    }
}
