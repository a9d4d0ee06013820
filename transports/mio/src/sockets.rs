//! All that the driver asks of the system it runs on.
//!
//! Two systems answer: the machine's own, through mio ([`System`](crate::system::System)), and a
//! [simulated](crate::simulated) one, which reaches on purpose what the machine does once in a million times. Which
//! one it is stands fixed when the program is compiled, so that it costs the driver nothing.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chinwag::Time;
use mio::{Interest, Token};

use crate::resolver::LookUp;

/// A system on which a [`MioDriver`](crate::MioDriver) runs: [`System`](crate::System), unless said otherwise, or a
/// [simulated host](crate::simulated::Host).
#[expect(
    private_bounds,
    reason = "what is asked of a system may change, so that others cannot be brought along"
)]
pub trait Sockets: Calls {}

/// The calls. As with the machine's own, each of them may fail at any time.
pub(crate) trait Calls: Sized + fmt::Debug {
    type Stream: Stream + Source<Self>;
    type Listener: Accept<Stream = Self::Stream> + Source<Self>;
    type Ear: Hear<Self>;
    type Poll: Wait;

    /// The time since some moment before the driver was made. It never goes back.
    fn now(&self) -> Time;

    fn listen(&self, at: SocketAddr) -> io::Result<Self::Listener>;

    /// Begins to connect. Whether that succeeds is told by an event.
    fn connect(&self, to: SocketAddr) -> io::Result<Self::Stream>;

    /// A bell that any thread may ring, and the end by which the loop hears it.
    fn bell(&self, token: Token) -> io::Result<(Sound, Self::Ear)>;

    /// Another queue of events, and the same system with that in place of the earlier one.
    fn open_poll(&self) -> io::Result<(Self::Poll, Self)>;

    /// How the addresses of a host are found out. It may take long.
    fn look_up(&self) -> Arc<LookUp>;
}

/// Rings.
pub(crate) type Sound = Box<dyn Fn() + Send + Sync>;

/// What events tell of. They are edges: only what has changed is told, and once.
pub(crate) trait Source<S> {
    fn register(&mut self, sockets: &S, token: Token, interest: Interest) -> io::Result<()>;
    /// What is the case already is told once more.
    fn reregister(&mut self, sockets: &S, token: Token, interest: Interest) -> io::Result<()>;
    fn deregister(&mut self, sockets: &S) -> io::Result<()>;
}

/// A connection, closed when dropped.
pub(crate) trait Stream: Read + Write + fmt::Debug {
    /// The error that has come since this was last asked.
    fn take_error(&self) -> io::Result<Option<io::Error>>;
    fn peer_addr(&self) -> io::Result<SocketAddr>;
    fn local_addr(&self) -> io::Result<SocketAddr>;
    fn set_nodelay(&self) -> io::Result<()>;
    /// Tells the other end that nothing more will come.
    fn shutdown_write(&self) -> io::Result<()>;
}

/// A listening socket, closed when dropped.
pub(crate) trait Accept: fmt::Debug {
    type Stream;

    fn accept(&self) -> io::Result<Self::Stream>;
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// The loop's end of a bell.
pub(crate) trait Hear<S>: fmt::Debug {
    /// Takes in all that was rung, so that the next ring is an edge.
    fn drain(&mut self);
    fn rehome(&mut self, from: &S, to: &S, token: Token) -> io::Result<()>;
}

/// A queue of events.
pub(crate) trait Wait: fmt::Debug {
    /// Waits until there are events or `timeout` has passed.
    fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()>;
    /// What the last wait brought. Any of it may be a false alarm.
    fn events(&self) -> impl Iterator<Item = Readiness>;
}

/// An event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Readiness {
    pub(crate) token: Token,
    pub(crate) writable: bool,
    /// Whether the end of what the other end says, or an error, has come.
    pub(crate) ended: bool,
}
