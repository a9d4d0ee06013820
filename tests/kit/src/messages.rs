//! Strategies for everything a [`Message`] can say.

use chinwag::{
    Address, Body, Content, Epoch, Hello, Intent, Message, Native, PeerId, Place, Post, Room, Sequence,
    Signature,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

use crate::controls::{contacts, control, control_but_numbered};

/// Any message that has a spelling on the wire.
pub fn message() -> impl Strategy<Value = Message> {
    said(content())
}

/// Any message with an author and a time: all but what neighbours say to each other about the network.
pub fn authored() -> impl Strategy<Value = Message> {
    said(authored_content())
}

/// Any message that may be wrapped in a numbered one.
pub(crate) fn message_but_numbered() -> impl Strategy<Value = Message> {
    said(prop_oneof![
        2 => authored_content().boxed(),
        1 => control_but_numbered().prop_map(Content::Control).boxed(),
    ])
}

fn said(content: impl Strategy<Value = Content>) -> impl Strategy<Value = Message> {
    (peer_id(), body(), content)
        .prop_map(|(originator, time, content)| Message::new(originator, time, content))
}

/// Everything that [`Content`] can be.
pub fn content() -> impl Strategy<Value = Content> {
    prop_oneof![3 => authored_content().boxed(), 1 => control().prop_map(Content::Control).boxed()]
}

fn authored_content() -> impl Strategy<Value = Content> {
    // Who does not listen has nobody to name: others are named in an answer, or by one who can be asked back.
    let ping = |hello: Hello| match hello.listening {
        Some(_) => hello,
        None => Hello { others: Vec::new(), ..hello },
    };
    prop_oneof![
        1 => hello().prop_map(ping).prop_map(Content::Ping),
        1 => hello().prop_map(Content::Pong),
        1 => Just(Content::Advertise),
        1 => (peer_id(), address()).prop_map(|(peer, address)| Content::AdvertiseReply { peer, address }),
        4 => post().prop_map(Content::Broadcast),
        2 => (option::of(peer_id()), post()).prop_map(|(to, post)| Content::Direct { to, post }),
        1 => Just(Content::Retire),
        1 => Just(Content::Leave),
        2 => (custom_type(), body()).prop_map(|(msg_type, body)| Content::Custom { msg_type: msg_type.into(), body }),
    ]
}

/// A name with whatever Unicode a person might choose.
pub fn peer_id() -> impl Strategy<Value = PeerId> {
    "[^\\p{Cc}]{1,32}".prop_filter_map("a name", |name| PeerId::new(&name).ok())
}

/// A host of any kind, and a port.
pub fn address() -> impl Strategy<Value = Address> {
    ("[a-z0-9.:é-]{1,20}", 1..=u16::MAX)
        .prop_filter_map("an address", |(host, port)| Address::new(&host, port).ok())
}

/// One JSON value: mostly text, sometimes a number, a list or an object, in more than one spelling.
pub fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        6 => any::<String>().prop_map(|text| Body::text(&text)),
        3 => value().prop_map(Body::from),
        1 => Just(r#""caf\u00e9""#).prop_map(json),
        1 => Just("[1.50, 1e3 , {\"a\" :null}]").prop_map(json),
    ]
}

/// A type that the protocol does not know.
pub fn custom_type() -> impl Strategy<Value = String> {
    "[A-Z_a-zß]{1,16}".prop_filter("not one of ours", |msg_type| !OURS.contains(&msg_type.as_str()))
}

fn hello() -> impl Strategy<Value = Hello> {
    let intents = vec![Intent::Neighbour, Intent::Urgent, Intent::Join, Intent::Visit, Intent::Full];
    let intent = prop::sample::select(intents);
    let session = prop_oneof![Just(0), any::<u32>()];
    let native = (1..=u32::MAX, number(), intent, session).prop_map(|(version, epoch, intent, session)| {
        Native { version, epoch: Epoch::new(epoch), intent, session }
    });
    prop_oneof![
        1 => address().prop_map(|address| Hello { listening: Some(address), native: None, others: Vec::new() }),
        2 => (option::of(address()), native, contacts())
            .prop_map(|(listening, native, others)| Hello { listening, native: Some(native), others }),
    ]
}

fn post() -> impl Strategy<Value = Post> {
    let place = (number(), number().prop_filter_map("from 1", Sequence::new))
        .prop_map(|(epoch, sequence)| Place { epoch: Epoch::new(epoch), sequence });
    let signature = "[!-~]{1,128}".prop_filter_map("a signature", |text| Signature::new(&text));
    let room = "[^\\p{Cc}]{1,16}".prop_filter_map("a room", |name| Room::new(&name));
    (option::of(place), option::of(room), body(), option::of(signature))
        .prop_map(|(place, room, body, signature)| Post { place, room, body, signature })
}

/// Numbers, with those at the ends of the range often among them.
pub(crate) fn number() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), 0..4_u64, (u64::MAX - 3)..=u64::MAX]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any::<String>(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn json(text: &str) -> Body {
    Body::from_json(text).expect("JSON")
}

const OURS: [&str; 8] =
    ["PING", "PONG", "ADVERTISE", "ADVERTISE_REPLY", "BROADCAST", "DIRECT", "RETIRE", "LEAVE"];
