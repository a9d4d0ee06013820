//! How faults take effect.

use chinwag::{DialError, Input, LinkEnd, LinkId};

use crate::NodeId;
use crate::draw::Purpose;
use crate::fabric::{Fabric, Happening, Occurrence};
use crate::fault::{Cut, Fault};
use crate::host::{EndState, Held};
use crate::queue::Class;
use crate::stats::DropReason;
use crate::wire::place;

impl Fabric {
    /// Everything but a restart, which takes a node.
    pub(crate) fn suffer(&mut self, fault: Fault) {
        match fault {
            Fault::Crash { node } => self.crash(node),
            Fault::Partition { one, other } => {
                self.cuts.push(Cut::new(&one, &other));
                self.cuts.push(Cut::new(&other, &one));
            }
            Fault::OneWay { from, to } => self.cuts.push(Cut::new(&from, &to)),
            Fault::Heal => self.heal(),
            Fault::BreakLinks { one, other } => {
                self.break_ends(one, other);
                if one != other {
                    self.break_ends(other, one);
                }
            }
            Fault::SetLink { one, other, model } => self.models.set_pair(one, other, model),
            Fault::SetAllLinks { model } => self.models.set_default(model),
            Fault::Restart { .. } => {}
        }
        self.stats.faults += 1;
        self.unrest.last = self.now;
    }

    fn crash(&mut self, node: NodeId) {
        let host = self.host_mut(node);
        if !host.running {
            return;
        }
        let streams: Vec<_> = host
            .ends
            .iter()
            .filter(|end| end.is_stream() && end.state == EndState::Up)
            .filter_map(|end| Some((end.link, end.peer_link?)))
            .collect();
        for (link, peer_link) in streams {
            self.post(node, link, Occurrence::Ended { link: peer_link, end: LinkEnd::Broken });
        }
        let now = self.now;
        let host = self.host_mut(node);
        host.running = false;
        host.mishaps_mut().crashed_at = now;
        host.alarm = None;
        for end in host.ends.take_all() {
            let lost = if end.state == EndState::Dialing {
                let address = self.host(end.peer).address.clone();
                self.dial_failed(address, DialError::Other)
            } else {
                Input::LinkDown { link: end.link, end: LinkEnd::Broken }
            };
            self.host_mut(node).mishaps_mut().untold.push_back(lost);
            self.drop_end(end, DropReason::Crashed);
        }
    }

    fn heal(&mut self) {
        self.cuts.clear();
        let (now, seed) = (self.now, self.config.seed);
        for host in &mut self.hosts {
            let node = host.node;
            let waiting: Vec<(LinkId, _)> = host
                .ends
                .iter()
                .filter(|end| !end.held.is_empty())
                .map(|end| {
                    let place = place(node, end, end.sent);
                    (end.link, self.models.get(node, end.peer).delay(seed, Purpose::Release, place))
                })
                .collect();
            for (link, delay) in waiting {
                let key = host.key(now + delay, Class::Local);
                self.queue.push(key, Happening::Released { node, link });
            }
        }
    }

    fn break_ends(&mut self, node: NodeId, peer: NodeId) {
        let (now, seed) = (self.now, self.config.seed);
        let links: Vec<LinkId> = self
            .host(node)
            .ends
            .iter()
            .filter(|end| end.peer == peer && end.is_stream() && end.state == EndState::Up)
            .map(|end| end.link)
            .collect();
        for link in links {
            // A dialer who does not know of the link yet will learn of it and of its end.
            if let Some(peer_link) = self.host(node).ends.get(link).and_then(|end| end.peer_link) {
                self.post(node, link, Occurrence::Ended { link: peer_link, end: LinkEnd::Broken });
            }
            let model = *self.models.get(node, peer);
            let Some(end) = self.host_mut(node).ends.get_mut(link) else { continue };
            end.state = EndState::Broken;
            let delay = model.delay(seed, Purpose::Notice, place(node, end, end.sent));
            let mut backlog = core::mem::take(&mut end.held);
            while let Some(held) = backlog.pop() {
                if let Held::Packet(packet) = held {
                    self.unrest.packets += u64::from(!packet.upkeep);
                    self.drop_packet(&packet, DropReason::Broken);
                }
            }
            let key = self.key(node, now + delay, Class::Arrival);
            self.queue.push(key, Happening::ToNode { node, what: Occurrence::NoticedBreak { link } });
        }
    }
}
