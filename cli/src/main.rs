//! The program `chinwag`: chat from a terminal, see it at work, simulate it, measure it.

mod arguments;
mod bench;
mod chat;
mod clock;
mod command;
mod demo;
mod exit;
mod logging;
mod notice;
mod numbers;
mod process;
mod render;
mod sanitize;
mod screen;
mod sim;

use std::io::Write as _;
use std::process::ExitCode;

use arguments::{Arguments, Program};
use exit::Exit;

fn main() -> ExitCode {
    let arguments = Arguments::of_process();
    logging::start(arguments.verbose);
    let ended = match arguments.program {
        Some(Program::Chat(chat)) => chat::run(&chat),
        Some(Program::Demo(demo)) => demo::run(&demo),
        None => demo::run(&arguments::DemoArguments::default()),
        Some(Program::Sim(sim)) => sim::run(&sim),
        Some(Program::Bench(bench)) => bench::run(&bench),
        Some(Program::BenchListeners) => bench::run_other(),
    };
    let exit = ended.unwrap_or_else(|error| {
        // Nothing is left to be done if standard error is closed too.
        let _ = writeln!(std::io::stderr(), "chinwag: {error:#}");
        Exit::Failed
    });
    exit.into()
}
