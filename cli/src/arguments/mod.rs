//! The command line.

mod bind;
mod chat;
mod scenario;
mod sim;
mod simulation;

use chinwag::Strategy;
use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use bind::Bind;
pub(crate) use chat::{ChatArguments, DemoArguments};
pub(crate) use scenario::{MinimiseArguments, RunArguments, SwarmArguments};
pub(crate) use sim::{Format, SimProgram, SimTask};
pub(crate) use simulation::{Contact, LinkKind, OverlayKind, Senders, SimArguments};

/// Peer-to-peer chat: no server, no account.
///
/// Without a command it runs the demo.
#[derive(Parser, Debug)]
#[command(name = "chinwag", version, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) program: Option<Program>,
    /// Log to standard error: once for info, twice for debug, thrice for trace (CHINWAG_LOG says it finer)
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Program {
    /// Chat: what you type goes to everybody, and what everybody says appears
    Chat(ChatArguments),
    /// Five peers on this machine find each other over TCP and talk, and it is shown who heard what
    Demo(DemoArguments),
    /// Broadcasts in a simulated network of many nodes, on a virtual clock
    Sim(Box<SimProgram>),
}

/// How messages spread in a simulation.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spreading {
    /// Along trees
    Tree,
    /// To every neighbour but the one it came from
    Flood,
}

impl From<Spreading> for Strategy {
    fn from(spreading: Spreading) -> Self {
        match spreading {
            Spreading::Tree => Self::Tree,
            Spreading::Flood => Self::Flood,
        }
    }
}

const AFTER_HELP: &str = "\
Start:  chinwag chat --name alice --listen 127.0.0.1:5001
        chinwag chat --name bob --join 127.0.0.1:5001        (in another terminal)

Exit codes: 0 fine, 1 failed, 2 wrong command line, 3 nobody there within --join-timeout,
            or within 10s of the end of input with something still to say, 130 interrupted.";

#[cfg(test)]
pub(crate) fn parsed_simulation(line: &str) -> Result<SimProgram, clap::Error> {
    let words = ["chinwag", "sim"].into_iter().chain(line.split_whitespace());
    Arguments::try_parse_from(words).map(|arguments| match arguments.program {
        Some(Program::Sim(sim)) => *sim,
        other => panic!("{other:?}"),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
