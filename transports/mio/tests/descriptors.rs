//! File descriptors: none left, and none to be had. Alone in its process, as it counts and takes what all share.

#![cfg(target_os = "linux")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test picks the events it is about")]
#![expect(clippy::unwrap_used, reason = "what a test cannot have is its failure")]

use std::net::Shutdown;
use std::sync::Mutex;
use std::time::Duration;

use chinwag_mio::Options;
use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::common::friends::Friends;
use crate::common::{PATIENCE, Peer, Stopwatch, Stranger, config, link, native_ping, turn_until};

#[expect(dead_code, reason = "shared with the other tests, which use the rest")]
#[path = "tcp/common/mod.rs"]
mod common;

/// The tests of this file take turns.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn all_are_closed_at_the_end() {
    let _turn = TURN.lock().unwrap_or_else(|broken| broken.into_inner());
    let before = open_sockets();
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    let strangers: Vec<Stranger> = (0..20).map(|_| Stranger::connect(&ann)).collect();
    // Nobody listens at the first, and the second has to be looked up.
    for nobody in ["127.0.0.1:1", "no..such..host.invalid:1"] {
        ann.join(&nobody.parse().unwrap());
    }
    turn_until(&mut [&mut ann, &mut bob], "the strangers to be let in and both dials to fail", |peers| {
        peers[0].driver.counters().accepted == 21 && peers[0].driver.counters().dials_failed >= 2
    });
    assert!(open_sockets() > before + 40);
    // A second end of one link is closed by the first end's farewell, and the strangers' by nobody.
    let _ = ann.driver.shutdown(Duration::from_secs(1)).unwrap();
    turn_until(&mut [&mut bob], "bob to be alone", |peers| peers[0].linked() == 0);
    drop((ann, bob, strangers));
    // The thread that looked a name up holds on to the wake-up until it ends.
    let watch = Stopwatch::start();
    while open_sockets() != before && watch.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    assert_eq!(open_sockets(), before);
}

#[test]
fn those_who_do_their_worst_leave_none_behind() {
    let _turn = TURN.lock().unwrap_or_else(|broken| broken.into_inner());
    let before = open_sockets();
    let mut quick = config("ann");
    quick.handshake = Duration::from_millis(200);
    let mut options = Options::default();
    (options.max_links, options.dial_timeout) = (64, Duration::from_millis(200));
    let mut friends = Friends::around(quick, options);
    let with_friends = open_sockets();
    let ping = native_ping("eve");
    for round in 0..30 {
        let mut strangers: Vec<Stranger> = (0..10).map(|_| Stranger::connect(&friends.ann)).collect();
        for (n, stranger) in strangers.iter_mut().enumerate() {
            match n {
                // Says nothing, half of its introduction, all of it, garbage, or more than a frame holds.
                0 => {}
                1 | 2 => stranger.say(&ping[..ping.len() / 2]),
                3 | 4 => stranger.say(&ping),
                5 | 6 => stranger.say(b"garbage\n"),
                _ => drop(stranger.write(&[b'x'; 100_000])),
            }
            if (n + round) % 2 == 0 {
                // Resets it when it is dropped, and else closes it, with or without a word on the way out.
                set_socket_linger(&stranger.0, Some(Duration::ZERO)).unwrap();
            } else if n % 3 == 0 {
                stranger.0.shutdown(Shutdown::Write).unwrap();
            }
        }
        if round % 3 == 0 {
            let nobody = format!("127.0.0.{}:1", round + 1).parse().unwrap();
            friends.ann.join(&nobody);
        }
        if round % 2 == 0 {
            friends.chat_on();
        }
        drop(strangers);
    }
    // Dials that failed are tried again, and have a socket meanwhile.
    friends.chat_until("nobody but the friends to be left", |ann| {
        ann.driver.counters().accepted + ann.driver.counters().refused == 302
            && open_sockets() == with_friends
    });
    friends.were_not_disturbed();
    drop(friends);
    assert_eq!(open_sockets(), before);
}

#[test]
fn a_want_of_them_is_outlived() {
    const ROOM: usize = 10;
    const CROWD: usize = 40;
    let _turn = TURN.lock().unwrap_or_else(|broken| broken.into_inner());
    let (mut ann, mut bob) = (Peer::new("ann"), Peer::new("bob"));
    link(&mut [&mut ann, &mut bob]);
    let before = ann.driver.counters().accepted;
    let crowd: Vec<Stranger> = (0..CROWD).map(|_| Stranger::connect(&ann)).collect();
    let restore = limit_descriptors(open_descriptors() + ROOM);

    let cleo = "127.0.0.1:1".parse().unwrap();
    turn_until(&mut [&mut ann, &mut bob], "accepting to fail", |peers| {
        peers[0].driver.counters().accept_failures > 0
    });
    let accepted = ann.driver.counters().accepted - before;
    assert!(accepted < CROWD as u64, "{accepted} let in with room for about {ROOM}");
    ann.join(&cleo);
    bob.say("no room for others");
    turn_until(&mut [&mut ann, &mut bob], "chat to go on and the dial to fail", |peers| {
        !peers[0].heard().is_empty() && peers[0].saw(&["DialFailed", "NoRoom"])
    });
    let (turns, watch) = (ann.driver.counters().turns, Stopwatch::start());
    while watch.elapsed() < Duration::from_millis(500) {
        ann.driver.poll(Some(Duration::from_millis(500))).unwrap();
    }
    let turns = ann.driver.counters().turns - turns;
    assert!(turns < 100, "{turns} turns in half a second without anything to do");

    restore();
    turn_until(&mut [&mut ann, &mut bob], "the crowd to be let in", |peers| {
        peers[0].driver.counters().accepted - before == CROWD as u64
    });
    drop(crowd);
}

/// Of the kinds that a driver uses: the test harness opens and closes a file now and then.
fn open_sockets() -> usize {
    let targets = std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| entry.unwrap().path().read_link().ok());
    targets
        .filter(|target| {
            let target = target.to_string_lossy();
            target.starts_with("socket:") || target.starts_with("anon_inode:")
        })
        .count()
}

fn open_descriptors() -> usize {
    // The listing itself has one open.
    std::fs::read_dir("/proc/self/fd").unwrap().count() - 1
}

/// Lets this process have at most `count` descriptors, until the result is called.
fn limit_descriptors(count: usize) -> impl FnOnce() {
    let original = getrlimit(Resource::Nofile);
    let mut low = original;
    low.current = Some(count as u64);
    setrlimit(Resource::Nofile, low).unwrap();
    move || setrlimit(Resource::Nofile, original).unwrap()
}
