//! `chinwag-maelstrom`: a node for `maelstrom test -w broadcast`.

use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use chinwag::{Epoch, Seed, Time};
use chinwag_maelstrom::{Server, Turn};

/// The longest line that is read, in bytes.
const MAX_LINE: u64 = 16 << 20;
/// How many lines may wait to be looked at.
const MAX_WAITING: usize = 1024;
/// How long to wait where nothing is due.
const LONG: Duration = Duration::from_secs(3600);

#[expect(clippy::disallowed_methods, reason = "a driver owns the clock, and this is where it reads it")]
fn main() -> anyhow::Result<()> {
    let origin = Instant::now();
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = Epoch::new(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX));
    let seed = Seed::new(RandomState::new().hash_one(epoch.get()));
    let (came, coming) = sync_channel(MAX_WAITING);
    std::thread::Builder::new()
        .name("standard input".to_owned())
        .spawn(move || read_lines(std::io::stdin().lock(), &came))
        .context("the system gives no thread to read by")?;
    run(Server::new(epoch, seed), &coming, || Time::ZERO + origin.elapsed())
}

/// Serves until the input ends.
fn run(mut server: Server, coming: &Receiver<String>, now: impl Fn() -> Time) -> anyhow::Result<()> {
    let (mut stdout, mut stderr) = (std::io::stdout().lock(), std::io::stderr().lock());
    loop {
        let wait = server.next_deadline().map_or(LONG, |deadline| deadline.saturating_since(now()));
        let mut turn = match coming.recv_timeout(wait) {
            Ok(line) => server.take_in(now(), &line),
            Err(RecvTimeoutError::Timeout) => Turn { lines: server.turn(now()), complaint: None },
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        if let Some(complaint) = turn.complaint.take() {
            // What cannot be reported is nobody's concern.
            let _ = writeln!(stderr, "chinwag-maelstrom: {complaint}");
        }
        if !turn.lines.is_empty() {
            turn.lines.push(String::new());
            stdout.write_all(turn.lines.join("\n").as_bytes()).context("standard output is closed")?;
            stdout.flush().context("standard output is closed")?;
        }
    }
}

/// Hands on line by line, until the input ends. What is longer than a line may be is cut off there.
fn read_lines(mut from: impl BufRead, to: &SyncSender<String>) {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = from.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) || to.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err()
        {
            return;
        }
    }
}
