//! A chat node in a `Poll` that is yours: beside it live a timer and a datagram socket that counts to three.
//!
//! `cargo run -p chinwag-mio --example embed_mio [host:port to join]`

use std::time::{Duration, Instant};

use chinwag::{Address, Config, Event, PeerId};
use chinwag_mio::{MioDriver, Options, epoch_now, random_seed};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};

const UDP: Token = Token(0);
const TICK: Duration = Duration::from_millis(200);

#[expect(clippy::disallowed_methods, reason = "this loop has a timer of its own")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(256);
    let mut socket = UdpSocket::bind("127.0.0.1:0".parse()?)?;
    poll.registry().register(&mut socket, UDP, Interest::READABLE)?;

    // 1. The node gets tokens that nothing else uses.
    let config = Config::new(PeerId::new("embedded")?, epoch_now());
    let mut driver =
        MioDriver::embedded(poll.registry(), 1000..2000, config, random_seed(), Options::default())?;
    println!("listening on {}", driver.listen("127.0.0.1:0", None)?);
    if let Some(address) = std::env::args().nth(1) {
        let address: Address = address.parse()?;
        driver.with_node(|node, now| node.join(now, address))?;
    }

    let mut next_tick = Instant::now() + TICK;
    let mut ticks = 0_u8;
    while ticks <= 3 || driver.node().linked() > 0 {
        // 2. Wait until something happens, our own timer is due, or the node's is.
        let until = driver.next_deadline().map_or(next_tick, |due| due.min(next_tick));
        match poll.poll(&mut events, Some(until.saturating_duration_since(Instant::now()))) {
            Err(error) if error.kind() != std::io::ErrorKind::Interrupted => return Err(error.into()),
            _ => {}
        }
        // 3. Give the node its events, and deal with the others.
        for event in &events {
            match event.token() {
                token if driver.owns(token) => driver.on_event(event),
                UDP => {
                    let mut tick = [0];
                    while socket.recv(&mut tick).is_ok() {
                        println!("tick {}", tick[0]);
                    }
                }
                _ => {}
            }
        }
        if next_tick <= Instant::now() {
            next_tick += TICK;
            ticks = ticks.saturating_add(1);
            socket.send_to(&[ticks], socket.local_addr()?)?;
        }
        // 4. Let the node do what is due, and take what it has to tell.
        driver.on_turn();
        while let Some(event) = driver.next_event() {
            if let Event::Delivered(delivery) = event {
                println!("{}: {}", delivery.from(), delivery.body().to_display());
            }
        }
    }
    let _ = driver.shutdown(Duration::from_secs(1))?;
    Ok(())
}
