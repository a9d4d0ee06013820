//! The command line.

mod bench;
mod bind;
mod chat;
mod scenario;
mod sim;
mod simulation;
mod trace;
mod words;

use chinwag::Strategy;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

pub(crate) use bench::{BenchArguments, BenchFormat, Shape};
pub(crate) use bind::Bind;
pub(crate) use chat::{ChatArguments, DemoArguments};
pub(crate) use scenario::{MinimiseArguments, RunArguments, SwarmArguments};
pub(crate) use sim::{AgainArguments, CompareArguments, Format, SimProgram, SimTask};
pub(crate) use simulation::{Contact, LinkKind, OverlayKind, Senders, SimArguments};
pub(crate) use trace::{DiffArguments, ExplainArguments, ReplayArguments};

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

impl Arguments {
    /// What this process was started with. Ends it if that is no command line, or asks for help.
    pub(crate) fn of_process() -> Self {
        let arguments = Self::try_of(std::env::args_os());
        arguments.unwrap_or_else(|error| error.exit())
    }

    /// What these words say, the name of the program first.
    ///
    /// # Errors
    /// If that is no command line, or asks for help.
    pub(crate) fn try_of(
        words: impl IntoIterator<Item = impl Into<std::ffi::OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches_from(words)?;
        let mut arguments = Self::from_arg_matches(&matches)?;
        if let (Some(Program::Sim(sim)), Some(given)) =
            (&mut arguments.program, matches.subcommand_matches("sim"))
        {
            sim.words = words::of_simulation(given);
        }
        Ok(arguments)
    }
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
    /// Peers on this machine talk over TCP as fast as they can, and it is measured how fast that is
    Bench(BenchArguments),
    /// Peers that listen, for `chinwag bench` in another process
    #[command(name = crate::bench::OTHER, hide = true)]
    BenchListeners,
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
    Arguments::try_of(words).map(|arguments| match arguments.program {
        Some(Program::Sim(sim)) => *sim,
        other => panic!("{other:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
