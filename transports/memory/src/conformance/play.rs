//! Plays a case on a harness, and looks at what came of it.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use chinwag::{Address, Command, Config, DecodeError, Dialects, Epoch, Event, PeerId, Rejection, Target};

use super::case::{Case, Cast, Script, Step};
use super::words::{expand, order_of, shorten, spell};
use super::{Failed, Harness, HarnessError, Listen, Wrong};

/// How long it may take until what should be is.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often to look.
const LOOK: Duration = Duration::from_millis(10);
/// How long to wait in the end for what should not come.
const LINGER: Duration = Duration::from_millis(300);
/// The beginning of the first run, in milliseconds since 1970, and how much later each further one begins.
const FIRST_EPOCH: u64 = 1_795_374_131_000;
const NEXT_EPOCH: u64 = 60_000;

pub(super) struct Play<'a, H> {
    case: &'a Case,
    harness: &'a mut H,
    nodes: BTreeMap<String, Player>,
    starts: u64,
}

/// A node, as the play sees it.
struct Player {
    cast: Cast,
    config: Config,
    address: Option<Address>,
    runs: bool,
    linked: BTreeSet<PeerId>,
    heard: Vec<String>,
}

impl<'a, H: Harness> Play<'a, H> {
    pub(super) fn new(case: &'a Case, harness: &'a mut H) -> Self {
        Self { case, harness, nodes: BTreeMap::new(), starts: 0 }
    }

    pub(super) fn run(mut self) -> Result<usize, Failed> {
        let Script { nodes, steps, .. } = &self.case.script;
        for cast in nodes {
            self.enter(cast).map_err(|wrong| self.failed(None, wrong))?;
        }
        for (number, step) in (1..).zip(steps) {
            self.take(step).map_err(|wrong| self.failed(Some(number), wrong))?;
        }
        self.judge().map_err(|wrong| self.failed(None, wrong))?;
        Ok(self.nodes.values().map(|node| node.heard.len()).sum())
    }

    fn failed(&self, step: Option<usize>, wrong: Wrong) -> Failed {
        Failed { case: self.case.name(), about: self.case.about().to_owned(), step, wrong: Box::new(wrong) }
    }

    fn enter(&mut self, cast: &Cast) -> Result<(), Wrong> {
        let name = PeerId::new(&cast.name).map_err(|error| in_harness("take the name", error.into()))?;
        let mut config = Config::new(name, Epoch::new(FIRST_EPOCH));
        config.max_frame = self.harness.max_frame();
        config.dialects = if cast.classic { Dialects::Classic } else { Dialects::Both };
        if self.case.script.only_joined {
            config.target_neighbours = 0;
        }
        if self.case.script.keep_silent {
            config.dead = PATIENCE.saturating_mul(10);
        }
        let player = Player {
            cast: cast.clone(),
            config,
            address: None,
            runs: false,
            linked: BTreeSet::new(),
            heard: Vec::new(),
        };
        self.nodes.insert(cast.name.clone(), player);
        if cast.later { Ok(()) } else { self.start(&cast.name) }
    }

    fn start(&mut self, who: &str) -> Result<(), Wrong> {
        let epoch = FIRST_EPOCH.saturating_add(self.starts.saturating_mul(NEXT_EPOCH));
        self.starts = self.starts.saturating_add(1);
        let Some(node) = self.nodes.get_mut(who) else { return Err(unknown(who)) };
        node.config.epoch = Epoch::new(epoch);
        let listen = match node.address.clone() {
            _ if !node.cast.listens => Listen::Nowhere,
            Some(address) => Listen::At(address),
            None => Listen::Anywhere,
        };
        let address = self.harness.start(node.config.clone(), &listen);
        node.address = address.map_err(|error| in_harness("start a node", error))?;
        if node.cast.listens && node.address.is_none() {
            return Err(Wrong::NoAddress { who: who.to_owned() });
        }
        (node.runs, node.linked, node.heard) = (true, BTreeSet::new(), Vec::new());
        Ok(())
    }

    fn take(&mut self, step: &Step) -> Result<(), Wrong> {
        match step {
            Step::Start(who) => self.start(who),
            Step::Kill(who) => self.kill(who),
            Step::Join(who, whom) => {
                let address = self.player(whom)?.address.clone();
                let address = address.ok_or_else(|| Wrong::NoAddress { who: whom.clone() })?;
                self.command(who, Command::Join(address))
            }
            Step::Broadcast(who, text) => {
                self.each(who, text, |text| Command::Broadcast(text.as_str().into()))
            }
            Step::Direct(who, whom, text) => {
                let to = self.player(whom)?.config.id.clone();
                self.each(who, text, |text| Command::Direct { to: to.clone(), body: text.as_str().into() })
            }
            Step::Custom(who, whom, msg_type, text) => {
                let to = Target::Peer(self.player(whom)?.config.id.clone());
                let msg_type = msg_type.as_str();
                self.each(who, text, |text| Command::Custom {
                    to: to.clone(),
                    msg_type: msg_type.into(),
                    body: text.as_str().into(),
                })
            }
            Step::Request(who, whom) => {
                let of = self.player(whom)?.config.id.clone();
                self.command(who, Command::RequestPeers(of))
            }
            Step::Leave(who) => self.command(who, Command::Leave),
            Step::UntilLinked(counts) => self.until_linked(counts),
            Step::UntilHeard(counts) => self.until_heard(counts),
            Step::Pass(millis) => self.pass(Duration::from_millis(*millis)),
        }
    }

    fn kill(&mut self, who: &str) -> Result<(), Wrong> {
        let id = self.player(who)?.config.id.clone();
        self.harness.kill(&id).map_err(|error| in_harness("kill a node", error))?;
        if let Some(node) = self.nodes.get_mut(who) {
            node.runs = false;
        }
        Ok(())
    }

    /// Gives a command for each of the texts that `text` stands for.
    fn each(&mut self, who: &str, text: &str, command: impl Fn(&String) -> Command) -> Result<(), Wrong> {
        let texts = expand(text, &self.player(who)?.config);
        texts.iter().try_for_each(|text| self.command(who, command(text)))
    }

    fn command(&mut self, who: &str, command: Command) -> Result<(), Wrong> {
        let id = self.player(who)?.config.id.clone();
        self.harness.command(&id, command).map_err(|error| in_harness("give a command", error))
    }

    fn until_linked(&mut self, counts: &BTreeMap<String, usize>) -> Result<(), Wrong> {
        self.wait_until(|nodes| {
            let wrong = |(who, expected): (&String, &usize)| {
                let linked = &nodes.get(who)?.linked;
                let with = || linked.iter().map(ToString::to_string).collect();
                (linked.len() != *expected).then(|| Wrong::Linked {
                    who: who.clone(),
                    expected: *expected,
                    with: with(),
                })
            };
            counts.iter().find_map(wrong)
        })
    }

    fn until_heard(&mut self, counts: &BTreeMap<String, usize>) -> Result<(), Wrong> {
        self.wait_until(|nodes| {
            let wrong = |(who, expected): (&String, &usize)| {
                let heard = &nodes.get(who)?.heard;
                (heard.len() < *expected).then(|| Wrong::TooLittle {
                    who: who.clone(),
                    expected: *expected,
                    heard: heard.iter().map(|line| shorten(line)).collect(),
                })
            };
            counts.iter().find_map(wrong)
        })
    }

    /// Lets time pass until nothing is wrong any more.
    fn wait_until(
        &mut self,
        wrong: impl Fn(&BTreeMap<String, Player>) -> Option<Wrong>,
    ) -> Result<(), Wrong> {
        let mut waited = Duration::ZERO;
        while let Some(wrong) = wrong(&self.nodes) {
            if waited >= PATIENCE {
                return Err(wrong);
            }
            self.pass(LOOK)?;
            waited = waited.saturating_add(LOOK);
        }
        Ok(())
    }

    fn pass(&mut self, duration: Duration) -> Result<(), Wrong> {
        let told = self.harness.run_for(duration).map_err(|error| in_harness("run", error))?;
        told.into_iter().try_for_each(|(who, event)| self.note(who.as_str(), event))
    }

    fn note(&mut self, who: &str, event: Event) -> Result<(), Wrong> {
        let Some(node) = self.nodes.get_mut(who) else { return Err(unknown(who)) };
        let who = || who.to_owned();
        if !node.runs {
            return Err(Wrong::Undead { who: who() });
        }
        node.heard.extend(spell(&event));
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "these say who is linked, and what is wrong at once"
        )]
        match event {
            Event::PeerUp { peer, .. } => drop(node.linked.insert(peer)),
            Event::PeerDown { peer, .. } => drop(node.linked.remove(&peer)),
            Event::Left => node.linked.clear(),
            Event::CommandFailed { error } => {
                return Err(Wrong::Refused { who: who(), error: error.to_string() });
            }
            // Who is killed may stop in the middle of a frame.
            Event::Rejected { reason: Rejection::Malformed(error), .. }
                if error != DecodeError::Truncated =>
            {
                return Err(Wrong::Malformed { who: who(), error: error.to_string() });
            }
            _ => {}
        }
        Ok(())
    }

    /// Holds what was heard against what should be.
    fn judge(&mut self) -> Result<(), Wrong> {
        let mut expected: BTreeMap<&String, Vec<String>> = BTreeMap::new();
        for (who, lines) in &self.case.script.heard {
            let lines = lines.iter().map(|line| self.expected(line));
            expected.insert(who, lines.collect::<Result<Vec<_>, _>>()?.concat());
        }
        let counts = expected.iter().map(|(who, lines)| ((*who).clone(), lines.len())).collect();
        // What is missing is told better below.
        match self.until_heard(&counts) {
            Err(Wrong::TooLittle { .. }) | Ok(()) => {}
            Err(wrong) => return Err(wrong),
        }
        self.pass(LINGER)?;
        let in_order = !self.case.script.nodes.iter().any(|cast| cast.classic);
        expected
            .into_iter()
            .try_for_each(|(who, lines)| compare(who, &self.player(who)?.heard, &lines, in_order))
    }

    /// The lines that a line in a case stands for.
    fn expected(&self, line: &str) -> Result<Vec<String>, Wrong> {
        let Some((before, text)) = line.split_once(" <") else { return Ok(vec![line.to_owned()]) };
        let author = before.split([':', ' ']).next().unwrap_or(before);
        let texts = expand(&format!("<{text}"), &self.player(author)?.config);
        Ok(texts.into_iter().map(|text| format!("{before} {text}")).collect())
    }

    fn player(&self, who: &str) -> Result<&Player, Wrong> {
        self.nodes.get(who).ok_or_else(|| unknown(who))
    }
}

/// Whether `heard` is what should have been heard, each so often, and, if `in_order`, in the order that is promised.
fn compare(who: &str, heard: &[String], expected: &[String], in_order: bool) -> Result<(), Wrong> {
    let arranged = |lines: &[String]| {
        let mut lines = lines.to_vec();
        let key = |line: &String| match order_of(line).filter(|_| in_order) {
            Some(order) => (order.to_owned(), String::new()),
            None => (String::new(), line.clone()),
        };
        lines.sort_by_cached_key(key);
        lines
    };
    let (heard, expected) = (arranged(heard), arranged(expected));
    let (missing, unexpected) = (without(&expected, &heard), without(&heard, &expected));
    if !missing.is_empty() || !unexpected.is_empty() {
        return Err(Wrong::Heard { who: who.to_owned(), missing, unexpected });
    }
    match heard.iter().zip(&expected).find(|(heard, expected)| heard != expected) {
        Some((early, instead_of)) => {
            Err(Wrong::Order { who: who.to_owned(), early: shorten(early), instead_of: shorten(instead_of) })
        }
        None => Ok(()),
    }
}

/// The lines of `these` that are not among `those`, or not so often.
fn without(these: &[String], those: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for line in those {
        let count = counts.entry(line).or_default();
        *count = count.saturating_add(1);
    }
    let mut rest = Vec::new();
    for line in these {
        match counts.get_mut(line) {
            Some(count @ 1..) => *count = count.saturating_sub(1),
            Some(_) | None => rest.push(shorten(line)),
        }
    }
    rest
}

fn in_harness(what: &'static str, error: HarnessError) -> Wrong {
    Wrong::Harness { what, error: error.to_string() }
}

fn unknown(who: &str) -> Wrong {
    Wrong::Harness { what: "name only nodes of the case", error: format!("there is no {who}") }
}
