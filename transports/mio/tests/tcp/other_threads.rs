//! Commands and the end come from other threads.

use std::ops::ControlFlow;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use chinwag::{Command, Event, SendError};
use chinwag_mio::{HandleError, MioDriver, Options, random_seed};

use crate::common::{PATIENCE, Peer, config, link, turn_until};

#[test]
fn commands_from_another_thread_are_carried_out_in_order() {
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    let handle = bob.driver.handle();
    let teller = thread::spawn(move || {
        for n in 0..500 {
            handle.send(Command::Broadcast(format!("{n}").into())).unwrap();
        }
    });
    turn_until(&mut [&mut ann, &mut bob], "ann to hear all", |peers| peers[0].heard().len() == 500);
    teller.join().unwrap();
    assert_eq!(ann.heard(), (0..500).map(|n| format!("bob: {n}")).collect::<Vec<_>>());
}

#[test]
fn a_loop_that_waits_for_ever_is_woken_each_time() {
    let mut driver = MioDriver::new(config("ann"), random_seed(), Options::default()).unwrap();
    let handle = driver.handle();
    let (tell, told) = channel();
    let sleeper = thread::spawn(move || {
        driver.run(|_, event| {
            if let Event::CommandFailed { error } = event {
                tell.send(error.to_string()).unwrap();
            }
            ControlFlow::Continue(())
        })
    });
    let own: chinwag::PeerId = "ann".parse().unwrap();
    for _ in 0..3 {
        handle.send(Command::Direct { to: own.clone(), body: "me?".into() }).unwrap();
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), SendError::OwnName.to_string());
    }
    handle.shutdown();
    // The sender goes when the loop ends.
    assert_eq!(told.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
    sleeper.join().unwrap().unwrap();
    let late = handle.send(Command::Leave);
    assert_eq!(late, Err(HandleError::Stopped(Command::Leave)));
}

#[test]
fn commands_beyond_the_limit_are_given_back() {
    let mut options = Options::default();
    options.max_commands = 3;
    let driver = MioDriver::new(config("ann"), random_seed(), options).unwrap();
    let handle = driver.handle();
    for _ in 0..3 {
        handle.send(Command::Broadcast("hi".into())).unwrap();
    }
    let command = Command::Broadcast("one too many".into());
    assert_eq!(handle.send(command.clone()), Err(HandleError::Full(command)));
}

#[test]
fn a_break_leaves_the_loop_and_not_the_network() {
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    bob.say("stop");
    bob.turn();
    ann.driver
        .run(|_, event| match event {
            Event::Delivered(_) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })
        .unwrap();
    assert!(!ann.driver.node().has_left());
    assert_eq!(ann.linked(), 1);
}
