//! Thousands of connects a second, each over as soon as it stands, keep nobody else waiting.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use chinwag_mio::Options;

use crate::common::friends::Friends;
use crate::common::{Peer, Stopwatch, config, turn_until};

/// How many connects make one gust. They follow each other faster than they are taken, but the system keeps them.
const GUST: u64 = 50;

/// Connects and hangs up, some thousand times a second, until told to stop; gives how often that was.
fn storm(to: &Peer, stop: &Arc<AtomicBool>) -> thread::JoinHandle<u64> {
    let (host, port, stop) = (to.address.host().to_owned(), to.address.port(), Arc::clone(stop));
    thread::spawn(move || {
        let mut connects = 0;
        while !stop.load(Ordering::Relaxed) {
            match TcpStream::connect((host.as_str(), port)) {
                Ok(stream) => {
                    connects += 1;
                    #[cfg(unix)]
                    if connects % 2 == 0 {
                        // A reset also keeps the machine from running out of ports that rest.
                        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
                    }
                    drop(stream);
                    if connects % GUST == 0 {
                        thread::park_timeout(Duration::from_millis(10));
                    }
                }
                // Every port rests after its use: that is a want of this end.
                Err(error) if error.kind() == ErrorKind::AddrNotAvailable => thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        }
        connects
    })
}

#[test]
fn the_friends_chat_on_and_a_newcomer_gets_in() {
    let mut few = Options::default();
    few.max_links = 64;
    let mut friends = Friends::around(config("ann"), few);
    let mut dan = Peer::new("dan");
    let before = *friends.ann.driver.counters();
    let (stop, watch) = (Arc::new(AtomicBool::new(false)), Stopwatch::start());
    let storm = storm(&friends.ann, &stop);
    let mut most = 0;
    friends.chat_until("the storm to blow for a second", |ann| {
        most = most.max(ann.driver.connections());
        watch.elapsed() >= Duration::from_secs(1)
    });
    let address = friends.ann.address.clone();
    dan.join(&address);
    // One that finds the system's queue full tries again a second later.
    let joining = Stopwatch::start();
    turn_until(&mut [&mut friends.ann, &mut dan], "the newcomer to be linked", |peers| peers[1].linked() > 0);
    assert!(joining.elapsed() < Duration::from_secs(4), "{:?}", joining.elapsed());
    drop(dan);
    let (took, seconds) = (joining.elapsed(), watch.elapsed().as_secs_f64());
    stop.store(true, Ordering::Relaxed);
    // Whoever connects waits while the queue is full: it has to be emptied for the thread to end.
    turn_until(&mut [&mut friends.ann], "the storm to end", |_| storm.is_finished());
    let connects = storm.join().unwrap();
    friends.chat_until("all its connections to be taken and gone", |ann| {
        let now = ann.driver.counters();
        now.accepted + now.refused >= before.accepted + before.refused + connects
            && ann.driver.connections() == 2
    });
    println!("{connects} connects in {seconds:.1} s, {most} at once, a newcomer in {took:?}");
    assert!(connects >= 300 && most <= 64);
    friends.were_not_disturbed();
}
