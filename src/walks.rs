//! Walks through the overlay, which keep it well mixed: of joiners, and of samples of the known peers.

use crate::node::ChatNode;
use crate::target::Wish;
use crate::timers::Timer;
use crate::views::PROBE_PATIENCE;
use crate::{Contact, Control, LinkId, PeerId};

impl ChatNode {
    /// Sends a joiner on walks through the network, from each of our neighbours.
    pub(crate) fn walk_joiner(&mut self, but: LinkId, joiner: &Contact) {
        let neighbours: Vec<LinkId> =
            self.links.linked_peers().map(|(_, link)| link).filter(|link| *link != but).collect();
        for link in neighbours.into_iter().take(WALKS) {
            self.ctx.stats.walks = self.ctx.stats.walks.saturating_add(1);
            self.ctx.tell(link, Control::Walk { peer: joiner.clone(), hops_left: WALK_LENGTH });
        }
        self.views.learn_joiner(&mut self.ctx, joiner.clone());
    }

    /// A joiner comes along on its walk.
    pub(crate) fn walk(&mut self, link: LinkId, joiner: Contact, hops_left: u8) {
        if !self.has_views() || *joiner.peer() == self.ctx.config.id {
            return;
        }
        self.ctx.stats.walks = self.ctx.stats.walks.saturating_add(1);
        let hops_left = hops_left.min(WALK_LENGTH);
        let known = self.links.link_of(joiner.peer()).is_some();
        let missing = self.ctx.config.target_neighbours.saturating_sub(self.links.linked());
        let room = self.views.probing(self.ctx.now, PROBE_PATIENCE) < missing;
        if room && !known && !self.dialer.is_busy(joiner.address()) {
            self.views.probe(self.ctx.now, joiner.address());
            let _ = self.dialer.want(&mut self.ctx, joiner.address(), Wish::Probe, None);
            return;
        }
        let onward = self.chance_neighbour(link, Some(joiner.peer())).filter(|_| hops_left > 0);
        if !known && (hops_left == WALK_STOP || onward.is_none()) {
            self.views.learn(&mut self.ctx, joiner.clone());
        }
        if let Some(onward) = onward {
            self.ctx.tell(onward, Control::Walk { peer: joiner, hops_left: hops_left.saturating_sub(1) });
        }
    }

    pub(crate) fn chance_neighbour(&mut self, but: LinkId, but_peer: Option<&PeerId>) -> Option<LinkId> {
        let neighbours = self.links.neighbours();
        let names =
            |link: LinkId, peer: &PeerId| self.links.neighbour(link).is_some_and(|it| it.peer == *peer);
        let fits = |link: LinkId| link != but && !but_peer.is_some_and(|peer| names(link, peer));
        let count = u32::try_from(neighbours.len()).ok().filter(|count| *count > 0)?;
        // At most two do not fit, so that one of few draws does.
        let mut draws = (0..DRAWS).map(|_| neighbours.get(self.ctx.rng.below(count) as usize).copied());
        let drawn = draws.find_map(|link| link.filter(|link| fits(*link)));
        drawn.or_else(|| neighbours.iter().copied().find(|link| fits(*link)))
    }

    pub(crate) fn schedule_shuffle(&mut self) {
        if self.views.shuffle.is_none() {
            let interval = self.ctx.config.shuffle_interval;
            let interval = if self.shuffles_quickly() { interval / 6 } else { interval };
            self.views.shuffle = Some(self.ctx.set_about(interval, Timer::Shuffle));
        }
    }

    /// While a node is new, and after it has lost most neighbours.
    fn shuffles_quickly(&self) -> bool {
        self.ctx.stats.shuffles < self.views.quick_until.max(QUICK_SHUFFLES)
    }

    /// Most neighbours are gone, and so are probably many others: who is left exchanges known peers in quick order again, and
    /// finds those who know nobody any more.
    pub(crate) fn shuffle_quickly(&mut self) {
        let was_quick = self.shuffles_quickly();
        self.views.quick_until = self.ctx.stats.shuffles.saturating_add(QUICK_SHUFFLES);
        if let Some(key) = self.views.shuffle.take_if(|_| !was_quick) {
            self.ctx.timers.cancel(key);
            self.schedule_shuffle();
        }
    }

    /// It is time to exchange a sample of the known peers with somebody at the end of a walk, and to visit one of them.
    pub(crate) fn shuffle(&mut self) {
        self.views.shuffle = None;
        if !self.has_views() || self.links.linked() == 0 {
            return;
        }
        if let Some(link) = self.chance_neighbour(LinkId::new(u64::MAX), None) {
            self.shuffle_with(link, WALK_LENGTH);
        }
        self.scout();
        self.schedule_shuffle();
    }

    pub(crate) fn shuffle_with(&mut self, link: LinkId, hops_left: u8) {
        let mut peers = Vec::new();
        if let Some(address) = self.ctx.config.listening.clone() {
            peers.push(Contact::new(self.ctx.config.id.clone(), address));
        }
        if let Some(there) = self.links.neighbour(link) {
            peers.extend(self.neighbour_contacts(&there.peer).take(3).cloned());
        }
        peers.extend(self.views.sample(&mut self.ctx, 4).cloned());
        // As large as a JSON number keeps exactly.
        let number = (self.ctx.rng.next_u64() >> 11).max(1);
        self.views.shuffling(number, &peers);
        self.ctx.stats.shuffles = self.ctx.stats.shuffles.saturating_add(1);
        self.ctx.tell(link, Control::Shuffle { number, hops_left, peers });
    }

    /// A sample of known peers comes along on its walk.
    pub(crate) fn shuffled(&mut self, link: LinkId, number: u64, hops_left: u8, peers: &[Contact]) {
        if !self.has_views() {
            return;
        }
        let hops_left = hops_left.min(WALK_LENGTH);
        if let Some(onward) = self.chance_neighbour(link, None).filter(|_| hops_left > 0) {
            self.views.passed_on(number, link);
            let peers = peers.to_vec();
            self.ctx.tell(onward, Control::Shuffle { number, hops_left: hops_left.saturating_sub(1), peers });
            return;
        }
        let mut answer = Vec::new();
        if let Some(asker) = self.links.neighbour(link) {
            answer.extend(self.neighbour_contacts(&asker.peer).take(4).cloned());
            answer.extend(self.views.sample(&mut self.ctx, peers.len().clamp(4, 8)).cloned());
        }
        self.ctx.tell(link, Control::Peers { answers: number, peers: answer });
        self.learn_all(peers);
        self.refill();
    }

    /// The answer to an exchange, ours or one that was passed on.
    pub(crate) fn told_peers(&mut self, number: u64, peers: Vec<Contact>) {
        if self.views.is_ours(number) {
            self.learn_all(&peers);
            self.refill();
        } else if let Some(back) = self.views.way_back(number).filter(|back| self.links.slot(*back).is_some())
        {
            self.ctx.tell(back, Control::Peers { answers: number, peers });
        }
    }
}

/// How many more links a walk goes over after the first (HyParView's ARWL), and how many before its end the joiner is
/// remembered (PRWL).
const WALK_LENGTH: u8 = 6;
const WALK_STOP: u8 = 3;
/// How often a neighbour is drawn until one fits.
const DRAWS: u32 = 8;
/// On how many walks a joiner is sent.
const WALKS: usize = 6;
/// How many exchanges of known peers a node begins in quick order, until it is known well enough.
const QUICK_SHUFFLES: u64 = 12;
