//! Who said what, who heard it, how and how fast.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use chinwag::{Delivery, MessageId};

use crate::sanitize;

/// Everything that was said, and everything that was heard of it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    lines: Vec<Said>,
    /// Heard, but never said.
    invented: usize,
}

#[derive(Debug)]
struct Said {
    by: usize,
    to: Audience,
    text: String,
    at: Instant,
    heard: Vec<Heard>,
}

/// Whom something was said to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Audience {
    /// Everybody but the speaker.
    All,
    /// One of the five.
    One(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Heard {
    by: usize,
    after: Duration,
    /// Whether it came as the old program's messages do, without a number.
    classic: bool,
}

impl Ledger {
    /// Notes that something is said now.
    pub(super) fn said(&mut self, at: Instant, by: usize, to: Audience, text: &str) {
        self.lines.push(Said { by, to, text: text.to_owned(), at, heard: Vec::new() });
    }

    /// Notes that `by` heard something of `from`. What was said more than once is heard in that order.
    pub(super) fn heard(&mut self, at: Instant, by: usize, from: usize, delivery: &Delivery) {
        let text = delivery.body().to_display();
        let classic = matches!(delivery.id(), Some(MessageId::Classic(_)) | None);
        let same = |line: &&mut Said| line.by == from && line.text == *text;
        let not_yet = |line: &Said| line.heard.iter().all(|heard| heard.by != by);
        let which = self.lines.iter().position(|line| line.by == from && line.text == *text && not_yet(line));
        let line = match which {
            Some(index) => self.lines.get_mut(index),
            None => self.lines.iter_mut().rfind(same),
        };
        match line {
            Some(line) => {
                line.heard.push(Heard { by, after: at.saturating_duration_since(line.at), classic });
            }
            None => self.invented += 1,
        }
    }

    /// Whether everybody has heard what was said last.
    pub(super) fn last_is_complete(&self, people: usize) -> bool {
        self.lines.last().is_none_or(|line| line.audience(people).all(|who| line.times(who) > 0))
    }

    /// Who has heard what was said last, how fast and how.
    pub(super) fn last(&self, names: &[&str]) -> String {
        let Some(line) = self.lines.last() else { return String::new() };
        let one = |heard: &Heard| {
            let name = names.get(heard.by).copied().unwrap_or("?");
            format!("{name} {}{}", milliseconds(heard.after), mark(heard.classic)).trim_end().to_owned()
        };
        let heard: Vec<String> = line.heard.iter().map(one).collect();
        if heard.is_empty() { "nobody".to_owned() } else { heard.join(", ") }
    }

    /// How many deliveries there should have been, how many there were, and how many of these were one too many.
    pub(super) fn sums(&self, people: usize) -> Sums {
        let mut sums = Sums { expected: 0, missing: 0, extra: self.invented };
        for line in &self.lines {
            for who in 0..people {
                let due = usize::from(line.audience(people).any(|listener| listener == who));
                let times = line.times(who);
                sums.expected += due;
                sums.missing += due.saturating_sub(times);
                sums.extra += times.saturating_sub(due);
            }
        }
        sums
    }

    /// The slowest delivery of all.
    pub(super) fn slowest(&self) -> Option<Duration> {
        self.lines.iter().flat_map(|line| &line.heard).map(|heard| heard.after).max()
    }

    /// A row for each thing said, a column for each listener.
    pub(super) fn table(&self, names: &[&str]) -> String {
        const CELL: usize = 10;
        const LABEL: usize = 29;
        let label = |line: &Said| {
            let name = names.get(line.by).copied().unwrap_or("?");
            let whole = match line.to {
                Audience::All => format!("{name}: {}", line.text),
                Audience::One(_) => format!("{name} in private: {}", line.text),
            };
            let whole = sanitize::line(&whole);
            if whole.chars().count() <= LABEL {
                whole.into_owned()
            } else {
                whole.chars().take(LABEL - 1).chain(['…']).collect()
            }
        };
        let mut table = " ".repeat(LABEL);
        for name in names {
            let _ = write!(table, "{name:>0$} ", CELL - 1);
        }
        table.push('\n');
        for line in &self.lines {
            let _ = write!(table, "{:<LABEL$}", label(line));
            for who in 0..names.len() {
                let cell = if who == line.by { "said it ".to_owned() } else { line.cell(who) };
                let _ = write!(table, "{cell:>CELL$}");
            }
            table.push('\n');
        }
        table
    }
}

/// What came out of it all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sums {
    /// Deliveries that should have been.
    pub(super) expected: usize,
    /// Those of them that were not.
    pub(super) missing: usize,
    /// Deliveries that should not have been.
    pub(super) extra: usize,
}

impl Said {
    fn audience(&self, people: usize) -> impl Iterator<Item = usize> + '_ {
        (0..people).filter(|who| match self.to {
            Audience::All => *who != self.by,
            Audience::One(to) => *who == to,
        })
    }

    fn times(&self, who: usize) -> usize {
        self.heard.iter().filter(|heard| heard.by == who).count()
    }

    fn cell(&self, who: usize) -> String {
        let heard: Vec<&Heard> = self.heard.iter().filter(|heard| heard.by == who).collect();
        match (heard.as_slice(), self.to) {
            ([once], _) => format!("{}{}", milliseconds(once.after), mark(once.classic)),
            ([], Audience::All) => "NOT HEARD".to_owned(),
            ([], Audience::One(to)) if to == who => "NOT HEARD".to_owned(),
            ([], Audience::One(_)) => "– ".to_owned(),
            (many, _) => format!("{} TIMES ", many.len()),
        }
    }
}

fn mark(classic: bool) -> char {
    if classic { '*' } else { ' ' }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use chinwag::{Body, Content, Message, PeerId, Post};

    use super::*;

    /// A message as a node would hand it over, which only a node can make.
    fn deliveries(text: &str) -> Vec<Delivery> {
        use chinwag::{Action, ChatNode, Config, Epoch, Event, Input, LinkId, Seed, Semantics, Time};
        let mut node =
            ChatNode::new(Config::new(PeerId::new("me").unwrap(), Epoch::new(1)), Seed::new(1)).unwrap();
        let link = LinkId::new(1);
        let up = Input::LinkUp { link, dialed: None, semantics: Semantics::Stream };
        let custom = Content::Custom { msg_type: "TEST".into(), body: Body::text(text) };
        let from = PeerId::new("ann").unwrap();
        let post =
            Content::Broadcast(Post { place: None, room: None, body: Body::text(text), signature: None });
        let ping = r#"{"msg_type":"PING","msg":["127.0.0.1",9],"originator":"ann","time":""}"#;
        let ping = Message::decode(bytes_of(ping)).unwrap();
        let messages = [
            ping,
            Message::new(from.clone(), Body::text(""), custom),
            Message::new(from, Body::text(""), post),
        ];
        let mut heard = Vec::new();
        drop(node.handle(Time::ZERO, up));
        for message in messages {
            drop(node.handle(Time::ZERO, Input::Received { link, message }));
        }
        while let Some(action) = node.poll_action() {
            if let Action::Emit(Event::Delivered(delivery) | Event::Custom(delivery)) = action {
                heard.push(delivery);
            }
        }
        heard
    }

    fn bytes_of(text: &str) -> bytes::Bytes {
        bytes::Bytes::copy_from_slice(text.as_bytes())
    }

    #[test]
    fn what_is_missing_and_what_is_too_much_is_seen() {
        let start = clock_start();
        let mut ledger = Ledger::default();
        ledger.said(start, 0, Audience::All, "hi");
        assert_eq!(ledger.sums(3), Sums { expected: 2, missing: 2, extra: 0 });
        let delivery = deliveries("hi").pop().unwrap();
        ledger.heard(start + Duration::from_millis(2), 1, 0, &delivery);
        assert!(!ledger.last_is_complete(3));
        ledger.heard(start, 2, 0, &delivery);
        assert!(ledger.last_is_complete(3));
        assert_eq!(ledger.sums(3), Sums { expected: 2, missing: 0, extra: 0 });
        ledger.heard(start, 2, 0, &delivery);
        assert_eq!(ledger.sums(3), Sums { expected: 2, missing: 0, extra: 1 });
        ledger.said(start, 0, Audience::One(1), "psst");
        assert_eq!(ledger.sums(3), Sums { expected: 3, missing: 1, extra: 1 });
        let table = ledger.table(&["Ann", "Ben", "Cleo"]);
        assert!(
            table.contains("2.0 ms*") && table.contains("2 TIMES") && table.contains("NOT HEARD"),
            "{table}"
        );
        ledger.heard(start, 1, 1, &delivery);
        assert_eq!(ledger.sums(3).extra, 2);
    }

    fn clock_start() -> Instant {
        crate::clock::now()
    }
}
