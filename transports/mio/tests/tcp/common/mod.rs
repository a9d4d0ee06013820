//! What the tests share: peers that are turned by hand, and strangers made of plain sockets.

pub(crate) mod classic;
pub(crate) mod friends;
#[cfg(unix)]
pub(crate) mod proxy;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use chinwag::{Address, Config, Content, Epoch, Event, Hello, Message, Native, PeerId};
use chinwag_mio::{MioDriver, Options, epoch_now, random_seed};

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A driver, and the events it gave.
pub(crate) struct Peer {
    pub(crate) driver: MioDriver,
    pub(crate) events: Vec<Event>,
    pub(crate) address: Address,
}

pub(crate) fn config(name: &str) -> Config {
    Config::new(name.parse().unwrap(), epoch_now())
}

impl Peer {
    pub(crate) fn new(name: &str) -> Self {
        Self::with(config(name), Options::default())
    }

    pub(crate) fn with(config: Config, options: Options) -> Self {
        let mut driver = MioDriver::new(config, random_seed(), options).unwrap();
        let address = driver.listen("127.0.0.1:0", None).unwrap();
        Self { driver, events: Vec::new(), address }
    }

    pub(crate) fn join(&mut self, address: &Address) {
        self.driver.with_node(|node, now| node.join(now, address.clone())).unwrap();
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.driver.with_node(|node, now| node.broadcast(now, text)).unwrap();
    }

    pub(crate) fn linked(&self) -> usize {
        self.driver.node().linked()
    }

    /// The broadcasts delivered so far, as `who: what`.
    pub(crate) fn heard(&self) -> Vec<String> {
        let delivered = self.events.iter().filter_map(|event| match event {
            Event::Delivered(delivery) => Some(delivery),
            _ => None,
        });
        delivered.map(|it| format!("{}: {}", it.from(), it.body().as_text().unwrap())).collect()
    }

    /// Whether an event came whose `Debug` holds all of `parts`.
    pub(crate) fn saw(&self, parts: &[&str]) -> bool {
        self.events.iter().any(|event| {
            let text = format!("{event:?}");
            parts.iter().all(|part| text.contains(part))
        })
    }

    pub(crate) fn turn(&mut self) {
        self.driver.poll(Some(Duration::from_millis(1))).unwrap();
        while let Some(event) = self.driver.next_event() {
            self.events.push(event);
        }
    }
}

/// Turns all `peers` until `done` says so.
///
/// # Panics
/// If that takes too long, with what was waited for.
pub(crate) fn turn_until(
    peers: &mut [&mut Peer],
    what: &str,
    mut done: impl FnMut(&mut [&mut Peer]) -> bool,
) {
    let watch = Stopwatch::start();
    while !done(peers) {
        for peer in &mut *peers {
            peer.turn();
        }
        if watch.elapsed() > PATIENCE {
            let last = |peer: &Peer| peer.events[peer.events.len().saturating_sub(10)..].to_vec();
            let state: Vec<_> =
                peers.iter().map(|peer| (&peer.driver, peer.driver.node().stats(), last(peer))).collect();
            panic!("waited too long for: {what}\n{state:#?}");
        }
    }
}

/// Turns all `peers` for this long.
pub(crate) fn turn_for(peers: &mut [&mut Peer], how_long: Duration) {
    let watch = Stopwatch::start();
    turn_until(peers, "time to pass", |_| watch.elapsed() >= how_long);
}

/// Links `peers[0]` with all others.
pub(crate) fn link(peers: &mut [&mut Peer]) {
    let address = peers[0].address.clone();
    for peer in &mut peers[1..] {
        peer.join(&address);
    }
    let others = peers.len() - 1;
    turn_until(peers, "everybody to be linked", |peers| {
        peers[0].linked() >= others && peers.iter().all(|peer| peer.linked() > 0)
    });
}

/// A peer, and one linked with it that never reads: something stays queued for it.
pub(crate) fn with_full_buffers(options: Options) -> (Peer, Stranger) {
    let mut patient = config("ann");
    patient.dead = Duration::from_secs(300);
    let mut ann = Peer::with(patient, options);
    let mut stuck = Stranger::connect(&ann);
    stuck.say(&native_ping("stuck"));
    turn_until(&mut [&mut ann], "the stuck one to be linked", |peers| peers[0].linked() == 1);
    let text = "x".repeat(8 * 1024);
    let mut said = 0;
    turn_until(&mut [&mut ann], "the buffers to be full", |peers| {
        said += 1;
        peers[0].say(&format!("{said} {text}"));
        peers[0].driver.queued_bytes() > 100_000
    });
    (ann, stuck)
}

/// Measures how long something takes.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a test with real sockets runs in real time")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A plain connection to a peer; reading never waits.
pub(crate) struct Stranger(pub(crate) TcpStream);

impl Stranger {
    pub(crate) fn connect(peer: &Peer) -> Self {
        let stream = TcpStream::connect((peer.address.host(), peer.address.port())).unwrap();
        stream.set_nonblocking(true).unwrap();
        Self(stream)
    }

    /// Writes as much as goes, and says how much that was; `None` once the connection is broken.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Option<usize> {
        match self.0.write(bytes) {
            Ok(count) => Some(count),
            Err(error) => (error.kind() == ErrorKind::WouldBlock).then_some(0),
        }
    }

    /// Writes all of something short.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        assert_eq!(self.write(bytes), Some(bytes.len()));
    }

    /// Reads what there is, and gives how many lines ended in it.
    pub(crate) fn lines(&mut self) -> usize {
        let mut buffer = [0; 64 * 1024];
        let mut lines = 0;
        while let Ok(count @ 1..) = self.0.read(&mut buffer) {
            lines += buffer[..count].iter().filter(|byte| **byte == b'\n').count();
        }
        lines
    }

    /// Whether the other end has hung up, once all it said is read.
    pub(crate) fn is_closed(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match self.0.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() != ErrorKind::WouldBlock,
            }
        }
    }
}

/// The introduction of a native peer, with its line break.
pub(crate) fn native_ping(name: &str) -> Vec<u8> {
    let native = Some(Native::new(Epoch::new(1)));
    line(name, Content::Ping(Hello { listening: None, native, others: Vec::new() }))
}

pub(crate) fn line(name: &str, content: Content) -> Vec<u8> {
    let message = Message::new(PeerId::new(name).unwrap(), "now".into(), content);
    let mut line = message.encoded().to_vec();
    line.push(b'\n');
    line
}

/// So that both ends of every connection fit into this process.
pub(crate) fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        setrlimit(Resource::Nofile, limit).unwrap();
    }
}
