//! What waits to go to the same peer.

use std::collections::BTreeMap;
use std::time::Duration;

use chinwag::{Content, LinkId, Message, Time};

/// How long anything may wait for company.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Patience {
    /// What people said.
    pub(crate) posts: Duration,
    /// What the protocol says: that is most of all messages, and seldom urgent.
    pub(crate) others: Duration,
}

/// Frames that wait, by where they go, each in the order in which it was said.
#[derive(Debug)]
pub(crate) struct Bundles {
    patience: Patience,
    waiting: BTreeMap<LinkId, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    due: Time,
    messages: Vec<Message>,
}

/// The most frames that one line carries.
const MAX_FRAMES: usize = 256;

impl Bundles {
    pub(crate) const fn new(patience: Patience) -> Self {
        Self { patience, waiting: BTreeMap::new() }
    }

    /// Adds a message. Nothing overtakes what waits already: it goes with it.
    pub(crate) fn push(&mut self, now: Time, link: LinkId, message: Message) {
        let due = now + self.patience_of(&message);
        let waiting = self.waiting.entry(link).or_insert_with(|| Waiting { due, messages: Vec::new() });
        waiting.due = waiting.due.min(due);
        waiting.messages.push(message);
        if waiting.messages.len() >= MAX_FRAMES {
            waiting.due = now;
        }
    }

    /// When something is due next.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.waiting.values().map(|waiting| waiting.due).min()
    }

    /// The next bundle that is due, with where it goes.
    pub(crate) fn take_due(&mut self, now: Time) -> Option<(LinkId, Vec<Message>)> {
        let link = *self.waiting.iter().find(|(_, waiting)| waiting.due <= now)?.0;
        self.waiting.remove(&link).map(|waiting| (link, waiting.messages))
    }

    fn patience_of(&self, message: &Message) -> Duration {
        // Whoever waits for an introduction can say nothing else yet.
        if let Content::Ping(_) | Content::Pong(_) = message.content() {
            Duration::ZERO
        } else if message.post().is_some() {
            self.patience.posts
        } else {
            self.patience.others
        }
    }
}

#[cfg(test)]
mod tests {
    use chinwag::{Body, Control, PeerId, Post};
    use proptest::prelude::*;

    use super::*;

    const PATIENCE: Patience =
        Patience { posts: Duration::from_millis(20), others: Duration::from_millis(150) };

    fn post(text: &str) -> Message {
        let post = Post { place: None, room: None, body: Body::text(text), signature: None };
        Message::new(PeerId::new("ann").unwrap(), Body::text("now"), Content::Broadcast(post))
    }

    proptest! {
        #![proptest_config(chinwag_testkit::cases(256))]

        #[test]
        fn all_that_is_said_leaves_in_its_order_and_in_time(
            said in prop::collection::vec((0..3_u64, any::<bool>(), 0..100_u64), 1..200),
        ) {
            let (mut bundles, mut now) = (Bundles::new(PATIENCE), Time::ZERO);
            let mut sent: BTreeMap<u64, Vec<(Time, Message)>> = BTreeMap::new();
            let mut left: BTreeMap<u64, Vec<Message>> = BTreeMap::new();
            let mut leave = |bundles: &mut Bundles, now: Time, sent: &BTreeMap<u64, Vec<(Time, Message)>>| {
                while let Some((link, messages)) = bundles.take_due(now) {
                    let left = left.entry(link.get()).or_default();
                    for message in messages {
                        let (at, expected) = &sent[&link.get()][left.len()];
                        assert_eq!(&message, expected);
                        assert!(now.saturating_since(*at) <= PATIENCE.others);
                        left.push(message);
                    }
                }
                left.values().map(Vec::len).sum::<usize>()
            };
            for (n, (link, is_post, wait)) in said.iter().enumerate() {
                let until = now + Duration::from_millis(*wait);
                while let Some(due) = bundles.next_due().filter(|due| *due <= until) {
                    now = now.max(due);
                    leave(&mut bundles, now, &sent);
                }
                now = until;
                let message =
                    if *is_post { post(&n.to_string()) } else { Message::control(Control::KeepAlive(n as u64)) };
                sent.entry(*link).or_default().push((now, message.clone()));
                bundles.push(now, LinkId::new(*link), message);
            }
            while let Some(due) = bundles.next_due() {
                leave(&mut bundles, due, &sent);
            }
            prop_assert_eq!(leave(&mut bundles, now, &sent), said.len());
        }
    }

    #[test]
    fn what_people_say_takes_along_what_waits() {
        let mut bundles = Bundles::new(PATIENCE);
        let link = LinkId::new(1);
        bundles.push(Time::ZERO, link, Message::control(Control::KeepAlive(1)));
        assert_eq!(bundles.next_due(), Some(Time::from_millis(150)));
        bundles.push(Time::from_millis(10), link, post("hi"));
        assert_eq!(bundles.next_due(), Some(Time::from_millis(30)));
        assert!(bundles.take_due(Time::from_millis(29)).is_none());
        assert_eq!(bundles.take_due(Time::from_millis(30)).map(|(_, messages)| messages.len()), Some(2));
    }
}
