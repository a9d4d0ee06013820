//! The node in a game's loop: sixty frames a second, and nothing in a frame ever waits.
//!
//! Two players in two threads meet over datagrams on loopback, greet each other, and play on for a second.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use chinwag::{
    Action, Address, ChatNode, Config, DialError, Epoch, Event, Input, LinkId, Message, PeerId, Seed,
    Semantics, Time,
};

type Failure = Box<dyn std::error::Error + Send + Sync>;
const FRAME: Duration = Duration::from_micros(16_667);
const FRAMES: u32 = 120;

/// What a game keeps of the network: a socket that never blocks, and who is at the other end of each link.
struct Net {
    node: ChatNode,
    socket: UdpSocket,
    ends: Vec<SocketAddr>,
    chat: Vec<String>,
}

impl Net {
    /// What the network has to do in a frame: all datagrams that have come, and what is due.
    fn frame(&mut self, now: Time) {
        let mut datagram = [0; 65_536];
        while let Ok((length, from)) = self.socket.recv_from(&mut datagram) {
            let link = self.link_to(now, from, None);
            match Message::decode(datagram[..length].to_vec().into()) {
                Ok(message) => self.feed(now, Input::Received { link, message }),
                Err(error) => self.feed(now, Input::Malformed { link, error }),
            }
        }
        if self.node.next_deadline().is_some_and(|due| due <= now) {
            self.feed(now, Input::Tick);
        }
    }

    fn feed(&mut self, now: Time, input: Input) {
        let actions: Vec<Action> = self.node.handle(now, input).collect();
        for action in actions {
            match action {
                Action::Dial { address } => match format!("{address}").parse() {
                    Ok(end) => drop(self.link_to(now, end, Some(address))),
                    Err(_) => self.feed(now, Input::DialFailed { address, reason: DialError::Unresolvable }),
                },
                Action::Send { to, message } => to.iter().for_each(|link| {
                    let end = usize::try_from(link.get()).ok().and_then(|place| self.ends.get(place));
                    // What the system has no room for is lost, as any datagram may be.
                    let _lost = end.map(|end| self.socket.send_to(message.encoded(), end));
                }),
                Action::Emit(Event::Delivered(post)) => self.chat.push(post.body().to_display().into_owned()),
                Action::Emit(_) | Action::Close { .. } => {}
            }
        }
    }

    /// There are no connections: a link is a place in the list of those we have met.
    fn link_to(&mut self, now: Time, end: SocketAddr, dialed: Option<Address>) -> LinkId {
        let known = self.ends.iter().position(|known| *known == end);
        let link = LinkId::new(known.unwrap_or(self.ends.len()) as u64);
        if known.is_none() || dialed.is_some() {
            self.ends.extend(known.is_none().then_some(end));
            self.feed(now, Input::LinkUp { link, dialed, semantics: Semantics::Datagram });
        }
        link
    }
}

#[expect(clippy::disallowed_methods, reason = "a game has a clock, and waits for the next frame")]
fn play(name: &str, socket: UdpSocket, friend: SocketAddr) -> Result<Vec<String>, Failure> {
    socket.set_nonblocking(true)?;
    let mut config = Config::new(PeerId::new(name)?, Epoch::new(1));
    config.listening = Some(Address::try_from(socket.local_addr()?)?);
    let node = ChatNode::new(config, Seed::new(u64::from(friend.port())))?;
    let (mut net, start) = (Net { node, socket, ends: Vec::new(), chat: Vec::new() }, Instant::now());
    net.node.join(Time::ZERO, Address::try_from(friend)?)?;
    net.node.broadcast(Time::ZERO, format!("{name} is here"))?;
    for frame in 1..=FRAMES {
        net.frame(Time::ZERO + start.elapsed());
        // … here the world moves, and is drawn …
        std::thread::sleep((FRAME * frame).saturating_sub(start.elapsed()));
    }
    Ok(net.chat)
}

fn main() -> Result<(), Failure> {
    let (ann, bob) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    let (to_ann, to_bob) = (ann.local_addr()?, bob.local_addr()?);
    let second = std::thread::spawn(move || play("bob", bob, to_ann));
    let chats = [play("ann", ann, to_bob)?, second.join().map_err(|_| "the second thread panicked")??];
    println!("ann heard {:?}, bob heard {:?}", chats[0], chats[1]);
    if chats.iter().any(|chat| chat.len() != 1) {
        Err("each should have heard the other once".into())
    } else {
        Ok(())
    }
}
