use super::*;
use std::collections::BTreeSet;

use chinwag::{Epoch, Native, PeerId, Place, Sequence, Signature};

fn messages() -> Vec<Message> {
    let post = |sequence, signature| Post {
        place: Sequence::new(sequence).map(|sequence| Place { epoch: Epoch::new(3), sequence }),
        room: None,
        body: Body::text("hi"),
        signature,
    };
    let hello = |epoch| Hello {
        listening: Address::new("h", 1).ok(),
        native: Some(Native::new(Epoch::new(epoch))),
        others: Vec::new(),
    };
    let name = |name| PeerId::new(name).unwrap();
    let contents = [
        Content::Ping(hello(1)),
        Content::Pong(hello(1)),
        Content::Ping(hello(2)),
        Content::Advertise,
        Content::Leave,
        Content::AdvertiseReply { peer: name("a"), address: Address::new("h", 1).unwrap() },
        Content::AdvertiseReply { peer: name("a"), address: Address::new("h", 2).unwrap() },
        Content::Broadcast(post(0, None)),
        Content::Broadcast(post(1, None)),
        Content::Broadcast(post(2, None)),
        Content::Broadcast(post(2, Signature::new("s"))),
        Content::Direct { to: Some(name("b")), post: post(1, None) },
        Content::Direct { to: Some(name("c")), post: post(1, None) },
        Content::Custom { msg_type: "TEST".into(), body: Body::text("x") },
        Content::Custom { msg_type: "TEST".into(), body: Body::text("y") },
    ];
    let said = contents.map(|content| Message::new(name("ann"), Body::text("now"), content));
    said.into_iter().chain(CONTROLS.map(control)).collect()
}

/// What a frame says, without the frame.
fn control(frame: &str) -> Message {
    let read = Message::decode(frame.to_owned().into()).unwrap();
    let Content::Control(control) = read.content() else { panic!("{frame}") };
    Message::control(control.clone())
}

const CONTROLS: [&str; 31] = [
    r#"["KEEPALIVE",1]"#,
    r#"["KEEPALIVE",2]"#,
    r#"["KEEPALIVE_REPLY",1]"#,
    r#"["WALK",["bob","127.0.0.1",5002],6]"#,
    r#"["WALK",["bob","127.0.0.1",5002],5]"#,
    r#"["WALK",["bob","127.0.0.1",5003],6]"#,
    r#"["SHUFFLE",7,6,[["bob","127.0.0.1",5002]]]"#,
    r#"["SHUFFLE",7,6,[["eve","127.0.0.1",5002]]]"#,
    r#"["SHUFFLE",7,5,[]]"#,
    r#"["SHUFFLE",7,6,[]]"#,
    r#"["PEERS",7,[["bob","127.0.0.1",5002]]]"#,
    r#"["PEERS",7,[]]"#,
    r#"["BEACON","6t6FTsBNsEE",17]"#,
    r#"["IHAVE","6t6FTsBNsEE",17]"#,
    r#"["IHAVE","6t6FTsBNsEE",[17,19]]"#,
    r#"["IHAVE","6t6FTsBNsEE",[17,19],"WnmU0_aqsfU",1]"#,
    r#"["GRAFT","6t6FTsBNsEE"]"#,
    r#"["GRAFT"]"#,
    r#"["PRUNE","6t6FTsBNsEE"]"#,
    r#"["PULL",262144,"6t6FTsBNsEE",[17,19]]"#,
    r#"["PULL",262145,"6t6FTsBNsEE",[17,19]]"#,
    r#"["PULLED","6t6FTsBNsEE",[17,19]]"#,
    r#"["SINCE","6t6FTsBNsEE",[3,9]]"#,
    r#"["CATCHUP",1000,262144]"#,
    r#"["SYNC",[["__________8",2,"q1SpjOsfCtI"]]]"#,
    r#"["SYNC",[["__________8",3,"q1SpjOsfCtI"]]]"#,
    r#"["SYNC",[["6t6FTsBNsEE",[["6t6FTsBNsEE",3,[[5,6]]]],true]]]"#,
    r#"["SYNC",[["6t6FTsBNsEE",[["6t6FTsBNsEE",3,[[5,7]]]],true]]]"#,
    r##"["#",7,1,["IHAVE","6t6FTsBNsEE",17]]"##,
    r##"["#",7,2,["IHAVE","6t6FTsBNsEE",17]]"##,
    r#"["ACK",4294967295,17,5]"#,
];

#[test]
fn different_messages_have_different_fingerprints_and_decoding_changes_none() {
    let messages = messages();
    let prints: BTreeSet<u64> = messages.iter().map(message).collect();
    assert_eq!(prints.len(), messages.len());
    for original in &messages {
        let decoded = Message::decode(original.encoded().clone()).unwrap();
        assert_eq!(message(&decoded), message(original), "{original:?}");
    }
}

#[test]
fn what_is_kept_is_what_would_be_computed() {
    let mut fingerprints = Fingerprints::default();
    for round in 0..3 {
        // More than are kept, and new ones in the places of old ones.
        for original in (0..20).flat_map(|_| messages()) {
            let expected = message(&original);
            assert_eq!(fingerprints.of(&original), expected, "round {round}");
            assert_eq!(fingerprints.of(&original.clone()), expected, "round {round}");
        }
    }
    assert!((1..=MOST_KEPT).contains(&fingerprints.recent.len()));
}

#[test]
fn a_history_depends_on_order_time_and_content() {
    let history = |steps: &[(u64, Input)]| {
        let mut history = History::default();
        for (at, input) in steps {
            history.told(Time::from_secs(*at), input, 0);
        }
        history.get()
    };
    let down = |link| Input::LinkDown { link: LinkId::new(link), end: chinwag::LinkEnd::Closed };
    let histories: BTreeSet<u64> = [
        history(&[(1, down(1)), (1, down(2))]),
        history(&[(1, down(2)), (1, down(1))]),
        history(&[(1, down(1)), (2, down(2))]),
        history(&[(1, down(1))]),
    ]
    .into();
    assert_eq!(histories.len(), 4);
}
