//! Which link is which address, for loops over datagrams.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;

use crate::{Address, DialError, Input, LinkId, Message, Recipients, Semantics};

/// The links of a loop over a datagram socket, where nothing but an address makes a link.
///
/// Whom the node dials has a link at once, and so has whoever sends the first datagram. A link lives until the node closes
/// it, so that there are never many more than [`max_links`](crate::Config::max_links). What is left to the loop is to carry
/// datagrams, as in `examples/udp_loop.rs`.
///
/// ```
/// use chinwag::{Address, DatagramLinks, Input};
///
/// let mut links = DatagramLinks::new();
/// let ann: Address = "127.0.0.1:5001".parse()?;
/// let Input::LinkUp { link, .. } = links.dial(ann) else { panic!("an address that is no name can be dialed") };
/// let from = links.remote(link).unwrap();
/// assert_eq!(from.to_string(), "127.0.0.1:5001");
///
/// // What comes from there is that link's, and what comes from elsewhere is a new one.
/// assert_eq!(links.receive(b"no message", from).count(), 1);
/// assert_eq!(links.receive(b"no message", "127.0.0.1:5002".parse()?).count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct DatagramLinks {
    by_remote: BTreeMap<SocketAddr, LinkId>,
    remotes: BTreeMap<LinkId, SocketAddr>,
    next: u64,
}

impl DatagramLinks {
    /// No links.
    #[must_use]
    pub const fn new() -> Self {
        Self { by_remote: BTreeMap::new(), remotes: BTreeMap::new(), next: 0 }
    }

    /// What came of [`Action::Dial`](crate::Action::Dial): a link, or a failure if the host is a name and no IP address.
    pub fn dial(&mut self, address: Address) -> Input {
        match address.socket_addr() {
            Some(remote) => {
                let link = self.link_to(remote).0;
                Input::LinkUp { link, dialed: Some(address), semantics: Semantics::Datagram }
            }
            None => Input::DialFailed { address, reason: DialError::Unresolvable },
        }
    }

    /// What a datagram says: a message or that it is none, and before that a new link if it is the first from there.
    pub fn receive(&mut self, datagram: &[u8], from: SocketAddr) -> impl Iterator<Item = Input> + use<> {
        let (link, is_new) = self.link_to(from);
        let up = Input::LinkUp { link, dialed: None, semantics: Semantics::Datagram };
        let received = Input::received(link, Message::decode(Bytes::copy_from_slice(datagram)));
        is_new.then_some(up).into_iter().chain([received])
    }

    /// Where to send what goes out on a link; `None` once it is closed.
    #[must_use]
    pub fn remote(&self, link: LinkId) -> Option<SocketAddr> {
        self.remotes.get(&link).copied()
    }

    /// Where a message goes: to the other end of each of these links that is not closed.
    pub fn remotes(&self, to: &Recipients) -> impl Iterator<Item = SocketAddr> {
        to.iter().filter_map(|link| self.remote(link))
    }

    /// Carries out [`Action::Close`](crate::Action::Close).
    pub fn close(&mut self, link: LinkId) {
        if let Some(remote) = self.remotes.remove(&link) {
            self.by_remote.remove(&remote);
        }
    }

    /// The link to there, and whether it is new.
    fn link_to(&mut self, remote: SocketAddr) -> (LinkId, bool) {
        if let Some(link) = self.by_remote.get(&remote) {
            return (*link, false);
        }
        let link = LinkId::new(self.next);
        self.next = self.next.wrapping_add(1);
        self.by_remote.insert(remote, link);
        self.remotes.insert(link, remote);
        (link, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dialing_and_being_dialed_come_to_one_link_until_it_is_closed() {
        let mut links = DatagramLinks::new();
        let there: SocketAddr = "[::1]:7".parse().unwrap();
        let first: Vec<Input> = links.receive(b"x", there).collect();
        let [Input::LinkUp { link, dialed: None, .. }, Input::Malformed { link: on, .. }] = first[..] else {
            panic!("{first:?}");
        };
        assert_eq!((link, links.remote(link)), (on, Some(there)));
        let dialed = links.dial("[::1]:7".parse().unwrap());
        assert!(matches!(dialed, Input::LinkUp { link: again, dialed: Some(_), .. } if again == link));
        links.close(link);
        assert_eq!(links.remote(link), None);
        let next: Vec<Input> = links.receive(b"x", there).collect();
        assert!(matches!(next[0], Input::LinkUp { link: new, .. } if new != link), "{next:?}");
    }

    #[test]
    fn a_name_is_not_dialed() {
        let dialed = DatagramLinks::new().dial("host.example:7".parse().unwrap());
        assert!(matches!(dialed, Input::DialFailed { reason: DialError::Unresolvable, .. }));
    }
}
