//! Scenarios over real TCP on the loopback interface: a driver for each node, all turned by one thread.

use core::time::Duration;
use std::collections::BTreeMap;
use std::time::Instant;

use chinwag::{Address, Config, Dialects, Event, PeerId, Target};
use chinwag_mio::{MioDriver, Options, epoch_now, random_seed};

use crate::scenario::{World, spell};

#[derive(Default)]
pub(crate) struct Tcp {
    peers: BTreeMap<String, Peer>,
}

struct Peer {
    driver: MioDriver,
    address: Option<Address>,
    events: Vec<Event>,
}

impl Tcp {
    fn peer(&mut self, who: &str) -> &mut Peer {
        self.peers.get_mut(who).unwrap()
    }

    fn turn(&mut self) {
        for peer in self.peers.values_mut() {
            peer.driver.poll(Some(Duration::from_millis(1))).unwrap();
            while let Some(event) = peer.driver.next_event() {
                peer.events.push(event);
            }
        }
    }
}

impl World for Tcp {
    fn add(&mut self, name: &str, classic: bool, listens: bool) {
        let mut config = Config::new(PeerId::new(name).unwrap(), epoch_now());
        config.dialects = if classic { Dialects::Classic } else { Dialects::Both };
        let mut driver = MioDriver::new(config, random_seed(), Options::default()).unwrap();
        let address = listens.then(|| driver.listen("127.0.0.1:0", None).unwrap());
        self.peers.insert(name.to_owned(), Peer { driver, address, events: Vec::new() });
    }

    fn join(&mut self, who: &str, whom: &str) {
        let address = self.peer(whom).address.clone().expect("one that listens");
        self.peer(who).driver.with_node(|node, now| node.join(now, address)).unwrap();
    }

    fn broadcast(&mut self, who: &str, text: &str) {
        self.peer(who).driver.with_node(|node, now| node.broadcast(now, text)).unwrap();
    }

    fn direct(&mut self, who: &str, whom: &str, text: &str) {
        let to = PeerId::new(whom).unwrap();
        self.peer(who).driver.with_node(|node, now| node.direct(now, &to, text)).unwrap();
    }

    fn custom(&mut self, who: &str, whom: &str, msg_type: &str, body: &str) {
        let to = Target::Peer(PeerId::new(whom).unwrap());
        self.peer(who).driver.with_node(|node, now| node.send_custom(now, to, msg_type, body)).unwrap();
    }

    fn request(&mut self, who: &str, whom: &str) {
        let of = PeerId::new(whom).unwrap();
        self.peer(who).driver.with_node(|node, now| node.request_peers(now, &of)).unwrap();
    }

    fn leave(&mut self, who: &str) {
        self.peer(who).driver.with_node(|node, now| node.leave(now));
    }

    fn linked(&self, who: &str) -> usize {
        self.peers[who].driver.node().linked()
    }

    fn heard(&self, who: &str) -> Vec<String> {
        self.peers[who].events.iter().filter_map(spell).collect()
    }

    fn wait_until(&mut self, so: &dyn Fn(&Self) -> bool) -> bool {
        let start = now();
        while !so(self) {
            if start.elapsed() > Duration::from_secs(20) {
                return false;
            }
            self.turn();
        }
        true
    }

    fn linger(&mut self) {
        let start = now();
        while start.elapsed() < Duration::from_millis(300) {
            self.turn();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a scenario over real sockets takes real time")]
fn now() -> Instant {
    Instant::now()
}
