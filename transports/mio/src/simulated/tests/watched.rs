//! Any system, with what passes on its connections taken down, and with mistakes made on the way from the driver to
//! the system and back: those that a driver could make itself.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chinwag::Time;
use mio::{Interest, Token};

use crate::resolver::LookUp;
use crate::sockets::{Accept, Calls, Hear, Readiness, Sockets, Sound, Source, Stream, Wait};

/// What a driver could do wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mistake {
    /// Reads once for each event, however much is left.
    ReadsOnce,
    /// Takes every event but each tenth.
    MissesEvents,
    /// Does not ask to be told when there is room again.
    WaitsForNoRoom,
    /// Holds what was written in part for written.
    ForgetsTheRest,
    /// Holds what was interrupted for written.
    ForgetsInterrupted,
    /// Takes an interruption for the end of the connection.
    GivesUpInterrupted,
    /// Writes once more what was written in part.
    WritesTwice,
    /// Does not close what is broken.
    LeavesOpen,
    /// Asks at once again for a connection when there is no descriptor for one.
    AsksForEver,
}

impl Mistake {
    pub(crate) const ALL: [Self; 9] = [
        Self::ReadsOnce,
        Self::MissesEvents,
        Self::WaitsForNoRoom,
        Self::ForgetsTheRest,
        Self::ForgetsInterrupted,
        Self::GivesUpInterrupted,
        Self::WritesTwice,
        Self::LeavesOpen,
        Self::AsksForEver,
    ];
}

/// What passed on the connections of one system, in the order in which they were made.
pub(crate) type Log = Rc<RefCell<Vec<Passed>>>;

#[derive(Debug, Default)]
pub(crate) struct Passed {
    pub(crate) dialed: bool,
    pub(crate) sent: Vec<u8>,
    pub(crate) received: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Watched<S: Calls> {
    pub(crate) inner: S,
    pub(crate) log: Log,
    mistake: Option<Mistake>,
}

#[derive(Debug)]
pub(crate) struct WatchedStream<S: Calls> {
    /// Always there, until it is dropped.
    inner: Option<S::Stream>,
    log: Log,
    number: usize,
    mistake: Option<Mistake>,
    has_read: bool,
    is_broken: bool,
}

#[derive(Debug)]
pub(crate) struct WatchedListener<S: Calls>(S::Listener, Log, Option<Mistake>);

#[derive(Debug)]
pub(crate) struct WatchedEar<S: Calls>(S::Ear);

#[derive(Debug)]
pub(crate) struct WatchedPoll<S: Calls>(S::Poll, Option<Mistake>, usize);

impl<S: Calls> Watched<S> {
    pub(crate) fn new(inner: S, mistake: Option<Mistake>) -> Self {
        Self { inner, log: Log::default(), mistake }
    }

    /// Without mistakes, and with a queue of events that there is already.
    pub(crate) fn with_poll((poll, inner): (S::Poll, S)) -> (WatchedPoll<S>, Self) {
        (WatchedPoll(poll, None, 0), Self::new(inner, None))
    }
}

impl<S: Calls> WatchedStream<S> {
    fn new(inner: S::Stream, log: &Log, mistake: Option<Mistake>, dialed: bool) -> Self {
        log.borrow_mut().push(Passed { dialed, ..Passed::default() });
        let (number, log) = (log.borrow().len() - 1, Rc::clone(log));
        Self { inner: Some(inner), log, number, mistake, has_read: false, is_broken: false }
    }

    fn inner(&self) -> &S::Stream {
        self.inner.as_ref().unwrap()
    }

    fn inner_mut(&mut self) -> &mut S::Stream {
        self.inner.as_mut().unwrap()
    }

    fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }
}

impl<S: Calls> Sockets for Watched<S> {}

impl<S: Calls> Calls for Watched<S> {
    type Stream = WatchedStream<S>;
    type Listener = WatchedListener<S>;
    type Ear = WatchedEar<S>;
    type Poll = WatchedPoll<S>;

    fn now(&self) -> Time {
        self.inner.now()
    }

    fn listen(&self, at: SocketAddr) -> io::Result<Self::Listener> {
        Ok(WatchedListener(self.inner.listen(at)?, Rc::clone(&self.log), self.mistake))
    }

    fn connect(&self, to: SocketAddr) -> io::Result<Self::Stream> {
        Ok(WatchedStream::new(self.inner.connect(to)?, &self.log, self.mistake, true))
    }

    fn bell(&self, token: Token) -> io::Result<(Sound, Self::Ear)> {
        let (sound, ear) = self.inner.bell(token)?;
        Ok((sound, WatchedEar(ear)))
    }

    fn open_poll(&self) -> io::Result<(Self::Poll, Self)> {
        let (poll, inner) = self.inner.open_poll()?;
        Ok((WatchedPoll(poll, self.mistake, 0), Self { inner, log: Rc::clone(&self.log), ..*self }))
    }

    fn look_up(&self) -> Arc<LookUp> {
        self.inner.look_up()
    }
}

impl<S: Calls> Read for WatchedStream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.makes(Mistake::ReadsOnce) && core::mem::take(&mut self.has_read) {
            return Err(ErrorKind::WouldBlock.into());
        }
        let most = if self.makes(Mistake::ReadsOnce) { buffer.len().min(1024) } else { buffer.len() };
        let outcome = self.inner_mut().read(&mut buffer[..most]);
        match &outcome {
            Ok(count) => {
                self.has_read = *count > 0;
                self.log.borrow_mut()[self.number].received.extend(&buffer[..*count]);
            }
            Err(error)
                if error.kind() == ErrorKind::Interrupted && self.makes(Mistake::GivesUpInterrupted) =>
            {
                return Err(ErrorKind::ConnectionReset.into());
            }
            Err(error) => self.is_broken |= error.kind() == ErrorKind::ConnectionReset,
        }
        outcome
    }
}

impl<S: Calls> Write for WatchedStream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = self.inner_mut().write(bytes);
        match outcome {
            Ok(count) => {
                self.log.borrow_mut()[self.number].sent.extend(&bytes[..count]);
                match self.mistake {
                    Some(Mistake::ForgetsTheRest) => Ok(bytes.len()),
                    Some(Mistake::WritesTwice) if count < bytes.len() => Ok(count.saturating_sub(1).max(1)),
                    _ => Ok(count),
                }
            }
            Err(error)
                if error.kind() == ErrorKind::Interrupted && self.makes(Mistake::ForgetsInterrupted) =>
            {
                Ok(bytes.len())
            }
            Err(error) => Err(error),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<S: Calls> Stream for WatchedStream<S> {
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner().take_error()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner().peer_addr()
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner().local_addr()
    }

    fn set_nodelay(&self) -> io::Result<()> {
        self.inner().set_nodelay()
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.inner().shutdown_write()
    }
}

impl<S: Calls> Drop for WatchedStream<S> {
    fn drop(&mut self) {
        if self.makes(Mistake::LeavesOpen) && self.is_broken {
            core::mem::forget(self.inner.take());
        }
    }
}

impl<S: Calls> Source<Watched<S>> for WatchedStream<S> {
    fn register(&mut self, sockets: &Watched<S>, token: Token, interest: Interest) -> io::Result<()> {
        self.inner_mut().register(&sockets.inner, token, interest)
    }

    fn reregister(&mut self, sockets: &Watched<S>, token: Token, interest: Interest) -> io::Result<()> {
        let interest = if self.makes(Mistake::WaitsForNoRoom) { Interest::READABLE } else { interest };
        self.inner_mut().reregister(&sockets.inner, token, interest)
    }

    fn deregister(&mut self, sockets: &Watched<S>) -> io::Result<()> {
        self.inner_mut().deregister(&sockets.inner)
    }
}

impl<S: Calls> Accept for WatchedListener<S> {
    type Stream = WatchedStream<S>;

    fn accept(&self) -> io::Result<Self::Stream> {
        match self.0.accept() {
            Ok(stream) => Ok(WatchedStream::new(stream, &self.1, self.2, false)),
            Err(error) if error.raw_os_error().is_some() && self.2 == Some(Mistake::AsksForEver) => {
                Err(ErrorKind::Interrupted.into())
            }
            Err(error) => Err(error),
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl<S: Calls> Source<Watched<S>> for WatchedListener<S> {
    fn register(&mut self, sockets: &Watched<S>, token: Token, interest: Interest) -> io::Result<()> {
        self.0.register(&sockets.inner, token, interest)
    }

    fn reregister(&mut self, sockets: &Watched<S>, token: Token, interest: Interest) -> io::Result<()> {
        self.0.reregister(&sockets.inner, token, interest)
    }

    fn deregister(&mut self, sockets: &Watched<S>) -> io::Result<()> {
        self.0.deregister(&sockets.inner)
    }
}

impl<S: Calls> Hear<Watched<S>> for WatchedEar<S> {
    fn drain(&mut self) {
        self.0.drain();
    }

    fn rehome(&mut self, from: &Watched<S>, to: &Watched<S>, token: Token) -> io::Result<()> {
        self.0.rehome(&from.inner, &to.inner, token)
    }
}

impl<S: Calls> Wait for WatchedPoll<S> {
    fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.2 += 1;
        self.0.wait(timeout)
    }

    fn events(&self) -> impl Iterator<Item = Readiness> {
        let all = self.1 != Some(Mistake::MissesEvents) || !self.2.is_multiple_of(10);
        self.0.events().filter(move |_| all)
    }
}
