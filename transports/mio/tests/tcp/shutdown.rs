//! Leaving: what was said still goes out, and everybody is told.

use std::thread;
use std::time::Duration;

use chinwag::Event;
use chinwag_mio::{MioDriver, Options, random_seed};

use crate::common::{Peer, Stopwatch, Stranger, config, link, native_ping, turn_until, with_full_buffers};

#[test]
fn a_thousand_queued_messages_are_flushed() {
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    let listener = thread::spawn(move || {
        turn_until(&mut [&mut bob], "bob to hear all and be alone", |peers| {
            peers[0].saw(&["PeerDown", "ann", "Left"])
        });
        bob.heard()
    });
    let text = "x".repeat(800);
    for n in 0..1000 {
        ann.say(&format!("{n} {text}"));
    }
    let flushed = ann.driver.shutdown(Duration::from_secs(10)).unwrap();
    assert!(flushed.is_complete(), "{flushed:?}");
    assert_eq!(ann.driver.connections(), 0);
    let heard = listener.join().unwrap();
    assert_eq!(heard.len(), 1000);
    assert!(heard.iter().enumerate().all(|(n, line)| line.starts_with(&format!("ann: {n} "))));
}

#[test]
fn a_peer_that_never_reads_delays_the_end_no_longer_than_the_limit() {
    let (mut ann, _stuck) = with_full_buffers(Options::default());
    let watch = Stopwatch::start();
    let flushed = ann.driver.shutdown(Duration::from_millis(300)).unwrap();
    assert!(!flushed.is_complete() && flushed.unsent_bytes > 100_000, "{flushed:?}");
    assert!(watch.elapsed() < Duration::from_secs(2), "{:?}", watch.elapsed());
    assert_eq!(ann.driver.connections(), 0);
}

#[test]
fn a_link_that_takes_nothing_is_closed_after_its_time_however_long_the_loop_goes_on() {
    let mut options = Options::default();
    options.close_timeout = Duration::from_millis(300);
    let (mut ann, _stuck) = with_full_buffers(options);
    let watch = Stopwatch::start();
    ann.driver.with_node(|node, now| node.leave(now));
    turn_until(&mut [&mut ann], "the link to be given up", |peers| peers[0].driver.is_finished());
    assert!(watch.elapsed() >= Duration::from_millis(300), "{:?}", watch.elapsed());
    assert_eq!((ann.driver.counters().cut_short, ann.driver.connections()), (1, 0));
}

#[test]
fn a_closed_link_says_so_at_once_and_still_listens_for_a_while() {
    let mut ann = Peer::new("ann");
    let mut eve = Stranger::connect(&ann);
    eve.say(&native_ping("eve"));
    turn_until(&mut [&mut ann], "eve to be linked", |peers| peers[0].linked() == 1);
    ann.driver.with_node(|node, now| node.leave(now));
    let watch = Stopwatch::start();
    turn_until(&mut [&mut ann], "eve to be told", |_| eve.is_closed());
    assert!(watch.elapsed() < Duration::from_millis(500), "{:?}", watch.elapsed());
    // What Eve says meanwhile is no reason to break the link: it could cost her what she has not read.
    assert_eq!(ann.driver.connections(), 1);
    for _ in 0..3 {
        eve.say(b"wait\n");
        ann.turn();
    }
    drop(eve);
    turn_until(&mut [&mut ann], "the link to be closed at both ends", |peers| peers[0].driver.is_finished());
}

#[test]
fn shutting_down_alone_is_quick() {
    let mut driver = MioDriver::new(config("ann"), random_seed(), Options::default()).unwrap();
    driver.listen("127.0.0.1:0", None).unwrap();
    let watch = Stopwatch::start();
    assert!(driver.shutdown(Duration::from_secs(60)).unwrap().is_complete());
    assert!(watch.elapsed() < Duration::from_secs(5));
    assert!(driver.is_finished());
    assert_eq!(driver.next_event(), Some(Event::Left));
}
