//! `chinwag sim explain`: how a message came to a node, or why it did not.

use chinwag_memory::trace_log::{contents, explain};

use crate::arguments::ExplainArguments;
use crate::exit::Exit;
use crate::sanitize;
use crate::sim::{print, trace_file};

/// Prints what the trace tells of the message and the node.
///
/// # Errors
/// If the trace cannot be read, or has no such message or node.
pub(super) fn run(arguments: &ExplainArguments) -> anyhow::Result<Exit> {
    let contents = contents(trace_file::open(&arguments.file)?)?;
    let (message, node) = (contents.message(&arguments.message)?, contents.node(&arguments.node)?);
    let explanation = explain(trace_file::open(&arguments.file)?, message, node)?;
    let text = explanation.to_string();
    print(&text.lines().map(|line| format!("{}\n", sanitize::line(line))).collect::<String>())?;
    Ok(Exit::Fine)
}
