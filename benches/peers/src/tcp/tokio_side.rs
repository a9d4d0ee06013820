//! `tokio` and `tokio-util`: lines of JSON, written to every link in turn, and read by a task for each.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;
use futures_util::{SinkExt, StreamExt as _};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::{FramedRead, FramedWrite, LinesCodec};

use super::course::{Course, Phase};
use super::pace::Pace;
use super::runtime::{on_a_runtime, wait_until};
use super::scores::Scores;
use super::stage::Running;
use super::tally::Tally;
use super::text;
use super::work::{Shape, TEXT, Work};

/// How lines are written and read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lines {
    /// Written when many are together (`feed`); what is in one is not looked at.
    Together,
    /// Each written by itself (`send`); what is in one is not looked at.
    OneByOne,
    /// Written when many are together; parsed, and each delivered once.
    JsonTogether,
}

/// The keys of chinwag's own messages, so that as many bytes are on their way.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    msg_type: &'a str,
    #[serde(borrow)]
    msg: Cow<'a, str>,
    #[serde(borrow)]
    originator: Cow<'a, str>,
    time: &'a str,
    epoch: u64,
    seq: u64,
}

type Writer = FramedWrite<TcpStream, LinesCodec>;
type Reader = FramedRead<TcpStream, LinesCodec>;

pub(super) fn start(work: Work, course: &Arc<Course>, lines: Lines) -> anyhow::Result<Running> {
    let Shape::Star(links) = work.shape() else { bail!("here everybody is linked with one alone") };
    let course = Arc::clone(course);
    let mut running = Running::new();
    running.spawn(move || on_a_runtime(run(work, course, links, lines)))?;
    Ok(running)
}

async fn run(work: Work, course: Arc<Course>, links: usize, lines: Lines) -> anyhow::Result<Tally> {
    let scores = Arc::new(Scores::new(&course)?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let mut writers = Vec::new();
    for place in 1..=links {
        let (dialed, (accepted, _)) = tokio::try_join!(TcpStream::connect(address), listener.accept())?;
        dialed.set_nodelay(true)?;
        accepted.set_nodelay(true)?;
        let mut writer = Writer::new(accepted, LinesCodec::new());
        writer.set_backpressure_boundary(BUFFER);
        writers.push(writer);
        let reader = Reader::with_capacity(dialed, LinesCodec::new_with_max_length(BUFFER), BUFFER);
        drop(tokio::spawn(read(reader, place, Arc::clone(&scores), lines)));
        course.note_ready(true);
    }
    course.note_ready(true);
    speak(writers, &course, Pace::new(work.rate(), 1, 0..1), lines).await?;
    scores.sum()
}

/// Until the course ends.
async fn speak(
    mut writers: Vec<Writer>,
    course: &Course,
    mut pace: Pace,
    lines: Lines,
) -> anyhow::Result<()> {
    let (mut phase, mut seq) = (Phase::Join, 0);
    while phase != Phase::Stop {
        let now = course.phase();
        if now != phase {
            phase = now;
            pace.begin();
        }
        let mut again: Option<Instant> = None;
        if phase.is_talk() {
            for _ in pace.speakers(course) {
                seq += 1;
                let line = write(&text::write(phase == Phase::Measure, course.micros(), TEXT), seq)?;
                for writer in &mut writers {
                    match lines {
                        Lines::OneByOne => writer.send(&line).await?,
                        Lines::Together | Lines::JsonTogether => writer.feed(&line).await?,
                    }
                }
            }
            for writer in &mut writers {
                SinkExt::<&str>::flush(writer).await?;
            }
            again = pace.next(course);
        }
        wait_until(again).await;
    }
    Ok(())
}

fn write(text: &str, seq: u64) -> serde_json::Result<String> {
    serde_json::to_string(&Line {
        msg_type: "BROADCAST",
        msg: text.into(),
        originator: AUTHOR.into(),
        time: "Mon Nov 23 12:00:00 2026",
        epoch: 1_795_374_131_000,
        seq,
    })
}

/// Until the author hangs up.
async fn read(reader: Reader, place: usize, scores: Arc<Scores>, lines: Lines) -> anyhow::Result<()> {
    let mut reader = reader.ready_chunks(AT_ONCE);
    let mut last_of_authors = HashMap::new();
    while let Some(chunk) = reader.next().await {
        let chunk = chunk.into_iter().collect::<Result<Vec<_>, _>>()?;
        if lines == Lines::JsonTogether {
            let parsed = chunk.iter().map(|line| serde_json::from_str(line));
            let mut fresh = parsed.collect::<Result<Vec<Line<'_>>, _>>()?;
            fresh.retain(|line| is_fresh(&mut last_of_authors, line));
            scores.hear(place, fresh.iter().map(|line| &*line.msg));
        } else {
            scores.hear(place, chunk.iter().map(|line| line.get(TEXT_AT..).unwrap_or_default()));
        }
    }
    Ok(())
}

/// Whether this is the next that its author says. On a link like these none overtakes another.
fn is_fresh(last_of_authors: &mut HashMap<String, (u64, u64)>, line: &Line<'_>) -> bool {
    let seen = (line.epoch, line.seq);
    match last_of_authors.get_mut(&*line.originator) {
        Some(last) => seen > std::mem::replace(last, seen.max(*last)),
        None => last_of_authors.insert(line.originator.clone().into_owned(), seen).is_none(),
    }
}

/// How much is put together for one write, and room for one read: `tokio-util` has 8 KiB unless told otherwise.
const BUFFER: usize = 64 << 10;
/// How many lines are counted together at most.
const AT_ONCE: usize = 256;
const AUTHOR: &str = "peer 0";
/// Where in a line its text begins.
const TEXT_AT: usize = r#"{"msg_type":"BROADCAST","msg":""#.len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_long_as_a_frame_and_fresh_once() {
        let text = text::write(true, 123, TEXT);
        let written = write(&text, 100_000).unwrap();
        assert_eq!(written.get(TEXT_AT..).and_then(text::said_at), Some(123));
        // Its end and the digits of its number are the rest.
        assert!((370..=382).contains(&written.len()), "{}", written.len());
        let line: Line<'_> = serde_json::from_str(&written).unwrap();
        let mut last_of_authors = HashMap::new();
        let later = Line { seq: 100_001, ..serde_json::from_str(&written).unwrap() };
        let fresh = [&line, &line, &later, &line].map(|line| is_fresh(&mut last_of_authors, line));
        assert_eq!((fresh, &*line.msg), ([true, false, true, false], &*text));
    }
}
