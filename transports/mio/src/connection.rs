//! One socket: bytes in become messages, frames out become few writes.

use std::io::{self, ErrorKind, Read, Write};

use bytes::{Buf, Bytes, BytesMut};
use chinwag::framing::{Decoder, write_frame};
use chinwag::{DecodeError, LinkId, Message, Time};
use mio::{Interest, Token};

use crate::Counters;
use crate::dialer::DialId;
use crate::sockets::{Calls, Source, Stream};

/// How many queued bytes are worth a system call before the turn ends.
const WRITE_EARLY: usize = 64 * 1024;
/// How much memory an empty queue may keep for the next frames.
const KEEP_QUEUE: usize = 8 * 1024;

/// A connection and what is queued for it.
///
/// Readiness is edge-triggered: both directions are used until they would block, and any event may be a false alarm.
#[derive(Debug)]
pub(crate) struct Connection<S: Calls> {
    pub(crate) link: LinkId,
    pub(crate) phase: Phase,
    /// Whether this is in the list of links to be read.
    pub(crate) listed_ready: bool,
    /// Whether this is in the list of links to be written.
    pub(crate) listed_dirty: bool,
    /// Since when the other end, which dialed, has not said anything.
    pub(crate) silent_since: Option<Time>,
    stream: S::Stream,
    token: Token,
    decoder: Decoder,
    queue: BytesMut,
    max_queue: usize,
    /// Whether the last write found no room, so that the next has to wait for an event.
    blocked: bool,
    waits_for_writable: bool,
    read_ended: bool,
    /// Whether the end of what the other end says, or an error, has come already: behind what is still to be read.
    end_has_come: bool,
    write_broken: bool,
}

/// Where a connection is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// Not yet connected.
    Dialing(DialId),
    /// The node knows it.
    Open,
    /// The node has forgotten it; what is queued still goes out, and what comes in is thrown away.
    Closing {
        /// When to close it however things stand.
        until: Time,
        /// Whether the other end has been told that nothing more will come.
        finished: bool,
    },
}

/// What one read brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ReadStep {
    /// So many bytes, at least one.
    Bytes(usize),
    /// Nothing for now.
    Blocked,
    /// The other end has said all it will.
    Ended,
    /// The connection is broken.
    Broken,
}

/// What has become of the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a broken connection has to be closed"]
pub(crate) enum Flush {
    /// It is empty.
    Empty,
    /// The other end has no room now.
    Blocked,
    /// It can never be sent.
    Broken,
}

/// A queue would be longer than its limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Overflow;

impl<S: Calls> Connection<S> {
    pub(crate) fn new(
        mut stream: S::Stream,
        (link, token): (LinkId, Token),
        phase: Phase,
        limits: Limits,
        sockets: &S,
    ) -> io::Result<Self> {
        let dialing = matches!(phase, Phase::Dialing(_));
        let interest = if dialing { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        stream.register(sockets, token, interest)?;
        // Frames leave at once: whoever writes decides what is worth a packet. A connection that is already broken
        // refuses the option, and will be found out by the first read.
        let _ = stream.set_nodelay();
        Ok(Self {
            link,
            phase,
            listed_ready: false,
            listed_dirty: false,
            silent_since: None,
            stream,
            token,
            decoder: Decoder::new(limits.max_frame),
            queue: BytesMut::new(),
            max_queue: limits.max_queue,
            blocked: dialing,
            waits_for_writable: dialing,
            read_ended: false,
            end_has_come: false,
            write_broken: false,
        })
    }

    /// Whether a connection being dialed stands: `None` if that is not known yet.
    pub(crate) fn connected(&mut self) -> Option<io::Result<()>> {
        match self.stream.take_error() {
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => return Some(Err(error)),
        }
        match self.stream.peer_addr() {
            // Nobody listens there: of all ports, the system gave ours the number that was dialed, and TCP links a
            // port with itself. Were that kept, who belongs there could not come back.
            Ok(remote) if self.stream.local_addr().is_ok_and(|local| local == remote) => {
                Some(Err(ErrorKind::ConnectionRefused.into()))
            }
            Ok(_) => {
                self.blocked = false;
                Some(Ok(()))
            }
            Err(error) if error.kind() == ErrorKind::NotConnected => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Reads once, through `scratch`. Follow with [`next_message`](Self::next_message) until that gives `None`.
    pub(crate) fn read(&mut self, scratch: &mut [u8], counters: &mut Counters) -> ReadStep {
        loop {
            return match self.stream.read(scratch) {
                Ok(0) => {
                    self.read_ended = true;
                    ReadStep::Ended
                }
                Ok(count) => {
                    counters.reads += 1;
                    counters.bytes_in += count as u64;
                    if let (Phase::Open, Some(bytes)) = (self.phase, scratch.get(..count)) {
                        self.decoder.push(bytes);
                    }
                    ReadStep::Bytes(count)
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // What the other end said before it hung up is read first, and then there is no more to wait for.
                Err(error) if error.kind() == ErrorKind::WouldBlock && !self.write_broken => {
                    ReadStep::Blocked
                }
                Err(_) => ReadStep::Broken,
            };
        }
    }

    /// The next message of those that were read; none once the node has forgotten the link.
    pub(crate) fn next_message(&mut self) -> Option<Result<Message, DecodeError>> {
        if self.phase == Phase::Open { self.decoder.next() } else { None }
    }

    /// After the end of what the other end says: the error, if that was in the middle of a frame.
    pub(crate) fn finish_reading(&mut self) -> Option<DecodeError> {
        self.decoder.finish()
    }

    /// Queues a frame.
    pub(crate) fn send(&mut self, frame: &Bytes, counters: &mut Counters) -> Result<(), Overflow> {
        if self.write_broken {
            return Ok(());
        }
        let fits = |queue: &BytesMut, limit: usize| queue.is_empty() || queue.len() + frame.len() < limit;
        if self.queue.len() >= WRITE_EARLY || !fits(&self.queue, self.max_queue) {
            let _ = self.write(counters);
            if !fits(&self.queue, self.max_queue) {
                return Err(Overflow);
            }
        }
        write_frame(&mut self.queue, frame);
        counters.frames_out += 1;
        Ok(())
    }

    /// Writes what is queued and asks to be told when there is room for the rest.
    pub(crate) fn flush(&mut self, sockets: &S, counters: &mut Counters) -> Flush {
        let state = self.write(counters);
        let wait = state == Flush::Blocked;
        if wait != self.waits_for_writable {
            let interest = if wait { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
            if self.stream.reregister(sockets, self.token, interest).is_err() {
                return self.give_up_writing();
            }
            self.waits_for_writable = wait;
        }
        state
    }

    /// Tells the other end that nothing more will come. The queue is empty.
    pub(crate) fn finish_writing(&mut self) {
        // It fails only when the connection is gone, which reading will find out.
        let _ = self.stream.shutdown_write();
    }

    /// The system has told of the end of what can be read, or of an error.
    pub(crate) fn note_end(&mut self) {
        self.end_has_come = true;
    }

    /// Whether a read of `count` bytes, of `most`, shows that nothing is left for now, so that the next one is not worth
    /// its system call: what comes later is told by an event of its own.
    ///
    /// True of epoll (`man 7 epoll`, "Do I need to continuously read …") and kqueue, which say how much there is.
    pub(crate) fn is_drained(&self, count: usize, most: usize) -> bool {
        let tells = cfg!(any(
            target_os = "linux",
            target_os = "android",
            target_vendor = "apple",
            target_os = "freebsd"
        ));
        tells && count < most && !self.end_has_come && !self.write_broken
    }

    /// There may be room to write again.
    pub(crate) fn unblock(&mut self) {
        self.blocked = false;
    }

    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn read_ended(&self) -> bool {
        self.read_ended
    }

    pub(crate) fn deregister(&mut self, sockets: &S) {
        // It is about to be closed, which deregisters it as well: this only fails for one that is gone already.
        let _ = self.stream.deregister(sockets);
    }

    pub(crate) fn rehome(&mut self, from: &S, to: &S) -> io::Result<()> {
        self.stream.deregister(from)?;
        self.waits_for_writable = true;
        self.stream.register(to, self.token, Interest::READABLE | Interest::WRITABLE)
    }

    fn write(&mut self, counters: &mut Counters) -> Flush {
        while !self.queue.is_empty() {
            if self.blocked {
                return Flush::Blocked;
            }
            match self.stream.write(&self.queue) {
                Ok(0) => return self.give_up_writing(),
                Ok(count) => {
                    counters.writes += 1;
                    counters.bytes_out += count as u64;
                    self.queue.advance(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.blocked = true,
                Err(_) => return self.give_up_writing(),
            }
        }
        if self.queue.capacity() > KEEP_QUEUE {
            self.queue = BytesMut::new();
        }
        if self.write_broken { Flush::Broken } else { Flush::Empty }
    }

    fn give_up_writing(&mut self) -> Flush {
        self.write_broken = true;
        self.queue = BytesMut::new();
        Flush::Broken
    }
}

/// The limits of one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The longest frame to read, in bytes.
    pub(crate) max_frame: usize,
    /// The most bytes to queue.
    pub(crate) max_queue: usize,
}

#[cfg(all(test, unix))]
mod tests {
    use std::net::SocketAddr;

    use mio::net::TcpStream;
    use rustix::net::{AddressFamily, SocketType, bind, connect, getsockname, socket};

    use super::*;
    use crate::system::System;

    #[test]
    fn a_port_that_is_linked_with_itself_is_one_that_nobody_listens_on() {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        connect(&socket, &SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap()).unwrap();
        let stream = std::net::TcpStream::from(socket);
        stream.set_nonblocking(true).unwrap();

        let (_poll, system) = System::with_own_poll().unwrap();
        let limits = Limits { max_frame: 4096, max_queue: 4096 };
        let phase = Phase::Dialing(DialId::new(0));
        let names = (LinkId::new(0), Token(0));
        let stream = TcpStream::from_std(stream);
        let mut connection = Connection::new(stream, names, phase, limits, &system).unwrap();
        let error = connection.connected().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
}
