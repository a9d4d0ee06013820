//! `chinwag demo`: five peers find each other and talk, and it is shown who heard what.

mod cast;
mod ledger;

use std::collections::BTreeSet;
use std::io::{BufRead as _, Write as _};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use chinwag::{Body, Command, Dialect, Event, PeerId, Strategy};

use crate::arguments::DemoArguments;
use crate::clock;
use crate::command::Line;
use crate::exit::Exit;
use crate::sanitize;
use cast::{Actor, Told};
use ledger::{Audience, Ledger};

/// Who takes part. The last one speaks only the old program's dialect.
const CAST: [(&str, Dialect); 5] = [
    ("Ann", Dialect::Native),
    ("Ben", Dialect::Native),
    ("Cleo", Dialect::Native),
    ("Dan", Dialect::Native),
    ("Eve", Dialect::Classic),
];

/// Who says what to whom: places in [`CAST`].
const SCRIPT: [(usize, Audience, &str); 7] = [
    (0, Audience::All, "Hello, everybody! There is no server here."),
    (1, Audience::All, "Then how does this reach Eve?"),
    (0, Audience::All, "Everyone passes it on; what comes twice is dropped."),
    (4, Audience::All, "I am the old program, and I hear you all."),
    (2, Audience::All, "And we hear you, Eve."),
    (1, Audience::One(3), "Psst, Dan: only you can hear this."),
    (3, Audience::All, "Good. Bye, all!"),
];

/// Whom all others join: a place in [`CAST`].
const HOST: usize = 0;

/// As whom a person types: a place in [`CAST`].
const YOU: usize = 0;

/// How long to wait for anything before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long to wait for what should not come.
const SILENCE: Duration = Duration::from_millis(300);

/// Runs the demo: fine only if everybody got everything exactly once.
///
/// # Errors
/// When the system has no room for five peers, or standard output is closed.
pub(crate) fn run(arguments: &DemoArguments) -> anyhow::Result<Exit> {
    let mut stage = Stage::set(arguments.strategy.into())?;
    let met = stage.introduce()?;
    if met {
        for (by, to, text) in SCRIPT {
            stage.say(by, to, text)?;
        }
        if arguments.interactive {
            stage.let_you_type()?;
        }
    }
    let went_well = stage.finish()?;
    Ok(if went_well { Exit::Fine } else { Exit::Failed })
}

struct Stage {
    actors: Vec<Actor>,
    told: Receiver<Told>,
    ledger: Ledger,
    /// Pairs that are linked, from the side of the first.
    linked: BTreeSet<(usize, usize)>,
}

impl Stage {
    fn set(strategy: Strategy) -> anyhow::Result<Self> {
        let (tell, told) = channel();
        let mut actors = Vec::new();
        for (who, (name, dialect)) in CAST.into_iter().enumerate() {
            actors.push(Actor::start(who, name, dialect, strategy, tell.clone())?);
        }
        Ok(Self { actors, told, ledger: Ledger::default(), linked: BTreeSet::new() })
    }

    /// Has all join the first, and waits until all know all.
    fn introduce(&mut self) -> anyhow::Result<bool> {
        put("Five peers on this machine, each with a TCP port of its own:")?;
        for actor in &self.actors {
            let kind = match actor.dialect {
                Dialect::Native => "",
                Dialect::Classic => "   speaks only the old program's dialect",
            };
            put(&format!("   {:<5} {}{kind}", actor.name, actor.address))?;
        }
        let start = clock::now();
        let Some((host, guests)) = self.actors.split_first() else { return Ok(false) };
        let host = (host.name.clone(), host.address.clone());
        for guest in guests {
            guest.bid(Command::Join(host.1.clone()))?;
        }
        let others = self.actors.len().saturating_sub(1);
        self.watch_until(PATIENCE, |stage| {
            // From both sides: who does not know the host yet cannot ask it for others.
            let with_host = |(who, whom): &&(usize, usize)| *who == HOST || *whom == HOST;
            stage.linked.iter().filter(with_host).count() == others.saturating_mul(2)
        })?;
        for guest in self.actors.iter().skip(1) {
            guest.bid(Command::RequestPeers(host.0.clone()))?;
        }
        let all = self.actors.len().saturating_mul(others);
        self.watch_until(PATIENCE, |stage| stage.linked.len() == all)?;
        let took = clock::now().saturating_duration_since(start).as_secs_f64() * 1000.0;
        let met = self.linked.len();
        if met == all {
            let host = host.0;
            put(&format!(
                "All join {host} and ask for the others: {took:.0} ms later everybody knows everybody.\n"
            ))?;
        } else {
            put(&format!(
                "They have not found each other: {met} of {all} acquaintances after {took:.0} ms."
            ))?;
        }
        Ok(met == all)
    }

    fn say(&mut self, by: usize, to: Audience, text: &str) -> anyhow::Result<()> {
        let Some(speaker) = self.actors.get(by) else { return Ok(()) };
        let command = match to {
            Audience::All => Command::Broadcast(Body::text(text)),
            Audience::One(to) => Command::Direct { to: PeerId::new(CAST[to].0)?, body: Body::text(text) },
        };
        put(&format!("{:>5}: {}", speaker.name, sanitize::line(text)))?;
        self.ledger.said(clock::now(), by, to, text);
        speaker.bid(command)?;
        let people = self.actors.len();
        self.watch_until(PATIENCE, |stage| stage.ledger.last_is_complete(people))?;
        put(&format!("       heard by {}", self.ledger.last(&names())))
    }

    fn let_you_type(&mut self) -> anyhow::Result<()> {
        put(&format!("\nNow you are {}: type something, or /quit.", CAST[YOU].0))?;
        for line in std::io::stdin().lock().lines() {
            match line.map(|line| Line::parse(&line)) {
                Ok(Ok(Line::Blank)) => {}
                Ok(Ok(Line::Say(text))) => self.say(YOU, Audience::All, &text)?,
                Ok(Ok(Line::Command(crate::command::Command::Quit))) => break,
                Ok(Ok(Line::Command(_))) => put("The demo knows text and /quit; chinwag chat knows more.")?,
                Ok(Err(error)) => put(&sanitize::line(&error.to_string()))?,
                Err(error) => put(&format!("that cannot be said: {error}"))?,
            }
        }
        Ok(())
    }

    /// Waits for what should not come, has all leave, and shows what came out of it.
    fn finish(mut self) -> anyhow::Result<bool> {
        self.watch_until(SILENCE, |_| false)?;
        self.actors.iter().for_each(Actor::dismiss);
        let people = self.actors.len();
        for actor in self.actors {
            actor.wait()?;
        }
        let sums = self.ledger.sums(people);
        if sums.expected == 0 {
            return Ok(false);
        }
        put(&format!("\n{}", self.ledger.table(&names())))?;
        put(
            "* in the old program's dialect: a connection for each message, known again by a hash; all others\n  \
             over standing links, known again by the author's own numbers.\n",
        )?;
        let ledger::Sums { expected, missing, extra } = sums;
        if missing == 0 && extra == 0 {
            let slowest = self.ledger.slowest().unwrap_or_default().as_secs_f64() * 1000.0;
            put(&format!(
                "Everybody got everything exactly once: {expected} deliveries, the slowest after {slowest:.1} ms."
            ))?;
            put("Next: chinwag chat --help, or the README for a chat in three terminals.")?;
            return Ok(true);
        }
        put(&format!("Of {expected} deliveries {missing} are missing, and {extra} should not have been."))?;
        Ok(false)
    }

    /// Takes in what the five are told, until `done` or for `limit`.
    fn watch_until(&mut self, limit: Duration, done: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        let until = clock::now() + limit;
        while !done(self) {
            let left = until.saturating_duration_since(clock::now());
            if left.is_zero() {
                return Ok(());
            }
            if let Ok(told) = self.told.recv_timeout(left) {
                self.take_in(told);
            }
        }
        Ok(())
    }

    fn take_in(&mut self, told: Told) {
        let Told { who, at, event } = told;
        let place = |peer: &PeerId| CAST.iter().position(|(name, _)| *name == peer.as_str());
        if let Event::PeerUp { peer, .. } = &event {
            self.linked.extend(place(peer).map(|other| (who, other)));
        } else if let Event::PeerDown { peer, .. } = &event
            && let Some(other) = place(peer)
        {
            self.linked.remove(&(who, other));
        } else if let Event::Delivered(delivery) | Event::Direct(delivery) = &event {
            let from = place(delivery.from()).unwrap_or(usize::MAX);
            self.ledger.heard(at, who, from, delivery);
        } else {
            tracing::debug!(who, ?event, "told");
        }
    }
}

fn names() -> Vec<&'static str> {
    CAST.iter().map(|(name, _)| *name).collect()
}

fn put(line: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()?;
    Ok(())
}
