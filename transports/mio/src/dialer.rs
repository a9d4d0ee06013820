//! Dials under way: a few at once, each with a time limit, each address of a host in turn.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use chinwag::{Address, DialError, LinkId, Time};

use crate::connection::Phase;
use crate::error::dial_error;
use crate::links::Links;
use crate::resolver::Resolver;
use crate::sockets::Calls;

/// One dial, whatever addresses it tries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct DialId(u64);

impl DialId {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }
}

/// Every address that is handed to [`dial`](Self::dial) comes out once, of [`progress`](Self::progress) or of
/// [`next_failure`](Self::next_failure).
#[derive(Debug)]
pub(crate) struct Dialer {
    resolver: Resolver,
    waiting: VecDeque<Waiting>,
    active: BTreeMap<DialId, Dial>,
    failures: VecDeque<Failure>,
    next_id: u64,
    max_active: usize,
    max_waiting: usize,
    timeout: Duration,
}

/// A dial that came to nothing.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) address: Address,
    pub(crate) reason: DialError,
}

#[derive(Debug)]
struct Waiting {
    address: Address,
    /// When to give up waiting.
    until: Time,
}

#[derive(Debug)]
struct Dial {
    address: Address,
    /// The addresses of its host that have not been tried.
    untried: VecDeque<SocketAddr>,
    /// The connection that is being made.
    attempt: Option<LinkId>,
    /// When to try the next address.
    attempt_until: Time,
    /// When to give up.
    until: Time,
    /// Why the latest attempt failed.
    reason: DialError,
}

impl Dialer {
    pub(crate) fn new(resolver: Resolver, max_active: usize, max_waiting: usize, timeout: Duration) -> Self {
        Self {
            resolver,
            waiting: VecDeque::new(),
            active: BTreeMap::new(),
            failures: VecDeque::new(),
            next_id: 0,
            max_active,
            max_waiting,
            timeout,
        }
    }

    /// Dials, now or when others are done.
    pub(crate) fn dial<S: Calls>(&mut self, address: Address, links: &mut Links<S>, now: Time) {
        if self.active.len() >= self.max_active && self.waiting.len() >= self.max_waiting {
            self.failures.push_back(Failure { address, reason: DialError::NoRoom });
            return;
        }
        self.waiting.push_back(Waiting { address, until: now + self.timeout / 2 });
        self.start_waiting(links, now);
    }

    /// A connection that is being made may stand: its address, if it does.
    pub(crate) fn progress<S: Calls>(
        &mut self,
        id: DialId,
        links: &mut Links<S>,
        now: Time,
    ) -> Option<Address> {
        let dial = self.active.get_mut(&id)?;
        let link = dial.attempt?;
        let connection = links.get_mut(link)?;
        match connection.connected()? {
            Ok(()) => {
                connection.phase = Phase::Open;
                let dial = self.active.remove(&id)?;
                self.start_waiting(links, now);
                Some(dial.address)
            }
            Err(error) => {
                dial.reason = dial_error(&error);
                self.try_next(id, links, now);
                None
            }
        }
    }

    /// Takes in what was found out about host names.
    pub(crate) fn take_answers<S: Calls>(&mut self, links: &mut Links<S>, now: Time) {
        while let Some(answer) = self.resolver.next() {
            let Some(dial) = self.active.get_mut(&answer.dial) else { continue };
            match answer.addresses {
                Ok(addresses) => dial.untried = addresses.into(),
                Err(reason) => dial.reason = reason,
            }
            self.try_next(answer.dial, links, now);
        }
    }

    /// Goes on with the dials whose time is up.
    pub(crate) fn expire<S: Calls>(&mut self, links: &mut Links<S>, now: Time) {
        let due: Vec<DialId> =
            self.active.iter().filter(|(_, dial)| dial.attempt_until <= now).map(|(id, _)| *id).collect();
        for id in due {
            if let Some(dial) = self.active.get_mut(&id) {
                dial.reason = DialError::TimedOut;
            }
            self.try_next(id, links, now);
        }
        self.resolver.start();
        while self.waiting.front().is_some_and(|waiting| waiting.until <= now)
            && let Some(Waiting { address, .. }) = self.waiting.pop_front()
        {
            self.failures.push_back(Failure { address, reason: DialError::NoRoom });
        }
    }

    /// Gives up all dials.
    pub(crate) fn cancel_all<S: Calls>(&mut self, links: &mut Links<S>) {
        self.waiting.clear();
        for (id, dial) in core::mem::take(&mut self.active) {
            self.resolver.cancel(id);
            if let Some(link) = dial.attempt {
                links.remove(link);
            }
        }
    }

    /// The next dial that came to nothing.
    pub(crate) fn next_failure(&mut self) -> Option<Failure> {
        self.failures.pop_front()
    }

    /// Whether nothing is being dialed and nothing waits to be.
    pub(crate) fn is_idle(&self) -> bool {
        self.active.is_empty() && self.waiting.is_empty()
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        let waiting = self.waiting.front().map(|waiting| waiting.until);
        self.active.values().map(|dial| dial.attempt_until).chain(waiting).min()
    }

    fn start_waiting<S: Calls>(&mut self, links: &mut Links<S>, now: Time) {
        while self.active.len() < self.max_active
            && let Some(Waiting { address, .. }) = self.waiting.pop_front()
        {
            let id = DialId::new(self.next_id);
            self.next_id += 1;
            let until = now + self.timeout;
            let literal = Resolver::literal(&address);
            let dial = Dial {
                address: address.clone(),
                untried: literal.into_iter().collect(),
                attempt: None,
                attempt_until: until,
                until,
                reason: DialError::Unresolvable,
            };
            self.active.insert(id, dial);
            if literal.is_some() {
                self.try_next(id, links, now);
            } else {
                self.resolver.ask(id, address);
            }
        }
    }

    /// Drops the attempt under way, if any, and makes the next one, or gives the dial up.
    fn try_next<S: Calls>(&mut self, id: DialId, links: &mut Links<S>, now: Time) {
        let Some(dial) = self.active.get_mut(&id) else { return };
        if let Some(link) = dial.attempt.take() {
            links.remove(link);
        }
        while now < dial.until
            && let Some(target) = dial.untried.pop_front()
        {
            if !links.make_room(usize::MAX) {
                dial.reason = DialError::NoRoom;
                break;
            }
            match links.sockets.connect(target).and_then(|stream| links.insert(stream, Phase::Dialing(id))) {
                Ok(link) => {
                    let shares = u32::try_from(dial.untried.len()).unwrap_or(u32::MAX).saturating_add(1);
                    dial.attempt = Some(link);
                    dial.attempt_until = now + dial.until.saturating_since(now) / shares;
                    return;
                }
                Err(error) => dial.reason = dial_error(&error),
            }
        }
        if let Some(dial) = self.active.remove(&id) {
            self.resolver.cancel(id);
            self.failures.push_back(Failure { address: dial.address, reason: dial.reason });
        }
        self.start_waiting(links, now);
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;

    use mio::Token;

    use super::*;
    use crate::connection::Limits;
    use crate::doorbell::Doorbell;
    use crate::handle::Mailbox;
    use crate::sockets::Wait;
    use crate::system::System;

    #[test]
    fn the_addresses_of_a_host_are_tried_in_turn_until_one_answers() {
        let refuses = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let answers = listener.local_addr().unwrap();

        let (mut poll, system) = System::with_own_poll().unwrap();
        let (sound, _ear) = system.bell(Token(0)).unwrap();
        let doorbell = Doorbell::new(sound);
        let mailbox = Mailbox::new(doorbell, 1);
        let resolver =
            Resolver::new(mailbox.shared(), Arc::new(move |_| Ok(vec![refuses, refuses, answers])));
        let mut dialer = Dialer::new(resolver, 1, 0, Duration::from_secs(10));
        let limits = Limits { max_frame: 2048, max_queue: 2048 };
        let mut links = Links::new(system, 1, 1, limits, Duration::ZERO);

        let host = Address::new("host", 1).unwrap();
        dialer.dial(host.clone(), &mut links, Time::ZERO);
        let mut reached = None;
        let mut ready = Vec::new();
        while reached.is_none() {
            poll.wait(Some(Duration::from_secs(10))).unwrap();
            assert!(poll.events().next().is_some(), "nothing happens any more");
            for link in poll.events().filter_map(|event| links.at(event.token).map(|it| it.link)) {
                ready.push(link);
            }
            dialer.take_answers(&mut links, Time::ZERO);
            for link in ready.drain(..) {
                if let Some(Phase::Dialing(id)) = links.get(link).map(|it| it.phase) {
                    reached = reached.or(dialer.progress(id, &mut links, Time::ZERO));
                }
            }
            assert!(dialer.next_failure().is_none());
        }
        assert_eq!(reached, Some(host));
        assert!(dialer.is_idle());
        assert_eq!(links.len(), 1);
    }
}
