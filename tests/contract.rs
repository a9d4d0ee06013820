//! The contract between a node and its driver: breaking its rules costs latency, never state.
#![cfg(test)]

use core::time::Duration;

use chinwag::{
    Action, Body, ChatNode, Command, Config, Epoch, Event, Input, LinkId, Seed, Semantics, SendError, Time,
};
use chinwag_testkit::{LAST, Lab, event, steps};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(256))]

    /// All that an input changes has changed when `handle` returns, whether or not anybody looks at the actions.
    #[test]
    fn nothing_waits_for_actions_to_be_taken(script in steps::script(80)) {
        let lab = Lab::played(&script);
        let mut node = lab.origin.clone();
        for ((now, input), answer) in lab.trace.iter().zip(&lab.answers) {
            drop(node.handle(*now, input.clone()));
            let polled: Vec<Action> = core::iter::from_fn(|| node.poll_action()).collect();
            prop_assert_eq!(&polled, answer);
        }
        prop_assert_eq!(node, lab.node);
    }

    /// What is left when a caller stops half-way is first in line at the next call, and until then due at once.
    #[test]
    fn actions_dropped_half_way_are_not_lost(script in steps::script(80), taken in 0..3_usize) {
        let lab = Lab::played(&script);
        let mut node = lab.origin.clone();
        let mut all = Vec::new();
        let mut left_over = 0;
        for (now, input) in &lab.trace {
            let mut actions = node.handle(*now, input.clone());
            all.extend(actions.by_ref().take(taken));
            let left = actions.len();
            left_over += left;
            drop(actions);
            if left > 0 {
                prop_assert_eq!(node.next_deadline(), Some(node.now()));
            }
        }
        all.extend(core::iter::from_fn(|| node.poll_action()));
        prop_assert_eq!(&all, &lab.answers.concat());
        prop_assert_eq!(node, lab.node);
        prop_assume!(left_over > 0);
    }

    /// Whatever the input, the timers that are due by then fire first, just as if there had been a tick: traffic
    /// cannot starve them.
    #[test]
    fn any_input_fires_what_is_due(script in steps::script(80)) {
        let lab = Lab::played(&script);
        let mut node = lab.origin.clone();
        for ((now, input), answer) in lab.trace.iter().zip(&lab.answers) {
            let mut split: Vec<Action> = node.handle(*now, Input::Tick).collect();
            split.extend(node.handle(*now, input.clone()));
            prop_assert_eq!(&split, answer);
        }
        prop_assert_eq!(node, lab.node);
    }

    /// A tick before anything is due, and a second one at the same time, change nothing.
    #[test]
    fn early_and_extra_ticks_change_nothing(script in steps::script(80), between in 0..=100_u32) {
        let lab = Lab::played(&script);
        let mut node = lab.origin.clone();
        let mut early = 0;
        for ((now, input), answer) in lab.trace.iter().zip(&lab.answers) {
            let before = node.now();
            let tick = before + now.saturating_since(before) / 100 * between;
            if node.next_deadline().is_none_or(|due| tick < due) {
                early += 1;
                prop_assert_eq!(node.handle(tick, Input::Tick).len(), 0);
            }
            let actions: Vec<Action> = node.handle(*now, input.clone()).collect();
            prop_assert_eq!(&actions, answer);
            prop_assert_eq!(node.handle(*now, Input::Tick).len(), 0);
        }
        prop_assert!(early > 0);
        prop_assert_eq!(node, lab.node);
    }

    /// Time that goes backwards is taken to stand still.
    #[test]
    fn time_never_goes_backwards(script in steps::script(80)) {
        let lab = Lab::played(&script);
        let mut node = lab.origin.clone();
        let mut latest = Time::ZERO;
        for ((now, input), answer) in lab.trace.iter().zip(&lab.answers) {
            latest = latest.max(*now).min(LAST);
            let actions: Vec<Action> = node.handle(latest, input.clone()).collect();
            prop_assert_eq!(&actions, answer);
            prop_assert_eq!(node.now(), latest);
        }
        prop_assert_eq!(node, lab.node);
    }

    /// The methods are nothing but doors to the commands; only errors come back by another way.
    #[test]
    fn a_method_does_what_its_command_does(script in steps::script(80)) {
        let lab = Lab::played(&script);
        let mut node = lab.origin.clone();
        let mut commands = 0;
        for ((now, input), answer) in lab.trace.iter().zip(&lab.answers) {
            let Input::Command(command) = input else {
                node.handle(*now, input.clone()).for_each(drop);
                continue;
            };
            commands += 1;
            let failure = call(&mut node, *now, command.clone()).err();
            let mut actions: Vec<Action> = core::iter::from_fn(|| node.poll_action()).collect();
            // What a method gives back as its error comes last from the command.
            actions.extend(failure.map(|error| Action::Emit(Event::CommandFailed { error })));
            prop_assert_eq!(&actions, answer);
        }
        prop_assume!(commands > 0);
        prop_assert_eq!(node, lab.node);
    }
}

/// Timers that are late fire in the order of their deadlines, and those with one deadline in the order they were set.
#[test]
fn late_timers_fire_in_their_order() {
    let mut lab = Lab::new(wide_config(), Seed::new(3));
    let links: Vec<_> = (0..5).map(|_| lab.accept()).collect();
    lab.wait(Duration::from_millis(7));
    let later: Vec<_> = (0..5).map(|_| lab.accept()).collect();
    let end = lab.now() + Duration::from_secs(600);
    let closed: Vec<_> = lab
        .input_at(end, Input::Tick)
        .iter()
        .filter_map(|action| match action {
            Action::Close { link } => Some(*link),
            Action::Dial { .. } | Action::Send { .. } | Action::Emit(_) => None,
        })
        .collect();
    assert_eq!(closed, [links, later].concat(), "strangers who said nothing, in the order they came");
}

/// Dials that failed are tried again in the order of their back-offs, however late the driver calls.
#[test]
fn late_redials_follow_their_deadlines() {
    let mut lab = Lab::new(wide_config(), Seed::new(3));
    let addresses: Vec<_> = (1..6).map(steps::address).collect();
    lab.input(Input::Command(Command::Bootstrap(addresses.clone())));
    let mut due = Vec::new();
    for address in &addresses {
        for action in lab.refuse(address).to_vec() {
            if let Some(Event::DialFailed { retry_in: Some(wait), .. }) = event(&action) {
                due.push((lab.now() + *wait, address.clone()));
            }
        }
    }
    due.sort();
    let end = lab.now() + Duration::from_secs(600);
    let dials: Vec<_> = lab
        .input_at(end, Input::Tick)
        .iter()
        .filter_map(|action| match action {
            Action::Dial { address } => Some(address.clone()),
            Action::Close { .. } | Action::Send { .. } | Action::Emit(_) => None,
        })
        .collect();
    assert_eq!(dials.len(), 5);
    assert_eq!(dials, due.into_iter().map(|(_, address)| address).collect::<Vec<_>>());
    assert_ne!(dials, addresses, "their back-offs have jitter, or this shows nothing");
}

/// A silent link is given up although other links never stop talking.
#[test]
fn traffic_does_not_starve_timers() {
    let mut lab = Lab::new(wide_config(), Seed::new(3));
    let silent = lab.accept();
    let start = lab.now();
    while lab.links().contains(&silent) {
        let now = lab.now() + Duration::from_millis(10);
        lab.input_at(now, Input::Command(Command::Broadcast(Body::text("on and on"))));
        assert!(now.saturating_since(start) < Duration::from_secs(60), "{silent:?} is still up");
    }
    assert!(lab.now().saturating_since(start) >= lab.node.config().handshake);
}

/// The first call of a node whose driver's clock starts late, or at its very end.
#[test]
fn a_node_may_start_at_any_time() {
    for now in [Time::ZERO, Time::from_secs(1 << 30), Time::MAX] {
        let mut lab = Lab::new(wide_config(), Seed::new(3));
        lab.input_at(now, Input::Command(Command::Join(steps::address(1))));
        assert_eq!(lab.dialing().collect::<Vec<_>>(), [&steps::address(1)]);
        lab.input(Input::LinkUp {
            link: LinkId::new(1),
            dialed: Some(steps::address(1)),
            semantics: Semantics::Stream,
        });
        assert!(lab.answers.concat().iter().any(|action| matches!(action, Action::Send { .. })));
    }
}

fn call(node: &mut ChatNode, now: Time, command: Command) -> Result<(), SendError> {
    match command {
        Command::Listen(listening) => node.listen(now, listening),
        Command::Join(address) => return node.join(now, address),
        Command::Bootstrap(addresses) => node.bootstrap(now, addresses),
        Command::AddPeer { peer, address } => return node.add_peer(now, peer, address).map(drop),
        Command::Broadcast(body) => return node.broadcast(now, body).map(drop),
        Command::Direct { to, body } => return node.direct(now, &to, body).map(drop),
        Command::Custom { to, msg_type, body } => return node.send_custom(now, to, &msg_type, body),
        Command::RequestPeers(peer) => return node.request_peers(now, &peer),
        Command::Leave => node.leave(now),
        other => panic!("this test does not know the door to {other:?}"),
    }
    Ok(())
}

fn wide_config() -> Config {
    let mut config = Config::new(steps::name(0), Epoch::new(1));
    config.max_waiting = 100_000;
    config
}
