//! What lives in a network: the small trait that a node implements, and the hands it is given.

use core::fmt;

use chinwag::{
    Action, ActionBuffer, Address, ChatNode, Epoch, Event, Input, LinkId, Message, PeerId, Seed, Time,
};

use crate::fabric::Fabric;

/// One node of a [`Network`](crate::Network): its number, counted from 0 in the order they were added.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    pub(crate) fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(crate) const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node#{}", self.0)
    }
}

/// What a node is given when it starts.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Start {
    /// Its number in the network.
    pub node: NodeId,
    /// The address that is kept for it, and that no other node has.
    pub address: Address,
    /// Whether it listens there. If not, dials to the address are refused.
    pub listening: bool,
    /// What its own chance should follow from.
    pub seed: Seed,
}

/// Something that can live in a [`Network`](crate::Network): [`ChatNode`], or what you want to see beside it.
///
/// Deterministic: equal nodes given equal inputs at equal times must act equally.
///
/// A protocol of one's own, in which who hears a rumour for the first time tells everybody it is linked with:
///
/// ```
/// use chinwag::{Body, Command, Content, Input, LinkId, Message, PeerId, Time};
/// use chinwag_memory::{Effects, Network, NetworkConfig, Node, Start, secs};
///
/// #[derive(Clone, Default)]
/// struct Gossip { links: Vec<LinkId>, heard: u32 }
///
/// impl Node for Gossip {
///     fn handle(&mut self, _: Time, input: Input, effects: &mut Effects<'_>) {
///         match input {
///             Input::Command(Command::Join(address)) => effects.dial(&address),
///             Input::LinkUp { link, .. } => self.links.push(link),
///             Input::LinkDown { link, .. } => self.links.retain(|other| *other != link),
///             Input::Received { message, .. } => {
///                 self.heard += 1;
///                 for link in self.links.iter().filter(|_| self.heard == 1) {
///                     effects.send(*link, &message);
///                 }
///             }
///             _ => {}
///         }
///     }
///     fn next_deadline(&self) -> Option<Time> { None }
///     fn restarted(&self, _: &Start) -> Self { Self::default() }
/// }
///
/// let mut network = Network::of(NetworkConfig::new(1));
/// let nodes: Vec<_> = (0..100).map(|_| network.add(None, true, |_| Ok(Gossip::default()))).collect::<Result<_, _>>()?;
/// for number in 1..100 {
///     let address = network.address(nodes[number / 2]).clone();
///     network.tell(nodes[number], Input::Command(Command::Join(address)));
/// }
/// network.run_for(secs(1));
/// let content = Content::Custom { msg_type: "RUMOUR".into(), body: Body::text("have you heard?") };
/// let message = Message::new(PeerId::new("somebody")?, Body::text("now"), content);
/// let link = network.node(nodes[7]).links[0];
/// network.tell(nodes[7], Input::Received { link, message });
/// network.run_for(secs(1));
/// assert!(nodes.iter().all(|node| network.node(*node).heard > 0));
/// assert_eq!(network.stats().sent, 2 * 99, "once each way on each link of this tree");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Node: Clone + Send {
    /// Takes in what happened at `now`, and does what follows from it, in order.
    fn handle(&mut self, now: Time, input: Input, effects: &mut Effects<'_>);

    /// When this node wants to be called again, if nothing happens before: later than the last call.
    fn next_deadline(&self) -> Option<Time>;

    /// This node as it starts anew after a crash in which it lost its memory.
    #[must_use]
    fn restarted(&self, start: &Start) -> Self;

    /// Keeps together with `other`, a node of the same network, what is the same in both and never changes. It need not,
    /// and nothing that it does may depend on it.
    fn share_with(&mut self, _other: &Self) {}

    /// The name under which it says things, by which the checks know who may have said what.
    fn name(&self) -> Option<&PeerId> {
        None
    }

    /// The longest frame that it reads, in bytes.
    fn max_frame(&self) -> usize {
        64 * 1024
    }
}

impl Node for ChatNode {
    fn handle(&mut self, now: Time, input: Input, effects: &mut Effects<'_>) {
        let mut buffer = effects.take_buffer();
        self.handle_with(&mut buffer, now, input, |action| effects.act(action));
        effects.return_buffer(buffer);
    }

    fn next_deadline(&self) -> Option<Time> {
        Self::next_deadline(self)
    }

    fn restarted(&self, start: &Start) -> Self {
        let mut config = self.config();
        config.epoch = Epoch::new(config.epoch.get().saturating_add(1));
        config.listening = start.listening.then(|| start.address.clone());
        // No rule of a configuration is about these two, so that what was valid is valid still.
        let mut fresh = Self::new(config, start.seed).unwrap_or_else(|_| self.clone());
        fresh.share_with(self);
        fresh
    }

    fn share_with(&mut self, other: &Self) {
        self.share_config(other);
    }

    fn name(&self) -> Option<&PeerId> {
        Some(self.id())
    }

    fn max_frame(&self) -> usize {
        self.config().max_frame
    }
}

/// What a node does to the world: each call takes effect at once, in the order of the calls.
pub struct Effects<'a> {
    node: NodeId,
    /// `None` when a trace is replayed: then nothing takes effect.
    fabric: Option<&'a mut Fabric>,
}

impl<'a> Effects<'a> {
    pub(crate) const fn new(node: NodeId, fabric: &'a mut Fabric) -> Self {
        Self { node, fabric: Some(fabric) }
    }

    pub(crate) const fn none(node: NodeId) -> Self {
        Self { node, fabric: None }
    }

    /// Memory that nodes borrow while they are told something: see [`ChatNode::handle_with`].
    pub(crate) fn take_buffer(&mut self) -> ActionBuffer {
        self.fabric.as_mut().map(|fabric| core::mem::take(&mut fabric.action_buffer)).unwrap_or_default()
    }

    pub(crate) fn return_buffer(&mut self, buffer: ActionBuffer) {
        if let Some(fabric) = &mut self.fabric {
            fabric.action_buffer = buffer;
        }
    }

    /// Carries out an [`Action`].
    pub fn act(&mut self, action: Action) {
        let Some(fabric) = &mut self.fabric else { return };
        match action {
            Action::Dial { address } => fabric.dial(self.node, &address),
            Action::Send { to, message } => fabric.send(self.node, to.iter(), &message),
            Action::Close { link } => fabric.close(self.node, link),
            Action::Emit(event) => fabric.emit(self.node, event),
        }
    }

    /// Dials an address; answered by [`Input::LinkUp`] or [`Input::DialFailed`].
    pub fn dial(&mut self, address: &Address) {
        if let Some(fabric) = &mut self.fabric {
            fabric.dial(self.node, address);
        }
    }

    /// Sends one message on one link.
    pub fn send(&mut self, link: LinkId, message: &Message) {
        if let Some(fabric) = &mut self.fabric {
            fabric.send(self.node, core::iter::once(link), message);
        }
    }

    /// Closes a link once everything that was sent on it has arrived.
    pub fn close(&mut self, link: LinkId) {
        if let Some(fabric) = &mut self.fabric {
            fabric.close(self.node, link);
        }
    }

    /// Tells the application something: it is kept by the network, and checked.
    pub fn emit(&mut self, event: Event) {
        if let Some(fabric) = &mut self.fabric {
            fabric.emit(self.node, event);
        }
    }
}

impl fmt::Debug for Effects<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effects").field("node", &self.node).finish_non_exhaustive()
    }
}
