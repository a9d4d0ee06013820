//! Both sides under Valgrind: instructions, which are the same on a busy machine as on an idle one.

use chinwag_testkit::instructions;
use clap::Args;

use crate::HANDLED;
use crate::scenario::Scenario;
use crate::table::{Better, head, line};

/// What to count.
#[derive(Debug, Args)]
pub(crate) struct Counted {
    /// Count those of one node instead of a network.
    #[arg(long)]
    handle: bool,
    #[command(flatten)]
    scenario: Scenario,
}

impl Counted {
    /// Runs, and prints a table.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        if self.handle { count_handle() } else { self.count_swarms() }
    }

    fn count_swarms(&self) -> anyhow::Result<()> {
        let arguments = self.scenario.arguments();
        let swarm = |function: &str, scenario: &[String]| {
            let count = |side: &str| {
                let mut run = vec!["run", "swarm", side];
                run.extend(scenario.iter().map(String::as_str));
                instructions(&format!("peers::{side}_side::{function}"), &run)
            };
            anyhow::Ok([count("chinwag")? as f64, count("iroh")? as f64])
        };
        // Nothing that is said afterwards changes what the bootstrap takes.
        let nobody_speaks = Scenario { rounds: 0, ..self.scenario }.arguments();
        let nodes = self.scenario.nodes as f64;
        let bootstrap = swarm("bootstrap", &nobody_speaks)?;
        let deliveries = self.scenario.rounds as f64 * self.scenario.audience() as f64;
        println!("`peers instructions {}`:\n", arguments.join(" "));
        head();
        line("bootstrap, instructions per node", bootstrap[0] / nodes, bootstrap[1] / nodes, Better::Less);
        if deliveries > 0.0 {
            let rounds = swarm("broadcasts", &arguments)?;
            line("instructions per delivery", rounds[0] / deliveries, rounds[1] / deliveries, Better::Less);
        }
        println!();
        Ok(())
    }
}

fn count_handle() -> anyhow::Result<()> {
    println!("`peers instructions --handle`:\n");
    head();
    for (case, named) in [("fresh", "a fresh message"), ("duplicate", "a duplicate")] {
        let count = |side: &str| {
            let count = instructions(&format!("peers::handle::{side}_{case}"), &["run", "handle", side])?;
            anyhow::Ok(count as f64 / f64::from(HANDLED))
        };
        line(&format!("{named}, instructions"), count("chinwag")?, count("iroh")?, Better::Less);
    }
    println!();
    Ok(())
}
