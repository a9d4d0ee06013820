//! `chinwag sim swarm`: a scenario for each of many seeds.

use std::fmt::Write as _;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::anyhow;
use chinwag_memory::Scenario;
use chinwag_memory::scenario::Bug;
use chinwag_memory::swarm::{Survey, Verdict};

use crate::arguments::{Format, SwarmArguments};
use crate::clock;
use crate::exit::Exit;
use crate::sim::listing::Listing;
use crate::sim::{csv_line, print};

/// Plays the scenarios and prints what was found: fine if every check held and everything was tried.
///
/// # Errors
/// When standard output is closed.
pub(super) fn run(arguments: &SwarmArguments) -> anyhow::Result<Exit> {
    let threads = arguments.threads.or_else(|| thread::available_parallelism().ok());
    let hunt = Hunt { arguments, start: clock::now(), next: AtomicU64::new(0), progress: Mutex::default() };
    let survey = thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads.map_or(1, NonZeroUsize::get)).map(|_| scope.spawn(|| hunt.work())).collect();
        let mut survey = Survey::default();
        for worker in workers {
            survey.merge(
                worker.join().map_err(|_| anyhow!("a scenario made the simulator panic: see above"))??,
            );
        }
        anyhow::Ok(survey)
    })?;
    let verdict = survey.verdict();
    print(&match arguments.format {
        Format::Table => table(&survey, &verdict, arguments.bug),
        Format::Json => format!("{}\n", serde_json::to_string(&survey)?),
        Format::Csv => csv_line::of(&Listing::of(&survey)?)?,
        Format::Markdown => markdown(&survey, &verdict, arguments.bug),
    })?;
    Ok(if verdict == Verdict::Fine { Exit::Fine } else { Exit::Failed })
}

struct Hunt<'a> {
    arguments: &'a SwarmArguments,
    start: Instant,
    next: AtomicU64,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    done: u64,
    said_at: u64,
}

impl Hunt<'_> {
    /// Plays one seed after the other until there are none, or the time is up.
    fn work(&self) -> anyhow::Result<Survey> {
        let mut survey = Survey::default();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let elapsed = clock::now().saturating_duration_since(self.start);
            let late = self.arguments.at_most.is_some_and(|most| elapsed >= most);
            if number >= self.arguments.seeds || late {
                return Ok(survey);
            }
            let seed = self.arguments.from.saturating_add(number) & i64::MAX.unsigned_abs();
            let mut scenario = Scenario::swarm(seed);
            scenario.bug = self.arguments.bug;
            let outcome = scenario.play()?;
            if let Some(failure) = &outcome.failure {
                say(&format!("seed {seed}: {failure}\n    {}", replay(seed, self.arguments.bug)));
            }
            survey.add(seed, &outcome);
            self.tell(elapsed.as_secs());
        }
    }

    /// Says every few seconds how far it is.
    fn tell(&self, seconds: u64) {
        let Ok(mut progress) = self.progress.lock() else { return };
        progress.done += 1;
        if seconds >= progress.said_at + PROGRESS_SECONDS {
            progress.said_at = seconds;
            say(&format!("{} of {} scenarios after {seconds} s", progress.done, self.arguments.seeds));
        }
    }
}

/// The one command that shows a failure again.
fn replay(seed: u64, bug: Option<Bug>) -> String {
    let bug = bug.map(|bug| format!(" --bug {}", bug.name())).unwrap_or_default();
    format!("chinwag sim run --swarm-seed {seed}{bug}")
}

fn say(line: &str) {
    // Nothing is left to be done if standard error is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn table(survey: &Survey, verdict: &Verdict, bug: Option<Bug>) -> String {
    let mut table = String::new();
    for (what, value, remark) in rows(survey) {
        let _ = writeln!(table, "{what:<14}{value:>12}  {remark}");
    }
    table.push_str("\nexercised:\n");
    for (what, count) in survey.coverage.iter() {
        let _ = writeln!(table, "  {what:<34}{count:>14}");
    }
    for found in &survey.found {
        let _ = writeln!(table, "\nseed {}: {}\n    {}", found.seed, found.failure, replay(found.seed, bug));
    }
    table + &format!("\n{verdict}\n")
}

fn markdown(survey: &Survey, verdict: &Verdict, bug: Option<Bug>) -> String {
    let mut text = "| figure | value | |\n|---|---:|---|\n".to_owned();
    for (what, value, remark) in rows(survey) {
        let _ = writeln!(text, "| {what} | {value} | {remark} |");
    }
    text.push_str("\n| exercised | count |\n|---|---:|\n");
    for (what, count) in survey.coverage.iter() {
        let _ = writeln!(text, "| {what} | {count} |");
    }
    for found in &survey.found {
        let command = replay(found.seed, bug);
        let _ = writeln!(text, "\n- seed {}: {} (`{command}`)", found.seed, found.failure);
    }
    text + &format!("\n{verdict}\n")
}

fn rows(survey: &Survey) -> [(&'static str, u64, String); 4] {
    [
        ("scenarios", survey.scenarios, "played".to_owned()),
        (
            "unrecoverable",
            survey.unrecoverable,
            "left nodes that could not find each other by what they knew".to_owned(),
        ),
        (
            "messages",
            survey.messages,
            format!("heard {} times by those who were there at the end", survey.heard),
        ),
        ("inputs", survey.inputs, format!("slowest recovery {} ms", survey.slowest_ms)),
    ]
}

const PROGRESS_SECONDS: u64 = 5;
