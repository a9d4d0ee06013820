//! `chinwag sim diff`: where two traces part.

use chinwag_memory::trace_log::{Compared, Difference, Told, compare};

use crate::arguments::DiffArguments;
use crate::exit::Exit;
use crate::sanitize;
use crate::sim::made_by::MadeBy;
use crate::sim::{print, trace_file};

/// Prints the first difference in words, with what was before it: fine if there is none.
///
/// # Errors
/// If one of the traces cannot be read.
pub(super) fn run(arguments: &DiffArguments) -> anyhow::Result<Exit> {
    let (mut one, mut other) = (trace_file::open(&arguments.one)?, trace_file::open(&arguments.other)?);
    let headers = headers(one.made_by(), other.made_by());
    let compared = compare(&mut one, &mut other)?;
    let Some(difference) = &compared.difference else {
        let hash = one.end().map_or(0, |end| end.hash);
        print(&format!("{headers}Identical: {} entries, hash {hash:016x}\n", compared.same))?;
        return Ok(Exit::Fine);
    };
    print(&format!("{headers}{}", in_words(&compared, difference, ["A", "B"])))?;
    Ok(Exit::Failed)
}

/// The difference in words, and what was before it.
pub(super) fn in_words(compared: &Compared, difference: &Difference, names: [&str; 2]) -> String {
    let lines = |sign: &str, told: &[Told]| -> String {
        told.iter().map(|told| format!("{sign} {}\n", sanitize::line(&told.words))).collect()
    };
    let [one, other] = names;
    let side = |name: &str, sign: &str, told: &[Told]| {
        if told.is_empty() {
            format!("{name} ends here.\n")
        } else {
            format!("{name} goes on:\n{}", lines(sign, told))
        }
    };
    let before = match compared.same {
        0 => "They differ from the first entry on.\n".to_owned(),
        same => format!(
            "The first {same} entries are the same. The last of them:\n{}",
            lines(" ", &compared.before)
        ),
    };
    before + &side(one, "<", &difference.one) + &side(other, ">", &difference.other)
}

/// The command that made a trace.
pub(super) fn made(made_by: &MadeBy) -> String {
    format!("{}\n", sanitize::line(&made_by.origin.command))
}

/// What made the two traces, and what is different in that.
fn headers(one: &str, other: &str) -> String {
    let told = |name: &str, line: &str| match MadeBy::read(line) {
        Ok(made_by) => {
            let program = sanitize::line(&made_by.origin.program).into_owned();
            format!("{name}: {}, {program}\n", made(&made_by).trim_end())
        }
        Err(_) => format!("{name}: {}\n", sanitize::line(line)),
    };
    if one == other {
        return told("A and B", one);
    }
    let mut text = told("A", one) + &told("B", other);
    if let (Ok(one), Ok(other)) = (MadeBy::read(one), MadeBy::read(other))
        && let (Some(one), Some(other)) = (&one.scenario, &other.scenario)
    {
        text += &only_in("A", one, other);
        text += &only_in("B", other, one);
    }
    text
}

/// The lines of a scenario that another one has not.
fn only_in(name: &str, scenario: &str, other: &str) -> String {
    let lines =
        scenario.lines().filter(|line| !line.is_empty() && !other.lines().any(|known| known == *line));
    lines.map(|line| format!("Only in the scenario of {name}: {}\n", sanitize::line(line))).collect()
}
