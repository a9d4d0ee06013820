//! Visits: seeing whether somebody known is in the same network, and joining the two if it is not.

use core::time::Duration;

use crate::node::ChatNode;
use crate::target::Wish;
use crate::{Address, Contact, Control, LinkId, PeerId, StreamTag};

impl ChatNode {
    /// Visits somebody known, to see whether it is in the same network: so islands find each other although nobody in
    /// them lacks neighbours.
    pub(crate) fn scout(&mut self) {
        self.views.scouts = SCOUTS;
        self.scout_one();
    }

    fn scout_one(&mut self) {
        let (links, dialer) = (&self.links, &self.dialer);
        let fits =
            |contact: &Contact| links.link_of(contact.peer()).is_none() && !dialer.is_busy(contact.address());
        if let Some(contact) = self.views.choose(&mut self.ctx, fits) {
            self.ctx.stats.scoutings = self.ctx.stats.scoutings.saturating_add(1);
            let _ = self.dialer.want(&mut self.ctx, contact.address(), Wish::Visit, None);
            self.views.scouted = Some(contact.address().clone());
        }
    }

    /// Nobody could be visited at `address`: after many have gone, those who are left must not be looked for one at a
    /// time.
    pub(crate) fn scouting_failed(&mut self, address: &Address) {
        if self.views.scouted.take_if(|scouted| scouted == address).is_none() {
            return;
        }
        self.views.scouts = self.views.scouts.saturating_sub(1);
        if self.views.scouts > 0 && self.has_views() {
            self.scout_one();
        }
    }

    /// A visit has begun: asks for the root of the shared tree there, which is the same in all of a network.
    pub(crate) fn begin_visit(&mut self, link: LinkId, peer: &PeerId) {
        let ours = self.links.get(link).is_some_and(|link| link.dialed.is_some());
        if ours && self.direct.waiting_for(peer).is_empty() {
            let (root, number) = self.broadcast.beacon.last();
            self.ctx.tell(link, Control::Beacon { root, number });
        }
    }

    /// The other end of a visit tells its root.
    pub(crate) fn visit_compared(&mut self, link: LinkId, root: StreamTag) {
        let (own, number) = self.broadcast.beacon.last();
        let Some(address) = self.links.get(link).and_then(|link| link.dialed.clone()) else {
            self.ctx.tell(link, Control::Beacon { root: own, number });
            return;
        };
        let waits = self.links.peer(link).is_some_and(|peer| !self.direct.waiting_for(&peer).is_empty());
        if !waits {
            self.part_from(link);
        }
        let (now, interval) = (self.ctx.now, self.ctx.config.beacon_interval);
        if self.broadcast.beacon.is_of_another_network(now, root, interval) {
            self.views.island_tries = 0;
            self.try_island(&address);
        }
    }

    /// Turns to one of another network, so that the two become one.
    fn try_island(&mut self, address: &Address) {
        self.views.island = Some(address.clone());
        let _ = self.dialer.want(&mut self.ctx, address, Wish::Learned, None);
    }

    /// One of another network has no room for us, and named others there.
    pub(crate) fn try_island_again(&mut self, others: &[Contact]) {
        self.views.island_tries = self.views.island_tries.saturating_add(1);
        let (links, dialer) = (&self.links, &self.dialer);
        let fits = |contact: &&Contact| {
            links.link_of(contact.peer()).is_none()
                && !dialer.is_busy(contact.address())
                && *contact.peer() != self.ctx.config.id
        };
        let fitting: Vec<Address> =
            others.iter().filter(fits).map(|contact| contact.address().clone()).collect();
        let count = u32::try_from(fitting.len()).unwrap_or(u32::MAX);
        let other = fitting.get(self.ctx.rng.below(count) as usize).cloned();
        if let Some(address) = other.filter(|_| self.views.island_tries < ISLAND_TRIES) {
            self.try_island(&address);
        }
    }

    /// Whether a visit has lasted too long.
    pub(crate) fn is_overdue(&self, link: LinkId) -> bool {
        let since = self.links.get(link).map(|link| link.since);
        self.links.is_visitor(link)
            && since.is_some_and(|since| self.ctx.now.saturating_since(since) >= LONGEST_VISIT)
    }
}

/// How many are visited, one after the other, until there is one.
const SCOUTS: u8 = 8;
/// How many of another network are tried, one after the other, until one has room.
const ISLAND_TRIES: u32 = 16;
/// How long a visit may last.
const LONGEST_VISIT: Duration = Duration::from_secs(60);
