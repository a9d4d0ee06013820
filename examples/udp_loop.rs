//! A driver of one's own, over `std::net::UdpSocket`: the whole loop is the fifteen lines of `run`.
//!
//! Two nodes in two threads find each other on loopback, greet each other, and stop.

use std::collections::{HashSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

use chinwag::{
    Action, Address, ChatNode, Config, DialError, Epoch, Event, Input, LinkId, Message, PeerId, Seed,
    Semantics, Time,
};

/// Runs `node` on `socket` until `done` says so.
fn run(node: &mut ChatNode, socket: &UdpSocket, mut done: impl FnMut(Event) -> bool) -> std::io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "a driver owns the clock")]
    let start = Instant::now();
    let now = || Time::ZERO + start.elapsed();
    let (mut up, mut buffer, mut inbox) = (HashSet::new(), [0; 65_536], VecDeque::from([Input::Tick]));
    loop {
        while let Some(input) = inbox.pop_front() {
            for action in node.handle(now(), input) {
                match action {
                    Action::Dial { address } => inbox.push_back(dial(address, &mut up)),
                    Action::Send { to, message } => to.iter().for_each(|link| {
                        let _lost = socket.send_to(message.encoded(), remote(link)).is_err();
                    }),
                    Action::Close { link } => drop(up.remove(&link)),
                    Action::Emit(event) if done(event.clone()) => return Ok(()),
                    Action::Emit(_) => {}
                }
            }
        }
        let wait = node.next_deadline().map_or(Duration::from_secs(1), |at| at.saturating_since(now()));
        socket.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) => inbox.extend(receive(&buffer[..length], from, &mut up)),
            Err(_) => inbox.push_back(Input::Tick),
        }
    }
}

/// There is no connection to make: a link is just the other end's address.
fn dial(address: Address, up: &mut HashSet<LinkId>) -> Input {
    let Ok(ip) = address.host().parse::<Ipv4Addr>() else {
        return Input::DialFailed { address, reason: DialError::Unresolvable };
    };
    let link = link(SocketAddrV4::new(ip, address.port()));
    up.insert(link);
    Input::LinkUp { link, dialed: Some(address), semantics: Semantics::Datagram }
}

/// The first datagram from somewhere makes a link; each carries one frame.
fn receive(datagram: &[u8], from: SocketAddr, up: &mut HashSet<LinkId>) -> Vec<Input> {
    let SocketAddr::V4(from) = from else { return Vec::new() };
    let link = link(from);
    let semantics = Semantics::Datagram;
    let new = up.insert(link).then_some(Input::LinkUp { link, dialed: None, semantics });
    let input = match Message::decode(datagram.to_vec().into()) {
        Ok(message) => Input::Received { link, message },
        Err(error) => Input::Malformed { link, error },
    };
    new.into_iter().chain([input]).collect()
}

fn link(at: SocketAddrV4) -> LinkId {
    LinkId::new(u64::from(at.ip().to_bits()) << 16 | u64::from(at.port()))
}

fn remote(link: LinkId) -> SocketAddrV4 {
    let [_, _, a, b, c, d, high, low] = link.get().to_be_bytes();
    SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([high, low]))
}

/// Joins `other`, greets whoever comes, and returns what was heard once a greeting has come.
fn greet(
    name: &str,
    socket: &UdpSocket,
    other: SocketAddr,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut config = Config::new(PeerId::new(name)?, Epoch::new(1));
    config.listening = Some(Address::try_from(socket.local_addr()?)?);
    let mut node = ChatNode::new(config, Seed::new(u64::from(other.port())))?;
    node.join(Time::ZERO, Address::try_from(other)?)?;
    node.broadcast(Time::ZERO, format!("hello from {name}"))?;
    let mut heard = String::new();
    run(&mut node, socket, |event| {
        if let Event::Delivered(post) = event {
            heard = format!("{name} heard: {}", post.body().to_display());
        }
        !heard.is_empty()
    })?;
    Ok(heard)
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (ann, bob) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    let (to_ann, to_bob) = (ann.local_addr()?, bob.local_addr()?);
    let second = std::thread::spawn(move || greet("bob", &bob, to_ann));
    println!("{}", greet("ann", &ann, to_bob)?);
    println!("{}", second.join().map_err(|_| "the second thread panicked")??);
    Ok(())
}
