//! The node in a game's loop: sixty frames a second, and nothing in a frame ever waits.
//!
//! Two players meet over datagrams on loopback, greet each other, and play on for two seconds.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use chinwag::{Action, ChatNode, Config, DatagramLinks, Epoch, Event, Input, PeerId, Seed, Time};

const FRAME: Duration = Duration::from_micros(16_667);

/// What a game keeps of the network: a socket that never blocks, and who is at the other end of each link.
pub(crate) struct Net {
    pub(crate) node: ChatNode,
    socket: UdpSocket,
    links: DatagramLinks,
}

impl Net {
    pub(crate) fn new(node: ChatNode, socket: UdpSocket) -> std::io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self { node, socket, links: DatagramLinks::new() })
    }

    /// What the network has to do in a frame: all datagrams that have come, and what is due. Gives what there is to tell.
    pub(crate) fn frame(&mut self, now: Time) -> Vec<Event> {
        let (mut datagram, mut events) = ([0; 65_536], Vec::new());
        while let Ok((length, from)) = self.socket.recv_from(&mut datagram) {
            for input in self.links.receive(&datagram[..length], from) {
                drop(self.node.handle(now, input));
            }
        }
        drop(self.node.handle(now, Input::Tick));
        while let Some(action) = self.node.poll_action() {
            match action {
                Action::Dial { address } => drop(self.node.handle(now, self.links.dial(address))),
                Action::Send { to, message } => {
                    for remote in self.links.remotes(&to) {
                        // What the system has no room for is lost, as any datagram may be.
                        let _lost = self.socket.send_to(message.encoded(), remote).is_err();
                    }
                }
                Action::Close { link } => self.links.close(link),
                Action::Emit(event) => events.push(event),
            }
        }
        events
    }
}

#[expect(clippy::disallowed_methods, reason = "a game has a clock, and waits for the next frame")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (ann, bob) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    let (to_ann, to_bob) = (ann.local_addr()?, bob.local_addr()?);
    let mut players = Vec::new();
    for (name, socket, other) in [("ann", ann, to_bob), ("bob", bob, to_ann)] {
        let mut config = Config::new(PeerId::new(name)?, Epoch::new(1));
        config.listening = Some(socket.local_addr()?.try_into()?);
        let mut node = ChatNode::new(config, Seed::new(other.port().into()))?;
        node.join(Time::ZERO, other.try_into()?)?;
        node.broadcast(Time::ZERO, format!("{name} is here"))?;
        players.push(Net::new(node, socket)?);
    }
    let start = Instant::now();
    for frame in 1..=120 {
        for net in &mut players {
            let events = net.frame(Time::ZERO + start.elapsed());
            events.iter().for_each(|event| println!("frame {frame}, {}: {event:?}", net.node.id()));
        }
        // … here the world moves, and is drawn …
        std::thread::sleep((FRAME * frame).saturating_sub(start.elapsed()));
    }
    let have_met = players.iter().all(|net| net.node.stats().delivered == 1);
    have_met.then_some(()).ok_or_else(|| "each should have heard the other once".into())
}
