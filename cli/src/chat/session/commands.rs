//! What is typed as a command, carried out.

use chinwag::{Address, ChatNode, PeerId, SendError, Target, Time};

use super::Session;
use crate::arguments::Bind;
use crate::clock;
use crate::command::Command;
use crate::notice::{Counted, Notice};

/// The most addresses that are remembered as given by whoever types.
const GIVEN: usize = 4096;

impl Session {
    pub(super) fn carry_out(&mut self, command: Command) {
        match command {
            Command::Join(addresses) => {
                for address in addresses {
                    self.join(address);
                }
            }
            Command::Peers => {
                let node = self.driver.node();
                let peers: Vec<_> = node.peers().collect();
                let mut others: Vec<_> =
                    node.passive_view().filter(|it| node.find_peer(it.peer()).is_none()).cloned().collect();
                others.sort_unstable();
                let trying = self.attempts.list(clock::now());
                self.screen.tell(&Notice::Peers { peers: &peers, others: &others, trying: &trying });
            }
            Command::Find(peer) => self.find(&peer),
            Command::Add { peer, address } => {
                self.give(&address);
                match self.driver.with_node(|node, now| node.add_peer(now, peer.clone(), address)) {
                    Ok(true) => {}
                    Ok(false) => self.screen.tell(&Notice::Error(&format!(
                        "{peer} is known already, and what is known stays: /find shows it"
                    ))),
                    Err(error) => self.fail(&error),
                }
            }
            Command::Message { to, text } => {
                match self.driver.with_node(|node, now| node.direct(now, &to, text.as_str())) {
                    Ok(id) => self.screen.tell(&Notice::Sent { id: &id, to: Some(&to), text: &text }),
                    Err(SendError::UnknownPeer(to) | SendError::NoAddress(to)) => {
                        let what = format!("nobody is here who knows a way to {to}: /join HOST:PORT first");
                        self.screen.tell(&Notice::Error(&what));
                    }
                    Err(error) => self.fail(&error),
                }
            }
            Command::Request(peer) => self.ask(|node, now| node.request_peers(now, &peer)),
            Command::Send { to, msg_type, body } => {
                self.ask(|node, now| node.send_custom(now, Target::Address(to), &msg_type, body));
            }
            Command::Listen(bind) => self.listen(&bind),
            Command::Unlisten => {
                self.driver.stop_listening();
                self.screen.tell(&Notice::Listening(None));
            }
            Command::Stats => {
                let node = self.driver.node();
                let counted = Counted {
                    node: *node.stats(),
                    driver: *self.driver.counters(),
                    linked: node.linked(),
                    waiting: node.waiting(),
                    undelivered: node.undelivered(),
                };
                self.screen.tell(&Notice::Stats(&counted));
            }
            Command::Help => self.screen.tell(&Notice::Help),
            Command::Quit => self.quit = Some(clock::now()),
        }
    }

    fn find(&mut self, peer: &PeerId) {
        let node = self.driver.node();
        let known = node.find_peer(peer);
        let heard_of = node.passive_view().find(|contact| *contact.peer() == *peer).cloned();
        match (known, heard_of) {
            (None, None) => {
                let what =
                    format!("nothing is known about {peer} here; /msg looks for them in the whole network");
                self.screen.tell(&Notice::Error(&what));
            }
            (Some(known), _) => {
                self.screen.tell(&Notice::Peers { peers: &[known], others: &[], trying: &[] });
            }
            (None, Some(contact)) => {
                self.screen.tell(&Notice::Peers { peers: &[], others: &[contact], trying: &[] });
            }
        }
    }

    fn give(&mut self, address: &Address) {
        if self.given.len() < GIVEN {
            self.given.entry(address.clone()).or_insert(false);
        }
    }

    pub(super) fn join(&mut self, address: Address) {
        self.give(&address);
        self.ask(|node, now| node.join(now, address));
    }

    fn listen(&mut self, bind: &Bind) {
        match self.driver.listen(&bind.to_string(), None) {
            Ok(address) => self.screen.tell(&Notice::Listening(Some(&address))),
            Err(error) => self.fail(&error),
        }
    }

    fn ask(&mut self, command: impl FnOnce(&mut ChatNode, Time) -> Result<(), SendError>) {
        if let Err(error) = self.driver.with_node(command) {
            self.fail(&error);
        }
    }

    pub(super) fn fail(&mut self, error: &dyn std::error::Error) {
        self.screen.tell(&Notice::Error(&error.to_string()));
    }
}
