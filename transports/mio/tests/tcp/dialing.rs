//! Dials that fail, wait, time out, or go to a name.

use std::net::TcpListener;
use std::time::Duration;

use chinwag::{Address, DialError, Event};
use chinwag_mio::Options;

use crate::common::{Peer, Stopwatch, config, link, turn_until};

fn dial_failure(peer: &Peer, address: &Address) -> Option<DialError> {
    peer.events.iter().find_map(|event| match event {
        Event::DialFailed { address: dialed, reason, .. } if dialed == address => Some(*reason),
        _ => None,
    })
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_port_that_nobody_listens_on_refuses() {
    let mut ann = Peer::new("ann");
    let nobody: Address = format!("127.0.0.1:{}", free_port()).parse().unwrap();
    ann.join(&nobody);
    turn_until(&mut [&mut ann], "the refusal", |peers| dial_failure(peers[0], &nobody).is_some());
    assert_eq!(dial_failure(&ann, &nobody), Some(DialError::Refused));
}

#[test]
fn a_host_without_an_address_is_told_and_the_loop_does_not_wait_for_it() {
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    // Two dots in a row make it no name at all, so that no server has to be asked.
    let nowhere: Address = "no..such..host.invalid:5001".parse().unwrap();
    let watch = Stopwatch::start();
    ann.join(&nowhere);
    assert!(watch.elapsed() < Duration::from_secs(1), "joining took {:?}", watch.elapsed());
    link(&mut [&mut ann, &mut bob]);
    turn_until(&mut [&mut ann, &mut bob], "the failure", |peers| dial_failure(peers[0], &nowhere).is_some());
    assert_eq!(dial_failure(&ann, &nowhere), Some(DialError::Unresolvable));
}

#[test]
fn a_name_is_looked_up_and_each_of_its_addresses_tried() {
    // `localhost` often means ::1 first, where nobody listens.
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    bob.address = Address::new("localhost", bob.address.port()).unwrap();
    link(&mut [&mut bob, &mut ann]);
    assert!(ann.saw(&["PeerUp", "bob"]));
}

#[test]
fn dials_beyond_the_limit_wait_for_their_turn() {
    let mut options = Options::default();
    options.max_dials = 1;
    let mut ann = Peer::with(config("ann"), options);
    let mut others = ["bob", "cleo", "dan"].map(Peer::new);
    for other in &others {
        let address = other.address.clone();
        ann.join(&address);
    }
    let [bob, cleo, dan] = &mut others;
    turn_until(&mut [&mut ann, bob, cleo, dan], "all to be linked", |peers| peers[0].linked() == 3);
}

#[cfg(target_os = "linux")]
mod blackhole {
    use std::net::{SocketAddr, TcpStream};

    use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};

    use super::*;

    /// A port of every loopback address that answers nobody: its queue of one is full.
    struct Blackhole {
        address: SocketAddr,
        _listener: rustix::fd::OwnedFd,
        _queued: Vec<TcpStream>,
    }

    fn blackhole() -> Blackhole {
        let listener = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&listener, &SocketAddr::from(([0, 0, 0, 0], 0))).unwrap();
        listen(&listener, 0).unwrap();
        let port = SocketAddr::try_from(getsockname(&listener).unwrap()).unwrap().port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(100));
        let queued: Vec<_> = std::iter::from_fn(|| connect().ok()).take(8).collect();
        assert!(queued.len() < 8, "the queue is longer than it was asked to be");
        Blackhole { address, _listener: listener, _queued: queued }
    }

    #[test]
    fn what_never_answers_times_out() {
        let mut options = Options::default();
        options.dial_timeout = Duration::from_millis(200);
        let (mut ann, mut bob) = (Peer::with(config("ann"), options), Peer::new("bob"));
        let hole = blackhole();
        let address = Address::try_from(hole.address).unwrap();
        ann.join(&address);
        link(&mut [&mut ann, &mut bob]);
        turn_until(&mut [&mut ann, &mut bob], "the time to run out", |peers| {
            dial_failure(peers[0], &address).is_some()
        });
        assert_eq!(dial_failure(&ann, &address), Some(DialError::TimedOut));
    }

    #[test]
    fn two_hundred_of_them_delay_nobody() {
        let mut options = Options::default();
        options.dial_timeout = Duration::from_secs(1);
        let (mut ann, mut bob) = (Peer::with(config("ann"), options), Peer::new("bob"));
        let hole = blackhole();
        for n in 1..=200 {
            ann.join(&Address::new(&format!("127.0.0.{n}"), hole.address.port()).unwrap());
        }
        let watch = Stopwatch::start();
        // Bob's dial comes in; one of Ann's own would wait behind those under way.
        let address = ann.address.clone();
        bob.join(&address);
        bob.say("through the holes");
        turn_until(&mut [&mut ann, &mut bob], "ann to hear", |peers| !peers[0].heard().is_empty());
        assert!(watch.elapsed() < Duration::from_secs(1), "{:?}", watch.elapsed());
        turn_until(&mut [&mut ann, &mut bob], "all to be answered", |peers| {
            peers[0].driver.counters().dials_failed >= 200
        });
        assert!(ann.saw(&["DialFailed", "TimedOut"]) && ann.saw(&["DialFailed", "NoRoom"]));
    }

    #[test]
    fn dials_that_wait_too_long_find_no_room() {
        let mut options = Options::default();
        options.max_dials = 1;
        options.dial_timeout = Duration::from_secs(2);
        let mut ann = Peer::with(config("ann"), options);
        let (hole, bob) = (blackhole(), Peer::new("bob"));
        ann.join(&Address::try_from(hole.address).unwrap());
        let second = bob.address.clone();
        ann.join(&second);
        turn_until(&mut [&mut ann], "the wait to end", |peers| dial_failure(peers[0], &second).is_some());
        assert_eq!(dial_failure(&ann, &second), Some(DialError::NoRoom));
    }
}
