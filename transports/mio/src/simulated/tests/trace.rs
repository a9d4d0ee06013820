//! What a driver says, hears and tells is the same on the machine's own sockets and on simulated ones.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use chinwag::framing::Decoder;
use chinwag::{Address, Config, Content, Epoch, Event, Hello, Message, Native, PeerId, Seed};

use super::watched::Watched;
use crate::simulated::{Fault, Faults, Internet};
use crate::sockets::{Calls, Stream};
use crate::system::System;
use crate::{MioDriver, Options};

/// How long anything may take: minutes of the virtual clock pass at once.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest frame of this test.
const MAX_FRAME: usize = 64 * 1024;

type Drivers<S> = Vec<MioDriver<Watched<S>>>;

/// A system on which a scene is played.
struct Stage<S: Calls, New: Fn() -> (S::Poll, S), Turn: FnMut(&mut Drivers<S>)> {
    /// Another queue of events on it.
    new: New,
    turn: Turn,
    bind: String,
    drivers: Drivers<S>,
    told: Vec<String>,
}

impl<S: Calls, New: Fn() -> (S::Poll, S), Turn: FnMut(&mut Drivers<S>)> Stage<S, New, Turn> {
    fn play(mut self) -> Vec<String> {
        self.refusal();
        self.talk();
        self.strangers();
        self.told
    }

    fn add(&mut self, name: &str) -> Address {
        let (poll, sockets) = Watched::with_poll((self.new)());
        let config = Config::new(PeerId::new(name).unwrap(), Epoch::new(1));
        let seed = Seed::new(self.drivers.len() as u64);
        let options = Options::default();
        let mut driver = MioDriver::on(sockets, Some(poll), 0..usize::MAX, config, seed, options).unwrap();
        let address = driver.listen(&self.bind, None).unwrap();
        self.drivers.push(driver);
        address
    }

    /// Turns until `done`; what the drivers tell meanwhile is taken down.
    fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let limit = self.drivers[0].now() + PATIENCE;
        while !done(self) {
            assert!(self.drivers[0].now() < limit, "waited too long for {what}: {:#?}", self.told);
            (self.turn)(&mut self.drivers);
            self.take_events();
        }
    }

    fn take_events(&mut self) {
        for driver in &mut self.drivers {
            while let Some(event) = driver.next_event() {
                let name = driver.node().id();
                self.told.extend(shown(&event).map(|event| format!("{name} is told {event}")));
            }
        }
    }

    fn until_told(&mut self, what: &str) {
        self.until(what, |it| it.told.iter().any(|told| told.contains(what)));
    }

    /// What each driver's connections carried, and the end of the drivers.
    fn finish(&mut self) {
        self.take_events();
        for driver in self.drivers.drain(..) {
            let name = driver.node().id();
            let counters = driver.counters();
            let (accepted, dialed, failed) = (counters.accepted, counters.dialed, counters.dials_failed);
            self.told.push(format!("{name} accepted {accepted}, dialed {dialed}, of which {failed} failed"));
            for passed in driver.links.sockets.log.borrow().iter() {
                let (sent, received) = (frames(&passed.sent), frames(&passed.received));
                let how = if passed.dialed { "dialed" } else { "accepted" };
                self.told.push(format!("{name} {how}: sent {sent:?}, received {received:?}"));
            }
        }
    }

    /// One peer, who tries to reach one that is not there.
    fn refusal(&mut self) {
        let (_, at_bob) = (self.add("ann"), self.add("bob"));
        self.drivers.truncate(1);
        self.drivers[0].with_node(|node, now| node.join(now, at_bob)).unwrap();
        self.until_told("ann is told DialFailed");
        self.drivers[0].with_node(|node, now| node.leave(now));
        self.until("ann to be gone", |it| it.drivers[0].is_finished());
        self.finish();
    }

    /// Two peers, who talk.
    fn talk(&mut self) {
        let (at_ann, _) = (self.add("ann"), self.add("bob"));
        self.drivers[1].with_node(|node, now| node.join(now, at_ann)).unwrap();
        self.until("both to be linked", |it| it.drivers.iter().all(|driver| driver.node().linked() == 1));
        // What newcomers ask for overlaps with what is said at that moment, or not.
        let quiet_for = Duration::from_millis(400);
        let mut latest = (0, self.drivers[0].now());
        self.until("the newcomer to have asked for all", |it| {
            let now = it.drivers[0].now();
            let bytes = it.drivers.iter().map(|it| it.counters().bytes_in).sum();
            latest = if bytes == latest.0 { latest } else { (bytes, now) };
            now.saturating_since(latest.1) >= quiet_for
        });
        for number in 0..3 {
            let speaker = number % 2;
            let long = "x".repeat(number * 20_000);
            let text = format!("{number}{long}");
            self.drivers[speaker].with_node(|node, now| node.broadcast(now, text)).unwrap();
            self.until_told(&format!("says {number}"));
        }
        let bob = PeerId::new("bob").unwrap();
        self.drivers[0].with_node(|node, now| node.direct(now, &bob, "psst")).unwrap();
        self.until_told("bob is told Direct");
        self.until_told("ann is told Arrived");
        self.drivers[1].with_node(|node, now| node.leave(now));
        self.until("bob to be gone", |it| it.drivers[1].is_finished() && it.drivers[0].node().linked() == 0);
        self.drivers[0].with_node(|node, now| node.leave(now));
        self.until("ann to be gone", |it| it.drivers[0].is_finished());
        self.finish();
    }

    /// One peer, and others who come one after the other and say what they like.
    fn strangers(&mut self) {
        let at_ann = self.add("ann");
        let at = SocketAddr::new(at_ann.host().parse().unwrap(), at_ann.port());
        let ping = ping("eve");
        let half = ping.len() / 2;
        self.stranger(at, "all in one piece", &[&ping]);
        self.stranger(at, "in two pieces", &[&ping[..half], &ping[half..]]);
        self.stranger(at, "half of it", &[&ping[..half]]);
        self.stranger(at, "nothing", &[]);
        self.stranger(at, "nonsense", &[b"nonsense\n", &ping]);
        self.stranger(at, "much nonsense", &[&b"nonsense\n".repeat(20)]);
        self.stranger(at, "too much", &[&[b'x'; 2 * MAX_FRAME]]);
        self.drivers[0].with_node(|node, now| node.leave(now));
        self.until("ann to be gone", |it| it.drivers[0].is_finished());
        self.finish();
    }

    fn stranger(&mut self, at: SocketAddr, who: &str, says: &[&[u8]]) {
        let (_poll, sockets) = (self.new)();
        let mut stream = sockets.connect(at).unwrap();
        let accepted = self.drivers[0].counters().accepted + 1;
        self.until("the stranger to be let in", |it| {
            it.drivers[0].counters().accepted == accepted && stream.peer_addr().is_ok()
        });
        let mut written = self.drivers[0].counters().bytes_in;
        let mut is_broken = false;
        for mut rest in says.iter().copied() {
            written += rest.len() as u64;
            self.until("all to be read, or the end", |it| {
                match stream.write(rest) {
                    _ if rest.is_empty() => {}
                    Ok(count) => rest = &rest[count..],
                    Err(error) => is_broken |= !is_patient(error.kind()),
                }
                is_broken || it.drivers[0].counters().bytes_in == written || it.drivers[0].connections() == 0
            });
        }
        while stream.shutdown_write().is_err_and(|error| error.kind() == ErrorKind::Interrupted) {}
        let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
        self.until("the end of what the stranger is told", |_| {
            loop {
                match stream.read(&mut buffer) {
                    Ok(0) => return true,
                    Ok(count) => heard.extend_from_slice(&buffer[..count]),
                    Err(error) => return !is_patient(error.kind()),
                }
            }
        });
        drop(stream);
        self.until("the stranger to be gone", |it| it.drivers[0].connections() == 0);
        self.told.push(format!("who says {who} hears {:?}", frames(&heard)));
    }
}

fn is_patient(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn ping(name: &str) -> Vec<u8> {
    let native = Some(Native::new(Epoch::new(1)));
    let hello = Hello { listening: None, native, others: Vec::new() };
    let message = Message::new(PeerId::new(name).unwrap(), "now".into(), Content::Ping(hello));
    [message.encoded(), &b"\n"[..]].concat()
}

/// The frames that do not depend on when something happens: keep-alive and upkeep do.
fn frames(bytes: &[u8]) -> Vec<String> {
    let mut decoder = Decoder::new(MAX_FRAME);
    decoder.push(bytes);
    let decoded = core::iter::from_fn(|| decoder.next());
    let shown = decoded.filter_map(|decoded| match decoded {
        Ok(message) => match (message.content(), message.post()) {
            (Content::Control(_), None) => None,
            (content, post) => {
                let text =
                    post.and_then(|post| Some(post.body.as_text()?.chars().take(8).collect::<String>()));
                Some(format!("{} {} {}", message.originator(), name(content), text.unwrap_or_default()))
            }
        },
        Err(error) => Some(name(&error)),
    });
    shown.collect()
}

/// An event, without what depends on when it happens.
fn shown(event: &Event) -> Option<String> {
    match event {
        Event::Delivered(delivery) => {
            let text: String = delivery.body().as_text()?.chars().take(8).collect();
            Some(format!("{} says {text}", delivery.from()))
        }
        Event::PeerUp { peer, .. } => Some(format!("PeerUp {peer}")),
        Event::PeerDown { peer, reason } => Some(format!("PeerDown {peer} {reason:?}")),
        Event::DialFailed { reason, .. } => Some(format!("DialFailed {reason:?}")),
        other => Some(name(other)),
    }
}

/// The name of a variant.
fn name(variant: &impl std::fmt::Debug) -> String {
    format!("{variant:?}").chars().take_while(|it| it.is_alphanumeric()).collect()
}

fn on_the_machines_own() -> Vec<String> {
    let turn = |drivers: &mut Drivers<System>| {
        for driver in drivers {
            driver.poll(Some(Duration::from_millis(1))).unwrap();
        }
    };
    let new = || System::with_own_poll().unwrap();
    Stage { new, turn, bind: "127.0.0.1:0".to_owned(), drivers: Vec::new(), told: Vec::new() }.play()
}

fn on_simulated_ones(seed: u64, faults: Faults) -> Vec<String> {
    let internet = Internet::new(Seed::new(seed));
    let host = internet.host();
    internet.set_faults(faults);
    let bind = format!("{}:0", host.ip());
    let turn = |drivers: &mut Drivers<_>| {
        internet.turn_on(drivers, |it| crate::simulated::Host::has_events(&it.inner)).unwrap();
    };
    let new = || host.open_poll().unwrap();
    let told = Stage { new, turn, bind, drivers: Vec::new(), told: Vec::new() }.play();
    assert_eq!(internet.open_descriptors(), 0);
    told
}

#[test]
fn the_same_scenes_go_the_same_way_on_simulated_sockets_as_on_the_machines_own() {
    let real = on_the_machines_own();
    assert!(real.len() > 20, "{real:#?}");
    assert_same(&real, &on_simulated_ones(0, Faults::none()), 0);
    for seed in 1..20 {
        let harmless = [Fault::FalseAlarm, Fault::FewEvents, Fault::PartialWrite, Fault::Pieces];
        let faults = harmless.into_iter().fold(Faults::none(), |faults, fault| faults.with(fault, 0.3));
        assert_same(&real, &on_simulated_ones(seed, faults), seed);
    }
}

fn assert_same(real: &[String], simulated: &[String], seed: u64) {
    let first = real.iter().zip(simulated).find(|(one, other)| one != other);
    assert!(first.is_none(), "seed {seed}: the machine's own, and the simulated: {first:#?}");
    assert_eq!(real.len(), simulated.len(), "seed {seed}");
}
