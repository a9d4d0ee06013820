//! What all nodes of a network share: how it is set up, how links behave, who is where. Only faults and calls between runs
//! change it.

use chinwag::{Address, PeerId};
use hashbrown::HashMap;

use crate::fault::Cut;
use crate::link_model::LinkModels;
use crate::{NetworkConfig, NodeId};

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) config: NetworkConfig,
    pub(crate) models: LinkModels,
    pub(crate) cuts: Vec<Cut>,
    /// Where each node listens, or would.
    addresses: Vec<Address>,
    by_address: HashMap<Address, NodeId>,
    /// The first node of each name.
    by_name: HashMap<PeerId, NodeId>,
}

impl World {
    pub(crate) fn new(config: NetworkConfig) -> Self {
        Self {
            models: LinkModels::new(config.link, config.regions.clone()),
            cuts: Vec::new(),
            addresses: Vec::new(),
            by_address: HashMap::new(),
            by_name: HashMap::new(),
            config,
        }
    }

    /// Enters the next node.
    pub(crate) fn enter(&mut self, node: NodeId, name: Option<&PeerId>, address: &Address) {
        self.addresses.push(address.clone());
        self.by_address.insert(address.clone(), node);
        if let Some(name) = name {
            self.by_name.entry(name.clone()).or_insert(node);
        }
    }

    pub(crate) fn address(&self, node: NodeId) -> &Address {
        &self.addresses[node.index()]
    }

    pub(crate) fn at(&self, address: &Address) -> Option<NodeId> {
        self.by_address.get(address).copied()
    }

    pub(crate) fn named(&self, name: &PeerId) -> Option<NodeId> {
        self.by_name.get(name).copied()
    }

    /// Whether nothing passes from one node to another.
    pub(crate) fn severed(&self, from: NodeId, to: NodeId) -> bool {
        self.cuts.iter().any(|cut| cut.severs(from, to))
    }
}
