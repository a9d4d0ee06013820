//! Nodes that borrow memory for their actions do what others do, and keep none of it.

use core::time::Duration;

use allocation_counter::measure;
use chinwag::{Action, ActionBuffer, Body, ChatNode, Input, LinkId, Time};
use chinwag_testkit::{numbered, relay};

/// What comes to a node in the middle, one after the other.
fn inputs(start: Time) -> impl Iterator<Item = (Time, Input)> {
    (1..=COUNT).map(move |number| {
        let message = numbered("peer 1", number, "hello");
        let link = LinkId::new(number % 3 + 1);
        (start + Duration::from_millis(20 * number), Input::Received { link, message })
    })
}

#[test]
fn the_actions_and_the_node_are_the_same() {
    let lab = relay(3);
    let (mut plain, mut lent, start) = (lab.node.clone(), lab.node.clone(), lab.now());
    let (mut buffer, mut count) = (ActionBuffer::default(), 0);
    for (now, input) in inputs(start) {
        if count % 7 == 0 {
            // What was asked for before is first in line in both.
            let say = |node: &mut ChatNode| node.broadcast(now, Body::text("mine")).map(drop);
            assert_eq!((say(&mut plain), say(&mut lent)), (Ok(()), Ok(())));
        }
        let expected: Vec<Action> = plain.handle(now, input.clone()).collect();
        let mut actions = Vec::new();
        lent.handle_with(&mut buffer, now, input, |action| actions.push(action));
        assert_eq!(actions, expected);
        assert_eq!(lent, plain);
        count += actions.len();
    }
    assert!(count as u64 >= COUNT, "{count} actions");
}

#[test]
fn a_node_keeps_no_memory_for_actions() {
    let lab = relay(3);
    let inputs: Vec<_> = inputs(lab.now()).collect();
    let held = |lender: bool| {
        let mut kept = None;
        let used = measure(|| {
            let mut node = lab.node.clone();
            let mut lent = ActionBuffer::default();
            for (now, input) in inputs.iter().cloned() {
                if lender {
                    node.handle_with(&mut lent, now, input, drop);
                } else {
                    node.handle(now, input).for_each(drop);
                }
            }
            kept = Some(node);
        });
        drop(kept);
        used.bytes_current
    };
    let (own, lent) = (held(false), held(true));
    let action = size_of::<Action>() as i64;
    assert!(own - lent >= action, "a node of its own holds {own} bytes, one that borrows {lent}");
}

const COUNT: u64 = 100;
