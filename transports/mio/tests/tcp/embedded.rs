//! A driver in somebody else's `Poll`, beside other sockets.

use std::time::Duration;

use chinwag_mio::{DriverError, MioDriver, Options, random_seed};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::common::{PATIENCE, Peer, Stopwatch, config};

const UDP: Token = Token(5);
const WAKER: Token = Token(6);

#[test]
fn it_shares_a_poll_with_a_socket_and_a_waker() {
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(64);
    let mut socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    poll.registry().register(&mut socket, UDP, Interest::READABLE).unwrap();
    let waker = Waker::new(poll.registry(), WAKER).unwrap();
    let mut driver =
        MioDriver::embedded(poll.registry(), 100..200, config("ann"), random_seed(), Options::default())
            .unwrap();
    assert!(matches!(driver.poll(None), Err(DriverError::Embedded)));
    assert!(!driver.owns(UDP) && driver.owns(Token(100)) && !driver.owns(Token(200)));
    let address = driver.listen("127.0.0.1:0", None).unwrap();

    let mut bob = Peer::new("bob");
    bob.join(&address);
    bob.say("over TCP");
    socket.send_to(b"over UDP", socket.local_addr().unwrap()).unwrap();
    waker.wake().unwrap();

    let (mut over_tcp, mut over_udp, mut woken) = (false, false, false);
    let watch = Stopwatch::start();
    while !(over_tcp && over_udp && woken) {
        assert!(watch.elapsed() < PATIENCE, "{over_tcp} {over_udp} {woken}");
        bob.turn();
        poll.poll(&mut events, Some(Duration::from_millis(1))).unwrap();
        for event in &events {
            match event.token() {
                UDP => over_udp = socket.recv_from(&mut [0; 64]).is_ok_and(|(count, _)| count == 8),
                WAKER => woken = true,
                _ => driver.on_event(event),
            }
        }
        driver.on_turn();
        while let Some(event) = driver.next_event() {
            over_tcp |= format!("{event:?}").contains("over TCP");
        }
    }

    // It can be left politely without anybody else turning it.
    let leaving = std::thread::spawn(move || {
        crate::common::turn_until(&mut [&mut bob], "ann to leave", |peers| {
            peers[0].saw(&["PeerDown", "ann", "Left"])
        });
    });
    assert!(driver.shutdown(PATIENCE).unwrap().is_complete());
    leaving.join().unwrap();
}

#[test]
fn the_tokens_limit_the_links() {
    let poll = Poll::new().unwrap();
    let embed = |tokens| {
        MioDriver::embedded(poll.registry(), tokens, config("ann"), random_seed(), Options::default())
    };
    assert!(matches!(embed(7..9), Err(DriverError::TooFewTokens)));
    let mut driver = embed(7..10).unwrap();
    let address = driver.listen("127.0.0.1:0", None).unwrap();
    let connect = || std::net::TcpStream::connect((address.host(), address.port())).unwrap();
    let _crowd = [connect(), connect(), connect()];
    let watch = Stopwatch::start();
    while driver.counters().accepted + driver.counters().refused < 3 {
        assert!(watch.elapsed() < PATIENCE);
        driver.on_turn();
    }
    assert_eq!((driver.counters().accepted, driver.counters().refused), (1, 2));
}
