//! An old peer has no link whose end would be told: what shows that it is there is that it answers.
#![cfg(test)]

use core::time::Duration;

use chinwag::{DownReason, Event};
use chinwag_testkit::{Guest, Lab};

/// An old peer that takes the call but never answers a ping is not there, whoever took its port.
#[test]
fn an_old_peer_that_never_answers_is_given_up() {
    let mut lab = Lab::usual();
    let old = Guest::classic("old", "old:5001");
    lab.welcome(&old);
    assert_eq!(lab.node.linked(), 1);
    let silent = |event: &Event| matches!(event, Event::PeerDown { reason: DownReason::Silent, peer } if peer.as_str() == "old");
    let mut pinged = 0;
    for _ in 0..600 {
        let dialing: Vec<_> = lab.dialing().cloned().collect();
        for address in dialing {
            lab.connect(&address);
            pinged += 1;
        }
        lab.wait(Duration::from_millis(500));
        if lab.count(silent) > 0 {
            break;
        }
    }
    assert_eq!(lab.count(silent), 1, "after {pinged} connections");
    assert!(pinged >= 3 && lab.node.linked() == 0, "{pinged} connections");
}
