//! Other threads hear what happens, each at its own pace, and none of them slows the driver or another one.

use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

use chinwag::Event;
use chinwag_mio::{MioDriver, Options, Subscription, SubscriptionError, Told, random_seed};

use crate::common::{PATIENCE, Peer, config, link, turn_until};

const SAID: usize = 300;

/// Two that are linked, and all that the second says to the first after `before`.
fn a_talk(before: impl FnOnce(&Peer) -> Vec<Subscription>) -> (Peer, Vec<Subscription>) {
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    let subscriptions = before(&ann);
    for n in 0..SAID {
        bob.say(&format!("{n}"));
    }
    turn_until(&mut [&mut ann, &mut bob], "ann to hear all", |peers| peers[0].heard().len() == SAID);
    (ann, subscriptions)
}

/// All that waits: the events, and after how many of them how many were missed.
fn drained(subscription: &Subscription) -> (Vec<Event>, Vec<(usize, u64)>) {
    let (mut events, mut missed) = (Vec::new(), Vec::new());
    while let Ok(told) = subscription.try_recv() {
        match told {
            Told::Event(event) => events.push(event),
            Told::Missed(count) => missed.push((events.len(), count)),
        }
    }
    (events, missed)
}

fn texts(events: &[Event]) -> Vec<String> {
    let said = |event: &Event| match event {
        Event::Delivered(delivery) => Some(delivery.body().to_display().into_owned()),
        _ => None,
    };
    events.iter().filter_map(said).collect()
}

#[test]
fn several_subscribers_hear_all_beside_the_application() {
    let (ann, subscriptions) = a_talk(|ann| {
        let handle = ann.driver.handle();
        vec![handle.subscribe(1000), handle.clone().subscribe(1000)]
    });
    let expected: Vec<_> = (0..SAID).map(|n| n.to_string()).collect();
    assert_eq!(subscriptions.len(), 2);
    for subscription in subscriptions {
        let (events, missed) = drained(&subscription);
        assert_eq!((texts(&events), missed), (expected.clone(), Vec::new()));
        assert_eq!(subscription.try_recv(), Err(SubscriptionError::Nothing));
    }
    assert_eq!(ann.heard().len(), SAID);
}

#[test]
fn a_subscriber_that_takes_nothing_is_told_how_much_it_missed_and_slows_nobody() {
    let (ann, subscriptions) = a_talk(|ann| {
        let handle = ann.driver.handle();
        vec![handle.subscribe(10), handle.subscribe(0), handle.subscribe(1000)]
    });
    // All was heard by the application and by the third, though the others took nothing all the while.
    assert_eq!(ann.heard().len(), SAID);
    let all = drained(&subscriptions[2]).0.len();
    assert!(all >= SAID);
    for (subscription, capacity) in subscriptions.iter().zip([10, 1]) {
        let (events, missed) = drained(subscription);
        assert_eq!(events.len(), capacity, "a capacity of 0 is one of 1");
        assert_eq!(missed, [(capacity, (all - capacity) as u64)]);
    }
}

#[test]
fn what_was_missed_is_told_in_its_place() {
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    let subscription = ann.driver.handle().subscribe(3);
    let mut say = |from: usize, to: usize| {
        (from..to).for_each(|n| bob.say(&format!("{n}")));
        turn_until(&mut [&mut ann, &mut bob], "ann to hear", |peers| peers[0].heard().len() == to);
    };
    say(0, 5);
    assert!(matches!(subscription.try_recv(), Ok(Told::Event(Event::Delivered(_)))));
    assert!(matches!(subscription.try_recv(), Ok(Told::Event(Event::Delivered(_)))));
    say(5, 7);
    let (events, missed) = drained(&subscription);
    assert_eq!((texts(&events), missed), (vec!["2".to_owned(), "5".to_owned()], vec![(1, 2), (2, 1)]));
}

#[test]
fn a_dropped_subscription_is_forgotten_and_others_go_on() {
    let (_, subscriptions) = a_talk(|ann| {
        let handle = ann.driver.handle();
        drop(handle.subscribe(1));
        vec![handle.subscribe(1000)]
    });
    assert_eq!(texts(&drained(&subscriptions[0]).0).len(), SAID);
}

#[test]
fn the_end_of_the_driver_is_told_after_all_else_and_wakes_who_waits() {
    let mut driver = MioDriver::new(config("ann"), random_seed(), Options::default()).unwrap();
    let handle = driver.handle();
    let (subscription, waited_for) = (handle.subscribe(100), handle.subscribe(100));
    assert_eq!(subscription.recv_timeout(Duration::from_millis(1)), Err(SubscriptionError::Nothing));
    let waiter = thread::spawn(move || waited_for.collect::<Vec<Told>>());
    let turner = thread::spawn(move || driver.run(|_, _| ControlFlow::Continue(())));
    handle.shutdown();
    turner.join().unwrap().unwrap();
    assert_eq!(waiter.join().unwrap(), [Told::Event(Event::Left)]);
    assert_eq!(subscription.recv_timeout(PATIENCE), Ok(Told::Event(Event::Left)));
    assert_eq!(subscription.recv_timeout(PATIENCE), Err(SubscriptionError::Stopped));
    assert_eq!(handle.subscribe(5).recv(), Err(SubscriptionError::Stopped));
}
