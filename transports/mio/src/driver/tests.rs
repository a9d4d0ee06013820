//! Names that are answered late, or never, in a loop that has other things to do.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use chinwag::{DialError, PeerId};

use super::*;
use crate::clock::{Clock, epoch_now, random_seed};

/// A driver that gets an answer for a name that begins with `late` for each one sent, and never one for any other.
fn driver(name: &str) -> (MioDriver, Sender<SocketAddr>) {
    let config = Config::new(PeerId::new(name).unwrap(), epoch_now());
    let timeout = Duration::from_millis(500);
    let mut driver = MioDriver::new(config, random_seed(), Options::default()).unwrap();
    let (answer, answers) = channel();
    let answers: Mutex<Receiver<SocketAddr>> = Mutex::new(answers);
    let look_up = move |address: &Address| {
        if address.host().starts_with("late") {
            return answers.lock().unwrap().recv().map(|found| vec![found]).map_err(|_| DialError::Other);
        }
        loop {
            thread::park();
        }
    };
    let resolver = Resolver::new(driver.mailbox.shared(), Arc::new(look_up));
    driver.dialer = Dialer::new(resolver, 64, 1024, timeout);
    (driver, answer)
}

fn turn_until(
    drivers: &mut [&mut MioDriver],
    what: &str,
    mut done: impl FnMut(&[&mut MioDriver], &[Event]) -> bool,
) {
    let (clock, mut events) = (Clock::start(), Vec::new());
    while !done(drivers, &events) {
        for driver in &mut *drivers {
            driver.poll(Some(Duration::from_millis(1))).unwrap();
            events.extend(core::iter::from_fn(|| driver.next_event()));
        }
        assert!(
            clock.now() < Time::ZERO + Duration::from_secs(20),
            "waited too long for {what}: {events:#?}"
        );
    }
}

#[test]
fn names_that_are_never_answered_delay_nobody_and_time_out() {
    let ((mut ann, _), (mut bob, _)) = (driver("ann"), driver("bob"));
    let at_ann = ann.listen("127.0.0.1:0", None).unwrap();
    for n in 0..100 {
        let never = Address::new(&format!("never{n}.invalid"), 1).unwrap();
        ann.with_node(|node, now| node.join(now, never)).unwrap();
    }
    bob.with_node(|node, now| node.join(now, at_ann)).unwrap();
    let clock = Clock::start();
    for n in 0..20 {
        bob.with_node(|node, now| node.broadcast(now, format!("{n}"))).unwrap();
        turn_until(&mut [&mut ann, &mut bob], "a message", |_, events| {
            events.iter().any(|event| matches!(event, Event::Delivered(_)))
        });
    }
    assert!(clock.now() < Time::ZERO + Duration::from_secs(2), "{:?}", clock.now());
    turn_until(&mut [&mut ann, &mut bob], "all dials to come to nothing", |drivers, _| {
        drivers[0].counters().dials_failed >= 100
    });
}

#[test]
fn a_name_that_is_answered_late_is_dialed_then() {
    let (mut ann, answer) = driver("ann");
    let (mut bob, _) = driver("bob");
    let at_bob = bob.listen("127.0.0.1:0", None).unwrap();
    let late = Address::new("late.invalid", at_bob.port()).unwrap();
    ann.with_node(|node, now| node.join(now, late)).unwrap();
    let mut turns = 0;
    turn_until(&mut [&mut ann, &mut bob], "some turns", |_, _| {
        turns += 1;
        turns > 50
    });
    assert_eq!((ann.node().linked(), ann.connections()), (0, 0));
    answer.send(SocketAddr::from(([127, 0, 0, 1], at_bob.port()))).unwrap();
    turn_until(&mut [&mut ann, &mut bob], "the link", |drivers, _| drivers[0].node().linked() == 1);
    assert_eq!(ann.counters().dials_failed, 0);
}
