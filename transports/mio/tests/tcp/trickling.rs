//! Peers that read or write a byte a second cost only themselves.

use std::io::Read;
use std::time::Duration;

use chinwag_mio::Options;

use crate::common::friends::Friends;
use crate::common::{Stopwatch, Stranger, config, native_ping};

/// Does something at the beginning and then once a second.
struct EverySecond {
    watch: Stopwatch,
    times: u32,
}

impl EverySecond {
    fn start() -> Self {
        Self { watch: Stopwatch::start(), times: 0 }
    }

    fn is_due(&mut self) -> bool {
        let due = self.watch.elapsed() >= Duration::from_secs(1) * self.times;
        self.times += u32::from(due);
        due
    }
}

#[test]
fn one_that_reads_a_byte_a_second_is_dropped_when_its_queue_is_full() {
    const QUEUE: usize = 256 * 1024;
    let mut patient = config("ann");
    // So that it is not its silence that gives it away.
    patient.dead = Duration::from_secs(300);
    let mut options = Options::default();
    options.max_queued_bytes = QUEUE;
    let mut friends = Friends::around(patient, options);
    let mut slow = Stranger::connect(&friends.ann);
    slow.say(&native_ping("slow"));
    friends.chat_until("the slow one to be linked", |ann| ann.linked() == 3);

    let (mut second, mut most_queued) = (EverySecond::start(), 0);
    let (to, text) = ("slow".parse().unwrap(), "x".repeat(32 * 1024));
    let mut turns = 0;
    friends.chat_until("the slow one to be dropped", |ann| {
        turns += 1;
        // What Ann says herself goes to the friends as well, who take it.
        if turns % 4 == 0 {
            ann.driver.with_node(|node, now| node.direct(now, &to, text.as_str())).unwrap();
        }
        if second.is_due() {
            let _ = slow.0.read(&mut [0; 1]);
        }
        most_queued = most_queued.max(ann.driver.queued_bytes());
        ann.driver.counters().too_slow == 1
    });
    assert!(most_queued <= QUEUE + 64 * 1024, "{most_queued} bytes were queued");
    assert!(friends.ann.saw(&["PeerDown", "slow", "TooSlow"]));
    friends.were_not_disturbed();
    assert_eq!(friends.ann.driver.connections(), 2);
}

#[test]
fn an_introduction_of_a_byte_a_second_is_not_waited_for() {
    let mut quick = config("ann");
    quick.handshake = Duration::from_millis(1500);
    let mut friends = Friends::around(quick, Options::default());
    let ping = native_ping("slow");
    let mut slow: Vec<Stranger> = (0..20).map(|_| Stranger::connect(&friends.ann)).collect();
    let mut second = EverySecond::start();
    friends.chat_until("all slow ones to be hung up on", |ann| {
        if second.is_due() {
            let at = second.times as usize;
            for slow in &mut slow {
                let _ = slow.write(&ping[at - 1..at]);
            }
        }
        slow.iter_mut().all(Stranger::is_closed) && ann.driver.connections() == 2
    });
    assert!(second.watch.elapsed() >= Duration::from_secs(1), "that was before the time was up");
    assert!(friends.ann.saw(&["Rejected", "Silent"]));
    friends.were_not_disturbed();
}

#[test]
fn a_linked_peer_that_says_a_byte_a_second_is_taken_for_silent() {
    let mut quick = config("ann");
    (quick.idle, quick.dead) = (Duration::from_millis(300), Duration::from_millis(1500));
    let mut friends = Friends::around(quick, Options::default());
    let mut slow = Stranger::connect(&friends.ann);
    slow.say(&native_ping("slow"));
    friends.chat_until("the slow one to be linked", |ann| ann.linked() == 3);
    let (mut second, mut open) = (EverySecond::start(), true);
    friends.chat_until("the slow one to be given up", |ann| {
        if second.is_due() {
            open = open && slow.write(b"x").is_some();
        }
        ann.saw(&["PeerDown", "slow", "Silent"]) && slow.is_closed()
    });
    assert!(second.times >= 2, "it said only {} bytes", second.times);
    friends.were_not_disturbed();
}
