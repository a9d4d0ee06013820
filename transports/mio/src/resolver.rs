//! Host names become addresses on threads of their own, as the system's way of asking blocks.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use chinwag::{Address, DialError};

use crate::dialer::DialId;
use crate::handle::Shared;

/// The most questions asked at once whose answers somebody waits for.
const MAX_WANTED: usize = 8;
/// The most questions asked at once, with those that nobody waits for any more: there is no way to take one back, and
/// names that are never answered must not keep others from being asked.
const MAX_THREADS: usize = 32;
/// The most addresses tried of one host.
const MAX_ADDRESSES: usize = 8;

/// How a host's addresses are found out.
pub(crate) type LookUp = dyn Fn(&Address) -> Result<Vec<SocketAddr>, DialError> + Send + Sync;

/// Answers come through a channel and ring the loop's bell. No thread is started before the first host name that is
/// no IP address, and none outlives its question.
pub(crate) struct Resolver {
    look_up: Arc<LookUp>,
    shared: Arc<Shared>,
    answers: Receiver<Answer>,
    sender: Sender<Answer>,
    waiting: VecDeque<(DialId, Address)>,
    /// The questions under way whose answers somebody waits for.
    wanted: BTreeSet<DialId>,
    /// How many questions are under way whose answers nobody waits for any more.
    abandoned: usize,
}

/// What a host name leads to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) dial: DialId,
    /// At least one address, or why there is none.
    pub(crate) addresses: Result<Vec<SocketAddr>, DialError>,
}

impl Resolver {
    /// A resolver that asks `look_up`.
    pub(crate) fn new(shared: Arc<Shared>, look_up: Arc<LookUp>) -> Self {
        let (sender, answers) = channel();
        Self {
            look_up,
            shared,
            answers,
            sender,
            waiting: VecDeque::new(),
            wanted: BTreeSet::new(),
            abandoned: 0,
        }
    }

    /// The address itself, if its host is an IP address and there is nothing to ask.
    pub(crate) fn literal(address: &Address) -> Option<SocketAddr> {
        let ip: IpAddr = address.host().parse().ok()?;
        Some(SocketAddr::new(ip, address.port()))
    }

    /// Asks for the addresses of a host. Exactly one answer comes, unless it is [cancelled](Self::cancel).
    pub(crate) fn ask(&mut self, dial: DialId, address: Address) {
        self.waiting.push_back((dial, address));
        self.start();
    }

    /// Nobody wants the answer any more. One that is being looked for may still come. Follow with
    /// [`start`](Self::start), as there may be room for another question.
    pub(crate) fn cancel(&mut self, dial: DialId) {
        self.waiting.retain(|(waiting, _)| *waiting != dial);
        self.abandoned += usize::from(self.wanted.remove(&dial));
    }

    /// The next answer.
    pub(crate) fn next(&mut self) -> Option<Answer> {
        let answer = self.answers.try_recv().ok()?;
        if !self.wanted.remove(&answer.dial) {
            self.abandoned = self.abandoned.saturating_sub(1);
        }
        self.start();
        Some(answer)
    }

    /// Asks what waits, as far as there is room.
    pub(crate) fn start(&mut self) {
        while self.wanted.len() < MAX_WANTED
            && self.wanted.len() + self.abandoned < MAX_THREADS
            && let Some((dial, address)) = self.waiting.pop_front()
        {
            self.wanted.insert(dial);
            let (sender, shared) = (self.sender.clone(), Arc::clone(&self.shared));
            let look_up = Arc::clone(&self.look_up);
            let asking = thread::Builder::new().name("resolver".to_owned()).spawn(move || {
                // The loop may be gone by now, and then nobody needs the answer.
                let _ = sender.send(Answer { dial, addresses: look_up(&address) });
                shared.doorbell.ring();
            });
            if asking.is_err() {
                let _ = self.sender.send(Answer { dial, addresses: Err(DialError::NoRoom) });
                self.shared.doorbell.ring();
            }
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("wanted", &self.wanted)
            .field("abandoned", &self.abandoned)
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}

/// Asks the system.
pub(crate) fn ask_system(address: &Address) -> Result<Vec<SocketAddr>, DialError> {
    let found = (address.host(), address.port()).to_socket_addrs().map_err(|_| DialError::Unresolvable)?;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for candidate in found {
        if !addresses.contains(&candidate) && addresses.len() < MAX_ADDRESSES {
            addresses.push(candidate);
        }
    }
    if addresses.is_empty() { Err(DialError::Unresolvable) } else { Ok(addresses) }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use mio::Token;

    use super::*;
    use crate::doorbell::{Doorbell, Ear};
    use crate::handle::Mailbox;
    use crate::sockets::{Calls, Hear, Wait};
    use crate::system::{OwnPoll, System};

    fn address(host: &str) -> Address {
        Address::new(host, 1).unwrap()
    }

    /// A resolver for which names that begin with `slow` are answered once for each word of the sender.
    fn slow_resolver() -> (Resolver, Sender<()>, OwnPoll, Ear, Mailbox) {
        let (poll, system) = System::with_own_poll().unwrap();
        let (sound, ear) = system.bell(Token(0)).unwrap();
        let mailbox = Mailbox::new(Doorbell::new(sound), 1);
        let (release, gate) = channel::<()>();
        let gate = Mutex::new(gate);
        let look_up = move |address: &Address| {
            if address.host().starts_with("slow") {
                // The end of the test is as good as a word.
                let _ = gate.lock().unwrap().recv();
            }
            Err(DialError::Unresolvable)
        };
        (Resolver::new(mailbox.shared(), Arc::new(look_up)), release, poll, ear, mailbox)
    }

    #[test]
    fn names_beyond_the_limit_wait_and_answers_wake_the_loop() {
        let (mut resolver, release, mut poll, mut ear, mailbox) = slow_resolver();
        for n in 0..MAX_WANTED as u64 {
            resolver.ask(DialId::new(n), address("slow"));
        }
        resolver.ask(DialId::new(100), address("quick"));
        resolver.ask(DialId::new(101), address("cancelled"));
        resolver.cancel(DialId::new(101));
        assert!(resolver.next().is_none());
        assert_eq!((resolver.wanted.len(), resolver.waiting.len()), (MAX_WANTED, 1));

        let mut answered = Vec::new();
        for _ in 0..MAX_WANTED {
            release.send(()).unwrap();
        }
        while answered.len() < MAX_WANTED + 1 {
            poll.wait(Some(Duration::from_secs(10))).unwrap();
            assert!(poll.events().next().is_some(), "nothing rang, with {answered:?} answered");
            ear.drain();
            mailbox.rearm();
            answered.extend(core::iter::from_fn(|| resolver.next()).map(|answer| answer.dial));
        }
        assert!(answered.contains(&DialId::new(100)) && !answered.contains(&DialId::new(101)));
    }

    #[test]
    fn names_that_are_never_answered_keep_others_waiting_only_until_they_are_given_up() {
        let (mut resolver, _release, mut poll, mut ear, mailbox) = slow_resolver();
        let mut number = 0;
        for _ in 1..MAX_THREADS / MAX_WANTED {
            let slow = number..number + MAX_WANTED as u64;
            slow.clone().for_each(|n| resolver.ask(DialId::new(n), address("slow")));
            let quick = DialId::new(slow.end);
            number = slow.end + 1;
            resolver.ask(quick, address("quick"));
            assert_eq!(resolver.waiting.len(), 1);
            slow.for_each(|n| resolver.cancel(DialId::new(n)));
            resolver.start();
            let answer = loop {
                poll.wait(Some(Duration::from_secs(10))).unwrap();
                assert!(poll.events().next().is_some(), "nothing rang: {resolver:?}");
                ear.drain();
                mailbox.rearm();
                if let Some(answer) = resolver.next() {
                    break answer;
                }
            };
            assert_eq!(answer.dial, quick);
        }
        // However many are given up, there are no more threads than that.
        for n in number..number + 100 {
            resolver.ask(DialId::new(n), address("slow"));
            resolver.cancel(DialId::new(n));
        }
        resolver.start();
        assert_eq!((resolver.wanted.len(), resolver.abandoned), (0, MAX_THREADS));
        resolver.ask(DialId::new(number + 100), address("quick"));
        assert_eq!(resolver.waiting.len(), 1);
    }

    #[test]
    fn ip_addresses_need_no_thread() {
        let literal = |host| Resolver::literal(&address(host)).map(|found| found.to_string());
        assert_eq!(literal("127.0.0.1").as_deref(), Some("127.0.0.1:1"));
        assert_eq!(literal("::1").as_deref(), Some("[::1]:1"));
        assert_eq!(literal("localhost"), None);
    }
}
