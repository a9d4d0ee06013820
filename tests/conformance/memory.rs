//! Cases in memory, on a virtual clock.

use core::time::Duration;
use std::collections::BTreeMap;

use chinwag::{Address, Command, Config, Event, Input, PeerId, Semantics};
use chinwag_memory::conformance::{Harness, HarnessError, Listen};
use chinwag_memory::{Fidelity, LinkModel, Memory, Network, NetworkConfig, NodeId};

/// How messages travel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind(Semantics, Fidelity);

impl Kind {
    pub(crate) const ALL: [Self; 4] = [
        Self(Semantics::Stream, Fidelity::Typed),
        Self(Semantics::Stream, Fidelity::Bytes),
        Self(Semantics::Datagram, Fidelity::Typed),
        Self(Semantics::Datagram, Fidelity::Bytes),
    ];
}

pub(crate) struct Simulated {
    network: Network,
    nodes: BTreeMap<PeerId, NodeId>,
    kind: Kind,
}

impl Simulated {
    pub(crate) fn new(kind: Kind) -> Self {
        let link = match kind.0 {
            Semantics::Stream => LinkModel::stream(),
            Semantics::Datagram => LinkModel::datagram(),
        };
        let network = Network::new(NetworkConfig::new(1).link(link).fidelity(kind.1));
        Self { network, nodes: BTreeMap::new(), kind }
    }
}

impl Harness for Simulated {
    fn start(&mut self, config: Config, listen: &Listen) -> Result<Option<Address>, HarnessError> {
        let name = config.id.clone();
        let node = match (self.nodes.get(&name), listen) {
            (Some(node), _) => {
                self.network.restart(*node, Memory::Lost);
                *node
            }
            (None, Listen::Nowhere) => self.network.add_client_with(config)?,
            (None, Listen::Anywhere | Listen::At(_)) => self.network.add_node_with(config)?,
        };
        self.nodes.insert(name, node);
        Ok((*listen != Listen::Nowhere).then(|| self.network.address(node).clone()))
    }

    fn command(&mut self, node: &PeerId, command: Command) -> Result<(), HarnessError> {
        let taken = self.network.tell(self.nodes[node], Input::Command(command));
        taken.then_some(()).ok_or_else(|| "it has been killed".into())
    }

    fn kill(&mut self, node: &PeerId) -> Result<(), HarnessError> {
        self.network.crash(self.nodes[node]);
        self.network.take_events(self.nodes[node]);
        Ok(())
    }

    fn run_for(&mut self, duration: Duration) -> Result<Vec<(PeerId, Event)>, HarnessError> {
        self.network.run_for(duration);
        self.network.check()?;
        let mut told = Vec::new();
        for (name, node) in &self.nodes {
            let events = self.network.take_events(*node);
            told.extend(events.into_iter().map(|(_, event)| (name.clone(), event)));
        }
        Ok(told)
    }

    fn semantics(&self) -> Semantics {
        self.kind.0
    }
}
