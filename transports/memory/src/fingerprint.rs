//! A running hash of everything that nodes are told and everything they do.

use core::hash::{Hash as _, Hasher};

use chinwag::{
    Address, Body, Contact, Content, Control, DecodeError, Hello, Input, LinkId, Message, Post, Semantics,
    Time,
};

use hashbrown::HashMap;

use crate::draw::mix;

/// The hash of one node's history: the order counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct History(u64);

impl History {
    pub(crate) const fn get(self) -> u64 {
        self.0
    }

    /// Something was told to the node; `message` is the fingerprint of the message in it.
    pub(crate) fn told(&mut self, now: Time, input: &Input, message: u64) {
        self.add(now.as_nanos());
        match input {
            Input::Tick => self.add(1),
            Input::LinkUp { link, dialed, semantics } => {
                self.add(2);
                self.add(link.get());
                self.add(dialed.as_ref().map_or(0, address));
                self.add(u64::from(*semantics == Semantics::Datagram));
            }
            Input::LinkDown { link, end } => {
                self.add(3);
                self.add(link.get());
                self.add(text(&format!("{end:?}")));
            }
            Input::DialFailed { address: dialed, reason } => {
                self.add(4);
                self.add(address(dialed));
                self.add(text(&format!("{reason:?}")));
            }
            Input::Received { link, message: _ } => {
                self.add(5);
                self.add(link.get());
                self.add(message);
            }
            Input::Malformed { link, error } => {
                self.add(6);
                self.add(link.get());
                self.add(malformed(error));
            }
            Input::Command(command) => {
                self.add(7);
                self.add(text(&format!("{command:?}")));
            }
            other => self.add(text(&format!("{other:?}"))),
        }
    }

    pub(crate) fn dialed(&mut self, to: &Address) {
        self.add(8);
        self.add(address(to));
    }

    pub(crate) fn sent(&mut self, link: LinkId, message: u64) {
        self.add(9);
        self.add(link.get());
        self.add(message);
    }

    pub(crate) fn closed(&mut self, link: LinkId) {
        self.add(10);
        self.add(link.get());
    }

    pub(crate) fn emitted(&mut self) {
        self.add(11);
    }

    pub(crate) const fn add(&mut self, value: u64) {
        self.0 = mix(self.0 ^ value);
    }
}

/// The fingerprints of messages that nodes pass on to each other, which are the same in memory.
///
/// Only posts are passed on. What is kept here changes nothing but the cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fingerprints {
    recent: HashMap<usize, (Message, u64)>,
}

impl Fingerprints {
    /// The fingerprint of a message.
    pub(crate) fn of(&mut self, said: &Message) -> u64 {
        let content = said.content();
        if !matches!(content, Content::Broadcast(_)) {
            return message(said);
        }
        // What is kept stays where it is: what is found in its place is it.
        let place = core::ptr::from_ref(content).addr();
        if let Some((kept, fingerprint)) = self.recent.get(&place)
            && core::ptr::eq(kept.content(), content)
        {
            return *fingerprint;
        }
        if self.recent.len() >= MOST_KEPT {
            self.recent.clear();
        }
        let fingerprint = message(said);
        self.recent.insert(place, (said.clone(), fingerprint));
        fingerprint
    }
}

/// The fingerprint of what a message says: the same before it was encoded and after it was decoded.
pub(crate) fn message(message: &Message) -> u64 {
    let mut words = Words::default();
    words.text(message.msg_type());
    words.text(message.originator().as_str());
    words.text(message.time().as_json());
    match message.content() {
        Content::Ping(hello) | Content::Pong(hello) => words.hello(hello),
        Content::Advertise | Content::Retire | Content::Leave => {}
        Content::AdvertiseReply { peer, address: to } => {
            words.text(peer.as_str());
            words.write_u64(address(to));
        }
        Content::Broadcast(post) => words.post(post),
        Content::Direct { to, post } => {
            words.text(to.as_ref().map_or("", |to| to.as_str()));
            words.post(post);
        }
        Content::Control(control) => words.control(control, message),
        Content::Custom { body, .. } => words.body(body),
        _ => words.write(message.encoded()),
    }
    words.finish()
}

fn address(address: &Address) -> u64 {
    let mut words = Words::default();
    words.text(address.host());
    words.write_u16(address.port());
    words.finish()
}

fn text(text: &str) -> u64 {
    let mut words = Words::default();
    words.text(text);
    words.finish()
}

fn malformed(error: &DecodeError) -> u64 {
    text(&format!("{error:?}"))
}

/// A hasher whose values depend on nothing but what is written, in words of eight bytes.
#[derive(Default)]
struct Words(u64);

impl Words {
    fn text(&mut self, text: &str) {
        self.write_u64(text.len() as u64);
        self.write(text.as_bytes());
    }

    fn body(&mut self, body: &Body) {
        self.text(body.as_json());
    }

    fn hello(&mut self, hello: &Hello) {
        self.write_u64(hello.listening.as_ref().map_or(0, address));
        let native = hello.native.map_or((0, 0), |native| (native.version, native.epoch.get()));
        self.write_u32(native.0);
        self.write_u64(native.1);
    }

    /// The frequent ones are not encoded for it.
    fn control(&mut self, control: &Control, message: &Message) {
        match control {
            Control::KeepAlive(number) | Control::KeepAliveReply(number) => self.write_u64(*number),
            Control::Have(runs) | Control::Pulled(runs) | Control::Since(runs) => runs.hash(self),
            Control::Pull { credit, runs } => (credit, runs).hash(self),
            Control::Beacon { root, number } => (root, number).hash(self),
            Control::Graft(stream) | Control::Prune(stream) => stream.hash(self),
            Control::Walk { peer, hops_left } => {
                self.write_u64(u64::from(*hops_left));
                self.contact(peer);
            }
            Control::Shuffle { number, hops_left, peers } => {
                self.write_u64(u64::from(*hops_left));
                self.contacts(*number, peers);
            }
            Control::Peers { answers, peers } => self.contacts(*answers, peers),
            Control::Sync(spans) => spans.hash(self),
            Control::Numbered { session, number, message: within } => {
                (session, number).hash(self);
                self.write_u64(self::message(within));
            }
            Control::Acknowledge { session, upto, beyond } => (session, upto, beyond).hash(self),
            Control::Disconnect
            | Control::Unknown
            | Control::Instead(_)
            | Control::CatchUp { .. }
            | Control::Find { .. }
            | Control::Found { .. }
            | Control::Arrived(..)
            | Control::Stuck(..)
            | _ => self.write(message.encoded()),
        }
    }

    fn contacts(&mut self, number: u64, peers: &[Contact]) {
        self.write_u64(number);
        self.write_u64(peers.len() as u64);
        peers.iter().for_each(|peer| self.contact(peer));
    }

    fn contact(&mut self, contact: &Contact) {
        self.text(contact.peer().as_str());
        self.write_u64(address(contact.address()));
    }

    fn post(&mut self, post: &Post) {
        let place = post.place.map_or((0, 0), |place| (place.epoch.get(), place.sequence.get()));
        self.write_u64(place.0);
        self.write_u64(place.1);
        self.body(&post.body);
        self.text(post.signature.as_ref().map_or("", |signature| signature.as_str()));
    }
}

impl Hasher for Words {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let word = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            self.write_u64(word);
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u16(&mut self, value: u16) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = mix(self.0 ^ value);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A few more posts than are on their way at one time in most runs.
const MOST_KEPT: usize = 256;

#[cfg(test)]
mod tests {
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
}
