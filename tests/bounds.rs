//! Hostile peers cost bounded memory, and push out nobody who is alive.
#![cfg(test)]

use core::time::Duration;

use chinwag::{
    Address, Body, ChatNode, Content, DecodeError, Epoch, Event, Hello, Input, LinkEnd, LinkId, Message,
    Native, PeerId, Place, Post, Seed, Semantics, Sequence, Time,
};
use chinwag_testkit::{Lab, narrow_config};

/// Four times as much of the same attack must not cost more memory: what is held at the end counts, everything
/// included, as an allocator sees it.
#[test]
fn no_attack_makes_a_node_grow_without_end() {
    for (name, attack) in ATTACKS {
        let (some, much) = (memory_after(1000, attack), memory_after(4000, attack));
        assert!(
            much <= some + some / 10 + 512,
            "{name}: {some} bytes after 1,000 inputs, {much} after 4,000"
        );
        assert!(much < 64 * 1024, "{name}: {much} bytes, with limits as narrow as these");
    }
}

/// A flood of invented authors does not make a node forget those who go on talking: what they said before is still
/// known, and is not delivered again.
#[test]
fn invented_authors_do_not_push_out_a_living_one() {
    let mut config = narrow_config();
    config.max_streams = 64;
    let mut lab = Lab::new(config, Seed::new(1));
    let link = lab.accept();
    lab.input(Input::Received { link, message: introduction("ann") });
    let said = |sequence| post("ann", 7, sequence, &format!("alive {sequence}"));
    // A few words over some time: that is a life.
    for sequence in 1..=8 {
        lab.input(Input::Received { link, message: said(sequence) });
        lab.wait(Duration::from_secs(2));
    }
    for number in 0..2000 {
        lab.input(Input::Received { link, message: post(&format!("invented {number}"), 1, 1, "flood") });
    }
    assert!(lab.node.stats().streams_evicted > 1000, "the table was never full");
    let before = lab.node.stats().duplicates;
    for sequence in 1..=8 {
        lab.input(Input::Received { link, message: said(sequence) });
    }
    assert_eq!(lab.node.stats().duplicates, before + 8);
    let alive =
        lab.events().filter(|event| matches!(event, Event::Delivered(said) if said.from().as_str() == "ann"));
    assert_eq!(alive.count(), 8);
}

/// What is rejected costs the link it came on, and nobody else's message.
#[test]
fn a_hostile_link_is_closed_and_another_is_still_heard() {
    let mut lab = Lab::new(narrow_config(), Seed::new(1));
    let (good, bad) = (lab.accept(), lab.accept());
    lab.input(Input::Received { link: good, message: introduction("ann") });
    lab.input(Input::Received { link: bad, message: introduction("eve") });
    for sequence in 1..=20 {
        lab.input(Input::Malformed { link: bad, error: DecodeError::NotUtf8 });
        lab.input(Input::Received {
            link: good,
            message: post("ann", 7, sequence, &format!("still here {sequence}")),
        });
    }
    assert_eq!(lab.links(), [good]);
    assert_eq!(lab.node.stats().delivered, 20);
}

type Attack = fn(u64, LinkId) -> Vec<Input>;

const ATTACKS: [(&str, Attack); 11] = [
    ("a new author for each message", |n, link| vec![heard(link, post(&format!("a{n}"), n, 1, "x"))]),
    ("a new run of one author for each message", |n, link| {
        vec![heard(link, post("ann", n, 1 + n, &n.to_string()))]
    }),
    ("a gap before each message", |n, link| vec![heard(link, post("ann", 1, 2 * n + 2, &n.to_string()))]),
    ("long messages that come too early", |n, link| {
        vec![heard(link, post(&format!("a{}", n % 50), 1, 3 * n + 9, &format!("{n:03000}")))]
    }),
    ("classic messages", |n, link| vec![heard(link, classic_post(n))]),
    ("advertisements of ever new peers", |n, link| {
        let (peer, address) = (name(&format!("a{n}")), place(n));
        vec![heard(link, message("eve", Content::AdvertiseReply { peer, address }))]
    }),
    ("one-to-one messages from ever new runs", |n, link| {
        let post = Post { place: at(n, n + 1), room: None, body: Body::text("x"), signature: None };
        vec![heard(link, message("eve", Content::Direct { to: None, post }))]
    }),
    ("links that say nothing", |n, _| {
        let link = LinkId::new(10 + n);
        vec![Input::LinkUp { link, dialed: None, semantics: Semantics::Stream }]
    }),
    ("links of ever new peers that come and go", |n, _| {
        let link = LinkId::new(10 + n);
        vec![
            Input::LinkUp { link, dialed: None, semantics: Semantics::Stream },
            heard(link, native_ping(&format!("a{n}"), n)),
            Input::LinkDown { link, end: LinkEnd::Broken },
        ]
    }),
    ("classic peers at ever new addresses", |n, _| {
        let link = LinkId::new(10 + n);
        let hello = Hello { listening: Some(place(n)), native: None, others: Vec::new() };
        vec![
            Input::LinkUp { link, dialed: None, semantics: Semantics::Stream },
            heard(link, message(&format!("a{n}"), Content::Ping(hello))),
            Input::LinkDown { link, end: LinkEnd::Closed },
        ]
    }),
    ("a linked peer that moves with each word", |n, link| vec![heard(link, native_ping("eve", n))]),
];

/// The bytes that a node holds more than at its start after `count` turns of an attack, ten of them a second.
fn memory_after(count: u64, attack: Attack) -> u64 {
    let mut node = ChatNode::new(narrow_config(), Seed::new(1)).unwrap();
    let link = LinkId::new(1);
    let mut answers = 0;
    let used = allocation_counter::measure(|| {
        let mut now = Time::ZERO;
        let greet = [
            Input::LinkUp { link, dialed: None, semantics: Semantics::Stream },
            heard(link, introduction("eve")),
        ];
        for input in greet {
            node.handle(now, input).for_each(drop);
        }
        for number in 0..count {
            now += Duration::from_millis(100);
            for input in attack(number, link) {
                answers += node.handle(now, input).count();
            }
        }
    });
    assert!(answers > 0, "the node never reacted");
    u64::try_from(used.bytes_current).unwrap_or(0)
}

fn heard(link: LinkId, message: Message) -> Input {
    Input::Received { link, message }
}

fn introduction(who: &str) -> Message {
    native_ping(who, 1)
}

fn native_ping(who: &str, port: u64) -> Message {
    let native = Some(Native::new(Epoch::new(1)));
    message(who, Content::Ping(Hello { listening: Some(place(port)), native, others: Vec::new() }))
}

fn post(who: &str, epoch: u64, sequence: u64, text: &str) -> Message {
    message(
        who,
        Content::Broadcast(Post {
            place: at(epoch, sequence),
            room: None,
            body: Body::text(text),
            signature: None,
        }),
    )
}

fn classic_post(number: u64) -> Message {
    let body = Body::text(&format!("text {number}"));
    message("Able", Content::Broadcast(Post { place: None, room: None, body, signature: None }))
}

fn at(epoch: u64, sequence: u64) -> Option<Place> {
    Sequence::new(sequence).map(|sequence| Place { epoch: Epoch::new(epoch), sequence })
}

fn message(who: &str, content: Content) -> Message {
    Message::new(name(who), Body::text("Sun Nov 22 19:02:11 2026"), content)
}

fn name(who: &str) -> PeerId {
    PeerId::new(who).unwrap()
}

fn place(number: u64) -> Address {
    Address::new(&format!("h{number}"), 5000).unwrap()
}
