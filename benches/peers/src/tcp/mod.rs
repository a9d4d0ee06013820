//! TCP on this machine: chinwag beside libp2p's gossipsub, lines on tokio, and sockets alone.

mod chinwag_side;
mod contestant;
mod libp2p_side;
mod links;
mod raw_side;
mod runtime;
mod scores;
mod stage;
mod table;
mod tokio_side;
mod work;

// What `chinwag bench` goes by, all contestants go by.
#[path = "../../../../cli/src/bench/course.rs"]
#[expect(dead_code, reason = "some of it is for several processes")]
mod course;
#[path = "../../../../cli/src/bench/crowd.rs"]
mod crowd;
#[path = "../../../../cli/src/bench/pace.rs"]
mod pace;
#[path = "../../../../cli/src/bench/tally.rs"]
mod tally;
#[path = "../../../../cli/src/bench/text.rs"]
mod text;

use anyhow::ensure;
use clap::{Args, ValueEnum as _};

use crate::child::run_in_a_process;
use contestant::Contestant;
use stage::Outcome;
use work::Work;

/// What to compare.
#[derive(Debug, Args)]
pub(crate) struct Tcp {
    /// How often each contestant does each work.
    #[arg(long, default_value_t = 3)]
    times: usize,
    /// For how long it counts, each time.
    #[arg(long, default_value_t = 1.5)]
    seconds: f64,
    /// Which works; all unless told otherwise.
    #[arg(long, value_enum, value_delimiter = ',')]
    works: Vec<Work>,
    /// How many messages may be on their way to somebody at once; further ones wait. Each work has its own number.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    window: Option<u32>,
    /// Who; all unless told otherwise.
    #[arg(long, value_enum, value_delimiter = ',')]
    contestants: Vec<Contestant>,
}

/// One contestant at one work, once.
#[derive(Debug, Args)]
pub(crate) struct TcpRun {
    work: Work,
    contestant: Contestant,
    /// For how long it counts.
    #[arg(long, default_value_t = 1.5)]
    seconds: f64,
    /// How many messages may be on their way to somebody at once; further ones wait.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    window: Option<u32>,
}

impl Tcp {
    /// Runs, and prints a table.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        ensure!(self.times > 0, "nothing can be compared in no run: say --times 1 or more");
        let works = if self.works.is_empty() { Work::value_variants() } else { &self.works };
        println!("`peers tcp --times={} --seconds={}`:\n", self.times, self.seconds);
        table::head();
        for work in works {
            let mut runs: Vec<_> = Contestant::of(*work).into_iter().map(|who| (who, Vec::new())).collect();
            runs.retain(|(who, _)| self.contestants.is_empty() || self.contestants.contains(who));
            for round in 0..self.times {
                // Whoever went first in one round goes last in the next, so that a machine that gets busier or hotter
                // favours nobody.
                runs.reverse();
                for (contestant, outcomes) in &mut runs {
                    outcomes.push(self.run_once(*work, *contestant, round)?);
                }
            }
            if self.times % 2 == 1 {
                runs.reverse();
            }
            table::lines(*work, &runs);
        }
        println!();
        Ok(())
    }

    fn run_once(&self, work: Work, contestant: Contestant, round: usize) -> anyhow::Result<Outcome> {
        eprintln!("{work}: {contestant}, run {} of {}", round + 1, self.times);
        let names = [work.to_possible_value(), contestant.to_possible_value()];
        let names = names.iter().flatten().map(|value| value.get_name().to_owned());
        let mut arguments: Vec<_> = ["run".to_owned(), "tcp".to_owned()].into_iter().chain(names).collect();
        arguments.push(format!("--seconds={}", self.seconds));
        arguments.extend(self.window.map(|window| format!("--window={window}")));
        run_in_a_process(&arguments)
    }
}

impl TcpRun {
    /// Runs it.
    pub(crate) fn run(&self) -> anyhow::Result<Outcome> {
        ensure!(
            (0.1..=3600.0).contains(&self.seconds),
            "--seconds is from 0.1 to 3600, not {}",
            self.seconds
        );
        let window = self.window.unwrap_or(self.work.window());
        stage::run(self.work, self.contestant, window, self.seconds)
    }
}
