//! The simulated system: descriptors, time, and what is on its way.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chinwag::{Seed, Time};
use mio::{Interest, Token};

use super::chance::Chance;
use super::epoll::{Edge, Epoll, State};
use super::fault::{Fault, Faults, Tally};
use super::tcp::Tcp;
use crate::sockets::Readiness;

/// The most that a call takes, in nanoseconds.
const CALL: u64 = 20_000;
/// How many events one wait may bring.
const EVENTS_AT_ONCE: usize = 64;
/// The system's number for "too many open files".
const EMFILE: i32 = if cfg!(windows) { 10024 } else { 24 };

/// A descriptor: the lowest number that is free on its host.
pub(super) type Fd = usize;

/// One machine of the network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct HostId(usize);

/// What a descriptor stands for. These numbers are never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct ObjectId(u64);

#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) chance: Chance,
    pub(super) faults: Faults,
    pub(super) tally: Tally,
    pub(super) capacity: usize,
    pub(super) latency: (Duration, Duration),
    pub(super) now: Time,
    pub(super) objects: BTreeMap<ObjectId, Object>,
    /// Who listens where.
    pub(super) listening: BTreeMap<SocketAddr, ObjectId>,
    hosts: Vec<Machine>,
    next_object: u64,
    on_its_way: BTreeMap<(Time, u64), Arrival>,
    next_arrival: u64,
}

#[derive(Debug)]
struct Machine {
    ip: IpAddr,
    descriptors: Vec<Option<ObjectId>>,
    limit: usize,
    next_port: u16,
}

#[derive(Debug)]
pub(super) struct Object {
    pub(super) host: HostId,
    /// None for a connection that nobody has accepted yet.
    pub(super) fd: Option<Fd>,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Epoll(Epoll),
    /// How often it was rung, and how often that was told.
    Bell(Arc<AtomicU64>, u64),
    /// Where, and those that wait to be accepted.
    Listener(SocketAddr, VecDeque<ObjectId>),
    Tcp(Tcp),
}

/// What arrives some time after it was sent.
#[derive(Debug)]
pub(super) enum Arrival {
    Syn {
        from: ObjectId,
        to: SocketAddr,
    },
    SynAck {
        from: ObjectId,
        to: ObjectId,
    },
    Refusal {
        to: ObjectId,
    },
    Bytes {
        from: ObjectId,
        to: ObjectId,
        bytes: Vec<u8>,
    },
    Fin {
        to: ObjectId,
    },
    Reset {
        to: ObjectId,
    },
    /// The other end has read so many bytes.
    Room {
        to: ObjectId,
        count: usize,
    },
    /// What was held back is told now.
    Told {
        to: ObjectId,
    },
}

impl Kernel {
    pub(super) fn new(seed: Seed) -> Self {
        Self {
            chance: Chance::new(seed),
            faults: Faults::none(),
            tally: Tally::default(),
            capacity: 64 * 1024,
            latency: (Duration::from_micros(50), Duration::from_millis(1)),
            now: Time::ZERO + Duration::from_secs(1),
            objects: BTreeMap::new(),
            listening: BTreeMap::new(),
            hosts: Vec::new(),
            next_object: 0,
            on_its_way: BTreeMap::new(),
            next_arrival: 0,
        }
    }

    pub(super) fn add_host(&mut self) -> HostId {
        let number = u32::try_from(self.hosts.len() + 1).unwrap_or(u32::MAX);
        let ip = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits().saturating_add(number));
        let machine = Machine { ip: ip.into(), descriptors: Vec::new(), limit: 1024, next_port: 40_000 };
        self.hosts.push(machine);
        HostId(self.hosts.len() - 1)
    }

    pub(super) fn ip(&self, host: HostId) -> IpAddr {
        self.hosts[host.0].ip
    }

    pub(super) fn limit_descriptors(&mut self, host: HostId, limit: usize) {
        self.hosts[host.0].limit = limit;
    }

    pub(super) fn open_descriptors(&self) -> usize {
        self.hosts.iter().map(|host| host.descriptors.iter().flatten().count()).sum()
    }

    /// Any port of a host that is free.
    pub(super) fn any_port(&mut self, host: HostId) -> SocketAddr {
        let machine = &mut self.hosts[host.0];
        loop {
            machine.next_port = machine.next_port.checked_add(1).unwrap_or(40_000);
            let address = SocketAddr::new(machine.ip, machine.next_port);
            if !self.listening.contains_key(&address) {
                return address;
            }
        }
    }

    /// Begins a call: time passes, and with it comes what was on its way.
    pub(super) fn call(&mut self) {
        self.tally.calls += 1;
        let took = Duration::from_nanos(self.chance.below(CALL));
        let before = self.on_its_way.len();
        self.advance(self.now + took);
        self.tally.surprises += u64::from(self.on_its_way.len() < before);
    }

    /// Begins a call that a signal may interrupt.
    pub(super) fn interruptible_call(&mut self) -> io::Result<()> {
        self.call();
        if self.strikes(Fault::Interrupted) { Err(ErrorKind::Interrupted.into()) } else { Ok(()) }
    }

    pub(super) fn strikes(&mut self, fault: Fault) -> bool {
        let per_million = self.faults.per_million(fault);
        let does = per_million > 0 && self.chance.below(1_000_000) < u64::from(per_million);
        if does {
            *self.tally.faults.entry(fault).or_default() += 1;
        }
        does
    }

    /// Something new, without a descriptor.
    pub(super) fn add(&mut self, host: HostId, kind: Kind) -> ObjectId {
        let id = ObjectId(self.next_object);
        self.next_object += 1;
        self.objects.insert(id, Object { host, fd: None, kind });
        id
    }

    /// Whether `host` may have one more descriptor.
    pub(super) fn room_for_descriptor(&mut self, host: HostId) -> io::Result<()> {
        let machine = &self.hosts[host.0];
        if machine.descriptors.iter().flatten().count() >= machine.limit || self.strikes(Fault::NoDescriptor)
        {
            return Err(io::Error::from_raw_os_error(EMFILE));
        }
        Ok(())
    }

    /// The lowest descriptor that is free.
    pub(super) fn open(&mut self, id: ObjectId) -> Fd {
        let Some(object) = self.objects.get_mut(&id) else { return Fd::MAX };
        let descriptors = &mut self.hosts[object.host.0].descriptors;
        let fd = descriptors.iter().position(Option::is_none).unwrap_or(descriptors.len());
        if let Some(free) = descriptors.get_mut(fd) {
            *free = Some(id);
            self.tally.reused += 1;
        } else {
            descriptors.push(Some(id));
        }
        object.fd = Some(fd);
        fd
    }

    pub(super) fn close(&mut self, host: HostId, fd: Fd) {
        let Some(id) = self.hosts[host.0].descriptors.get_mut(fd).and_then(Option::take) else { return };
        for epoll in self.epolls(host) {
            epoll.remove(fd);
        }
        self.release(id);
    }

    /// What stands behind a descriptor.
    pub(super) fn id(&self, host: HostId, fd: Fd) -> io::Result<ObjectId> {
        let bad = || io::Error::other("a descriptor that is not open was used");
        self.hosts[host.0].descriptors.get(fd).copied().flatten().ok_or_else(bad)
    }

    pub(super) fn kind(&mut self, host: HostId, fd: Fd) -> io::Result<&mut Kind> {
        let id = self.id(host, fd)?;
        self.objects.get_mut(&id).map(|object| &mut object.kind).ok_or_else(|| ErrorKind::InvalidInput.into())
    }

    fn epoll(&mut self, host: HostId, fd: Fd) -> io::Result<&mut Epoll> {
        match self.kind(host, fd)? {
            Kind::Epoll(epoll) => Ok(epoll),
            Kind::Bell(..) | Kind::Listener(..) | Kind::Tcp(_) => Err(ErrorKind::InvalidInput.into()),
        }
    }

    pub(super) fn register(
        &mut self,
        (host, epoll, fd): (HostId, Fd, Fd),
        token: Token,
        interest: Interest,
        anew: bool,
    ) -> io::Result<()> {
        if matches!(self.kind(host, fd)?, Kind::Tcp(_)) && self.strikes(Fault::NoMemory) {
            return Err(ErrorKind::OutOfMemory.into());
        }
        let epoll = self.epoll(host, epoll)?;
        match (epoll.contains(fd), anew) {
            (true, true) => return Err(ErrorKind::AlreadyExists.into()),
            (false, false) => return Err(ErrorKind::NotFound.into()),
            (true, false) | (false, true) => {}
        }
        epoll.add(fd, token, interest);
        Ok(())
    }

    pub(super) fn deregister(&mut self, host: HostId, epoll: Fd, fd: Fd) -> io::Result<()> {
        if self.epoll(host, epoll)?.remove(fd) { Ok(()) } else { Err(ErrorKind::NotFound.into()) }
    }

    /// Tells those who wait for it that something has changed.
    pub(super) fn notify(&mut self, id: ObjectId, edge: Edge) {
        let Some(object) = self.objects.get(&id) else { return };
        let (host, Some(fd)) = (object.host, object.fd) else { return };
        for epoll in self.epolls(host) {
            epoll.notice(fd, edge);
        }
    }

    /// Whether a wait would bring something.
    pub(super) fn has_events(&mut self, host: HostId, epoll: Fd) -> bool {
        self.hear_bells();
        let Ok(queue) = self.epoll(host, epoll) else { return false };
        let changed: Vec<_> = queue.changed().collect();
        changed.into_iter().any(|(fd, registration)| registration.wants(self.state(host, fd)))
    }

    /// What has changed and is still so.
    pub(super) fn wait(&mut self, host: HostId, epoll: Fd) -> io::Result<Vec<Readiness>> {
        self.interruptible_call()?;
        self.hear_bells();
        let most = if self.strikes(Fault::FewEvents) { 1 } else { EVENTS_AT_ONCE };
        let mut events = Vec::new();
        while events.len() < most
            && let Some((fd, registration)) = self.epoll(host, epoll)?.pop()
        {
            let state = self.state(host, fd);
            if registration.wants(state) {
                self.tally.edges += 1;
                events.push(Readiness {
                    token: registration.token,
                    writable: state.writable && registration.interest.is_writable(),
                    ended: state.broken || (state.read_closed && registration.interest.is_readable()),
                });
            }
        }
        if self.strikes(Fault::FalseAlarm) {
            let registered = self.epoll(host, epoll)?.len() as u64;
            let index = usize::try_from(self.chance.below(registered)).unwrap_or(usize::MAX);
            let (writable, ended) = (self.chance.below(2) == 0, self.chance.below(2) == 0);
            let alarm = self.epoll(host, epoll)?.nth(index);
            events.extend(alarm.map(|it| Readiness { token: it.token, writable, ended }));
        }
        Ok(events)
    }

    /// Sends something, to arrive not before `earliest`, and says when it does.
    pub(super) fn send(&mut self, arrival: Arrival, earliest: Time) -> Time {
        let (least, most) = self.latency;
        let spread = u64::try_from(most.saturating_sub(least).as_nanos()).unwrap_or(u64::MAX);
        let takes = least + Duration::from_nanos(self.chance.below(spread.saturating_add(1)));
        let at = earliest.max(self.now + takes);
        self.schedule(at, arrival);
        at
    }

    pub(super) fn schedule(&mut self, at: Time, arrival: Arrival) {
        self.on_its_way.insert((at, self.next_arrival), arrival);
        self.next_arrival += 1;
    }

    /// When the next of what is on its way arrives.
    pub(super) fn next_arrival(&self) -> Option<Time> {
        self.on_its_way.first_key_value().map(|((at, _), _)| *at)
    }

    /// Lets time pass.
    pub(super) fn advance(&mut self, to: Time) {
        while let Some(first) = self.on_its_way.first_entry()
            && first.key().0 <= to
        {
            let ((at, _), arrival) = first.remove_entry();
            self.now = self.now.max(at);
            self.arrive(arrival);
        }
        self.now = self.now.max(to);
    }

    fn epolls(&mut self, host: HostId) -> impl Iterator<Item = &mut Epoll> {
        self.objects.values_mut().filter(move |object| object.host == host).filter_map(|object| {
            match &mut object.kind {
                Kind::Epoll(epoll) => Some(epoll),
                Kind::Bell(..) | Kind::Listener(..) | Kind::Tcp(_) => None,
            }
        })
    }

    fn state(&self, host: HostId, fd: Fd) -> State {
        let kind = self.id(host, fd).ok().and_then(|id| self.objects.get(&id)).map(|object| &object.kind);
        match kind {
            Some(Kind::Tcp(tcp)) => tcp.state(self.capacity),
            Some(Kind::Listener(_, waiting)) => State { readable: !waiting.is_empty(), ..State::default() },
            Some(Kind::Bell(..)) => State { readable: true, ..State::default() },
            Some(Kind::Epoll(_)) | None => State::default(),
        }
    }

    /// Other threads ring without asking the system.
    fn hear_bells(&mut self) {
        let rung = self.objects.iter_mut().filter_map(|(id, object)| match &mut object.kind {
            Kind::Bell(rung, told) => {
                let rung = rung.load(Ordering::Acquire);
                (core::mem::replace(told, rung) != rung).then_some(*id)
            }
            Kind::Epoll(_) | Kind::Listener(..) | Kind::Tcp(_) => None,
        });
        let rung: Vec<ObjectId> = rung.collect();
        for id in rung {
            self.notify(id, Edge::Readable);
        }
    }
}
