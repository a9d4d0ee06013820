//! Scenarios in memory, on a virtual clock.

use core::fmt;
use std::collections::BTreeMap;

use chinwag::{Dialects, Target};
use chinwag_memory::{Fidelity, LinkModel, Network, NetworkConfig, NodeId, config_for, secs};

use crate::scenario::{World, spell};

pub(crate) struct Memory {
    network: Network,
    nodes: BTreeMap<String, NodeId>,
    kind: &'static str,
}

impl Memory {
    /// Both semantics in both fidelities.
    pub(crate) fn every_kind() -> Vec<Self> {
        [
            ("typed streams", LinkModel::stream(), Fidelity::Typed),
            ("streams of bytes", LinkModel::stream(), Fidelity::Bytes),
            ("typed datagrams", LinkModel::datagram(), Fidelity::Typed),
            ("datagrams of bytes", LinkModel::datagram(), Fidelity::Bytes),
        ]
        .map(|(kind, link, fidelity)| {
            let config = NetworkConfig::new(1).link(link).fidelity(fidelity);
            Self { network: Network::new(config), nodes: BTreeMap::new(), kind }
        })
        .into()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)
    }
}

impl World for Memory {
    fn add(&mut self, name: &str, classic: bool, listens: bool) {
        let mut config = config_for(name).unwrap();
        config.dialects = if classic { Dialects::Classic } else { Dialects::Both };
        let node =
            if listens { self.network.add_node_with(config) } else { self.network.add_client_with(config) };
        self.nodes.insert(name.to_owned(), node.unwrap());
    }

    fn join(&mut self, who: &str, whom: &str) {
        self.network.join(self.nodes[who], self.nodes[whom]).unwrap();
    }

    fn broadcast(&mut self, who: &str, text: &str) {
        self.network.broadcast(self.nodes[who], text).unwrap();
    }

    fn direct(&mut self, who: &str, whom: &str, text: &str) {
        self.network.direct(self.nodes[who], self.nodes[whom], text).unwrap();
    }

    fn custom(&mut self, who: &str, whom: &str, msg_type: &str, body: &str) {
        let to = Target::Peer(self.network.node(self.nodes[whom]).id().clone());
        self.network.send_custom(self.nodes[who], to, msg_type, body).unwrap();
    }

    fn request(&mut self, who: &str, whom: &str) {
        self.network.request_peers(self.nodes[who], self.nodes[whom]).unwrap();
    }

    fn leave(&mut self, who: &str) {
        self.network.leave(self.nodes[who]).unwrap();
    }

    fn linked(&self, who: &str) -> usize {
        self.network.node(self.nodes[who]).linked()
    }

    fn heard(&self, who: &str) -> Vec<String> {
        self.network.events(self.nodes[who]).iter().filter_map(|(_, event)| spell(event)).collect()
    }

    fn wait_until(&mut self, so: &dyn Fn(&Self) -> bool) -> bool {
        for _ in 0..6000 {
            if so(self) {
                return true;
            }
            self.network.run_for(chinwag_memory::ms(10));
        }
        false
    }

    fn linger(&mut self) {
        self.network.run_for(secs(5));
        self.network.check().unwrap();
    }
}
