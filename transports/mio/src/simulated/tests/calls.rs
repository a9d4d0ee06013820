//! The simulated sockets answer each call, and tell each event, as the machine's own do.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use chinwag::Seed;
use mio::{Interest, Token};

use crate::simulated::{Host, Internet};
use crate::sockets::{Accept, Calls, Source, Stream, Wait};
use crate::system::System;

const LISTENER: Token = Token(1);
const NEAR: Token = Token(2);
const FAR: Token = Token(3);
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A system, how to let what is on its way arrive, and what it answered.
struct Script<S: Calls, F: Fn()> {
    sockets: S,
    poll: S::Poll,
    settle: F,
    told: Vec<String>,
}

/// Two ends of a connection, both registered.
struct Pair<S: Calls> {
    near: S::Stream,
    far: S::Stream,
}

impl<S: Calls, F: Fn()> Script<S, F> {
    fn tell(&mut self, what: &str, outcome: impl std::fmt::Debug) {
        self.told.push(format!("{what}: {outcome:?}"));
    }

    /// Everything that is told until nothing more comes: what of each, in whatever order and however often.
    fn events(&mut self) -> BTreeMap<usize, (bool, bool)> {
        let mut events: BTreeMap<usize, (bool, bool)> = BTreeMap::new();
        loop {
            (self.settle)();
            self.poll.wait(Some(Duration::from_millis(30))).unwrap();
            let before: usize = self.poll.events().count();
            for event in self.poll.events() {
                let entry = events.entry(event.token.0).or_default();
                *entry = (entry.0 || event.writable, entry.1 || event.ended);
            }
            if before == 0 {
                return events;
            }
        }
    }

    fn tell_events(&mut self, what: &str) {
        let events = self.events();
        self.tell(what, events);
    }

    fn pair(&mut self, listener: &S::Listener, at: SocketAddr) -> Pair<S> {
        let mut near = self.sockets.connect(at).unwrap();
        near.register(&self.sockets, NEAR, BOTH).unwrap();
        self.tell_events("a connection comes");
        let mut far = listener.accept().unwrap();
        self.tell("no other waits", listener.accept().err().map(|it| it.kind()));
        far.register(&self.sockets, FAR, Interest::READABLE).unwrap();
        self.tell_events("nothing is there to read yet");
        Pair { near, far }
    }

    fn play(mut self, bind: SocketAddr) -> Vec<String> {
        let mut listener = self.sockets.listen(bind).unwrap();
        listener.register(&self.sockets, LISTENER, Interest::READABLE).unwrap();
        let at = listener.local_addr().unwrap();
        self.tell_events("nobody comes yet");
        self.edges(&listener, at);
        self.full_buffers(&listener, at);
        self.half_closed(&listener, at);
        self.resets(&listener, at);
        self.words_before_a_reset(&listener, at);
        self.write_after_the_end(&listener, at);
        self.refusal(listener, at);
        self.told
    }

    fn edges(&mut self, listener: &S::Listener, at: SocketAddr) {
        let Pair { mut near, mut far } = self.pair(listener, at);
        let mut buffer = [0; 64];
        self.tell("nothing to read", kind(far.read(&mut buffer)));
        self.tell("a write", kind(near.write(b"hello")));
        self.tell_events("something to read");
        self.tell_events("which is told once");
        self.tell("more", kind(near.write(b"!")));
        self.tell_events("and is told");
        self.tell("all is read at once", kind(far.read(&mut buffer)));
        self.tell("then no more", kind(far.read(&mut buffer)));
        self.tell("a long write", kind(near.write(b"0123456789")));
        self.tell_events("is told");
        self.tell("read in part", kind(far.read(&mut buffer[..4])));
        self.tell_events("the rest is not told again");
        far.reregister(&self.sockets, FAR, Interest::READABLE).unwrap();
        self.tell_events("unless it is asked for anew");
        self.tell("the rest", kind(far.read(&mut buffer)));
        far.reregister(&self.sockets, FAR, BOTH).unwrap();
        self.tell_events("there is room");
        far.deregister(&self.sockets).unwrap();
        self.tell("a write", kind(near.write(b"unheard")));
        self.tell_events("whoever does not ask is told nothing");
        self.tell("deregistered twice", far.deregister(&self.sockets).is_err());
        self.tell("an error", near.take_error().unwrap().map(|it| it.kind()));
        self.tell("who is there", near.peer_addr().unwrap() == at);
    }

    fn full_buffers(&mut self, listener: &S::Listener, at: SocketAddr) {
        let Pair { mut near, mut far } = self.pair(listener, at);
        let (block, mut written, mut read) = (vec![7; 64 * 1024], 0, 0);
        loop {
            match near.write(&block) {
                Ok(count) => written += count,
                Err(error) => break self.tell("no room", error.kind()),
            }
            assert!(written < 1 << 30);
        }
        // The machine's own move bytes from one end to the other meanwhile, and so have room again.
        self.events();
        while near.write(&block).map(|count| written += count).is_ok() {
            self.events();
        }
        self.tell_events("nothing changes");
        let mut buffer = vec![0; 1 << 20];
        let mut events = BTreeMap::new();
        while read < written {
            match far.read(&mut buffer) {
                Ok(count) => read += count,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
            events.extend(self.events().into_iter().filter(|(token, _)| *token == NEAR.0));
        }
        self.tell("room is told", events);
        self.tell("a write", kind(near.write(b"again")));
    }

    fn half_closed(&mut self, listener: &S::Listener, at: SocketAddr) {
        let Pair { mut near, mut far } = self.pair(listener, at);
        let mut buffer = [0; 64];
        self.tell("the last", kind(near.write(b"last")));
        near.shutdown_write().unwrap();
        self.tell_events("the end is told");
        self.tell("the last is read", kind(far.read(&mut buffer)));
        self.tell("then the end", kind(far.read(&mut buffer)));
        self.tell("and again", kind(far.read(&mut buffer)));
        self.tell("no more is written", kind(near.write(b"x")));
        self.tell("the other way is open", kind(far.write(b"answer")));
        self.tell_events("which is told");
        self.tell("and read", kind(near.read(&mut buffer)));
        drop(far);
        self.tell_events("both have ended");
        self.tell("the end", kind(near.read(&mut buffer)));
    }

    fn resets(&mut self, listener: &S::Listener, at: SocketAddr) {
        let Pair { mut near, far } = self.pair(listener, at);
        let mut buffer = [0; 64];
        self.tell("what nobody reads", kind(near.write(b"x")));
        self.events();
        drop(far);
        self.tell_events("a reset");
        self.tell("is told to the read", kind(near.read(&mut buffer)));
        self.tell("once", kind(near.read(&mut buffer)));
        self.tell("and then there is nobody to write to", kind(near.write(b"x")));
        let Pair { mut near, far } = self.pair(listener, at);
        self.tell("what nobody reads", kind(near.write(b"x")));
        self.events();
        drop(far);
        self.events();
        self.tell("the error is told", near.take_error().unwrap().map(|it| it.kind()));
        self.tell("once", near.take_error().unwrap().map(|it| it.kind()));
        self.tell("who was there", near.peer_addr().err().map(|it| it.kind()));
    }

    fn words_before_a_reset(&mut self, listener: &S::Listener, at: SocketAddr) {
        let Pair { mut near, mut far } = self.pair(listener, at);
        let mut buffer = [0; 64];
        self.tell("a word", kind(far.write(b"word")));
        self.tell("what nobody reads", kind(near.write(b"x")));
        self.events();
        drop(far);
        self.tell_events("a reset");
        self.tell("the word is read", kind(near.read(&mut buffer)));
        self.tell("then the error", kind(near.read(&mut buffer)));
    }

    fn write_after_the_end(&mut self, listener: &S::Listener, at: SocketAddr) {
        let Pair { mut near, far } = self.pair(listener, at);
        drop(far);
        self.tell_events("the end");
        self.tell("a write goes out", kind(near.write(b"x")));
        self.tell_events("and is reset");
        self.tell("the end is read", kind(near.read(&mut [0; 8])));
        self.tell("the next write is told", kind(near.write(b"x")));
    }

    fn refusal(&mut self, listener: S::Listener, at: SocketAddr) {
        drop(listener);
        let outcome = self.sockets.connect(at).and_then(|mut near| {
            near.register(&self.sockets, NEAR, BOTH)?;
            let events = self.events();
            assert_eq!(events.get(&NEAR.0), Some(&(true, true)));
            near.take_error()?.map_or(Ok(()), Err)
        });
        self.tell("nobody listens", kind(outcome.map(|()| 0)));
    }
}

fn kind(outcome: io::Result<usize>) -> Result<usize, io::ErrorKind> {
    outcome.map_err(|error| error.kind())
}

#[test]
#[cfg(target_os = "linux")]
fn each_call_and_each_event_is_as_on_the_machines_own_sockets() {
    let (poll, sockets) = System::with_own_poll().unwrap();
    // Nothing takes long on loopback, and each wait waits besides.
    let real = Script { sockets, poll, settle: || {}, told: Vec::new() }.play(([127, 0, 0, 1], 0).into());

    let internet = Internet::new(Seed::new(1));
    let host = internet.host();
    let (poll, sockets): (_, Host) = host.open_poll().unwrap();
    let settle = || {
        let mut kernel = internet.kernel.borrow_mut();
        let soon = kernel.now + Duration::from_millis(30);
        kernel.advance(soon);
    };
    let simulated = Script { sockets, poll, settle, told: Vec::new() }.play((host.ip(), 0).into());
    assert_eq!(real.len(), simulated.len());
    let differing: Vec<_> = real.iter().zip(&simulated).filter(|(one, other)| one != other).collect();
    assert!(differing.is_empty(), "the machine's own, and the simulated: {differing:#?}");
    assert!(real.len() > 50, "{}", real.len());
    assert_eq!(internet.open_descriptors(), 0);
}
