//! Who is here as far as whoever reads has been told, and since when we are among them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chinwag::{Delivery, DownReason, Event, PeerId};
use jiff::civil::DateTime;

/// The most names that are remembered.
const LIMIT: usize = 4096;

/// How long after the first link what others said before may come.
const CATCHING_UP: Duration = Duration::from_secs(10);

/// How old a message is at least that counts as said before.
const BEFORE: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);

/// In a large network neighbours come and go while nobody joins or leaves: that is no news.
#[derive(Debug, Default)]
pub(super) struct Company {
    here: BTreeSet<PeerId>,
    /// With whom we are linked after what has been told so far; the node may be further.
    linked: BTreeSet<PeerId>,
    /// When the first of them was linked, after nobody was.
    since: Option<Instant>,
}

impl Company {
    /// Somebody is linked at `now`; whether that is news.
    pub(super) fn up(&mut self, now: Instant, peer: &PeerId) -> bool {
        self.since.get_or_insert(now);
        if self.linked.len() < LIMIT {
            self.linked.insert(peer.clone());
        }
        self.note(peer)
    }

    /// Somebody is not linked any more; whether that is news.
    pub(super) fn down(&mut self, peer: &PeerId, reason: DownReason) -> bool {
        self.linked.remove(peer);
        if self.linked.is_empty() {
            self.since = None;
        }
        if reason == DownReason::Parted {
            return false;
        }
        self.here.remove(peer);
        true
    }

    /// Whether nobody is linked, as far as has been told.
    pub(super) fn is_alone(&self) -> bool {
        self.linked.is_empty()
    }

    /// Somebody said something; when it was said, if that was before we came.
    pub(super) fn heard(&mut self, now: Instant, local: DateTime, delivery: &Delivery) -> Option<DateTime> {
        let catching_up = self.since.is_some_and(|since| now.saturating_duration_since(since) < CATCHING_UP);
        let said = delivery.time().as_text().and_then(|time| parse(&time)).filter(|_| catching_up);
        let before = said.filter(|said| local.duration_since(*said) >= BEFORE);
        if before.is_none() {
            // Who speaks is here, linked with us or not.
            self.note(delivery.from());
        }
        before
    }

    /// Whether that is not known yet.
    fn note(&mut self, peer: &PeerId) -> bool {
        if self.here.len() >= LIMIT && !self.here.contains(peer) {
            return true;
        }
        self.here.insert(peer.clone())
    }
}

/// Whether an event tells nothing new.
pub(super) fn is_quiet(company: &mut Company, now: Instant, event: &Event) -> bool {
    if let Event::PeerUp { peer, .. } = event {
        !company.up(now, peer)
    } else if let Event::PeerDown { peer, reason } = event {
        !company.down(peer, *reason)
    } else {
        false
    }
}

/// A time as the protocol writes it, like `Sun Nov  2 19:02:14 2026`.
fn parse(time: &str) -> Option<DateTime> {
    DateTime::strptime("%a %b %d %H:%M:%S %Y", time).ok()
}

/// A time to show beside what was said then, today or not.
pub(super) fn clock(local: DateTime, said: DateTime) -> String {
    let format = if local.date() == said.date() { "%H:%M" } else { "%b %d %H:%M" };
    said.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(name: &str) -> PeerId {
        PeerId::new(name).unwrap()
    }

    #[test]
    fn only_who_comes_or_goes_is_news() {
        let (mut company, now) = (Company::default(), crate::clock::now());
        assert!(company.up(now, &peer("bob")));
        assert!(!company.down(&peer("bob"), DownReason::Parted));
        assert!(!company.up(now, &peer("bob")), "a neighbour again");
        assert!(company.down(&peer("bob"), DownReason::Left));
        assert!(company.up(now, &peer("bob")), "it came back");
    }

    /// Something that ann says at that time, as a node hands it over.
    fn said(time: &str) -> Delivery {
        use chinwag::{
            Action, Body, ChatNode, Config, Content, Epoch, Input, LinkId, Message, Seed, Semantics, Time,
        };
        let mut node = ChatNode::new(Config::new(peer("me"), Epoch::new(1)), Seed::new(1)).unwrap();
        let link = LinkId::new(1);
        drop(node.handle(Time::ZERO, Input::LinkUp { link, dialed: None, semantics: Semantics::Stream }));
        let content = Content::Custom { msg_type: "TEST".into(), body: Body::text("hi") };
        let message = Message::new(peer("ann"), Body::text(time), content);
        drop(node.handle(Time::ZERO, Input::Received { link, message }));
        let delivered = std::iter::from_fn(|| node.poll_action()).find_map(|action| match action {
            Action::Emit(Event::Custom(delivery)) => Some(delivery),
            Action::Emit(_) | Action::Dial { .. } | Action::Send { .. } | Action::Close { .. } => None,
        });
        delivered.unwrap()
    }

    #[test]
    fn what_was_said_before_we_came_is_told_apart_and_its_author_may_be_gone() {
        let (mut company, now) = (Company::default(), crate::clock::now());
        let local = jiff::civil::date(2026, 11, 22).at(19, 5, 0, 0);
        let (old, new) = (said("Sun Nov 22 19:02:14 2026"), said("Sun Nov 22 19:04:30 2026"));
        assert_eq!(company.heard(now, local, &old), None, "nobody is linked who could have kept it");
        let mut company = Company::default();
        company.up(now, &peer("bob"));
        let before = company.heard(now, local, &old);
        assert_eq!(before.map(|before| clock(local, before)).as_deref(), Some("19:02"));
        assert!(company.up(now, &peer("ann")), "that ann is here is news");
        let mut company = Company::default();
        company.up(now, &peer("bob"));
        assert_eq!(company.heard(now, local, &new), None);
        assert!(!company.up(now, &peer("ann")), "ann was heard just now");
        assert_eq!(company.heard(now + CATCHING_UP, local, &old), None, "another time zone, most likely");
    }

    #[test]
    fn the_table_is_bounded_and_who_does_not_fit_is_told_each_time() {
        let (mut company, now) = (Company::default(), crate::clock::now());
        for number in 0..LIMIT {
            assert!(company.up(now, &peer(&format!("n{number}"))));
        }
        assert!(company.up(now, &peer("late")) && company.up(now, &peer("late")));
        assert_eq!(company.here.len(), LIMIT);
        assert!(!company.up(now, &peer("n7")));
    }

    #[test]
    fn times_are_read_as_the_protocol_writes_them() {
        let said = parse("Sun Nov  1 09:02:14 2026").unwrap();
        assert_eq!(said, jiff::civil::date(2026, 11, 1).at(9, 2, 14, 0));
        assert_eq!(parse("Sun Nov 22 19:02:14 2026").map(|at| at.day()), Some(22));
        for odd in ["", "yesterday", "Sun Nov 31 09:02:14 2026", "1763838134"] {
            assert_eq!(parse(odd), None, "{odd}");
        }
        assert_eq!(clock(said, said), "09:02");
        assert_eq!(clock(jiff::civil::date(2026, 11, 2).at(0, 0, 0, 0), said), "Nov 01 09:02");
    }
}
