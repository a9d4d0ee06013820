//! Wakes a loop that waits in `Poll::poll` from another thread.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::{Registry, Token};

/// The end that rings; any thread may.
#[derive(Debug)]
pub(crate) struct Doorbell {
    /// Whether it rang since the loop last looked: a second ring is not needed then.
    rung: AtomicBool,
    sound: Sound,
}

impl Doorbell {
    /// A bell, and the end by which the loop hears it.
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<(Self, Ear)> {
        let (sound, ear) = pair(registry, token)?;
        Ok((Self { rung: AtomicBool::new(false), sound }, ear))
    }

    pub(crate) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.sound.make();
        }
    }

    /// The loop is awake: from now on a ring is needed again. To be called before looking for what was rung for.
    pub(crate) fn rearm(&self) {
        self.rung.swap(false, Ordering::AcqRel);
    }
}

#[cfg(unix)]
mod imp {
    //! A pair of sockets and not a `mio::Waker`, of which a `Poll` may have only one: whoever lends us theirs may
    //! need it.
    use std::io::{Read, Write};

    use mio::Interest;
    use mio::net::UnixStream;

    use super::*;

    #[derive(Debug)]
    pub(crate) struct Sound(UnixStream);

    #[derive(Debug)]
    pub(crate) struct Ear(UnixStream);

    pub(super) fn pair(registry: &Registry, token: Token) -> io::Result<(Sound, Ear)> {
        let (sound, mut ear) = UnixStream::pair()?;
        registry.register(&mut ear, token, Interest::READABLE)?;
        Ok((Sound(sound), Ear(ear)))
    }

    impl Sound {
        pub(super) fn make(&self) {
            // A full buffer is as good as a ring, and a closed one means that nobody listens any more.
            let _ = (&self.0).write(&[1]);
        }
    }

    impl Ear {
        /// Takes in all that was rung, so that the next ring is an edge.
        pub(crate) fn drain(&mut self) {
            let mut heard = [0; 64];
            while matches!(self.0.read(&mut heard), Ok(count) if count > 0) {}
        }

        pub(crate) fn rehome(&mut self, from: &Registry, to: &Registry, token: Token) -> io::Result<()> {
            from.deregister(&mut self.0)?;
            to.register(&mut self.0, token, Interest::READABLE)
        }
    }
}

#[cfg(not(unix))]
mod imp {
    //! Without socket pairs it has to be the `Poll`'s one waker.
    use super::*;

    #[derive(Debug)]
    pub(crate) struct Sound(mio::Waker);

    #[derive(Debug)]
    pub(crate) struct Ear;

    pub(super) fn pair(registry: &Registry, token: Token) -> io::Result<(Sound, Ear)> {
        Ok((Sound(mio::Waker::new(registry, token)?), Ear))
    }

    impl Sound {
        pub(super) fn make(&self) {
            let _ = self.0.wake();
        }
    }

    impl Ear {
        pub(crate) fn drain(&mut self) {}

        pub(crate) fn rehome(&mut self, _: &Registry, _: &Registry, _: Token) -> io::Result<()> {
            Ok(())
        }
    }
}

pub(crate) use imp::Ear;
use imp::{Sound, pair};
