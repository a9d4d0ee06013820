//! [`Network`]s of chat nodes: adding them by name, and the doors to their commands.

use core::time::Duration;

use chinwag::{
    Address, Body, ChatNode, Command, Config, Delivery, Epoch, Event, Input, MessageId, PeerId, PeerIdError,
    SendError, Target, Time,
};

use crate::arrival::Told;
use crate::{AddError, CommandError, Network, NetworkConfig, Node, NodeId};

/// A [`Node`] with a [`ChatNode`] in it: itself, or something that changes what a chat node hears and does.
///
/// Networks of these have the doors to a chat node's commands (`tests/scenario_own_node.rs`).
pub trait HasChat: Node {
    /// The chat node.
    fn chat(&self) -> &ChatNode;

    /// The chat node, to give it commands.
    fn chat_mut(&mut self) -> &mut ChatNode;
}

impl HasChat for ChatNode {
    fn chat(&self) -> &ChatNode {
        self
    }

    fn chat_mut(&mut self) -> &mut ChatNode {
        self
    }
}

impl Network {
    /// A network without nodes, at time zero.
    #[must_use]
    pub fn new(config: NetworkConfig) -> Self {
        Self::of(config)
    }

    /// Adds a node called `name` that listens, with the configuration of [`config_for`].
    ///
    /// # Errors
    /// [`AddError::Name`] if that is no name.
    pub fn add_node(&mut self, name: &str) -> Result<NodeId, AddError> {
        self.add_node_with(config_for(name)?)
    }

    /// Adds a node that listens: where its configuration says, or else at an address made up for it.
    ///
    /// # Errors
    /// [`AddError::Config`] or [`AddError::AddressTaken`]. Nothing was added.
    pub fn add_node_with(&mut self, config: Config) -> Result<NodeId, AddError> {
        self.add_chat_node(config, true)
    }

    /// Adds a node that does not listen (yet, see [`listen`](Self::listen)), so that nobody can dial it.
    ///
    /// # Errors
    /// [`AddError::Config`] or [`AddError::AddressTaken`]. Nothing was added.
    pub fn add_client_with(&mut self, config: Config) -> Result<NodeId, AddError> {
        self.add_chat_node(config, false)
    }

    fn add_chat_node(&mut self, mut config: Config, listening: bool) -> Result<NodeId, AddError> {
        let address = config.listening.take();
        self.add(address, listening, |start| {
            config.listening = listening.then(|| start.address.clone());
            ChatNode::new(config, start.seed)
        })
    }
}

impl<N: HasChat> Network<N> {
    /// Has a node listen from now on.
    ///
    /// # Errors
    /// [`CommandError::Crashed`].
    pub fn listen(&mut self, node: NodeId) -> Result<(), CommandError> {
        let address = self.address(node).clone();
        self.command(node, Command::Listen(Some(address.clone())), |node, now| {
            node.listen(now, Some(address));
            Ok(())
        })?;
        self.whole.fabric.host_mut(node).listening = true;
        Ok(())
    }

    /// Has a node join another one.
    ///
    /// # Errors
    /// [`CommandError`], which holds the node's own [`SendError`].
    pub fn join(&mut self, node: NodeId, to: NodeId) -> Result<(), CommandError> {
        self.join_address(node, self.address(to).clone())
    }

    /// Has many nodes join one at the same moment.
    ///
    /// # Errors
    /// The first [`CommandError`]; the nodes before it have joined.
    pub fn join_all(
        &mut self,
        nodes: impl IntoIterator<Item = NodeId>,
        to: NodeId,
    ) -> Result<(), CommandError> {
        nodes.into_iter().try_for_each(|node| self.join(node, to))
    }

    /// Has a node join whoever listens at an address.
    ///
    /// # Errors
    /// [`CommandError`], which holds the node's own [`SendError`].
    pub fn join_address(&mut self, node: NodeId, address: Address) -> Result<(), CommandError> {
        self.command(node, Command::Join(address.clone()), |node, now| node.join(now, address))
    }

    /// Has a node join each of some others.
    ///
    /// # Errors
    /// [`CommandError::Crashed`].
    pub fn bootstrap(&mut self, node: NodeId, to: &[NodeId]) -> Result<(), CommandError> {
        let addresses: Vec<_> = to.iter().map(|to| self.address(*to).clone()).collect();
        self.command(node, Command::Bootstrap(addresses.clone()), |node, now| {
            node.bootstrap(now, addresses);
            Ok(())
        })
    }

    /// Has a node say something to everybody.
    ///
    /// # Errors
    /// [`CommandError`], which holds the node's own [`SendError`].
    pub fn broadcast(&mut self, node: NodeId, body: impl Into<Body>) -> Result<MessageId, CommandError> {
        let body = body.into();
        let now = self.now();
        if !self.is_running(node) {
            return Err(CommandError::Crashed(node));
        }
        let shown = self.whole.time_at(node);
        let id = self.whole.nodes[node.index()].chat_mut().broadcast(shown, body.clone());
        if let Ok(id) = &id {
            // Before the node acts on it, so that its first copy has an author.
            self.whole.fabric.ledger.published(node, now, id, body.clone());
            self.whole.fabric.tracer.published(now, node, id);
        }
        self.after_command(node, Command::Broadcast(body));
        Ok(id?)
    }

    /// Has a node say something to one other.
    ///
    /// # Errors
    /// [`CommandError`], which holds the node's own [`SendError`].
    pub fn direct(
        &mut self,
        node: NodeId,
        to: NodeId,
        body: impl Into<Body>,
    ) -> Result<MessageId, CommandError> {
        let (to, body) = (self.node(to).chat().id().clone(), body.into());
        let command = Command::Direct { to: to.clone(), body: body.clone() };
        self.command(node, command, |node, now| node.direct(now, &to, body))
    }

    /// Has a node send one message of an application's own type.
    ///
    /// # Errors
    /// [`CommandError`], which holds the node's own [`SendError`].
    pub fn send_custom(
        &mut self,
        node: NodeId,
        to: Target,
        msg_type: &str,
        body: impl Into<Body>,
    ) -> Result<(), CommandError> {
        let body = body.into();
        let command = Command::Custom { to: to.clone(), msg_type: msg_type.into(), body: body.clone() };
        self.command(node, command, |node, now| node.send_custom(now, to, msg_type, body))
    }

    /// Has a node ask another one for the peers it knows.
    ///
    /// # Errors
    /// [`CommandError`], which holds the node's own [`SendError`].
    pub fn request_peers(&mut self, node: NodeId, of: NodeId) -> Result<(), CommandError> {
        let peer = self.node(of).chat().id().clone();
        self.command(node, Command::RequestPeers(peer.clone()), |node, now| node.request_peers(now, &peer))
    }

    /// Has a node leave.
    ///
    /// # Errors
    /// [`CommandError::Crashed`].
    pub fn leave(&mut self, node: NodeId) -> Result<(), CommandError> {
        self.command(node, Command::Leave, |node, now| {
            node.leave(now);
            Ok(())
        })
    }

    /// What was said to everybody and delivered at a node, with the times; empty unless events are kept.
    pub fn deliveries(&self, node: NodeId) -> impl Iterator<Item = (Time, &Delivery)> {
        self.events(node).iter().filter_map(|(at, event)| {
            if let Event::Delivered(delivery) = event { Some((*at, delivery)) } else { None }
        })
    }

    /// The same in short: who said what.
    #[must_use]
    pub fn heard(&self, node: NodeId) -> Vec<(String, String)> {
        self.deliveries(node)
            .map(|(_, delivery)| (delivery.from().to_string(), delivery.body().to_display().into_owned()))
            .collect()
    }

    fn command<R>(
        &mut self,
        node: NodeId,
        command: Command,
        apply: impl FnOnce(&mut ChatNode, Time) -> Result<R, SendError>,
    ) -> Result<R, CommandError> {
        if !self.is_running(node) {
            return Err(CommandError::Crashed(node));
        }
        let shown = self.whole.time_at(node);
        let result = apply(self.whole.nodes[node.index()].chat_mut(), shown);
        self.after_command(node, command);
        Ok(result?)
    }

    /// Notes a command that was given through a typed door as the input that it equals, and has it acted on.
    fn after_command(&mut self, node: NodeId, command: Command) {
        let now = self.now();
        let command = Input::Command(command);
        let shown = self.whole.time_at(node);
        self.whole.fabric.host_mut(node).history.told(shown, &command, 0);
        self.whole.fabric.unrest.last = now;
        if let Some(trace) = &mut self.whole.trace {
            trace.input(shown, node, command);
        }
        self.whole.feed(node, Told::of(Input::Tick));
    }
}

/// The configuration of a chat node called `name` in a simulated network: the defaults, in a run that begins on
/// 22 November 2026.
///
/// # Errors
/// [`PeerIdError`] if that is no name.
pub fn config_for(name: &str) -> Result<Config, PeerIdError> {
    Ok(Config::new(PeerId::new(name)?, Epoch::new(EPOCH_MILLIS)))
}

/// Short for [`Duration::from_millis`].
#[must_use]
pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Short for [`Duration::from_secs`].
#[must_use]
pub const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The start of a simulated run, in milliseconds since 1970.
const EPOCH_MILLIS: u64 = 1_795_374_131_000;
