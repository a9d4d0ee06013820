//! Peers whose link was lost a moment ago: most are back at once, and then there is nothing to tell a person.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use chinwag::{DownReason, Event, PeerId};

/// How long a peer may be gone before a person is told.
const BLINK: Duration = Duration::from_secs(2);

/// The most that are held back.
const LIMIT: usize = 256;

/// Losses that have not been told of, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Absent {
    lost: VecDeque<Loss>,
}

#[derive(Debug)]
struct Loss {
    since: Instant,
    peer: PeerId,
    reason: DownReason,
}

impl Absent {
    /// Whether an event is not to be told, or not yet.
    pub(super) fn holds_back(&mut self, now: Instant, event: &Event) -> bool {
        if let Event::PeerDown { peer, reason } = event {
            let lost = matches!(reason, DownReason::Closed | DownReason::Broken | DownReason::Silent);
            if !lost || self.lost.len() >= LIMIT {
                return false;
            }
            self.lost.push_back(Loss { since: now, peer: peer.clone(), reason: *reason });
            true
        } else if let Event::PeerUp { peer, .. } = event {
            let before = self.lost.len();
            self.lost.retain(|loss| loss.peer != *peer);
            self.lost.len() < before
        } else {
            false
        }
    }

    /// The next loss that is to be told at `now`; `None`: whenever it was.
    pub(super) fn next(&mut self, now: Option<Instant>) -> Option<Event> {
        let is_due = |loss: &&Loss| now.is_none_or(|now| now.saturating_duration_since(loss.since) >= BLINK);
        self.lost.front().filter(is_due)?;
        let Loss { peer, reason, .. } = self.lost.pop_front()?;
        Some(Event::PeerDown { peer, reason })
    }

    /// When the next is to be told.
    pub(super) fn until(&self) -> Option<Instant> {
        self.lost.front().and_then(|loss| loss.since.checked_add(BLINK))
    }
}

#[cfg(test)]
mod tests {
    use chinwag::Dialect;

    use super::*;

    fn up(name: &str) -> Event {
        Event::PeerUp { peer: PeerId::new(name).unwrap(), address: None, dialect: Dialect::Native }
    }

    fn down(name: &str, reason: DownReason) -> Event {
        Event::PeerDown { peer: PeerId::new(name).unwrap(), reason }
    }

    #[test]
    fn who_is_back_at_once_was_never_gone() {
        let (mut absent, now) = (Absent::default(), crate::clock::now());
        assert!(!absent.holds_back(now, &up("ann")));
        assert!(!absent.holds_back(now, &down("ann", DownReason::Left)), "it said so itself");
        assert!(absent.holds_back(now, &down("bob", DownReason::Broken)));
        assert!(absent.holds_back(now, &down("cleo", DownReason::Closed)));
        assert!(absent.holds_back(now, &up("bob")));
        assert_eq!(absent.next(Some(now)), None);
        assert_eq!(absent.until(), Some(now + BLINK));
        assert_eq!(absent.next(Some(now + BLINK)), Some(down("cleo", DownReason::Closed)));
        assert_eq!((absent.next(None), absent.until()), (None, None));
        assert!(!absent.holds_back(now, &up("cleo")), "that was told, and so is this");
    }

    #[test]
    fn what_is_held_back_is_bounded() {
        let (mut absent, now) = (Absent::default(), crate::clock::now());
        let held = |absent: &mut Absent| absent.holds_back(now, &down("bob", DownReason::Silent));
        assert_eq!((0..1000).filter(|_| held(&mut absent)).count(), LIMIT);
        assert_eq!(std::iter::from_fn(|| absent.next(None)).count(), LIMIT);
    }
}
