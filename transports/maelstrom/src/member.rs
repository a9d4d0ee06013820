//! The node, its links, and what they carry.

use std::collections::{BTreeSet, HashMap, VecDeque};

use anyhow::Context as _;
use chinwag::{Action, Address, ChatNode, Epoch, Event, Input, LinkId, Message, Seed, Semantics, Time};
use serde_json::value::RawValue;

use crate::bundles::Bundles;
use crate::envelope::{self, Bundle};
use crate::seen::Seen;
use crate::settings;

/// A node of the workbench's network once it knows who it is.
#[derive(Debug)]
pub(crate) struct Member {
    name: String,
    node: ChatNode,
    links: Links,
    bundles: Bundles,
    pub(crate) seen: Seen,
}

/// Who the other ends are. There is no connection to make: a link is the name of the other end.
#[derive(Debug, Default)]
struct Links {
    names: Vec<String>,
    numbers: HashMap<String, LinkId>,
    /// Those that the node knows.
    up: BTreeSet<LinkId>,
}

/// How many names are remembered; others are not listened to.
const MAX_NAMES: usize = 10_000;
/// The addresses of the core have ports, and here there are none.
const PORT: u16 = 1;

impl Member {
    /// The node called `name` among `nodes`, which looks for some of them.
    ///
    /// # Errors
    /// When a name cannot be the name of a node.
    pub(crate) fn new(
        name: &str,
        nodes: &[String],
        now: Time,
        epoch: Epoch,
        seed: Seed,
    ) -> anyhow::Result<Self> {
        let mut config = settings::config(name, epoch).context("that is no name for a node")?;
        config.listening = Some(Address::new(name, PORT).context("that is no name for a node")?);
        let node = ChatNode::new(config, seed)?;
        let mut member = Self {
            name: name.to_owned(),
            node,
            links: Links::default(),
            bundles: Bundles::new(settings::PATIENCE),
            seen: Seen::default(),
        };
        let own = nodes.iter().position(|other| other == name).unwrap_or_default();
        for distance in settings::distances(nodes.len()) {
            let other = own.saturating_add(distance).checked_rem(nodes.len()).and_then(|at| nodes.get(at));
            if let Some(other) = other.filter(|other| *other != name) {
                member.node.join(now, Address::new(other, PORT)?)?;
            }
        }
        member.carry_out(now, Input::Tick);
        Ok(member)
    }

    /// Says a value to everybody.
    ///
    /// # Errors
    /// When it is too long.
    pub(crate) fn broadcast(&mut self, now: Time, value: &RawValue) -> anyhow::Result<()> {
        self.node.broadcast(now, chinwag::Body::from_json(value.get())?)?;
        self.seen.insert(value.to_owned());
        self.carry_out(now, Input::Tick);
        Ok(())
    }

    /// Takes in what another node has said.
    pub(crate) fn receive(&mut self, now: Time, from: &str, frames: &[&RawValue]) {
        let Some(link) = self.links.number(from) else { return };
        for frame in frames {
            if self.links.up.insert(link) {
                let semantics = Semantics::Datagram;
                self.carry_out(now, Input::LinkUp { link, dialed: None, semantics });
            }
            let message = Message::decode(frame.get().as_bytes().to_vec().into());
            self.carry_out(now, Input::received(link, message));
        }
    }

    /// Does what has become due, and gives back the lines that are to be said now.
    pub(crate) fn turn(&mut self, now: Time) -> Vec<String> {
        if self.node.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.carry_out(now, Input::Tick);
        }
        let mut lines = Vec::new();
        while let Some((link, messages)) = self.bundles.take_due(now) {
            if let Some(to) = self.links.name(link) {
                lines.extend(bundle(&self.name, to, &messages));
            }
        }
        lines
    }

    /// When [`turn`](Self::turn) has something to do.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.node.next_deadline().into_iter().chain(self.bundles.next_due()).min()
    }

    fn carry_out(&mut self, now: Time, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for action in self.node.handle(now, input) {
                match action {
                    Action::Dial { address } => {
                        let Some(link) = self.links.number(address.host()) else { continue };
                        self.links.up.insert(link);
                        let semantics = Semantics::Datagram;
                        inputs.push_back(Input::LinkUp { link, dialed: Some(address), semantics });
                    }
                    Action::Send { to, message } => {
                        to.iter().for_each(|link| self.bundles.push(now, link, message.clone()));
                    }
                    Action::Close { link } => {
                        self.links.up.remove(&link);
                    }
                    Action::Emit(Event::Delivered(delivery)) => {
                        if let Ok(value) = RawValue::from_string(delivery.body().as_json().to_owned()) {
                            self.seen.insert(value);
                        }
                    }
                    Action::Emit(_) => {}
                }
            }
        }
    }
}

impl Links {
    /// The link to who is called so; `None` if too many are known.
    fn number(&mut self, name: &str) -> Option<LinkId> {
        if let Some(number) = self.numbers.get(name) {
            return Some(*number);
        }
        let number = LinkId::new(u64::try_from(self.names.len()).ok()?);
        (self.names.len() < MAX_NAMES).then(|| {
            self.names.push(name.to_owned());
            self.numbers.insert(name.to_owned(), number);
            number
        })
    }

    fn name(&self, link: LinkId) -> Option<&str> {
        self.names.get(usize::try_from(link.get()).ok()?).map(String::as_str)
    }
}

/// The line that brings these messages to another node.
fn bundle(from: &str, to: &str, messages: &[Message]) -> Option<String> {
    let kind = messages.first()?.msg_type();
    let frames: Option<Vec<&RawValue>> =
        messages.iter().map(|message| serde_json::from_slice(message.encoded()).ok()).collect();
    Some(envelope::line(from, to, &Bundle { kind, frames: &frames? }))
}
