//! `chinwag sim replay`: the same run again, compared with its trace entry by entry.

use std::io;
use std::thread;

use anyhow::anyhow;
use chinwag_memory::trace_log::{TraceReader, compare};

use crate::arguments::ReplayArguments;
use crate::exit::Exit;
use crate::sim::made_by::MadeBy;
use crate::sim::{diff, print, trace_file};

/// Runs again what the trace says, and prints whether the same happens, or what happens instead: fine if it is the same.
///
/// # Errors
/// If the trace cannot be read, or what made it cannot be run again.
pub(super) fn run(arguments: &ReplayArguments) -> anyhow::Result<Exit> {
    let mut written = trace_file::open(&arguments.file)?;
    let made_by = MadeBy::read(written.made_by())?;
    let command = diff::made(&made_by);
    let again = made_by.again()?;
    // Neither trace is ever whole in memory, and that of the run not in a file either.
    let (reader, writer) = io::pipe()?;
    let run = thread::spawn(move || again.run(Box::new(writer)));
    let compared = TraceReader::new(reader).and_then(|mut running| compare(&mut written, &mut running))?;
    if let Some(difference) = &compared.difference {
        let told = diff::in_words(&compared, difference, ["The trace", "The run"]);
        print(&format!("{command}NOT the same.\n{told}"))?;
        return Ok(Exit::Failed);
    }
    run.join().map_err(|_| anyhow!("the simulation broke off"))??;
    let hash = written.end().map_or(0, |end| end.hash);
    print(&format!("{command}Identical: {} entries, hash {hash:016x}\n", compared.same))?;
    Ok(Exit::Fine)
}
