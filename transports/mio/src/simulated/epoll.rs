//! Edge-triggered queues of events, as `man 7 epoll` has them.

use std::collections::{BTreeMap, VecDeque};

use mio::{Interest, Token};

use super::kernel::Fd;

/// What is the case with something that can be registered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// The other end will say no more.
    pub(super) read_closed: bool,
    /// Nothing more goes either way, or there is an error: told whether it was asked for or not.
    pub(super) broken: bool,
}

/// What has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Edge {
    Readable,
    Writable,
    /// All that can be.
    Everything,
}

/// A queue of events, and whose these are.
#[derive(Debug, Default)]
pub(super) struct Epoll {
    registered: BTreeMap<Fd, Registration>,
    /// Those that have changed, in order, once each. Whether they are still ready is looked up when it is told.
    changed: VecDeque<Fd>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Registration {
    pub(super) token: Token,
    pub(super) interest: Interest,
}

impl Registration {
    /// Whether there is anything to tell of `state`.
    pub(super) fn wants(self, state: State) -> bool {
        state.broken
            || (state.readable && self.interest.is_readable())
            || (state.writable && self.interest.is_writable())
    }
}

impl Epoll {
    /// Whether it was not registered before.
    pub(super) fn add(&mut self, fd: Fd, token: Token, interest: Interest) -> bool {
        let is_new = self.registered.insert(fd, Registration { token, interest }).is_none();
        self.push(fd);
        is_new
    }

    pub(super) fn contains(&self, fd: Fd) -> bool {
        self.registered.contains_key(&fd)
    }

    pub(super) fn remove(&mut self, fd: Fd) -> bool {
        self.changed.retain(|changed| *changed != fd);
        self.registered.remove(&fd).is_some()
    }

    pub(super) fn notice(&mut self, fd: Fd, edge: Edge) {
        let Some(registration) = self.registered.get(&fd) else { return };
        let wanted = match edge {
            Edge::Readable => registration.interest.is_readable(),
            Edge::Writable => registration.interest.is_writable(),
            Edge::Everything => true,
        };
        if wanted {
            self.push(fd);
        }
    }

    pub(super) fn changed(&self) -> impl Iterator<Item = (Fd, Registration)> {
        self.changed.iter().filter_map(|fd| Some((*fd, *self.registered.get(fd)?)))
    }

    pub(super) fn pop(&mut self) -> Option<(Fd, Registration)> {
        let fd = self.changed.pop_front()?;
        Some((fd, *self.registered.get(&fd)?))
    }

    pub(super) fn len(&self) -> usize {
        self.registered.len()
    }

    /// The `index`th of those registered.
    pub(super) fn nth(&self, index: usize) -> Option<Registration> {
        self.registered.values().nth(index).copied()
    }

    fn push(&mut self, fd: Fd) {
        if !self.changed.contains(&fd) {
            self.changed.push_back(fd);
        }
    }
}
