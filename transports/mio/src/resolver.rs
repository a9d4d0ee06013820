//! Host names become addresses on threads of their own, as the system's way of asking blocks.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use chinwag::{Address, DialError};

use crate::dialer::DialId;
use crate::handle::Shared;

/// The most questions asked at once: a name that takes long to answer keeps few others waiting.
const MAX_THREADS: usize = 4;
/// The most addresses tried of one host.
const MAX_ADDRESSES: usize = 8;

/// Answers come through a channel and ring the loop's bell. No thread is started before the first host name that is
/// no IP address, and none outlives its question.
#[derive(Debug)]
pub(crate) struct Resolver {
    shared: Arc<Shared>,
    answers: Receiver<Answer>,
    sender: Sender<Answer>,
    waiting: VecDeque<(DialId, Address)>,
    running: usize,
}

/// What a host name leads to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) dial: DialId,
    /// At least one address, or why there is none.
    pub(crate) addresses: Result<Vec<SocketAddr>, DialError>,
}

impl Resolver {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let (sender, answers) = channel();
        Self { shared, answers, sender, waiting: VecDeque::new(), running: 0 }
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

    /// Nobody wants the answer any more. One that is being looked for may still come.
    pub(crate) fn cancel(&mut self, dial: DialId) {
        self.waiting.retain(|(waiting, _)| *waiting != dial);
    }

    /// The next answer.
    pub(crate) fn next(&mut self) -> Option<Answer> {
        let answer = self.answers.try_recv().ok()?;
        self.running = self.running.saturating_sub(1);
        self.start();
        Some(answer)
    }

    fn start(&mut self) {
        while self.running < MAX_THREADS
            && let Some((dial, address)) = self.waiting.pop_front()
        {
            self.running += 1;
            let (sender, shared) = (self.sender.clone(), Arc::clone(&self.shared));
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

fn look_up(address: &Address) -> Result<Vec<SocketAddr>, DialError> {
    let found = (address.host(), address.port()).to_socket_addrs().map_err(|_| DialError::Unresolvable)?;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for candidate in found {
        if !addresses.contains(&candidate) && addresses.len() < MAX_ADDRESSES {
            addresses.push(candidate);
        }
    }
    if addresses.is_empty() { Err(DialError::Unresolvable) } else { Ok(addresses) }
}
