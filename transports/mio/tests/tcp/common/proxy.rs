//! A wire between two peers that can be bad: it carries few bytes at a time, is cut, or falls silent.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chinwag::Address;
use rustix::net::sockopt::{set_socket_linger, set_socket_recv_buffer_size, set_socket_send_buffer_size};

/// How often a thread that waits looks whether it is to go on.
const GLANCE: Duration = Duration::from_millis(5);

/// How a connection is treated.
#[derive(Clone, Copy)]
pub(crate) struct Treatment {
    /// How many bytes are read, and written, at a time.
    pub(crate) chunk: usize,
    /// After how many bytes of the listening end's answers both ends are cut off with a reset.
    pub(crate) cut_after: usize,
}

impl Treatment {
    pub(crate) const WELL: Self = Self { chunk: 64 * 1024, cut_after: usize::MAX };
}

/// Takes connections in one place, and makes one to a peer for each. All of it ends when this is dropped.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: Address,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    silent: AtomicBool,
    taken: AtomicUsize,
}

/// The two ends of one connection. They are closed, with a reset, when both directions have been given up.
struct Wire {
    near: TcpStream,
    far: TcpStream,
    cut: AtomicBool,
}

impl Proxy {
    /// A way to `target` on which the connections, counted from 0, are treated as `treat` says.
    pub(crate) fn start(target: &Address, treat: impl Fn(usize) -> Treatment + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        // What is sent soon finds no room then, and goes in parts.
        set_socket_recv_buffer_size(&listener, 4096).unwrap();
        set_socket_send_buffer_size(&listener, 4096).unwrap();
        let address = Address::try_from(listener.local_addr().unwrap()).unwrap();
        let (shared, target) = (Arc::new(Shared::default()), target.clone());
        let accepting = Arc::clone(&shared);
        let acceptor = thread::spawn(move || {
            let mut threads = Vec::new();
            while let Ok((near, _)) = listener.accept() {
                if accepting.stopping.load(Ordering::Relaxed) {
                    break;
                }
                let treatment = treat(accepting.taken.fetch_add(1, Ordering::Relaxed));
                let Ok(far) = TcpStream::connect((target.host(), target.port())) else { continue };
                for stream in [&near, &far] {
                    stream.set_nodelay(true).unwrap();
                    stream.set_read_timeout(Some(GLANCE)).unwrap();
                    stream.set_write_timeout(Some(GLANCE)).unwrap();
                    set_socket_linger(stream, Some(Duration::ZERO)).unwrap();
                }
                let wire = Arc::new(Wire { near, far, cut: AtomicBool::new(false) });
                for answers in [false, true] {
                    let (wire, shared) = (Arc::clone(&wire), Arc::clone(&accepting));
                    threads.push(thread::spawn(move || wire.carry(answers, treatment, &shared)));
                }
            }
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
        Self { address, shared, acceptor: Some(acceptor) }
    }

    /// How many connections have been taken.
    pub(crate) fn taken(&self) -> usize {
        self.shared.taken.load(Ordering::Relaxed)
    }

    /// From now on, carries nothing and closes nothing (or goes on carrying): both ends take their links for good.
    pub(crate) fn fall_silent(&self, silent: bool) {
        self.shared.silent.store(silent, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        // So that the acceptor looks.
        let _ = TcpStream::connect((self.address.host(), self.address.port()));
        let ended = self.acceptor.take().map(JoinHandle::join);
        assert!(thread::panicking() || ended.is_none_or(|ended| ended.is_ok()));
    }
}

impl Wire {
    /// Carries what one end says to the other.
    fn carry(&self, answers: bool, treatment: Treatment, shared: &Shared) {
        let (mut from, mut to) = if answers { (&self.far, &self.near) } else { (&self.near, &self.far) };
        let mut left = if answers { treatment.cut_after } else { usize::MAX };
        let mut buffer = vec![0; treatment.chunk];
        let gone = || shared.stopping.load(Ordering::Relaxed) || self.cut.load(Ordering::Relaxed);
        while !gone() {
            if shared.silent.load(Ordering::Relaxed) {
                thread::park_timeout(GLANCE);
                continue;
            }
            let mut carried: &[u8] = match from.read(&mut buffer) {
                Ok(0) => {
                    // Its end of this direction: the other may go on.
                    let _ = to.shutdown(Shutdown::Write);
                    return;
                }
                Ok(count) => &buffer[..count.min(left)],
                Err(error) if is_timeout(&error) => continue,
                Err(_) => break,
            };
            left -= carried.len();
            while !carried.is_empty() && !gone() {
                match to.write(carried) {
                    Ok(count) => carried = &carried[count..],
                    Err(error) if is_timeout(&error) => {}
                    Err(_) => return self.cut.store(true, Ordering::Relaxed),
                }
            }
            if left == 0 {
                break;
            }
        }
        self.cut.store(true, Ordering::Relaxed);
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
