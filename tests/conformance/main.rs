//! The cases of `chinwag_memory::conformance` on every driver there is: what a node does must not depend on who drives it.
#![cfg(test)]

mod memory;
mod real_time;
mod tcp;
mod tokio_tasks;
mod udp;

#[path = "../../examples/game_loop.rs"]
#[expect(dead_code, reason = "only its loop is tried here")]
mod game_loop;
#[path = "../../examples/tokio_loop.rs"]
#[expect(dead_code, reason = "only its loop is tried here")]
mod tokio_loop;
#[path = "../../examples/tokio_streams/main.rs"]
#[expect(dead_code, reason = "only its loop is tried here")]
mod tokio_streams;
#[path = "../../examples/udp_loop.rs"]
#[expect(dead_code, reason = "only its loop is tried here")]
mod udp_loop;

use std::thread;

use chinwag::Semantics;
use chinwag_memory::conformance::{Case, Harness, cases};

#[test]
fn every_case_passes_in_memory() {
    for kind in memory::Kind::ALL {
        passes(kind, || memory::Simulated::new(kind));
    }
}

#[test]
fn every_case_passes_over_tcp() {
    passes("TCP", tcp::Tcp::default);
}

#[test]
fn every_case_passes_in_the_loop_over_udp() {
    passes("examples/udp_loop.rs", udp::Udp::<udp_loop::UdpLoop>::new);
}

#[test]
fn every_case_passes_in_a_games_loop() {
    passes("examples/game_loop.rs", udp::Udp::<game_loop::Net>::new);
}

#[test]
fn every_case_passes_in_a_tokio_task_over_datagrams() {
    passes("examples/tokio_loop.rs", || tokio_tasks::Tokio::new(Semantics::Datagram));
}

#[test]
fn every_case_passes_in_tokio_tasks_over_streams() {
    passes("examples/tokio_streams", || tokio_tasks::Tokio::new(Semantics::Stream));
}

/// How many cases are played at once: they mostly wait.
const AT_ONCE: usize = 4;

/// Plays every case that is for such links.
fn passes<H: Harness>(what: impl core::fmt::Debug + Sync, make: impl Fn() -> H + Sync) {
    let semantics = make().semantics();
    let cases: Vec<Case> = cases().into_iter().filter(|case| case.is_for(semantics)).collect();
    assert!(cases.len() >= 16, "{what:?}: only {} cases", cases.len());
    let play = |case: &Case| case.play(&mut make()).unwrap_or_else(|failed| panic!("{what:?}: {failed}"));
    let heard: usize = thread::scope(|scope| {
        let share = |first| cases.iter().skip(first).step_by(AT_ONCE).map(play).sum::<usize>();
        let players: Vec<_> = (0..AT_ONCE).map(|first| scope.spawn(move || share(first))).collect();
        players.into_iter().map(|player| player.join().expect("each case passes")).sum()
    });
    assert!(heard > 3500, "{what:?}: only {heard} things were told");
}
