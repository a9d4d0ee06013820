//! Instructions by case, counted by Valgrind: they do not depend on what else the machine does.
//!
//! `cargo bench --bench instructions` runs each case in a process of its own and prints a table.

use core::time::Duration;
use std::env;
use std::hint::black_box;
use std::process::ExitCode;

use chinwag::{Action, Body, ChatNode, Input, LinkId, Message, Time};
use chinwag_testkit::{CallgrindError, hub, instructions, numbered, relay};
use serde_json::Value;

fn main() -> ExitCode {
    let name = env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    let Some(name) = name else { return print_table() };
    let Some(case) = CASES.iter().find(|case| case.name == name) else {
        eprintln!("there is no case {name}");
        return ExitCode::FAILURE;
    };
    (case.run)();
    ExitCode::SUCCESS
}

/// Something to count.
struct Case {
    name: &'static str,
    /// By what the count is divided.
    times: u64,
    run: fn(),
}

fn print_table() -> ExitCode {
    println!("| case | instructions |");
    println!("|---|---:|");
    for case in CASES {
        match instructions("instructions::measured", &[case.name]) {
            Ok(count) => println!("| {} | {:.1} |", case.name, count as f64 / case.times as f64),
            Err(error @ CallgrindError::NoValgrind) => {
                println!("\n{error}");
                return ExitCode::SUCCESS;
            }
            Err(error) => {
                eprintln!("{}: {error}", case.name);
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Instructions are counted in here only. Neither generic nor inlined, so that Valgrind finds it by one name.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
}

const CASES: &[Case] = &[
    Case { name: "handle: a fresh message", times: MESSAGES, run: || handle(1, false, false) },
    Case { name: "handle: a duplicate", times: MESSAGES, run: || handle(1, true, false) },
    Case { name: "dedup: fresh, every two swapped", times: MESSAGES, run: || handle(1, false, true) },
    Case { name: "dedup: fresh, 1,000 streams", times: MESSAGES, run: || handle(1000, false, false) },
    Case { name: "dedup: a duplicate, 1,000 streams", times: MESSAGES, run: || handle(1000, true, false) },
    Case { name: "fanout: a broadcast, per link of 8", times: 8 * BROADCASTS, run: || fanout(8) },
    Case { name: "fanout: a broadcast, per link of 64", times: 64 * BROADCASTS, run: || fanout(64) },
    Case { name: "fanout: a broadcast, per link of 512", times: 512 * BROADCASTS, run: || fanout(512) },
    Case { name: "codec: decode 64 bytes", times: MESSAGES, run: decode },
    Case { name: "codec: decode 64 bytes, serde_json alone", times: MESSAGES, run: decode_json },
    Case { name: "codec: encode 64 bytes", times: MESSAGES, run: encode },
    Case { name: "codec: encode 64 bytes, serde_json alone", times: MESSAGES, run: encode_json },
];

/// A node in the middle of a tree of five neighbours takes in messages by so many authors, who take turns.
fn handle(authors: u64, seen_before: bool, swapped: bool) {
    let lab = relay(5);
    let (mut node, mut now) = (lab.node.clone(), lab.now());
    let say = |turn: u64| {
        numbered(&format!("author {}", turn % authors), turn / authors + 1, &format!("{turn:064}"))
    };
    let mut messages: Vec<_> = (0..MESSAGES).map(say).collect();
    if seen_before {
        take_in(&mut node, &mut now, 1, &messages);
    }
    if swapped {
        messages.chunks_exact_mut(2).for_each(<[Message]>::reverse);
    }
    let link = if seen_before { 2 } else { 1 };
    measured(&mut || take_in(&mut node, &mut now, link, &messages));
    let duplicates = if seen_before { MESSAGES } else { 0 };
    assert_eq!((node.stats().delivered, node.stats().duplicates), (MESSAGES, duplicates));
}

fn take_in(node: &mut ChatNode, now: &mut Time, link: u64, messages: &[Message]) {
    for message in messages {
        *now += Duration::from_nanos(100);
        let input = Input::Received { link: LinkId::new(link), message: message.clone() };
        node.handle(*now, input).map(black_box).for_each(drop);
    }
}

/// Takes the actions and every link in them, and encodes.
fn fanout(links: u64) {
    let mut node = hub(links).node;
    let mut now = node.now();
    let mut sent = 0;
    let mut texts: Vec<_> = (0..BROADCASTS).map(|number| Body::text(&format!("{number:064}"))).collect();
    measured(&mut || {
        for text in texts.drain(..) {
            now += Duration::from_nanos(100);
            assert!(node.broadcast(now, text).is_ok());
            while let Some(action) = node.poll_action() {
                if let Action::Send { to, message } = &action {
                    black_box(message.encoded());
                    sent += to.iter().map(black_box).count();
                }
            }
        }
    });
    assert_eq!(sent as u64, links * BROADCASTS);
}

fn decode() {
    let frame = message().encoded().clone();
    measured(&mut || (0..MESSAGES).for_each(|_| assert!(black_box(Message::decode(frame.clone())).is_ok())));
}

fn decode_json() {
    let frame = message().encoded().clone();
    measured(&mut || {
        (0..MESSAGES).for_each(|_| assert!(black_box(serde_json::from_slice::<Value>(&frame)).is_ok()));
    });
}

fn encode() {
    let message = message();
    let anew =
        || Message::new(message.originator().clone(), message.time().clone(), message.content().clone());
    let messages: Vec<_> = (0..MESSAGES).map(|_| anew()).collect();
    measured(&mut || messages.iter().for_each(|message| drop(black_box(message.encoded().clone()))));
}

fn encode_json() {
    let value = serde_json::from_slice::<Value>(message().encoded()).unwrap_or_default();
    assert!(value.is_object());
    measured(&mut || (0..MESSAGES).for_each(|_| assert!(black_box(serde_json::to_vec(&value)).is_ok())));
}

fn message() -> Message {
    numbered("somebody", 1, &"x".repeat(64))
}

const MESSAGES: u64 = 10_000;
const BROADCASTS: u64 = 1000;
