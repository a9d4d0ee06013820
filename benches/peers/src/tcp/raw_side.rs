//! Sockets alone, on `mio`: as many bytes as chinwag's, and nobody looks at them but to learn when they were written.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::course::{Course, Phase};
use super::pace::Pace;
use super::stage::Running;
use super::tally::Tally;
use super::text;
use super::work::{Shape, Work};
use crate::clock;

/// All links are made at once; then one thread writes, and another one reads.
pub(super) fn start(work: Work, course: &Arc<Course>, bytes_a_write: usize) -> anyhow::Result<Running> {
    let Shape::Star(links) = work.shape() else { bail!("here everybody is linked with one alone") };
    let (writes, reads) = pairs(links)?;
    let records = (bytes_a_write / RECORD).max(1);
    let (writer, reader) = (Arc::clone(course), Arc::clone(course));
    let mut running = Running::new();
    running.spawn(move || write(writes, &writer, Pace::new(work.rate(), 1, 0..1), records))?;
    running.spawn(move || read(reads, &reader))?;
    (0..work.shape().peers()).for_each(|_| course.note_ready(true));
    Ok(running)
}

fn pairs(links: usize) -> anyhow::Result<(Vec<TcpStream>, Vec<TcpStream>)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (mut writes, mut reads) = (Vec::new(), Vec::new());
    for _ in 0..links {
        for (side, stream) in
            [(&mut reads, std::net::TcpStream::connect(address)?), (&mut writes, listener.accept()?.0)]
        {
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            side.push(TcpStream::from_std(stream));
        }
    }
    Ok((writes, reads))
}

struct Link {
    stream: TcpStream,
    /// What it has not taken yet, and how much of the first one it has.
    pending: VecDeque<Rc<[u8]>>,
    taken: usize,
}

impl Link {
    fn flush(&mut self) -> anyhow::Result<()> {
        while let Some(first) = self.pending.front() {
            match self.stream.write(&first[self.taken..]) {
                Ok(count) => self.taken += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
            if self.taken == first.len() {
                self.pending.pop_front();
                self.taken = 0;
            }
        }
        Ok(())
    }
}

fn write(streams: Vec<TcpStream>, course: &Course, mut pace: Pace, at_once: usize) -> anyhow::Result<Tally> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    let mut links = Vec::new();
    for (place, mut stream) in streams.into_iter().enumerate() {
        poll.registry().register(&mut stream, Token(place), Interest::WRITABLE)?;
        links.push(Link { stream, pending: VecDeque::new(), taken: 0 });
    }
    let (mut phase, mut together, mut buffer) = (Phase::Join, 0, Vec::new());
    while phase != Phase::Stop {
        let now = course.phase();
        if now != phase {
            phase = now;
            pace.begin();
        }
        let said = if phase.is_talk() { pace.speakers(course).len() } else { 0 };
        for _ in 0..said {
            buffer
                .extend_from_slice(text::write(phase == Phase::Measure, course.micros(), RECORD).as_bytes());
            together += 1;
            if together >= at_once {
                write_to_all(&mut links, &mut buffer)?;
                together = 0;
            }
        }
        // What is held back would otherwise never have room made for it, or never be sent at all.
        if together > 0 && (!phase.is_talk() || said == 0 && !course.has_room()) {
            write_to_all(&mut links, &mut buffer)?;
            together = 0;
        }
        let again = if phase.is_talk() { pace.next(course) } else { None };
        let wait = again.map_or(LOOK_UP, |again| again.saturating_duration_since(clock::now()).min(LOOK_UP));
        wait_for(&mut poll, &mut events, wait)?;
        for event in &events {
            links[event.token().0].flush()?;
        }
    }
    Tally::new()
}

fn write_to_all(links: &mut [Link], buffer: &mut Vec<u8>) -> anyhow::Result<()> {
    let bytes: Rc<[u8]> = Rc::from(&**buffer);
    buffer.clear();
    for link in links {
        link.pending.push_back(Rc::clone(&bytes));
        if link.pending.len() == 1 {
            link.flush()?;
        }
    }
    Ok(())
}

fn read(mut streams: Vec<TcpStream>, course: &Course) -> anyhow::Result<Tally> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(1024));
    for (place, stream) in streams.iter_mut().enumerate() {
        poll.registry().register(stream, Token(place), Interest::READABLE)?;
    }
    let (mut tally, mut buffer) = (Tally::new()?, vec![0; 64 << 10]);
    let mut lengths = vec![0_usize; streams.len()];
    let mut phase = course.phase();
    let mut counts = false;
    while phase != Phase::Stop {
        wait_for(&mut poll, &mut events, LOOK_UP)?;
        phase = course.phase();
        // What was said before has all been read before this begins.
        counts |= phase == Phase::Measure;
        let mut heard = 0;
        for event in &events {
            let (stream, length) = (&mut streams[event.token().0], &mut lengths[event.token().0]);
            loop {
                let count = match stream.read(&mut buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // The author has gone, as the course is over.
                    Ok(0) => break,
                    read => read?,
                };
                let begun = length.next_multiple_of(RECORD) - *length;
                let whole = (*length + count) / RECORD - *length / RECORD;
                *length += count;
                heard += whole as u64;
                if counts {
                    note(
                        &mut tally,
                        whole as u64,
                        buffer.get(begun..count).unwrap_or_default(),
                        course.micros(),
                    );
                }
                if count < buffer.len() {
                    break;
                }
            }
        }
        course.note_heard(heard);
    }
    Ok(tally)
}

/// So many messages came; when the first that began with these bytes was written stands for them all.
fn note(tally: &mut Tally, whole: u64, bytes: &[u8], now: u64) {
    tally.deliveries += whole;
    tally.last = now;
    let stamp = bytes.get(..STAMP).and_then(|bytes| std::str::from_utf8(bytes).ok());
    if let Some(said_at) = stamp.and_then(text::said_at) {
        // It grows as it has to.
        let _ = tally.latency.record(now.saturating_sub(said_at));
    }
}

fn wait_for(poll: &mut Poll, events: &mut Events, time: Duration) -> anyhow::Result<()> {
    match poll.poll(events, Some(time)) {
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
        waited => waited.context("waiting for the sockets failed"),
    }
}

const LOOK_UP: Duration = Duration::from_millis(20);
/// As long as a message of chinwag's with such a text.
const RECORD: usize = 380;
/// As much of it as says when it was written.
const STAMP: usize = 16;
