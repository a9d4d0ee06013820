//! Hostile peers cost bounded memory, and push out nobody who is alive.
#![cfg(test)]

use core::time::Duration;

use chinwag::{
    Address, Body, ChatNode, Contact, Content, Control, DecodeError, Epoch, Event, Hello, Input, LinkEnd,
    LinkId, Message, Native, PeerId, Place, Post, Run, Seed, Semantics, Sequence, StreamTag, Time,
};
use chinwag_testkit::{Guest, Lab, narrow_config};

/// Four times as much of the same attack must not cost more memory: what is held at the end counts, everything
/// included, as an allocator sees it.
#[test]
fn no_attack_makes_a_node_grow_without_end() {
    // The latter bring up to 256 things in each turn.
    let attacks = ATTACKS.map(|it| (it, 1000)).into_iter().chain(CONTROL_ATTACKS.map(|it| (it, 200)));
    for ((name, attack), turns) in attacks {
        let (some, much) = (memory_after(turns, attack), memory_after(4 * turns, attack));
        assert!(
            much <= some + some / 10 + 512,
            "{name}: {some} bytes after {turns} turns, {much} after four times as many"
        );
        assert!(much < 64 * 1024, "{name}: {much} bytes, with limits as narrow as these");
    }
}

/// With the usual limits, what a neighbour may make a node remember is bounded by what the configuration says, and
/// by a few hundred bytes for each entry.
#[test]
fn a_million_ids_fill_the_tables_and_no_more() {
    let mut lab = Lab::usual();
    let (eve, ann) = (Guest::native("eve", "eve:5001"), Guest::native("ann", "ann:5001"));
    let (link, other) = (lab.welcome(&eve), lab.welcome(&ann));
    let mut most = [0; 4];
    let used = allocation_counter::measure(|| {
        let mut now = lab.now();
        for number in 0..1000_u64 {
            now += Duration::from_millis(4);
            for input in all_at_once(number, link) {
                lab.node.handle(now, input).for_each(drop);
            }
            if number % 50 == 0 {
                let alive = Message::control(Control::KeepAlive(1));
                lab.node.handle(now, heard(other, alive)).for_each(drop);
                let node = &lab.node;
                let sizes =
                    [node.passive_view().count(), node.versions().len(), node.lagging(), node.retained()];
                for (most, size) in most.iter_mut().zip(sizes) {
                    *most = size.max(*most);
                }
            }
        }
    });
    let config = lab.node.config();
    assert_eq!(most[0], config.passive_view, "it is full");
    assert!((100..=config.max_streams).contains(&most[1]), "{} streams", most[1]);
    assert!((100..=config.max_streams).contains(&most[2]), "{} streams lag", most[2]);
    assert!((300..=config.max_history).contains(&most[3]), "{} posts are retained", most[3]);
    let entries = config.passive_view + config.max_streams + config.max_history + 3 * config.max_routes;
    assert!(used.bytes_current < entries as i64 * 2048, "{} bytes", used.bytes_current);
}

/// The count and the bytes of what is retained are bounded, whichever is reached first.
#[test]
fn history_is_bounded_in_number_and_in_bytes() {
    for (count, bytes) in [(10, 1 << 20), (1000, 20_000)] {
        let mut lab = Lab::usual_but(|config| {
            config.max_history = count;
            config.max_history_bytes = bytes;
        });
        let eve = Guest::native("eve", "eve:5001");
        let link = lab.welcome(&eve);
        let mut most = 0;
        for number in 1..=300 {
            lab.hear(link, eve.broadcasts(number, &"x".repeat(500)));
            most = lab.node.retained().max(most);
        }
        assert!(most <= count && most * 500 <= bytes, "{most} posts");
        assert!(most == count || (most + 2) * 700 >= bytes, "only {most} posts");
    }
}

/// What one turn of an attacker brings: 256 announced numbers, 32 peers, and one of everything else.
fn all_at_once(number: u64, link: LinkId) -> Vec<Input> {
    let mut inputs: Vec<Input> =
        CONTROL_ATTACKS.into_iter().flat_map(|(_, attack)| attack(number, link)).collect();
    inputs.push(heard(link, post("eve", 1, number + 1, &number.to_string())));
    inputs
}

const CONTROL_ATTACKS: [(&str, Attack); 17] = [
    ("announcements of ever new streams", |n, link| {
        let runs = (0..256).map(|more| (tag(n * 256 + more), Run::one(Sequence::FIRST))).collect();
        vec![said(link, Control::Have(runs))]
    }),
    ("announcements of huge runs", |n, link| {
        let run = Run::of(1 + n, u64::MAX - n).unwrap();
        vec![said(link, Control::Have(vec![(tag(n % 300), run); 256]))]
    }),
    ("grafts of ever new streams", |n, link| {
        vec![said(link, Control::Graft(Some(tag(n)))), said(link, Control::Prune(Some(tag(n + 1))))]
    }),
    ("walks of ever new peers that go on for ever", |n, link| {
        vec![said(link, Control::Walk { peer: contact(n), hops_left: 255 })]
    }),
    ("walks of ever new peers that end here", |n, link| {
        vec![said(link, Control::Walk { peer: contact(n), hops_left: 0 })]
    }),
    ("samples of ever new peers", |n, link| {
        vec![said(link, Control::Shuffle { number: n, hops_left: (n % 2) as u8 * 255, peers: contacts(n) })]
    }),
    ("answers to samples that nobody sent", |n, link| {
        vec![said(link, Control::Peers { answers: n, peers: contacts(n) })]
    }),
    ("ever new peers to link with instead", |n, link| vec![said(link, Control::Instead(contact(n)))]),
    ("pulses of ever lesser roots", |n, link| {
        vec![said(link, Control::Beacon { root: tag(u64::MAX / 2 - n), number: n })]
    }),
    ("pulls of everything there is", |n, link| {
        let runs = vec![(tag(n), Run::of(1, u64::MAX).unwrap()); 256];
        vec![said(link, Control::Pull { credit: u32::MAX, runs })]
    }),
    ("answers to pulls that nobody sent", |n, link| {
        vec![said(link, Control::Pulled(vec![(tag(n), Run::of(1, u64::MAX).unwrap()); 256]))]
    }),
    ("newcomers again and again", |_, link| {
        vec![said(link, Control::CatchUp { count: u32::MAX, credit: u32::MAX })]
    }),
    ("starts of ever new streams", |n, link| {
        let runs = (0..256).map(|more| (tag(n * 256 + more), Run::of(1 + n, u64::MAX).unwrap())).collect();
        vec![said(link, Control::Since(runs))]
    }),
    ("comparisons with ever new streams", |n, link| {
        let streams: Vec<_> = (0..256).map(|more| (tag(n * 256 + more), u64::MAX)).collect();
        let frame = serde_json::to_string(&("SYNC", [(tag(u64::MAX), streams, true)])).unwrap();
        vec![heard(link, Message::decode(frame.into()).unwrap())]
    }),
    ("searches for ever new peers", |n, link| {
        vec![
            said(link, Control::Find { number: n, peer: name(&format!("a{n}")), wide: true }),
            said(link, Control::Found { number: n }),
        ]
    }),
    ("one-to-one messages for others", |n, link| {
        let post = Post { place: at(1, n + 1), room: None, body: Body::text("x"), signature: None };
        let to = name(if n % 2 == 0 { "ann" } else { "nobody" });
        vec![heard(link, message("eve", Content::Direct { to: Some(to), post }))]
    }),
    ("receipts of what nobody said", |n, link| {
        let place = Sequence::new(n + 1).unwrap();
        vec![said(link, Control::Arrived(tag(n), place)), said(link, Control::Stuck(tag(n), place))]
    }),
];

/// On a link that promises nothing, what is far ahead is not kept, and what is never acknowledged only up to a bound.
#[test]
fn a_datagram_link_keeps_so_much_and_no_more() {
    let used = memory_after(4000, |n, _| {
        let link = LinkId::new(9);
        let native = Some(Native { session: 5, ..Native::new(Epoch::new(1)) });
        let hello = Hello { listening: Some(place(9)), native, others: Vec::new() };
        let long = Body::text(&"x".repeat(3000));
        let inner = message("dan", Content::Custom { msg_type: "TEST".into(), body: long });
        vec![
            Input::LinkUp { link, dialed: None, semantics: Semantics::Datagram },
            heard(link, message("dan", Content::Ping(hello))),
            said(link, Control::Numbered { session: 5, number: 2 + n, message: inner }),
            said(link, Control::Acknowledge { session: 5, upto: u64::MAX, beyond: u64::MAX }),
        ]
    });
    assert!(used < 1 << 20, "{used} bytes");
}

fn said(link: LinkId, control: Control) -> Input {
    heard(link, Message::control(control))
}

/// Tags in ascending order, so that some can be compared.
fn tag(number: u64) -> StreamTag {
    StreamTag::new(number)
}

fn contact(number: u64) -> Contact {
    Contact::new(name(&format!("a{number}")), place(number))
}

fn contacts(number: u64) -> Vec<Contact> {
    (0..32).map(|more| contact(number * 32 + more)).collect()
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
    let (link, other) = (LinkId::new(1), LinkId::new(2));
    let mut answers = 0;
    let used = allocation_counter::measure(|| {
        let mut now = Time::ZERO;
        let greet = [
            Input::LinkUp { link, dialed: None, semantics: Semantics::Stream },
            heard(link, introduction("eve")),
            Input::LinkUp { link: other, dialed: None, semantics: Semantics::Stream },
            heard(other, native_ping("ann", 2)),
        ];
        for input in greet {
            node.handle(now, input).for_each(drop);
        }
        for number in 0..count {
            now += Duration::from_millis(100);
            answers += node.handle(now, said(other, Control::KeepAliveReply(0))).count();
            for input in attack(number, link) {
                answers += node.handle(now, input).count();
            }
        }
    });
    assert!(answers > 0, "the node never reacted");
    let config = node.config();
    assert!(node.passive_view().count() <= config.passive_view && node.retained() <= config.max_history);
    assert!(node.lagging() <= config.max_streams && node.versions().len() <= config.max_streams);
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
