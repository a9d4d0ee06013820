//! Wakes a loop that waits in `Poll::poll` from another thread.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::{Registry, Token};

use crate::sockets::{Hear, Sound};
use crate::system::System;

/// The end that rings; any thread may.
pub(crate) struct Doorbell {
    /// Whether it rang since the loop last looked: a second ring is not needed then.
    rung: AtomicBool,
    sound: Sound,
}

impl Doorbell {
    pub(crate) const fn new(sound: Sound) -> Self {
        Self { rung: AtomicBool::new(false), sound }
    }

    pub(crate) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            (self.sound)();
        }
    }

    /// The loop is awake: from now on a ring is needed again. To be called before looking for what was rung for.
    pub(crate) fn rearm(&self) {
        self.rung.swap(false, Ordering::AcqRel);
    }
}

impl fmt::Debug for Doorbell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doorbell").field("rung", &self.rung).finish_non_exhaustive()
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
    pub(crate) struct Ear(UnixStream);

    /// A bell, and the end by which the loop hears it.
    pub(crate) fn pair(registry: &Registry, token: Token) -> io::Result<(Sound, Ear)> {
        let (sound, mut ear) = UnixStream::pair()?;
        registry.register(&mut ear, token, Interest::READABLE)?;
        let ring = move || {
            // A full buffer is as good as a ring, and a closed one means that nobody listens any more.
            let _ = (&sound).write(&[1]);
        };
        Ok((Box::new(ring), Ear(ear)))
    }

    impl Hear<System> for Ear {
        fn drain(&mut self) {
            let mut heard = [0; 64];
            while matches!(self.0.read(&mut heard), Ok(count) if count > 0) {}
        }

        fn rehome(&mut self, from: &System, to: &System, token: Token) -> io::Result<()> {
            from.registry().deregister(&mut self.0)?;
            to.registry().register(&mut self.0, token, Interest::READABLE)
        }
    }
}

#[cfg(not(unix))]
mod imp {
    //! Without socket pairs it has to be the `Poll`'s one waker.
    use super::*;

    #[derive(Debug)]
    pub(crate) struct Ear;

    /// A bell, and the end by which the loop hears it.
    pub(crate) fn pair(registry: &Registry, token: Token) -> io::Result<(Sound, Ear)> {
        let waker = mio::Waker::new(registry, token)?;
        Ok((Box::new(move || drop(waker.wake())), Ear))
    }

    impl Hear<System> for Ear {
        fn drain(&mut self) {}

        fn rehome(&mut self, _: &System, _: &System, _: Token) -> io::Result<()> {
            Ok(())
        }
    }
}

pub(crate) use imp::{Ear, pair};
