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
mod tests;
