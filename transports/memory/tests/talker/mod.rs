//! A node that talks at a pace of its own and notes what it hears, for the tests that watch single packets.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use core::time::Duration;
use std::sync::Arc;

use chinwag::{Body, Content, DialError, Input, LinkId, Message, PeerId, Time};
use chinwag_memory::{Effects, Network, NetworkConfig, Node, NodeId, Start, Stats, secs};

/// Dials whom it is told to join, and says `left` numbers on each link that it dialed, `every` so long.
#[derive(Clone, Debug, Default)]
pub(crate) struct Talker {
    pub(crate) left: u32,
    pub(crate) every: Duration,
    /// How long each message is made, in characters.
    pub(crate) padding: usize,
    pub(crate) heard: Vec<(Time, u32)>,
    /// How dials failed.
    pub(crate) failed: Vec<DialError>,
    pub(crate) accepted: u32,
    pub(crate) links: Vec<LinkId>,
    pub(crate) next: Option<Time>,
}

impl Node for Talker {
    fn handle(&mut self, now: Time, input: Input, effects: &mut Effects<'_>) {
        if let Input::Command(chinwag::Command::Join(address)) = &input {
            effects.dial(address);
        } else if let Input::LinkUp { link, dialed, .. } = &input {
            if dialed.is_some() {
                self.links.push(*link);
                self.next.get_or_insert(now);
            } else {
                self.accepted += 1;
            }
        } else if let Input::DialFailed { reason, .. } = &input {
            self.failed.push(*reason);
        } else if let Input::Received { message, .. } = &input {
            self.heard.push((now, number_in(message)));
        }
        while self.left > 0 && self.next.is_some_and(|next| next <= now) {
            for &link in &self.links {
                effects.send(link, &numbered(self.left, self.padding));
            }
            self.left -= 1;
            self.next = self.next.map(|next| next + self.every);
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        self.next.filter(|_| self.left > 0)
    }

    fn restarted(&self, _: &Start) -> Self {
        Self::default()
    }
}

/// A network in which node 0 listens, and so many others that are made so dial it when they are told.
pub(crate) fn around(config: NetworkConfig, others: usize, talker: &Talker) -> (Network<Talker>, NodeId) {
    let mut network = Network::of(config);
    let hub = network.add(None, true, |_| Ok(Talker::default())).expect("added");
    for _ in 0..others {
        let node = network.add(None, true, |_| Ok(talker.clone())).expect("added");
        let address = network.address(hub).clone();
        network.tell(node, Input::Command(chinwag::Command::Join(address)));
    }
    (network, hub)
}

/// Runs until all is said and heard, and gives the counters, which were checked on the way.
pub(crate) fn finished(network: &mut Network<Talker>) -> Stats {
    for _ in 0..100 {
        network.run_for(secs(3));
        network.check().expect("the books balance");
    }
    let stats = *network.stats();
    assert_eq!(stats.in_flight, 0);
    assert_eq!(stats.sent + stats.duplicated, stats.delivered + stats.dropped.total());
    stats
}

fn numbered(number: u32, padding: usize) -> Message {
    let text = format!("{number} {}", "x".repeat(padding));
    let content = Content::Custom { msg_type: Arc::from("NUMBER"), body: Body::text(&text) };
    Message::new(PeerId::new("talker").expect("a name"), Body::text("now"), content)
}

fn number_in(message: &Message) -> u32 {
    let Content::Custom { body, .. } = message.content() else { return 0 };
    let text = body.to_display();
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
