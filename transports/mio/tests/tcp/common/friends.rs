//! Three who go on chatting while somebody does their worst to the one in the middle.

use std::time::Duration;

use chinwag::{Config, Event};
use chinwag_mio::Options;

use super::{Peer, Stopwatch, config, link, turn_until};

/// How long a message may take from one end to the other, whatever is done to the peer between them. Without any
/// trouble it takes some milliseconds; a machine with other things to do takes several times that.
const SOON: Duration = Duration::from_secs(1);
/// The same for every second message.
const USUALLY: Duration = Duration::from_millis(200);

/// Bob and Cleo are linked with Ann and with nobody else, so that all they say to each other passes through her.
pub(crate) struct Friends {
    pub(crate) ann: Peer,
    pub(crate) bob: Peer,
    pub(crate) cleo: Peer,
    said: usize,
    latencies: Vec<Duration>,
}

impl Friends {
    pub(crate) fn meet() -> Self {
        Self::around(config("ann"), Options::default())
    }

    /// Friends of an Ann with this configuration.
    pub(crate) fn around(ann: Config, options: Options) -> Self {
        let alone = |mut config: Config| {
            config.target_neighbours = 0;
            config
        };
        let mut ann = Peer::with(alone(ann), options);
        let mut bob = Peer::with(alone(config("bob")), Options::default());
        let mut cleo = Peer::with(alone(config("cleo")), Options::default());
        link(&mut [&mut ann, &mut bob, &mut cleo]);
        let mut friends = Self { ann, bob, cleo, said: 0, latencies: Vec::new() };
        friends.chat_on();
        // What is said while somebody joins is what that one catches up with, in its own time.
        friends.latencies.clear();
        friends
    }

    /// Bob says one thing after the other, each once Cleo has heard the one before, until `done` says so, which is
    /// asked before each turn of all three.
    pub(crate) fn chat_until(&mut self, what: &str, mut done: impl FnMut(&mut Peer) -> bool) {
        let mut latest = Stopwatch::start();
        let mut finished = false;
        let (said, latencies) = (&mut self.said, &mut self.latencies);
        turn_until(&mut [&mut self.ann, &mut self.bob, &mut self.cleo], what, |peers| {
            finished = finished || done(peers[0]);
            let heard = count_heard(peers[2]);
            assert!(heard <= *said, "cleo heard {heard} of {said}");
            if heard < *said {
                return false;
            }
            latencies.push(latest.elapsed());
            if !finished {
                *said += 1;
                peers[1].say(&format!("{said}"));
                latest = Stopwatch::start();
            }
            finished
        });
    }

    /// Bob says some things, and Cleo hears them.
    pub(crate) fn chat_on(&mut self) {
        let mut rounds = 0;
        self.chat_until("the friends to chat on", |_| {
            rounds += 1;
            rounds > 50
        });
    }

    /// Checks that everything came, once, in order and soon, and that nobody of the three was lost.
    ///
    /// # Panics
    /// If not.
    pub(crate) fn were_not_disturbed(&mut self) {
        self.chat_on();
        let expected: Vec<String> = (1..=self.said).map(|n| format!("bob: {n}")).collect();
        assert_eq!(self.cleo.heard(), expected);
        assert!(!self.ann.saw(&["PeerDown", "bob"]) && !self.ann.saw(&["PeerDown", "cleo"]));
        self.latencies.sort();
        let (median, worst) =
            (self.latencies[self.latencies.len() / 2], self.latencies[self.latencies.len() - 1]);
        println!("{} messages: median {median:?}, worst {worst:?}", self.said);
        assert!(median <= USUALLY && worst <= SOON, "median {median:?}, worst {worst:?}");
    }
}

fn count_heard(peer: &Peer) -> usize {
    peer.events.iter().filter(|event| matches!(event, Event::Delivered(_))).count()
}
