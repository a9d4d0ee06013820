//! The part of the alphabet of [`steps`](crate::steps) that neighbours say to each other about the network: with
//! small numbers that fit what is going on, and with absurd ones.

use std::collections::BTreeMap;

use chinwag::{
    Action, Contact, Content, Control, Epoch, Hello, Intent, LinkId, Message, Native, PeerId, Run, Sequence,
    StreamTag,
};

use crate::Lab;
use crate::controls::{read_spans, spell_tag};
use crate::steps::{NAMES, address, name};

/// What the node has said to which an answer has to fit, and how far the numbers on each link are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// The numbers of its last exchange of peers and of its last search.
    shuffle: u64,
    find: u64,
    /// The session of its last introduction, or answer to one, on each link.
    sessions: BTreeMap<LinkId, u32>,
    /// The last number that somebody gave a message on each link.
    numbered: BTreeMap<LinkId, u64>,
    /// The number of its last one-to-one message.
    direct: u64,
}

impl Asked {
    /// Notes what the node says.
    pub(crate) fn note(&mut self, action: &Action) {
        if let Action::Send { to, message } = action {
            let inner = if let Content::Control(Control::Numbered { message, .. }) = message.content() {
                Some(message)
            } else {
                None
            };
            let message = inner.unwrap_or(message);
            self.note_message(to.iter(), message);
        }
    }

    fn note_message(&mut self, to: impl Iterator<Item = LinkId>, message: &Message) {
        if let Content::Ping(hello) | Content::Pong(hello) = message.content() {
            let session = hello.native.map_or(0, |native| native.session);
            self.sessions.extend(to.map(|link| (link, session)));
        } else if let Content::Control(Control::Shuffle { number, .. }) = message.content() {
            self.shuffle = *number;
        } else if let Content::Control(Control::Find { number, .. }) = message.content() {
            self.find = *number;
        } else if let Content::Direct { post, .. } = message.content() {
            self.direct = post.place.map_or(self.direct, |place| place.sequence.get());
        }
    }

    /// The session of the introduction on `link`.
    pub(crate) fn session(&self, link: LinkId) -> u32 {
        self.sessions.get(&link).copied().unwrap_or(0)
    }

    /// What number the next message on `link` has, mostly.
    fn next_number(&mut self, link: LinkId, x: u8) -> u64 {
        let last = self.numbered.entry(link).or_insert(0);
        match x {
            0..=9 => *last,
            10..=19 => last.saturating_add(2),
            20..=24 => u64::MAX,
            25..=29 => 0,
            _ => {
                *last = last.saturating_add(1);
                *last
            }
        }
    }
}

impl Lab {
    /// What a neighbour says about the network, or a visitor wants: number `kind` of [`KINDS`].
    pub(crate) fn control(&mut self, kind: u8, link: LinkId, x: u8, y: u8) -> Message {
        let who = y % NAMES;
        let content = match kind {
            0..=4 => Content::Ping(self.native(link, x, y)),
            5..=6 => {
                let mut visit = self.native(link, x, y);
                visit.native = visit.native.map(|native| Native { intent: Intent::Visit, ..native });
                Content::Ping(visit)
            }
            7..=9 => Content::Pong(self.native(link, x, y)),
            10..=11 => return self.message(44, link, y),
            12..=15 => {
                let number = self.asked.next_number(link, x);
                let session = if x == 200 { 7 } else { self.asked.session(link) };
                let inner = if kind < 14 {
                    self.message(38 + y % 5, link, x)
                } else {
                    Message::control(self.plain(16 + x % (KINDS - 16), x / 3, y))
                };
                Content::Control(Control::Numbered { session, number, message: inner })
            }
            16..=17 => {
                let session = self.asked.session(link);
                let upto = if x > 240 { u64::MAX } else { u64::from(x % 16) };
                let beyond = if x.is_multiple_of(2) { 0 } else { u64::MAX >> (y % 64) };
                Content::Control(Control::Acknowledge { session, upto, beyond })
            }
            _ => Content::Control(self.plain(kind, x, y)),
        };
        crate::says::message(name(who).as_str(), content)
    }

    /// The same without the messages that have to do with introductions and numbers.
    fn plain(&self, kind: u8, x: u8, y: u8) -> Control {
        let number = |ours: u64| if x < 128 { ours } else { u64::from(y % 8) };
        let own = self.node.config().clone();
        let tag = tag(&own.id, own.epoch, y);
        let runs =
            || (0..=x % 3).map(|more| (self::tag(&own.id, own.epoch, y.wrapping_add(more)), run(x, y)));
        let place = Sequence::new(u64::from(x / 8)).unwrap_or(Sequence::FIRST);
        match kind {
            18..=19 => Control::Walk { peer: contact(y), hops_left: hops(x) },
            20..=21 => Control::Shuffle { number: number(1), hops_left: hops(x), peers: contacts(x, y) },
            22..=23 => Control::Peers { answers: number(self.asked.shuffle), peers: contacts(x, y) },
            24 => Control::Instead(contact(y)),
            25..=27 => {
                let number = if x > 250 { u64::MAX } else { u64::from(x) };
                Control::Beacon { root: tag, number }
            }
            28..=33 => Control::Have(runs().collect()),
            34..=35 => Control::Graft((x < 128).then_some(tag)),
            36..=37 => Control::Prune((x < 128).then_some(tag)),
            38..=40 => Control::Pull { credit: credit(x), runs: runs().collect() },
            41..=44 => Control::Pulled(if x < 128 { Vec::new() } else { runs().collect() }),
            45 => Control::CatchUp { count: credit(y), credit: credit(x) },
            46..=47 => Control::Since(runs().collect()),
            48..=50 => Control::Sync(read_spans(&self.sync(x, y))),
            51 => Control::Find { number: number(9), peer: name(y), wide: false },
            52..=53 => Control::Found { number: number(self.asked.find) },
            54 => Control::Arrived(tag, place),
            55 => Control::Stuck(tag, place),
            56..=57 => {
                let own = StreamTag::of(&own.id, own.epoch);
                let place = Sequence::new(self.asked.direct).unwrap_or(Sequence::FIRST);
                if x < 128 { Control::Arrived(own, place) } else { Control::Stuck(own, place) }
            }
            58 => Control::Unknown,
            _ => Control::Disconnect,
        }
    }

    fn native(&self, link: LinkId, x: u8, y: u8) -> Hello {
        let intents =
            [Intent::Neighbour, Intent::Urgent, Intent::Join, Intent::Urgent, Intent::Visit, Intent::Full];
        let intent = intents[usize::from(x) % intents.len()];
        let session = match y / NAMES % 4 {
            0 => u32::from(x % 3),
            _ => self.asked.session(link),
        };
        let native = Native { intent, session, ..Native::new(Epoch::new(u64::from(x % 2))) };
        let listening = (!x.is_multiple_of(7)).then(|| address(y % NAMES));
        Hello { listening, native: Some(native), others: contacts(x, y) }
    }

    /// One stretch, or two: of nothing, of a fingerprint, or of streams.
    fn sync(&self, x: u8, y: u8) -> String {
        let own = self.node.config();
        let mut tags = [tag(&own.id, own.epoch, y), tag(&own.id, own.epoch, y.wrapping_add(1))];
        tags.sort_unstable();
        let [first, second] = tags.map(spell_tag);
        let last = spell_tag(StreamTag::new(u64::MAX));
        match x % 6 {
            0 => "[\"SYNC\",[]]".into(),
            1 => format!("[\"SYNC\",[[{last}]]]"),
            2 => format!("[\"SYNC\",[[{last},{y},{first}]]]"),
            3 => format!("[\"SYNC\",[[{last},[],{}]]]", y.is_multiple_of(2)),
            4 => {
                let prefix = if x > 128 { u64::MAX } else { u64::from(y % 7) + 1 };
                format!("[\"SYNC\",[[{first},[[{first},{prefix}]],{}]]]", y.is_multiple_of(2))
            }
            _ if tags[0] == tags[1] => format!("[\"SYNC\",[[{first},0,{second}]]]"),
            _ => {
                let far = u64::MAX - u64::from(y);
                format!(
                    "[\"SYNC\",[[{first},1,{second}],[{second},[[{second},{},[[9,{far}]]]],true]]]",
                    y % 7
                )
            }
        }
    }
}

/// How many kinds there are of what [`Lab::control`] makes.
pub(crate) const KINDS: u8 = 59;

/// The tag of a stream: of one of the names in one of its runs, of the node itself, or of nobody.
fn tag(own: &PeerId, epoch: Epoch, y: u8) -> StreamTag {
    match y % 8 {
        0..=4 => StreamTag::of(&name(y / 8), Epoch::new(u64::from(y / 128))),
        5 => StreamTag::of(own, epoch),
        6 => StreamTag::new(u64::from(y)),
        _ => StreamTag::new(u64::MAX - u64::from(y / 128)),
    }
}

/// A few numbers, mostly small; now and then absurdly many, or at the end of the range.
fn run(x: u8, y: u8) -> Run {
    let from = u64::from(x / 16) + 1;
    let run = match (x % 16, y) {
        (0, _) => Run::of(1, u64::MAX),
        (1, _) => Run::of(u64::MAX, u64::MAX),
        (2, _) => Run::of(from, 1 << 40),
        (_, y) => Run::of(from, from + u64::from(y % 4)),
    };
    run.expect("in order, and from 1")
}

fn hops(x: u8) -> u8 {
    [0, 1, 3, 6, 255][usize::from(x) % 5]
}

fn credit(x: u8) -> u32 {
    [0, 1, 500, 100_000, u32::MAX][usize::from(x) % 5]
}

fn contact(y: u8) -> Contact {
    Contact::new(name(y), address(y / NAMES))
}

fn contacts(x: u8, y: u8) -> Vec<Contact> {
    (0..x % 4).map(|more| contact(y.wrapping_add(more.wrapping_mul(7)))).collect()
}
