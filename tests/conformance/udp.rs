//! Cases in the loops of the examples that go over datagrams, turned by one thread.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::UdpSocket;

use chinwag::{Address, ChatNode, Command, Config, Event, Input, PeerId, Semantics, Time};
use chinwag_memory::conformance::{Harness, HarnessError, Listen};
use chinwag_mio::random_seed;

use crate::game_loop::Net;
use crate::real_time::Stopwatch;
use crate::udp_loop::UdpLoop;

/// A datagram holds 65,507 bytes, and a frame is longer by its number than what it carries.
pub(crate) const MAX_FRAME: usize = 60_000;

/// A loop of an example, as the harness turns it.
pub(crate) trait Turns: Sized {
    fn new(node: ChatNode, socket: UdpSocket) -> Result<Self, HarnessError>;
    fn command(&mut self, now: Time, command: Command) -> Vec<Event>;
    fn turn(&mut self, now: Time) -> Result<Vec<Event>, HarnessError>;
}

impl Turns for UdpLoop {
    fn new(node: ChatNode, socket: UdpSocket) -> Result<Self, HarnessError> {
        Ok(Self::new(node, socket))
    }

    fn command(&mut self, _: Time, command: Command) -> Vec<Event> {
        self.handle(vec![Input::Command(command)])
    }

    fn turn(&mut self, _: Time) -> Result<Vec<Event>, HarnessError> {
        let mut events = Vec::new();
        // All that wait: the next loop's turn comes only after the system's least wait.
        for _ in 0..100 {
            let inputs = self.wait(Duration::from_millis(1))?;
            let came = inputs != [Input::Tick];
            events.extend(self.handle(inputs));
            if !came {
                break;
            }
        }
        Ok(events)
    }
}

impl Turns for Net {
    fn new(node: ChatNode, socket: UdpSocket) -> Result<Self, HarnessError> {
        Ok(Self::new(node, socket)?)
    }

    fn command(&mut self, now: Time, command: Command) -> Vec<Event> {
        drop(self.node.handle(now, Input::Command(command)));
        Vec::new()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a game waits for its next frame, here one of a millisecond"
    )]
    fn turn(&mut self, now: Time) -> Result<Vec<Event>, HarnessError> {
        std::thread::sleep(Duration::from_millis(1));
        Ok(self.frame(now))
    }
}

pub(crate) struct Udp<L> {
    loops: BTreeMap<PeerId, L>,
    told: Vec<(PeerId, Event)>,
    clock: Stopwatch,
}

impl<L> Udp<L> {
    pub(crate) fn new() -> Self {
        Self { loops: BTreeMap::new(), told: Vec::new(), clock: Stopwatch::start() }
    }
}

/// A socket at an address, and the configuration of a node that says that it listens there.
pub(crate) fn bind(mut config: Config, listen: &Listen) -> Result<(UdpSocket, Config), HarnessError> {
    let at = match listen {
        Listen::At(address) => address.to_string(),
        Listen::Nowhere | Listen::Anywhere => "127.0.0.1:0".to_owned(),
    };
    let socket = UdpSocket::bind(at)?;
    if *listen != Listen::Nowhere {
        config.listening = Some(socket.local_addr()?.try_into()?);
    }
    Ok((socket, config))
}

impl<L: Turns> Harness for Udp<L> {
    fn start(&mut self, config: Config, listen: &Listen) -> Result<Option<Address>, HarnessError> {
        let (socket, config) = bind(config, listen)?;
        let (name, address) = (config.id.clone(), config.listening.clone());
        let node = ChatNode::new(config, random_seed())?;
        self.loops.insert(name, L::new(node, socket)?);
        Ok(address)
    }

    fn command(&mut self, node: &PeerId, command: Command) -> Result<(), HarnessError> {
        let now = Time::ZERO + self.clock.elapsed();
        let events = self.loops.get_mut(node).ok_or("it does not run")?.command(now, command);
        self.told.extend(events.into_iter().map(|event| (node.clone(), event)));
        Ok(())
    }

    fn kill(&mut self, node: &PeerId) -> Result<(), HarnessError> {
        self.loops.remove(node);
        self.told.retain(|(who, _)| who != node);
        Ok(())
    }

    fn run_for(&mut self, duration: Duration) -> Result<Vec<(PeerId, Event)>, HarnessError> {
        let watch = Stopwatch::start();
        while watch.elapsed() < duration {
            for (name, it) in &mut self.loops {
                let events = it.turn(Time::ZERO + self.clock.elapsed())?;
                self.told.extend(events.into_iter().map(|event| (name.clone(), event)));
            }
        }
        Ok(core::mem::take(&mut self.told))
    }

    fn semantics(&self) -> Semantics {
        Semantics::Datagram
    }

    fn max_frame(&self) -> usize {
        MAX_FRAME
    }
}
