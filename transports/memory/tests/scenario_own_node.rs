//! A node of a user's own in the same network: a chat node in a wrapper has all its doors.
#![cfg(test)]

use chinwag::{Action, ChatNode, Input, PeerId, Time};
use chinwag_memory::{Effects, HasChat, Network, NetworkConfig, Node, NodeId, Start, config_for, secs};

/// A chat node that passes on what is said only as long as it is in the mood.
#[derive(Clone)]
struct Moody {
    chat: ChatNode,
    talks: bool,
}

impl Node for Moody {
    fn handle(&mut self, now: Time, input: Input, effects: &mut Effects<'_>) {
        for action in self.chat.handle(now, input) {
            let is_post = matches!(&action, Action::Send { message, .. } if message.post().is_some());
            if self.talks || !is_post {
                effects.act(action);
            }
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        self.chat.next_deadline()
    }

    fn restarted(&self, start: &Start) -> Self {
        Self { chat: self.chat.restarted(start), talks: self.talks }
    }

    fn name(&self) -> Option<&PeerId> {
        Some(self.chat.id())
    }
}

impl HasChat for Moody {
    fn chat(&self) -> &ChatNode {
        &self.chat
    }

    fn chat_mut(&mut self) -> &mut ChatNode {
        &mut self.chat
    }
}

#[test]
fn a_wrapped_chat_node_joins_speaks_and_is_seen() {
    for (talks, heard) in [(true, vec![("n0".into(), "hi".into())]), (false, Vec::new())] {
        let mut network = Network::of(NetworkConfig::new(3));
        let nodes: Vec<NodeId> = (0..2)
            .map(|number| {
                let mut config = config_for(&format!("n{number}")).unwrap();
                network
                    .add(None, true, |start| {
                        config.listening = Some(start.address.clone());
                        Ok(Moody { chat: ChatNode::new(config, start.seed)?, talks })
                    })
                    .unwrap()
            })
            .collect();
        network.join(nodes[1], nodes[0]).unwrap();
        network.run_for(secs(2));
        assert_eq!(network.overlay().components(), 1);
        network.broadcast(nodes[0], "hi").unwrap();
        network.run_for(secs(2));
        assert_eq!(network.heard(nodes[1]), heard);
        network.check().unwrap();
    }
}
