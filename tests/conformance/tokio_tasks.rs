//! Cases in the tasks of the examples for tokio. Each node has a runtime of its own, so that it can be killed with all that
//! belongs to it.

use core::time::Duration;
use std::collections::BTreeMap;

use chinwag::{Address, ChatNode, Command, Config, Event, Input, PeerId, Semantics};
use chinwag_memory::conformance::{Harness, HarnessError, Listen};
use chinwag_mio::random_seed;
use tokio::net::{TcpListener, UdpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::real_time::Stopwatch;
use crate::{tokio_loop, tokio_streams, udp};

/// How many commands and events wait: more than a case gives at once, as nobody takes them meanwhile.
const ROOM: usize = 10_000;

pub(crate) struct Tokio {
    semantics: Semantics,
    nodes: BTreeMap<PeerId, Tasks>,
}

struct Tasks {
    runtime: Runtime,
    commands: Box<dyn Fn(Command) -> Result<(), HarnessError>>,
    told: Receiver<Event>,
}

impl Tokio {
    pub(crate) fn new(semantics: Semantics) -> Self {
        Self { semantics, nodes: BTreeMap::new() }
    }
}

impl Harness for Tokio {
    fn start(&mut self, config: Config, listen: &Listen) -> Result<Option<Address>, HarnessError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (tell, told) = channel(ROOM);
        let within = runtime.enter();
        let (config, commands) = match self.semantics {
            Semantics::Stream => over_streams(config, listen, tell)?,
            Semantics::Datagram => over_datagrams(config, listen, tell)?,
        };
        drop(within);
        self.nodes.insert(config.id, Tasks { runtime, commands, told });
        Ok(config.listening)
    }

    fn command(&mut self, node: &PeerId, command: Command) -> Result<(), HarnessError> {
        (self.nodes.get(node).ok_or("it does not run")?.commands)(command)
    }

    fn kill(&mut self, node: &PeerId) -> Result<(), HarnessError> {
        self.nodes.remove(node);
        Ok(())
    }

    fn run_for(&mut self, duration: Duration) -> Result<Vec<(PeerId, Event)>, HarnessError> {
        let (watch, mut told) = (Stopwatch::start(), Vec::new());
        while watch.elapsed() < duration {
            for (name, tasks) in &mut self.nodes {
                tasks.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(1)).await });
                told.extend(
                    core::iter::from_fn(|| tasks.told.try_recv().ok()).map(|event| (name.clone(), event)),
                );
            }
        }
        Ok(told)
    }

    fn semantics(&self) -> Semantics {
        self.semantics
    }

    fn max_frame(&self) -> usize {
        match self.semantics {
            Semantics::Stream => 64 * 1024,
            Semantics::Datagram => udp::MAX_FRAME,
        }
    }
}

type Started = (Config, Box<dyn Fn(Command) -> Result<(), HarnessError>>);

fn over_datagrams(config: Config, listen: &Listen, tell: Sender<Event>) -> Result<Started, HarnessError> {
    let (socket, config) = udp::bind(config, listen)?;
    socket.set_nonblocking(true)?;
    let node = ChatNode::new(config.clone(), random_seed())?;
    let (sender, commands) = channel(ROOM);
    tokio::spawn(tokio_loop::run(node, UdpSocket::from_std(socket)?, commands, tell));
    Ok((config, Box::new(move |command| Ok(sender.try_send(command)?))))
}

fn over_streams(mut config: Config, listen: &Listen, tell: Sender<Event>) -> Result<Started, HarnessError> {
    let at = match listen {
        Listen::At(address) => address.to_string(),
        Listen::Nowhere | Listen::Anywhere => "127.0.0.1:0".to_owned(),
    };
    let listener = std::net::TcpListener::bind(at)?;
    listener.set_nonblocking(true)?;
    if *listen != Listen::Nowhere {
        config.listening = Some(listener.local_addr()?.try_into()?);
    }
    let node = ChatNode::new(config.clone(), random_seed())?;
    let (sender, told) = channel(ROOM);
    tokio::spawn(tokio_streams::run(node, TcpListener::from_std(listener)?, (sender.clone(), told), tell));
    Ok((
        config,
        Box::new(move |command| {
            Ok(sender.try_send(Input::Command(command)).map_err(|error| error.to_string())?)
        }),
    ))
}
