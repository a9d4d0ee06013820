//! Peers that say nonsense as fast as it goes, on as many connections as they get, cost only themselves.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chinwag::{Address, Content, Control};
use chinwag_mio::Options;

use crate::common::friends::Friends;
use crate::common::{Stopwatch, config, line, native_ping};

/// Longer than a connection that was hung up on lasts: its other end has a second to notice.
const HOW_LONG: Duration = Duration::from_secs(2);

/// Threads that say something again and again, on new connections whenever they are hung up on.
struct Flood {
    stop: Arc<AtomicBool>,
    connections: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Flood {
    /// Each of `threads` says `first` once a connection, and then `rest` over and over.
    fn start(to: &Address, threads: usize, first: &[u8], rest: &[u8]) -> Self {
        let (stop, connections) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let start = |_| {
            let (stop, connections) = (Arc::clone(&stop), Arc::clone(&connections));
            let (to, first, rest) = (to.clone(), first.to_vec(), rest.to_vec());
            thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let Ok(mut stream) = TcpStream::connect((to.host(), to.port())) else { continue };
                    stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
                    connections.fetch_add(1, Ordering::Relaxed);
                    let mut open = stream.write_all(&first).is_ok();
                    while open {
                        open = say(&mut stream, &rest, &stop).is_ok();
                    }
                }
            })
        };
        let threads = (0..threads).map(start).collect();
        Self { stop, connections, threads }
    }

    /// Ends it, and gives how many connections there were.
    fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        self.connections.load(Ordering::Relaxed)
    }
}

/// Writes all of `bytes`, however long the other end takes; fails once it is to stop or has been hung up on.
fn say(stream: &mut TcpStream, mut bytes: &[u8], stop: &AtomicBool) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            _ if stop.load(Ordering::Relaxed) => return Err(ErrorKind::Interrupted.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Has two threads flood Ann while the friends chat: how many connections they took, and how many bytes she read.
fn flood(friends: &mut Friends, first: &[u8], rest: &[u8]) -> (u64, u64) {
    let before = friends.ann.driver.counters().bytes_in;
    let flood = Flood::start(&friends.ann.address, 2, first, rest);
    let watch = Stopwatch::start();
    friends.chat_until("the flood to pass", |_| watch.elapsed() >= HOW_LONG);
    let connections = flood.stop();
    let read = friends.ann.driver.counters().bytes_in - before;
    friends.chat_until("the flood's connections to be gone", |ann| ann.driver.connections() == 2);
    println!("{connections} connections, {read} bytes read");
    friends.were_not_disturbed();
    assert!(friends.ann.driver.queued_bytes() <= 64 * 1024);
    (connections, read)
}

#[test]
fn garbage_as_fast_as_it_goes_disturbs_nobody() {
    // No line breaks but many braces and quotes, then bytes that are no text at all.
    let mut garbage = b"{\"[\\]}".repeat(200);
    garbage.extend((0..=255).cycle().take(4096));
    let mut friends = Friends::meet();
    let (connections, _) = flood(&mut friends, b"", &garbage);
    assert!(connections >= 4, "only {connections} connections");
    assert!(friends.ann.saw(&["Rejected", "Malformed"]));
}

#[test]
fn garbage_of_a_linked_peer_ends_its_link_and_disturbs_nobody() {
    let mut friends = Friends::meet();
    let (connections, _) = flood(&mut friends, &native_ping("eve"), b"[1,2\n");
    assert!(connections >= 4, "only {connections} connections");
    assert!(friends.ann.saw(&["PeerDown", "eve", "Misbehaved"]));
}

#[test]
fn endless_lines_again_and_again_disturb_nobody() {
    let mut friends = Friends::meet();
    let (connections, read) = flood(&mut friends, b"", &[b'x'; 8192]);
    assert!(connections >= 4, "only {connections} connections");
    // Each is hung up on after a frame's length; what is already on its way is thrown away.
    assert!(friends.ann.saw(&["Rejected", "TooLong"]) && read > 0);
}

#[test]
fn tiny_frames_without_end_disturb_nobody() {
    const FRAMES: u64 = 1_000_000;
    let mut options = Options::default();
    options.read_budget = 16 * 1024;
    let mut friends = Friends::around(config("ann"), options);
    let before = friends.ann.driver.counters().frames_in;
    let frame = line("eve", Content::Control(Control::KeepAliveReply(0)));
    let flood = Flood::start(&friends.ann.address, 1, &native_ping("eve"), &frame.repeat(1000));
    let watch = Stopwatch::start();
    let mut frames = 0;
    friends.chat_until("a million frames, or the time to pass", |ann| {
        frames = ann.driver.counters().frames_in - before;
        frames >= FRAMES || watch.elapsed() >= HOW_LONG
    });
    assert_eq!(flood.stop(), 1, "it was hung up on");
    println!("{frames} frames of {} bytes in {:?}", frame.len(), watch.elapsed());
    assert!(frames >= FRAMES / 20, "only {frames} frames in {:?}", watch.elapsed());
    friends.were_not_disturbed();
}
