//! Both sides by turns, each run in a process of its own: time on the processor, memory, and what came of it.

use anyhow::ensure;
use clap::Args;
use serde::de::DeserializeOwned;

use crate::child::run_in_a_process;
use crate::handle::Handled;
use crate::scenario::{Outcome, Scenario};
use crate::table::{Better, head, line, number};
use crate::{HANDLED, Side};

/// What to compare.
#[derive(Debug, Args)]
pub(crate) struct Compared {
    /// Compare one node instead of a network.
    #[arg(long)]
    handle: bool,
    /// How often each side runs; the least time of them counts.
    #[arg(long, default_value_t = 4)]
    times: usize,
    #[command(flatten)]
    scenario: Scenario,
}

impl Compared {
    /// Runs, and prints a table.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        if self.handle { self.compare_handle() } else { self.compare_swarms() }
    }

    fn compare_swarms(&self) -> anyhow::Result<()> {
        let arguments = self.scenario.arguments();
        let [ours, theirs] = self.by_turns::<Outcome>("swarm", &arguments)?;
        ensure!(
            ours.iter().all(|run| (run.copies, run.rounds.events) == (ours[0].copies, ours[0].rounds.events)),
            "the same seed gave two different runs: {ours:?}"
        );
        let (nodes, rounds) = (self.scenario.nodes as f64, self.scenario.rounds as f64);
        let expected = self.scenario.audience() as f64 * rounds;
        let lines = |measure: &str, better, of: &dyn Fn(&Outcome) -> f64| {
            let all = [&ours, &theirs].map(|runs| runs.iter().map(of));
            let [ours, theirs] = all.map(|values| match better {
                Better::More => values.fold(f64::NEG_INFINITY, f64::max),
                Better::Less | Better::Neither => values.fold(f64::INFINITY, f64::min),
            });
            line(measure, ours, theirs, better);
        };
        println!("`peers compare {}`, the best of {} runs each:\n", arguments.join(" "), self.times);
        head();
        use Better::{Less, More, Neither};
        lines("bootstrap, CPU s", Less, &|run| run.bootstrap.cpu_seconds);
        lines("bootstrap, CPU µs per node", Less, &|run| run.bootstrap.cpu_seconds * 1e6 / nodes);
        lines("bootstrap, events per node", Neither, &|run| run.bootstrap.events as f64 / nodes);
        lines("resident bytes per node after it", Less, &|run| run.resident);
        lines("neighbours per node after it", Neither, &|run| run.degree);
        if rounds > 0.0 {
            let delivered = |run: &Outcome| run.heard.deliveries as f64;
            lines("rounds, CPU s", Less, &|run| run.rounds.cpu_seconds);
            lines("deliveries per CPU s", More, &|run| delivered(run) / run.rounds.cpu_seconds);
            lines("events per CPU s", More, &|run| run.rounds.events as f64 / run.rounds.cpu_seconds);
            lines("events per delivery", Less, &|run| run.rounds.events as f64 / delivered(run));
            lines("copies received per delivery", Less, &|run| run.copies as f64 / delivered(run));
            lines("last delivery: hops", Less, &|run| run.heard.last_hops as f64 / rounds);
            lines("last delivery: virtual ms", Less, &|run| run.heard.last_seconds * 1e3 / rounds);
            lines("rounds, virtual s", Neither, &|run| run.rounds.virtual_seconds);
            lines("deliveries", Neither, &delivered);
            println!("\nDeliveries there should be: {}.", number(expected));
        }
        println!();
        Ok(())
    }

    fn compare_handle(&self) -> anyhow::Result<()> {
        let arguments = vec![format!("--messages={HANDLED}")];
        let [ours, theirs] = self.by_turns::<Handled>("handle", &arguments)?;
        let lines = |measure: &str, better, of: &dyn Fn(&Handled) -> f64| {
            let [ours, theirs] =
                [&ours, &theirs].map(|runs| runs.iter().map(of).fold(f64::INFINITY, f64::min));
            line(measure, ours, theirs, better);
        };
        println!("`peers compare --handle`, the best of {} runs each:\n", self.times);
        head();
        lines("a fresh message, CPU µs", Better::Less, &|run| run.fresh_micros);
        lines("a duplicate, CPU µs", Better::Less, &|run| run.duplicate_micros);
        lines("sent for a fresh message", Better::Neither, &|run| run.relayed);
        lines("sent for a duplicate", Better::Neither, &|run| run.answered);
        println!();
        Ok(())
    }

    /// What came of both sides' runs. One goes first in one pair and last in the next, so that a machine that gets
    /// busier or hotter favours neither.
    fn by_turns<T: DeserializeOwned>(&self, work: &str, arguments: &[String]) -> anyhow::Result<[Vec<T>; 2]> {
        ensure!(self.times > 0, "nothing can be compared in no run: say --times 1 or more");
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for pair in 0..self.times {
            let order = if pair % 2 == 0 { [Side::Chinwag, Side::Iroh] } else { [Side::Iroh, Side::Chinwag] };
            for side in order {
                let mut run = vec!["run".to_owned(), work.to_owned(), side.to_string()];
                run.extend_from_slice(arguments);
                let outcome = run_in_a_process(&run)?;
                if side == Side::Chinwag { &mut ours } else { &mut theirs }.push(outcome);
            }
        }
        Ok([ours, theirs])
    }
}
