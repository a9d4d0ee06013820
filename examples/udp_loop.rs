//! A driver of one's own, over `std::net::UdpSocket`: the whole loop is `wait` and `handle`.
//!
//! Two nodes find each other on loopback, greet each other, and stop.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use chinwag::{Action, ChatNode, Config, DatagramLinks, Epoch, Event, Input, PeerId, Seed, Time};

pub(crate) struct UdpLoop {
    pub(crate) node: ChatNode,
    socket: UdpSocket,
    links: DatagramLinks,
    start: Instant,
}

impl UdpLoop {
    #[expect(clippy::disallowed_methods, reason = "a driver owns the clock")]
    pub(crate) fn new(node: ChatNode, socket: UdpSocket) -> Self {
        Self { node, socket, links: DatagramLinks::new(), start: Instant::now() }
    }

    /// What happens next: a datagram, or the deadline (or `limit`).
    pub(crate) fn wait(&mut self, limit: Duration) -> std::io::Result<Vec<Input>> {
        let now = Time::ZERO + self.start.elapsed();
        let due = self.node.next_deadline().map_or(limit, |due| due.saturating_since(now).min(limit));
        self.socket.set_read_timeout(Some(due.max(Duration::from_millis(1))))?;
        let mut datagram = [0; 65_536];
        Ok(match self.socket.recv_from(&mut datagram) {
            Ok((length, from)) => self.links.receive(&datagram[..length], from).collect(),
            Err(_) => vec![Input::Tick],
        })
    }

    /// Hands the node what has happened, does what follows from it, and gives what the application is told.
    pub(crate) fn handle(&mut self, inputs: Vec<Input>) -> Vec<Event> {
        let (now, mut events) = (Time::ZERO + self.start.elapsed(), Vec::new());
        for input in inputs {
            drop(self.node.handle(now, input));
            while let Some(action) = self.node.poll_action() {
                match action {
                    Action::Dial { address } => drop(self.node.handle(now, self.links.dial(address))),
                    Action::Send { to, message } => {
                        for remote in self.links.remotes(&to) {
                            let _lost = self.socket.send_to(message.encoded(), remote).is_err();
                        }
                    }
                    Action::Close { link } => self.links.close(link),
                    Action::Emit(event) => events.push(event),
                }
            }
        }
        events
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (ann, bob) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    let (to_ann, to_bob) = (ann.local_addr()?, bob.local_addr()?);
    let mut loops = Vec::new();
    for (name, socket, other) in [("ann", ann, to_bob), ("bob", bob, to_ann)] {
        let mut config = Config::new(PeerId::new(name)?, Epoch::new(1));
        config.listening = Some(socket.local_addr()?.try_into()?);
        let mut node = ChatNode::new(config, Seed::new(other.port().into()))?;
        node.join(Time::ZERO, other.try_into()?)?;
        node.broadcast(Time::ZERO, format!("hello from {name}"))?;
        loops.push(UdpLoop::new(node, socket));
    }
    while loops.iter().any(|udp| udp.node.stats().delivered == 0) {
        for udp in &mut loops {
            let inputs = udp.wait(Duration::from_millis(10))?;
            udp.handle(inputs).iter().for_each(|event| println!("{}: {event:?}", udp.node.id()));
        }
    }
    Ok(())
}
