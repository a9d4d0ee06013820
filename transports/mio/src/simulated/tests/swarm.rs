//! Small networks by the hundred, each from its seed: while all goes wrong they talk, and once it goes right again
//! everybody has heard everything, once and in order, and nothing is left.

use std::collections::BTreeMap;
use std::time::Duration;

use super::watched::{Mistake, Watched};
use crate::simulated::{Fault, Faults, Host, Internet, Tally};
use crate::sockets::Calls;
use crate::{Counters, MioDriver, Options};
use chinwag::{Address, Config, Epoch, Event, PeerId, Seed};

type Driver = MioDriver<Watched<Host>>;

const SEEDS: u64 = 300;
const GENTLE_SEEDS: u64 = 100;
/// For how long all goes wrong.
const TROUBLE: Duration = Duration::from_secs(8);
/// How long all may take that comes after.
const PEACE: Duration = Duration::from_secs(400);
/// So many turns in a second of the virtual clock, for one driver, mean that it goes round and does nothing.
const BUSY: f64 = 5_000.0;
/// By when everybody has heard something, where nothing holds it back for long.
const PROMPT: Duration = Duration::from_millis(100);
/// No network needs as many turns.
const MOST_TURNS: u64 = 1_000_000;

/// What somebody heard of each author, by number.
type Heard = BTreeMap<String, Vec<u32>>;

/// Some network, and what everybody heard of whom.
pub(crate) struct Swarm {
    internet: Internet,
    drivers: Vec<Driver>,
    heard: Vec<Heard>,
    said: Vec<u32>,
    /// How many times somebody was not linked any more.
    lost: u64,
    /// How many times somebody was told that something from before the first contact will not come.
    gaps: u64,
    addresses: Vec<Address>,
    /// The host that several share.
    shared: Host,
    draws: (Seed, u64),
}

impl Swarm {
    /// The network of this seed, of drivers that make this mistake, if any.
    pub(crate) fn new(seed: u64, mistake: Option<Mistake>) -> Self {
        let seed = Seed::new(seed);
        let internet = Internet::new(seed);
        let shared = internet.host();
        let mut swarm = Self {
            internet,
            drivers: Vec::new(),
            heard: Vec::new(),
            said: Vec::new(),
            lost: 0,
            gaps: 0,
            addresses: Vec::new(),
            shared,
            draws: (seed, 0),
        };
        let capacity = 1 << (9 + swarm.below(9));
        swarm.internet.set_capacity(capacity);
        let slowest = Duration::from_micros(100 << swarm.below(9));
        swarm.internet.set_latency(Duration::from_micros(20)..=slowest);
        // Some share one host, and so its table of descriptors.
        let shared = swarm.shared.clone();
        for number in 0..2 + swarm.below(4) {
            let host = if swarm.below(2) == 0 { shared.clone() } else { swarm.internet.host() };
            swarm.add(&host, &format!("peer{number}"), mistake);
        }
        swarm
    }

    fn add(&mut self, host: &Host, name: &str, mistake: Option<Mistake>) {
        let mut config = Config::new(PeerId::new(name).unwrap(), Epoch::new(1));
        config.catch_up = 1000;
        // Longer than an author may be cut off from everybody: what is given up earlier is told as a gap.
        config.gap_patience = TROUBLE * 4;
        let options = Options {
            read_budget: 1 << self.below(17),
            accepts_per_turn: 1 + usize::try_from(self.below(4)).unwrap(),
            ..Options::default()
        };
        let seed = Seed::new(self.below(u64::MAX));
        let (own_poll, sockets) = Watched::new(host.clone(), mistake).open_poll().unwrap();
        let mut driver =
            MioDriver::on(sockets, Some(own_poll), 0..usize::MAX, config, seed, options).unwrap();
        let at = driver.listen(&format!("{}:0", host.ip()), None).unwrap();
        if !self.drivers.is_empty() {
            let earlier = usize::try_from(self.below(self.drivers.len() as u64)).unwrap();
            let known = self.addresses[earlier].clone();
            driver.with_node(|node, now| node.join(now, known)).unwrap();
            self.drivers[earlier].with_node(|node, now| node.join(now, at.clone())).unwrap();
        }
        self.addresses.push(at);
        self.drivers.push(driver);
        self.heard.push(BTreeMap::new());
        self.said.push(0);
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.draws.1 += 1;
        self.draws.0.derive(u64::MAX - self.draws.1).get() % bound
    }

    /// Some faults often, some seldom, some not at all.
    fn some_faults(&mut self) -> Faults {
        Fault::ALL.into_iter().fold(Faults::none(), |faults, fault| {
            let often = match fault {
                Fault::Interrupted | Fault::FalseAlarm | Fault::FewEvents => 0.2,
                Fault::LateRead | Fault::LateWrite => 0.2,
                Fault::PartialWrite | Fault::Pieces | Fault::UnreadLost => 0.8,
                Fault::Reset => 0.01,
                _ => 0.3,
            };
            let share = [0.0, 0.1, 0.5, 1.0][usize::try_from(self.below(4)).unwrap()];
            faults.with(fault, often * share)
        })
    }

    fn say_something(&mut self, scale: u64) {
        let who = usize::try_from(self.below(self.drivers.len() as u64)).unwrap();
        let length = usize::try_from(1 << self.below(scale)).unwrap();
        let text = format!("{} {}", self.said[who], "x".repeat(length));
        self.drivers[who].with_node(|node, now| node.broadcast(now, text)).unwrap();
        self.said[who] += 1;
    }

    /// Turns until `done`, and takes down what everybody hears; whether it came to that.
    fn run(&mut self, limit: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let until = self.internet.now() + limit;
        loop {
            for (driver, heard) in self.drivers.iter_mut().zip(&mut self.heard) {
                while let Some(event) = driver.next_event() {
                    self.lost += u64::from(matches!(event, Event::PeerDown { .. }));
                    self.gaps += u64::from(matches!(event, Event::Gap { .. }));
                    note(heard, &event);
                }
            }
            if done(self) {
                return true;
            }
            let moves = self.internet.turn_on(&mut self.drivers, |it| it.inner.has_events()).unwrap();
            if !moves || self.internet.now() >= until || self.turns() > MOST_TURNS {
                return false;
            }
        }
    }

    /// What everybody should have heard in the end.
    fn expected(&self) -> Vec<Heard> {
        let names: Vec<String> = self.drivers.iter().map(|driver| driver.node().id().to_string()).collect();
        let all = || names.iter().zip(&self.said).filter(|(_, said)| **said > 0);
        names
            .iter()
            .map(|own| {
                all()
                    .filter(|(name, _)| *name != own)
                    .map(|(name, said)| (name.clone(), (0..*said).collect()))
                    .collect()
            })
            .collect()
    }

    fn turns(&self) -> u64 {
        self.drivers.iter().map(|driver| driver.counters().turns).sum()
    }

    /// Faults that break no connection, and enough room and haste to tell one that is late.
    fn harmless_faults(&mut self) -> Faults {
        let capacity = 1 << (15 + self.below(6));
        self.internet.set_capacity(capacity);
        self.internet.set_latency(Duration::from_micros(20)..=Duration::from_millis(1));
        let harmless = [
            Fault::Interrupted,
            Fault::FalseAlarm,
            Fault::FewEvents,
            Fault::LateRead,
            Fault::LateWrite,
            Fault::PartialWrite,
            Fault::Pieces,
        ];
        harmless.into_iter().fold(Faults::none(), |faults, fault| {
            let per_thousand = self.below(100) as f64;
            faults.with(fault, per_thousand / 1000.0)
        })
    }

    /// While nothing goes wrong but what breaks no connection, nobody hears anything late, no link ends, and all that
    /// was written is read.
    pub(crate) fn play_gently(&mut self) -> Result<Tally, String> {
        let linked =
            |it: &Self| it.drivers.iter().all(|driver| driver.node().linked() == it.drivers.len() - 1);
        let faults = self.harmless_faults();
        self.internet.set_faults(faults);
        if !self.run(PEACE, linked) {
            return Err("not all are linked".to_owned());
        }
        if self.drivers.iter().any(|it| it.counters().dials_failed > 0) {
            return Err("a dial failed".to_owned());
        }
        self.run(Duration::from_secs(5), |_| false);
        for _ in 0..20 {
            for _ in 0..1 + self.below(8) {
                self.say_something(16);
            }
            let expected = self.expected();
            if !self.run(PROMPT, |it| it.heard == expected) {
                return Err(format!("heard {:?} by then, and not {expected:?}", self.heard));
            }
            let pause = Duration::from_millis(self.below(300));
            self.run(pause, |_| false);
        }
        self.internet.set_faults(Faults::none());
        let passed = |it: &Self| {
            let of = |get: fn(&Counters) -> u64| {
                it.drivers.iter().map(|driver| get(driver.counters())).sum::<u64>()
            };
            of(|it| it.bytes_out) == of(|it| it.bytes_in)
        };
        if !self.run(Duration::from_secs(5), passed) {
            return Err("not all that was written was read".to_owned());
        }
        let (lost, gaps) = (self.lost, self.gaps);
        // Whoever has left is let go at once.
        self.drivers[0].with_node(|node, now| node.leave(now));
        let is_let_go = |it: &Self| {
            it.drivers[0].is_finished()
                && it.drivers[1..].iter().all(|other| other.connections() == it.drivers.len() - 2)
        };
        if !self.run(PROMPT * 3, is_let_go) {
            return Err(format!("somebody who left is still there: {:?}", self.drivers));
        }
        // So is whoever crashes with its last words, though they come together with the end.
        if let Some(mut crashed) = self.drivers.pop() {
            crashed.with_node(|node, now| node.broadcast(now, "999 last words")).unwrap();
            crashed.flush();
        }
        let others = self.drivers.len().saturating_sub(2);
        let is_missed = |it: &Self| it.drivers.iter().skip(1).all(|other| other.node().linked() == others);
        if !self.run(PROMPT * 3, is_missed) {
            return Err(format!("somebody who crashed is still there: {:?}", self.drivers));
        }
        match (lost, gaps) {
            (0, 0) => Ok(self.internet.tally()),
            (lost, gaps) => Err(format!("{lost} links were lost, and {gaps} messages told to be")),
        }
    }

    /// All of it; what went wrong, and what happened meanwhile.
    pub(crate) fn play(&mut self) -> Result<Tally, String> {
        let faults = self.some_faults();
        self.internet.set_faults(faults);
        let on_shared =
            self.drivers.iter().filter(|it| it.links.sockets.inner.ip() == self.shared.ip()).count();
        if self.below(4) == 0 {
            // One connection for all who are there.
            self.shared.limit_descriptors(3 * on_shared + 1);
        }
        let (began, messages) = (self.internet.now(), 1 + self.below(30));
        for _ in 0..messages {
            let pause = TROUBLE.mul_f64(2.0 / messages as f64 * self.below(1000) as f64 / 1000.0);
            self.run(pause, |_| false);
            self.say_something(12);
        }
        let took = self.internet.now().saturating_since(began);
        let pace = self.turns() as f64 / took.as_secs_f64().max(1.0) / self.drivers.len() as f64;
        if pace > BUSY {
            return Err(format!("{pace} turns a second"));
        }
        self.internet.set_faults(Faults::none());
        self.shared.limit_descriptors(1024);
        let expected = self.expected();
        let all_linked = |it: &Self| it.drivers.iter().all(|driver| driver.node().linked() > 0);
        if !self.run(PEACE, |it| all_linked(it) && it.heard == expected) {
            let linked: Vec<usize> = self.drivers.iter().map(|it| it.node().linked()).collect();
            return Err(format!("linked {linked:?}, heard {:?}, and not {expected:?}", self.heard));
        }
        // What comes twice would come again.
        self.run(Duration::from_secs(5), |_| false);
        if self.heard != expected {
            return Err(format!("heard {:?}, and not {expected:?}", self.heard));
        }
        for driver in &mut self.drivers {
            driver.with_node(|node, now| node.leave(now));
        }
        if !self.run(PEACE, |it| it.drivers.iter().all(MioDriver::is_finished)) {
            return Err(format!("some did not finish: {:?}", self.drivers));
        }
        let open = self.internet.open_descriptors();
        if open != 2 * self.drivers.len() {
            return Err(format!("{open} descriptors for {} that have left", self.drivers.len()));
        }
        self.drivers.clear();
        match self.internet.open_descriptors() {
            0 => Ok(self.internet.tally()),
            left => Err(format!("{left} descriptors left")),
        }
    }
}

/// What was said before the first contact and is told to be missing counts as heard: it is told.
fn note(heard: &mut Heard, event: &Event) {
    match event {
        Event::Delivered(delivery) => {
            let text = delivery.body().as_text().unwrap();
            let number = text.split(' ').next().unwrap().parse().unwrap();
            heard.entry(delivery.from().to_string()).or_default().push(number);
        }
        Event::Gap { stream, from, to, before_contact: true } => {
            let missing = (from.get() - 1..to.get()).map(|number| u32::try_from(number).unwrap());
            heard.entry(stream.author().to_string()).or_default().extend(missing);
        }
        _ => {}
    }
}

#[test]
fn after_all_that_can_go_wrong_everybody_has_heard_everything_once_and_nothing_is_left() {
    let mut tally = Tally::default();
    let mut failed = Vec::new();
    let mut gaps = 0;
    for seed in 0..SEEDS {
        let mut swarm = Swarm::new(seed, None);
        match swarm.play() {
            Ok(met) => tally = tally.plus(&met),
            Err(what) => failed.push(format!("seed {seed}: {what}")),
        }
        gaps += swarm.gaps;
    }
    // Seldom enough that nothing else hides behind it.
    assert!(gaps <= SEEDS / 50, "{gaps} gaps in {SEEDS} networks");
    assert!(failed.is_empty(), "{} of {SEEDS} failed:\n{}", failed.len(), failed.join("\n"));
    for fault in Fault::ALL {
        assert!(tally.count(fault) > 20, "{fault:?} struck {} times only: {tally:?}", tally.count(fault));
    }
    let met = [tally.edges(), tally.reused(), tally.half_closed(), tally.surprises()];
    assert!(met.iter().all(|count| *count > 100), "{tally:?}");
    println!("{tally:?}");
}

#[test]
fn where_nothing_breaks_a_connection_nothing_is_late_or_lost() {
    let mut tally = Tally::default();
    let mut failed = Vec::new();
    for seed in 0..GENTLE_SEEDS {
        match Swarm::new(seed, None).play_gently() {
            Ok(met) => tally = tally.plus(&met),
            Err(what) => failed.push(format!("seed {seed}: {what}")),
        }
    }
    assert!(failed.is_empty(), "{} of {GENTLE_SEEDS} failed:\n{}", failed.len(), failed.join("\n"));
    let met = [Fault::Interrupted, Fault::FalseAlarm, Fault::LateRead, Fault::LateWrite, Fault::Pieces];
    assert!(met.iter().all(|fault| tally.count(*fault) > 100), "{tally:?}");
    println!("{tally:?}");
}

#[test]
fn the_same_seed_gives_the_same_to_the_last_call() {
    for seed in 0..5 {
        assert_eq!(Swarm::new(seed, None).play().unwrap(), Swarm::new(seed, None).play().unwrap());
    }
}
