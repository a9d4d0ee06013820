//! One turn of the loop: what the sockets, the clock and other threads brought, in small helpings for each.

use chinwag::{Input, LinkEnd, LinkId, Semantics, Time};
use mio::Token;
use mio::event::Event;

use crate::connection::{Phase, ReadStep};
use crate::listener::Listener;
use crate::sockets::{Hear, Readiness, Sockets};
use crate::{MioDriver, System};

impl MioDriver<System> {
    /// Whether an event with this token is for this driver.
    #[must_use]
    pub fn owns(&self, token: Token) -> bool {
        self.tokens.contains(&token.0)
    }

    /// Takes in an event of the `Poll` this driver lives in. Others' events are ignored, and so may be false alarms.
    pub fn on_event(&mut self, event: &Event) {
        if self.owns(event.token()) {
            self.take_in(event.into());
        }
    }
}

impl<S: Sockets> MioDriver<S> {
    /// Takes in an event with one of this driver's tokens.
    pub(crate) fn take_in(&mut self, event: Readiness) {
        let token = event.token;
        if token.0 == self.tokens.start {
            self.ear.drain();
        } else if token.0 == self.tokens.start + 1 {
            if let Some(listener) = &mut self.listener {
                listener.mark_ready();
            }
        } else if let Some(connection) = self.links.at(token) {
            let link = connection.link;
            if event.ended {
                connection.note_end();
            }
            if event.writable {
                connection.unblock();
                self.links.mark_dirty(link);
            }
            // A dial has been answered when its socket can be written; an error is what a read will find.
            self.links.mark_ready(link);
        }
    }

    /// Does what is due. Call it after the events of each wait, and whenever the deadline has passed.
    pub fn on_turn(&mut self) {
        self.counters.turns += 1;
        self.take_commands();
        let now = self.now();
        self.dialer.take_answers(&mut self.links, now);
        self.settle(now);
        self.accept();
        self.serve_ready();
        self.expire();
        self.close_all_after_leaving();
        self.flush();
    }

    /// When there is something to do without any event; a time that is past means at once.
    pub(crate) fn next_due(&self) -> Option<Time> {
        let paused = self.is_paused();
        if self.more_commands || self.links.any_dirty() || (self.links.any_ready() && !paused) {
            return Some(Time::ZERO);
        }
        let deadlines = [
            self.node.next_deadline(),
            self.dialer.next_deadline(),
            self.links.next_deadline(),
            self.listener.as_ref().filter(|_| !paused).and_then(Listener::next_due),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Writes what is queued, many frames at a time.
    pub(crate) fn flush(&mut self) {
        let now = self.now();
        let mut list = core::mem::take(&mut self.spare_list);
        self.links.take_dirty(&mut list);
        for link in list.drain(..) {
            self.links.flush(link, now, &mut self.counters);
        }
        self.spare_list = list;
    }

    /// Whether so many events wait for the application that links are not read.
    fn is_paused(&self) -> bool {
        self.events.len() >= self.options.max_events
    }

    fn take_commands(&mut self) {
        self.mailbox.rearm();
        // Before the commands, so that whoever asks sees what came of those given before.
        let is_asked = self.mailbox.take_question();
        self.more_commands = true;
        for _ in 0..self.options.max_commands {
            let Some(command) = self.mailbox.next() else {
                self.more_commands = false;
                break;
            };
            let now = self.now();
            self.feed(now, Input::Command(command));
        }
        if self.mailbox.take_shutdown() {
            self.with_node(|node, now| node.leave(now));
        }
        if is_asked {
            self.mailbox.answer(self.snapshot());
        }
    }

    fn accept(&mut self) {
        for _ in 0..self.options.accepts_per_turn {
            let now = self.now();
            let paused = self.is_paused();
            let due = |it: &&mut Listener<S>| !paused && it.next_due().is_some_and(|due| due <= now);
            let Some(listener) = self.listener.as_mut().filter(due) else { return };
            let Some(stream) = listener.accept(now, &mut self.counters) else { continue };
            let room = self.links.make_room(self.options.max_links) || self.take_a_silent_place(now);
            match room.then(|| self.links.insert(stream, Phase::Open)) {
                Some(Ok(link)) => {
                    self.counters.accepted += 1;
                    self.links.expect_word(link, now);
                    self.feed(now, Input::LinkUp { link, dialed: None, semantics: Semantics::Stream });
                }
                Some(Err(_)) | None => self.counters.refused += 1,
            }
        }
    }

    /// Makes room for a newcomer at the cost of one that has had time to say something and has not: those who only
    /// sit there could keep everybody else out.
    fn take_a_silent_place(&mut self, now: Time) -> bool {
        let Some(link) = self.links.longest_silent(now) else { return false };
        self.links.remove(link);
        self.counters.refused += 1;
        self.feed(now, Input::LinkDown { link, end: LinkEnd::Broken });
        self.links.make_room(self.options.max_links)
    }

    /// Gives each link that may have something its turn.
    fn serve_ready(&mut self) {
        let mut list = core::mem::take(&mut self.spare_list);
        self.links.take_ready(&mut list);
        for link in list.drain(..) {
            self.serve(link);
        }
        self.spare_list = list;
    }

    fn serve(&mut self, link: LinkId) {
        let Some(connection) = self.links.get(link) else { return };
        match connection.phase {
            Phase::Dialing(dial) => {
                let now = self.now();
                if let Some(address) = self.dialer.progress(dial, &mut self.links, now) {
                    self.counters.dialed += 1;
                    let dialed = Some(address);
                    self.feed(now, Input::LinkUp { link, dialed, semantics: Semantics::Stream });
                    self.read(link);
                } else {
                    self.settle(now);
                }
            }
            Phase::Open if self.is_paused() => self.links.mark_ready(link),
            Phase::Open | Phase::Closing { .. } => self.read(link),
        }
    }

    /// Reads until there is no more, or until it is the next link's turn.
    fn read(&mut self, link: LinkId) {
        let mut budget = self.options.read_budget;
        loop {
            let Some(connection) = self.links.get_mut(link) else { return };
            match connection.read(&mut self.scratch, &mut self.counters) {
                ReadStep::Bytes(count) => {
                    let is_drained = connection.is_drained(count, self.scratch.len());
                    self.feed_messages(link);
                    if is_drained {
                        return;
                    }
                    budget = budget.saturating_sub(count);
                    if budget == 0 {
                        self.links.mark_ready(link);
                        return;
                    }
                }
                ReadStep::Blocked => return,
                ReadStep::Ended => return self.other_end_finished(link),
                ReadStep::Broken => return self.broke(link),
            }
        }
    }

    fn feed_messages(&mut self, link: LinkId) {
        let now = self.now();
        while let Some(decoded) = self.links.get_mut(link).and_then(|connection| connection.next_message()) {
            self.counters.frames_in += 1;
            self.links.heard(link);
            let input = match decoded {
                Ok(message) => Input::Received { link, message },
                Err(error) => Input::Malformed { link, error },
            };
            self.feed(now, input);
        }
    }

    /// The other end says no more, though it may still listen: what is queued for it goes out.
    fn other_end_finished(&mut self, link: LinkId) {
        let now = self.now();
        let Some(connection) = self.links.get_mut(link) else { return };
        if connection.phase == Phase::Open {
            if let Some(error) = connection.finish_reading() {
                self.counters.frames_in += 1;
                self.feed(now, Input::Malformed { link, error });
            }
            self.feed(now, Input::LinkDown { link, end: LinkEnd::Closed });
            self.links.close(link, now);
        }
        self.links.mark_dirty(link);
    }

    fn broke(&mut self, link: LinkId) {
        let open = self.links.get(link).is_some_and(|connection| connection.phase == Phase::Open);
        let unsent = self.links.remove(link);
        if open {
            let now = self.now();
            self.feed(now, Input::LinkDown { link, end: LinkEnd::Broken });
        } else {
            self.counters.cut_short += u64::from(unsent > 0);
        }
    }

    fn expire(&mut self) {
        let now = self.now();
        self.dialer.expire(&mut self.links, now);
        self.links.expire(now, &mut self.counters);
        if self.node.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.feed(now, Input::Tick);
        }
        self.settle(now);
    }

    /// Once the node has left, nothing is worth a socket but what is still to be sent.
    fn close_all_after_leaving(&mut self) {
        if !self.node.has_left() || self.closing_all {
            return;
        }
        self.closing_all = true;
        if let Some(listener) = self.listener.take() {
            listener.close(&self.links.sockets);
        }
        self.dialer.cancel_all(&mut self.links);
        let now = self.now();
        self.links.close_all(now);
    }
}
