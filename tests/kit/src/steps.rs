//! Small numbers that become inputs: one alphabet for property tests and fuzzers.

use core::fmt;
use core::time::Duration;
use std::sync::mpsc;
use std::thread;

use chinwag::{
    Address, Body, Command, Content, Control, DecodeError, DialError, Dialects, Epoch, Hello, Input, LinkEnd,
    LinkId, Message, Native, PeerId, Place, Post, Room, Semantics, Sequence, Target, Time,
};
use proptest::prelude::*;

use crate::Lab;
use crate::control_steps::KINDS;

/// How many names, and how many addresses, there are in the world of the steps. Number 0 is the node's own.
pub const NAMES: u8 = 6;

/// Steps one after another. `Debug` plays them and tells what happens.
#[derive(Clone, PartialEq, Eq)]
pub struct Script(pub Vec<Step>);

impl Script {
    /// As many steps as `bytes` hold, four bytes for each.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let step = |step: &[u8]| Step { wait: step[0], kind: step[1], x: step[2], y: step[3] };
        Self(bytes.chunks_exact(4).map(step).collect())
    }

    /// Which dialects the node of this script speaks.
    pub(crate) fn dialects(&self) -> Dialects {
        match self.0.len() % 8 {
            0 => Dialects::Native,
            1 => Dialects::Classic,
            _ => Dialects::Both,
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (told, tell) = mpsc::channel();
        // In a thread of its own, as a script of interest is one that panics, and it may be shown in a panic's message.
        let play = || {
            let mut lab = Lab::for_script(self);
            for step in &self.0 {
                let (now, input) = resolve(&mut lab, *step);
                let _ = told.send(format!("{now:?} {input:?}"));
                for action in lab.input_at(now, input) {
                    let _ = told.send(format!("    {action:?}"));
                }
            }
        };
        let end = thread::scope(|scope| scope.spawn(play).join());
        for line in tell.try_iter() {
            write!(f, "\n{line}")?;
        }
        if end.is_err() { f.write_str("\n    panics") } else { Ok(()) }
    }
}

/// One thing that happens: when, what, and two numbers that say with whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    wait: u8,
    kind: u8,
    x: u8,
    y: u8,
}

/// Up to `max` steps.
pub fn script(max: usize) -> impl Strategy<Value = Script> {
    let step = any::<(u8, u8, u8, u8)>().prop_map(|(wait, kind, x, y)| Step { wait, kind, x, y });
    prop::collection::vec(step, 1..=max).prop_map(Script)
}

/// The name of this number.
#[must_use]
pub fn name(number: u8) -> PeerId {
    let name = ["me", "ann", "bob", "cat", "dan", "eve"][usize::from(number % NAMES)];
    PeerId::new(name).expect("a name")
}

/// The address of this number.
#[must_use]
pub fn address(number: u8) -> Address {
    Address::new("host", 5000 + u16::from(number % NAMES)).expect("an address")
}

/// What a step is in the world of `lab` as it stands.
pub(crate) fn resolve(lab: &mut Lab, step: Step) -> (Time, Input) {
    let Step { wait, kind, x, y } = step;
    let link = lab.link(x);
    let input = match kind % 128 {
        0..=1 => Input::Tick,
        2..=7 => lab.accept_input(x),
        8..=17 => lab.dialed_input(x),
        18..=20 => Input::DialFailed { address: lab.dialed(x), reason: dial_error(y) },
        21..=23 => Input::LinkDown { link, end: link_end(y) },
        24 => Input::Malformed { link, error: decode_error(y) },
        25..=49 => Input::Received { link, message: lab.message(kind, link, y) },
        50..=62 => Input::Command(command(kind, x, y)),
        // Out of thin air: links that never were, dials that nobody asked for.
        63 => stray(x, y),
        kind if kind < 64 + KINDS => Input::Received { link, message: lab.control(kind - 64, link, x, y) },
        kind => Input::Command(command([50, 56, 56, 58, 58][usize::from(kind) % 5], x, y)),
    };
    (lab.time(wait), input)
}

impl Lab {
    /// A link that is open, or the last one that was given out.
    fn link(&self, x: u8) -> LinkId {
        let link = self.links.get(usize::from(x) % self.links.len().max(1));
        link.copied().unwrap_or_else(|| LinkId::new(self.next_link))
    }

    fn dialed(&self, x: u8) -> Address {
        let dialed = self.dialing.keys().nth(usize::from(x) % self.dialing.len().max(1));
        dialed.cloned().unwrap_or_else(|| address(x))
    }

    fn accept_input(&mut self, x: u8) -> Input {
        let semantics = if x.is_multiple_of(4) { Semantics::Datagram } else { Semantics::Stream };
        Input::LinkUp { link: self.new_link(), dialed: None, semantics }
    }

    fn dialed_input(&mut self, x: u8) -> Input {
        if self.dialing.is_empty() {
            return self.accept_input(x);
        }
        let semantics = if x.is_multiple_of(4) { Semantics::Datagram } else { Semantics::Stream };
        Input::LinkUp { link: self.new_link(), dialed: Some(self.dialed(x)), semantics }
    }

    /// Mostly onwards in the steps of a driver, at times with a leap, and at times backwards or absurdly far.
    fn time(&self, wait: u8) -> Time {
        let onwards = |millis| self.now + Duration::from_millis(millis);
        match wait {
            0..=99 => self.now,
            100..=139 => onwards(u64::from(wait - 99)),
            140..=179 => self.node.next_deadline().unwrap_or(self.now).max(self.now),
            180..=199 => self.now + Duration::from_nanos(1),
            200..=219 => onwards(100),
            220..=234 => onwards(600),
            235..=244 => onwards(3_100),
            245..=250 => onwards(70_000),
            251..=252 => Time::ZERO,
            253 => Time::from_nanos(self.now.as_nanos() / 2),
            254 => self.now + Duration::from_secs(1 << 33),
            255 => Time::MAX,
        }
    }

    pub(crate) fn message(&mut self, kind: u8, link: LinkId, y: u8) -> Message {
        let who = y % NAMES;
        let variant = y / NAMES;
        let listening = (!variant.is_multiple_of(5)).then(|| address(who));
        let epoch = Epoch::new(u64::from(variant % 3));
        let content = match kind % 64 {
            25..=29 => Content::Ping(native_hello(listening, epoch, u32::from(variant % 2))),
            30..=35 => Content::Pong(native_hello(listening, epoch, self.asked.session(link))),
            36 => Content::Ping(Hello { listening: Some(address(who)), native: None, others: Vec::new() }),
            37 => Content::Pong(Hello { listening: Some(address(who)), native: None, others: Vec::new() }),
            38..=42 => Content::Broadcast(self.post(who, variant)),
            43 => {
                Content::Broadcast(Post { place: None, room: None, body: text(variant % 8), signature: None })
            }
            44 => Content::Direct {
                to: (!variant.is_multiple_of(3)).then(|| name(variant)),
                post: self.post(who, variant),
            },
            45 => Content::Control(Control::KeepAlive(u64::from(variant))),
            46 => Content::Control(Control::KeepAliveReply(u64::from(variant % 8))),
            47 => Content::AdvertiseReply { peer: name(variant), address: address(variant) },
            48 => [Content::Advertise, Content::Retire, Content::Leave][usize::from(variant % 3)].clone(),
            _ => Content::Custom { msg_type: "TEST".into(), body: text(variant) },
        };
        Message::new(name(who), Body::text("Sun Nov 22 19:02:11 2026"), content)
    }

    /// What somebody says next, or said before, or far ahead of what they said.
    fn post(&mut self, who: u8, variant: u8) -> Post {
        let last = self.said.entry(who).or_insert(0);
        let sequence = match variant % 16 {
            0..=7 => last.saturating_add(1),
            8..=9 => (*last).max(1),
            10..=11 => last.saturating_sub(2).max(1),
            12..=13 => last.saturating_add(3),
            14 => last.saturating_add(1 << 40),
            _ => u64::MAX,
        };
        if !matches!(variant % 16, 14 | 15) {
            *last = (*last).max(sequence);
        }
        let sequence = Sequence::new(sequence).unwrap_or(Sequence::FIRST);
        let epoch = Epoch::new(u64::from(variant.is_multiple_of(7)));
        let room = if variant.is_multiple_of(9) { Room::new("kitchen") } else { None };
        Post { place: Some(Place { epoch, sequence }), room, body: text(variant), signature: None }
    }
}

fn native_hello(listening: Option<Address>, epoch: Epoch, session: u32) -> Hello {
    let native = Native { session, ..Native::new(epoch) };
    Hello { listening, native: Some(native), others: Vec::new() }
}

fn command(kind: u8, x: u8, y: u8) -> Command {
    match kind % 64 {
        50..=54 => Command::Join(address(x)),
        55 => Command::Bootstrap((0..y % 9).map(address).collect()),
        56..=57 => Command::Broadcast(if x < 20 { long(y) } else { text(y) }),
        58 => Command::Direct { to: name(x), body: text(y) },
        59 => Command::AddPeer { peer: name(x), address: address(y) },
        60 => custom(x, y),
        61 => Command::RequestPeers(name(x)),
        _ => match x {
            0..=7 => Command::Leave,
            8..=127 => Command::Listen(Some(address(y))),
            _ => Command::Listen(None),
        },
    }
}

fn custom(x: u8, y: u8) -> Command {
    let to = if x.is_multiple_of(2) { Target::Peer(name(x / 2)) } else { Target::Address(address(x / 2)) };
    let msg_type = ["TEST", "", "PING", "BROADCAST", "a\nb"][usize::from(y) % 5].into();
    Command::Custom { to, msg_type, body: if x < 20 { long(y) } else { text(y) } }
}

fn stray(x: u8, y: u8) -> Input {
    let link = LinkId::new(u64::MAX - u64::from(x % 2));
    match y % 5 {
        0 => Input::LinkUp { link, dialed: Some(address(x)), semantics: Semantics::Stream },
        1 => Input::LinkUp { link: LinkId::new(1), dialed: None, semantics: Semantics::Stream },
        2 => Input::LinkDown { link, end: link_end(y) },
        3 => Input::DialFailed { address: address(x), reason: dial_error(y) },
        _ => Input::Malformed { link, error: decode_error(y) },
    }
}

fn dial_error(y: u8) -> DialError {
    [DialError::Refused, DialError::Unreachable, DialError::TimedOut, DialError::NoRoom][usize::from(y % 4)]
}

fn link_end(y: u8) -> LinkEnd {
    [LinkEnd::Closed, LinkEnd::Broken, LinkEnd::TooSlow][usize::from(y % 3)]
}

fn decode_error(y: u8) -> DecodeError {
    [DecodeError::NotUtf8, DecodeError::TooLong { limit: 2048 }, DecodeError::Truncated, DecodeError::TooDeep]
        [usize::from(y % 4)]
    .clone()
}

fn text(number: u8) -> Body {
    Body::text(&format!("text {number}"))
}

/// Too long for an old peer, and at times for any frame of [`narrow_config`](crate::narrow_config).
fn long(number: u8) -> Body {
    Body::text(&"x".repeat(if number.is_multiple_of(4) { 5000 } else { 2500 }))
}
