//! Links that promise nothing: messages are numbered on them, acknowledged, sent again, and put in order, so that the
//! rest of the node need not know. A stream has no session, and pays nothing.

use core::time::Duration;

use crate::ctx::Ctx;
use crate::node::ChatNode;
use crate::reliable::Reliable;
use crate::timers::{Timer, TimerKey};
use crate::{Control, DownReason, LinkId, Message, Semantics, Time};

/// What is going on at our end of a link without promises.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Session {
    number: u32,
    reliable: Reliable,
    /// Our introduction, until it is answered, and how often it was said again.
    introduction: Option<(Message, u32)>,
    timer: Option<(Time, TimerKey)>,
}

impl Ctx {
    /// Sends one message, so that it arrives.
    pub(crate) fn send(&mut self, link: LinkId, message: Message) {
        match self.sessions.get_mut(&link).filter(|session| session.introduction.is_none()) {
            Some(session) => {
                let number = session.number;
                let bytes = message.encoded().len();
                match session.reliable.send(self.now, message.clone(), bytes) {
                    Ok(Some(place)) => self.send_numbered(link, number, place, message),
                    Ok(None) => {}
                    Err(_) => self.overflown.push(link),
                }
                self.schedule_session(link);
            }
            None => self.send_loosely(link, message),
        }
    }

    /// Sends one message, whether it arrives or not.
    pub(crate) fn send_loosely(&mut self, link: LinkId, message: Message) {
        self.stats.sent = self.stats.sent.saturating_add(1);
        self.out.send_one(link, message);
    }

    /// Says something about the link itself, whether it arrives or not.
    pub(crate) fn tell_loosely(&mut self, link: LinkId, control: Control) {
        self.stats.control = self.stats.control.saturating_add(1);
        self.send_loosely(link, Message::control(control));
    }

    /// Whether a link can take a push of so many bytes now. If not, an announcement must do.
    pub(crate) fn has_room(&self, link: LinkId, bytes: usize) -> bool {
        self.sessions.get(&link).is_none_or(|session| session.reliable.has_room(bytes))
    }

    fn send_numbered(&mut self, link: LinkId, session: u32, number: u64, message: Message) {
        self.send_loosely(link, Message::control(Control::Numbered { session, number, message }));
    }

    fn schedule_session(&mut self, link: LinkId) {
        let Some(session) = self.sessions.get_mut(&link) else { return };
        let next = session.reliable.next_deadline();
        if session.timer.map(|(at, _)| at) == next {
            return;
        }
        if let Some((_, key)) = session.timer.take() {
            self.timers.cancel(key);
        }
        session.timer = next.map(|at| (at, self.timers.set(self.now, at, Timer::Resend(link))));
    }

    fn repeat_introduction(&mut self, link: LinkId) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&link) else { return };
        let Some((message, times)) = &mut session.introduction else { return };
        let again = message.clone();
        let wait = INTRODUCE_AGAIN * (1 << (*times).min(3));
        *times = times.saturating_add(1);
        session.timer = Some((now + wait, self.timers.set(now, now + wait, Timer::Resend(link))));
        self.send_loosely(link, again);
    }
}

impl ChatNode {
    /// We have introduced ourselves on `link`: if that may get lost, says it again until it is answered.
    pub(crate) fn introduced(&mut self, link: LinkId, semantics: Semantics, number: u32, message: Message) {
        if semantics == Semantics::Stream {
            self.ctx.send_loosely(link, message);
            return;
        }
        let introduction = Some((message, 0));
        let session = Session { number, reliable: Reliable::new(), introduction, timer: None };
        self.ctx.sessions.insert(link, session);
        self.ctx.repeat_introduction(link);
    }

    /// The two ends of `link` know each other: from now on what is said arrives.
    pub(crate) fn start_session(&mut self, link: LinkId) {
        let Some(known) = self.links.get(link).filter(|it| it.semantics == Semantics::Datagram) else {
            return;
        };
        let number = known.session;
        self.end_session(link);
        let session = Session { number, reliable: Reliable::new(), introduction: None, timer: None };
        self.ctx.sessions.insert(link, session);
    }

    /// What was known of a link ends with it, as its number may come again.
    pub(crate) fn end_session(&mut self, link: LinkId) {
        if let Some(routes) = self.routes.made() {
            routes.forget_link(link);
        }
        self.views.forget_link(link);
        self.direct.forget_link(link);
        if let Some((_, key)) = self.ctx.sessions.remove(&link).and_then(|session| session.timer) {
            self.ctx.timers.cancel(key);
        }
    }

    /// It is time to say something again on a link, or to acknowledge.
    pub(crate) fn resend(&mut self, link: LinkId) {
        let now = self.ctx.now;
        let Some(session) = self.ctx.sessions.get_mut(&link) else { return };
        session.timer = None;
        if session.introduction.is_some() {
            self.ctx.repeat_introduction(link);
            return;
        }
        if session.reliable.is_hopeless() {
            self.ctx.close(link);
            self.peer_down(link, DownReason::Silent);
            return;
        }
        self.send_ready(link, now);
        self.acknowledge(link, now);
        self.ctx.schedule_session(link);
    }

    fn send_ready(&mut self, link: LinkId, now: Time) {
        while let Some(session) = self.ctx.sessions.get_mut(&link)
            && let Some((place, message)) = session.reliable.next_to_send(now)
        {
            let number = session.number;
            self.ctx.stats.resent = self.ctx.stats.resent.saturating_add(1);
            self.ctx.send_numbered(link, number, place, message);
        }
    }

    fn acknowledge(&mut self, link: LinkId, now: Time) {
        let Some(session) = self.ctx.sessions.get_mut(&link) else { return };
        let number = session.number;
        if let Some((upto, beyond)) = session.reliable.take_acknowledgement(now) {
            self.ctx.tell_loosely(link, Control::Acknowledge { session: number, upto, beyond });
        }
    }

    /// A numbered message came: takes in what is next in order.
    pub(crate) fn receive_numbered(&mut self, link: LinkId, number: u32, place: u64, message: Message) {
        let now = self.ctx.now;
        let Some(session) = self.ctx.sessions.get_mut(&link).filter(|it| it.number == number) else { return };
        session.reliable.receive(now, place, message);
        while let Some(session) = self.ctx.sessions.get_mut(&link).filter(|it| it.number == number)
            && let Some(message) = session.reliable.pop_ready()
        {
            self.receive_native(link, message);
        }
        self.acknowledge(link, now);
        self.ctx.schedule_session(link);
    }

    /// The other end says what has come in.
    pub(crate) fn acknowledged(&mut self, link: LinkId, number: u32, upto: u64, beyond: u64) {
        let now = self.ctx.now;
        let Some(session) = self.ctx.sessions.get_mut(&link).filter(|it| it.number == number) else { return };
        session.reliable.acknowledged(now, upto, beyond);
        self.send_ready(link, now);
        self.ctx.schedule_session(link);
    }

    /// Gives up the links on which more waits than we keep.
    pub(crate) fn end_overflown(&mut self) {
        while let Some(link) = self.ctx.overflown.pop() {
            if self.links.contains(link) {
                self.ctx.close(link);
                self.peer_down(link, DownReason::TooSlow);
            }
        }
    }
}

/// How long an introduction may go without an answer before it is said again, at first.
const INTRODUCE_AGAIN: Duration = Duration::from_millis(250);
