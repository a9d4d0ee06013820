//! A peer that reads slowly, or never, costs only itself.

use std::io::Write;
use std::time::Duration;

use chinwag::{Content, Control, Event};
use chinwag_mio::Options;

use crate::common::{
    Peer, Stopwatch, Stranger, config, line, link, native_ping, turn_until, with_full_buffers,
};

#[test]
fn a_peer_that_never_reads_is_dropped_and_delays_nobody() {
    let mut patient = config("ann");
    // So that it is not its silence that gives it away.
    patient.dead = Duration::from_secs(300);
    let options = Options::default();
    let max_queued = options.max_queued_bytes;
    let mut ann = Peer::with(patient, options);
    let mut bob = Peer::new("bob");
    link(&mut [&mut ann, &mut bob]);
    let mut stuck = Stranger::connect(&ann);
    stuck.say(&native_ping("stuck"));
    turn_until(&mut [&mut ann, &mut bob], "the stuck one to be linked", |peers| peers[0].linked() == 2);

    let text = "x".repeat(8 * 1024);
    let (mut said, mut most_queued, mut slowest) = (0, 0, Duration::ZERO);
    // Well more than the sockets' buffers and the queue hold together.
    while ann.driver.counters().too_slow == 0 && said < 4096 {
        for _ in 0..16 {
            ann.say(&format!("{said} {text}"));
            said += 1;
        }
        let watch = Stopwatch::start();
        turn_until(&mut [&mut ann, &mut bob], "bob to keep up", |peers| {
            most_queued = most_queued.max(peers[0].driver.queued_bytes());
            peers[1].events.iter().filter(|event| matches!(event, Event::Delivered(_))).count() == said
        });
        slowest = slowest.max(watch.elapsed());
    }
    assert_eq!(ann.driver.counters().too_slow, 1, "after {said} messages");
    turn_until(&mut [&mut ann, &mut bob], "the drop to be told", |peers| {
        peers[0].saw(&["PeerDown", "stuck", "TooSlow"])
    });
    assert_eq!(ann.linked(), 1);
    assert!(most_queued <= 2 * max_queued, "{most_queued} bytes were queued");
    assert!(slowest < Duration::from_secs(2), "16 messages took bob {slowest:?}");
}

#[test]
fn a_peer_that_pauses_gets_the_rest_when_it_reads_again() {
    let (mut ann, mut paused) = with_full_buffers(Options::default());
    let mut lines = 0;
    turn_until(&mut [&mut ann], "the queue to be empty and all to be read", |peers| {
        lines += paused.lines();
        peers[0].driver.queued_bytes() == 0 && lines as u64 == peers[0].driver.counters().frames_out
    });
    assert_eq!(ann.driver.counters().cut_short, 0);
    assert_eq!(ann.linked(), 1);
}

#[test]
fn a_peer_that_never_stops_talking_leaves_the_others_their_turn() {
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    let mut talker = Stranger::connect(&ann);
    talker.say(&native_ping("talker"));
    turn_until(&mut [&mut ann, &mut bob], "the talker to be linked", |peers| peers[0].linked() == 2);
    let chunk = line("talker", Content::Control(Control::KeepAliveReply(0))).repeat(1000);
    // As fast as it goes, on a thread of its own, until this end is closed.
    talker.0.set_nonblocking(false).unwrap();
    let mut stream = talker.0.try_clone().unwrap();
    let talking = std::thread::spawn(move || while stream.write_all(&chunk).is_ok() {});
    let flooded = ann.driver.counters().bytes_in;
    for n in 1..=100 {
        let watch = Stopwatch::start();
        bob.say(&format!("{n}"));
        turn_until(&mut [&mut ann, &mut bob], "ann to hear", |peers| peers[0].heard().len() == n);
        assert!(watch.elapsed() < Duration::from_secs(1), "{:?}", watch.elapsed());
    }
    let flooded = ann.driver.counters().bytes_in - flooded;
    assert!(flooded > 1 << 20, "the talker said only {flooded} bytes");
    talker.0.shutdown(std::net::Shutdown::Both).unwrap();
    talking.join().unwrap();
}

#[test]
fn an_application_that_takes_no_events_is_waited_for_and_loses_none() {
    let mut options = Options::default();
    options.max_events = 10;
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::with(config("bob"), options));
    link(&mut [&mut ann, &mut bob]);
    for n in 0..300 {
        ann.say(&format!("{n} {}", "x".repeat(1000)));
    }
    let watch = Stopwatch::start();
    let (mut before, mut turns) = (bob.driver.counters().turns, 0);
    while watch.elapsed() < Duration::from_millis(300) {
        ann.turn();
        bob.driver.poll(Some(Duration::from_millis(10))).unwrap();
        turns = bob.driver.counters().turns - before;
    }
    // It waits, and does not spin over links that it does not read.
    assert!(turns < 200, "{turns} turns in 0.3 s");
    assert!(bob.driver.counters().frames_in < 300, "one helping is less than what was sent");
    before = 0;
    turn_until(&mut [&mut ann, &mut bob], "bob to hear all", |peers| {
        before += 1;
        peers[1].heard().len() == 300
    });
    assert!(before > 1);
}
