//! Who comes back under a name: the same peer in a newer run, a leftover of an older one, or somebody else.
#![cfg(test)]

use chinwag::{Command, Dialect, Event, PeerId, Rejection};
use chinwag_testkit::{Guest, Lab, at, sent};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(64))]

    /// At one address there is one peer: its newest run is linked, and links that older ones left behind are not,
    /// in whatever order they speak up.
    #[test]
    fn the_newest_run_at_an_address_is_the_one_that_is_linked(
        runs in prop::collection::vec(1..20_u64, 1..12),
        again_on_its_link in any::<bool>(),
    ) {
        let mut lab = Lab::usual();
        let bob = Guest::native("bob", "bob:5001");
        let (mut newest, mut ups, mut link) = (0, 0, None);
        for run in runs.into_iter().filter(|run| !again_on_its_link || *run % 2 == 1) {
            let speaks = bob.clone().in_run(run);
            if run > newest {
                (newest, ups) = (run, ups + 1);
                // On links without an end of their own, such as addresses of datagrams, a restart has no new link.
                match link.filter(|_| again_on_its_link) {
                    Some(link) => drop(lab.hear(link, speaks.ping())),
                    None => link = Some(lab.welcome(&speaks)),
                }
            } else if run < newest {
                lab.welcome(&speaks);
            }
            prop_assert_eq!(lab.links(), [link.unwrap()]);
            prop_assert_eq!(lab.node.linked(), 1);
        }
        let (up, down) = (
            lab.count(|event| matches!(event, Event::PeerUp { .. })),
            lab.count(|event| matches!(event, Event::PeerDown { .. })),
        );
        prop_assert_eq!((up, down + usize::from(newest > 0)), (ups, ups));
    }
}

/// A link that survived its peer's restart speaks for the new run at once: the old run is down, the new one up.
#[test]
fn a_restart_on_the_same_link_is_told() {
    let mut lab = Lab::usual();
    let bob = Guest::native("bob", "bob:5001");
    let link = lab.welcome(&bob);
    let answer = lab.hear(link, bob.clone().in_run(2).ping());
    assert_eq!(sent(&answer, "PONG"), [link]);
    let told: Vec<_> = lab.events().map(|event| matches!(event, Event::PeerUp { .. })).collect();
    assert_eq!(told, [true, false, true]);
    lab.hear(link, bob.in_run(2).broadcasts(1, "I am back"));
    assert_eq!(lab.heard(), ["I am back"]);
}

/// Whoever has introduced themselves cannot become somebody else on that link, nor move the first one's address.
#[test]
fn a_second_introduction_under_another_name_is_refused() {
    let mut lab = Lab::usual();
    let link = lab.welcome(&Guest::native("bob", "bob:5001"));
    lab.hear(link, Guest::native("mallory", "mallory:5001").ping());
    let refused = |event: &Event| matches!(event, Event::Rejected { reason: Rejection::OutOfTurn, .. });
    assert_eq!(lab.count(refused), 1);
    let names: Vec<_> = lab.node.peers().map(|peer| (peer.id.to_string(), peer.address)).collect();
    assert_eq!(names, [("bob".to_owned(), Some(at("bob:5001")))]);
}

/// A native peer and an old one share a name, and listen in different places: both stay, and the person is told.
#[test]
fn a_native_namesake_does_not_push_out_an_old_peer() {
    let mut lab = Lab::usual();
    lab.welcome(&Guest::classic("Able", "able:5001"));
    let native = lab.welcome(&Guest::native("Able", "elsewhere:5001"));
    let conflict = Event::NameConflict { peer: PeerId::new("Able").unwrap() };
    assert_eq!(lab.count(|event| *event == conflict), 1);
    assert_eq!(lab.count(|event| matches!(event, Event::PeerDown { .. })), 0);
    let said = lab.command(Command::Broadcast("to both".into()));
    assert_eq!(sent(&said, "BROADCAST"), [native]);
    assert!(lab.is_dialing(&at("able:5001")));
}

/// At the same place it is the old peer's upgrade, and no conflict.
#[test]
fn an_upgrade_is_no_namesake() {
    let mut lab = Lab::usual();
    lab.welcome(&Guest::classic("Able", "able:5001"));
    lab.welcome(&Guest::native("Able", "able:5001"));
    assert_eq!(lab.count(|event| matches!(event, Event::NameConflict { .. })), 0);
    let dialects: Vec<_> = lab.node.peers().map(|peer| peer.dialect).collect();
    assert_eq!((dialects, lab.node.linked()), (vec![Some(Dialect::Native)], 1));
}
