//! Other threads ask for counters, and are answered or told in time why not.

use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

use chinwag::Command;
use chinwag_mio::{MioDriver, Options, StatsError, random_seed};

use crate::common::{PATIENCE, Stopwatch, config};

#[test]
fn a_loop_that_waits_for_ever_answers_with_what_was_commanded_before() {
    let mut driver = MioDriver::new(config("ann"), random_seed(), Options::default()).unwrap();
    let handle = driver.handle();
    let turner = thread::spawn(move || driver.run(|_, _| ControlFlow::Continue(())));
    let askers: Vec<_> = (0..4)
        .map(|_| {
            let handle = handle.clone();
            thread::spawn(move || {
                for n in 1..=50 {
                    handle.send(Command::Broadcast("hello?".into())).unwrap();
                    let seen = handle.stats(PATIENCE).unwrap().node.published;
                    assert!(seen >= n, "{seen} were said by then, and {n} by this thread alone");
                }
            })
        })
        .collect();
    askers.into_iter().for_each(|asker| asker.join().unwrap());
    let snapshot = handle.stats(PATIENCE).unwrap();
    assert_eq!((snapshot.node.published, snapshot.linked, snapshot.connections), (200, 0, 0));
    assert!(snapshot.driver.turns > 0);
    handle.shutdown();
    turner.join().unwrap().unwrap();
    let watch = Stopwatch::start();
    let refusal = handle.stats(Duration::from_secs(3600)).unwrap_err();
    assert_eq!((refusal, refusal.to_string().as_str()), (StatsError::Stopped, "the node has stopped"));
    assert!(watch.elapsed() < PATIENCE);
}

#[test]
fn a_driver_that_ends_while_somebody_asks_is_told() {
    let driver = MioDriver::new(config("ann"), random_seed(), Options::default()).unwrap();
    let handle = driver.handle();
    let asker = thread::spawn(move || handle.stats(Duration::from_secs(3600)));
    drop(driver);
    assert_eq!(asker.join().unwrap(), Err(StatsError::Stopped));
}

#[test]
fn a_loop_that_nobody_turns_is_given_up_in_time_and_answers_later() {
    let mut driver = MioDriver::new(config("ann"), random_seed(), Options::default()).unwrap();
    let handle = driver.handle();
    assert_eq!(handle.stats(Duration::from_millis(1)), Err(StatsError::TimedOut));
    let asker = thread::spawn(move || handle.stats(PATIENCE));
    while !asker.is_finished() {
        driver.poll(Some(Duration::from_millis(1))).unwrap();
    }
    assert!(asker.join().unwrap().is_ok());
}
