//! Connections that end, politely or with a reset, at every byte of what is said on them.

#![cfg(unix)]

use std::net::Shutdown;
use std::time::Duration;

use chinwag::{Body, Content, Epoch, Hello, Message, Native, PeerId};
use chinwag_mio::Options;
use rustix::net::sockopt::set_socket_linger;

use crate::common::friends::Friends;
use crate::common::proxy::{Proxy, Treatment};
use crate::common::{Peer, Stranger, config, turn_until};

/// What a peer says that introduces itself and then hands over one message.
fn transcript(number: usize) -> Vec<u8> {
    let eve = || PeerId::new("eve").unwrap();
    let hello = Hello { listening: None, native: Some(Native::new(Epoch::new(1))), others: Vec::new() };
    let custom = Content::Custom { msg_type: "TEST".into(), body: Body::from(format!("{number:04}")) };
    let mut bytes = Vec::new();
    for content in [Content::Ping(hello), custom] {
        bytes.extend_from_slice(Message::new(eve(), "now".into(), content).encoded());
        bytes.push(b'\n');
    }
    bytes
}

/// Says `bytes` to Ann and ends the connection in one of three ways.
fn say_and_end(friends: &Friends, bytes: &[u8], way: usize) -> Option<Stranger> {
    let mut eve = Stranger::connect(&friends.ann);
    eve.say(bytes);
    match way {
        0 => {
            set_socket_linger(&eve.0, Some(Duration::ZERO)).unwrap();
            None
        }
        1 => None,
        _ => {
            eve.0.shutdown(Shutdown::Write).unwrap();
            Some(eve)
        }
    }
}

#[test]
fn an_end_at_any_byte_of_an_introduction_or_a_message_disturbs_nobody() {
    let mut friends = Friends::meet();
    let before = friends.ann.driver.counters().accepted;
    let whole = transcript(0).len();
    let mut made = 0;
    for cut in 0..=whole {
        // All three ways at once, so that they also meet each other.
        let open: Vec<_> =
            (0..3).filter_map(|way| say_and_end(&friends, &transcript(cut)[..cut], way)).collect();
        made += 3;
        if cut % 16 == 0 || cut == whole {
            friends.chat_until("the connections to be taken and gone", |ann| {
                ann.driver.counters().accepted - before == made && ann.driver.connections() == 2
            });
        }
        drop(open);
    }
    // A reset may take along what was not read yet. Whatever else was said to its end was heard, and nothing by halves.
    let told = |cut: usize| friends.ann.saw(&["Custom", "TEST", &format!("\"{cut:04}\"")]);
    assert!(told(whole) && !(0..whole - 1).any(told));
    friends.were_not_disturbed();
}

#[test]
fn a_dialed_link_that_is_reset_at_every_byte_of_the_answers_loses_and_doubles_nothing() {
    const CUTS: usize = 400;
    let eager = |name| {
        let mut config = config(name);
        config.target_neighbours = 0;
        (config.backoff, config.backoff_max) = (Duration::from_millis(1), Duration::from_millis(2));
        Peer::with(config, Options::default())
    };
    let (mut ann, mut bob) = (eager("ann"), eager("bob"));
    // Ann can only be found on the links that she makes, which all go through the proxy.
    ann.driver.stop_listening();
    let treat = |number| match number {
        ..CUTS => Treatment { cut_after: number, ..Treatment::WELL },
        _ => Treatment::WELL,
    };
    let proxy = Proxy::start(&bob.address, treat);
    ann.join(&proxy.address);
    let mut said = 0;
    turn_until(&mut [&mut ann, &mut bob], "a link that holds", |peers| {
        let taken = proxy.taken();
        if said < taken.min(CUTS) {
            said += 1;
            peers[0].say(&format!("{said}"));
            peers[1].say(&format!("{said}"));
        }
        taken > CUTS && peers[0].linked() == 1 && peers[1].linked() == 1
    });
    ann.say("the end");
    bob.say("the end");
    turn_until(&mut [&mut ann, &mut bob], "both to hear the end", |peers| {
        peers.iter().all(|peer| peer.heard().last().is_some_and(|last| last.ends_with("the end")))
    });
    let all = |name| {
        let numbers = (1..=said).map(|number| number.to_string());
        numbers.chain(["the end".to_owned()]).map(|text| format!("{name}: {text}")).collect::<Vec<_>>()
    };
    assert_eq!((ann.heard(), bob.heard()), (all("bob"), all("ann")));
    assert_eq!((ann.driver.connections(), bob.driver.connections()), (1, 1));
}
