//! How faults take effect.

use core::time::Duration;

use chinwag::{DialError, Input, LinkEnd, LinkId};

use crate::draw::{Draw, Place, Purpose};
use crate::fabric::Fabric;
use crate::fault::{Cut, Fault};
use crate::happening::{Happening, Occurrence};
use crate::host::{EndState, Held};
use crate::queue::Class;
use crate::stats::DropReason;
use crate::wire::place;
use crate::{NodeId, Probability};

impl Fabric {
    /// Everything but a restart, which takes a node.
    pub(crate) fn suffer(&mut self, fault: Fault) {
        self.tracer.fault(self.now, &fault);
        match fault {
            Fault::Crash { node } => self.crash(node),
            Fault::Partition { one, other } => {
                self.cut(&one, &other);
                self.cut(&other, &one);
            }
            Fault::OneWay { from, to } => self.cut(&from, &to),
            Fault::Heal => {
                self.world_mut().cuts.clear();
                self.release();
            }
            Fault::HealBetween { one, other } => {
                let (there, back) = (Cut::new(&one, &other), Cut::new(&other, &one));
                self.world_mut().cuts.retain(|cut| *cut != there && *cut != back);
                self.release();
            }
            Fault::Flap { times: 0, .. } => return,
            Fault::Flap { one, other, down, up, times } => self.flap(one, other, down, up, times),
            Fault::CrashShare { share } => {
                for node in self.drawn_share(share) {
                    self.crash(node);
                }
            }
            Fault::BreakLinks { one, other } => self.break_both(one, other),
            Fault::SetLink { one, other, model } => self.world_mut().models.set_pair(one, other, model),
            Fault::SetAllLinks { model } => self.world_mut().models.set_default(model),
            Fault::SetMachine { node, machine } => {
                let now = self.now;
                let host = self.host_mut(node);
                host.set_machine(now, machine);
                if host.running {
                    // Its clock may have passed a deadline.
                    host.alarm = Some(now);
                    let key = host.key(now, Class::Wake);
                    self.queue.push(key, Happening::Wake { node });
                }
            }
            Fault::Restart { .. } | Fault::RestartAll { .. } => {}
        }
        self.stats.faults += 1;
        self.unrest.last = self.now;
    }

    fn cut(&mut self, from: &[NodeId], to: &[NodeId]) {
        self.world_mut().cuts.push(Cut::new(from, to));
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
            .filter_map(|end| Some((end.link, end.peer_link.get()?)))
            .collect();
        for (link, peer_link) in streams {
            self.post(node, link, Occurrence::Ended { link: peer_link, end: LinkEnd::Broken });
        }
        let now = self.now;
        self.tracer.crashed(now, node);
        let host = self.host_mut(node);
        host.running = false;
        host.mishaps_mut().crashed_at = now;
        host.alarm = None;
        if let Some(hardware) = host.hardware_mut() {
            hardware.busy_until = now;
        }
        for end in host.ends.take_all() {
            let lost = if end.state == EndState::Dialing {
                let address = self.world.address(end.peer).clone();
                self.dial_failed(address, DialError::Other)
            } else {
                Input::LinkDown { link: end.link, end: LinkEnd::Broken }
            };
            self.host_mut(node).mishaps_mut().untold.push_back(lost);
            self.drop_end(end, DropReason::Crashed);
        }
    }

    fn flap(&mut self, one: NodeId, other: NodeId, down: Duration, up: Duration, times: u32) {
        self.break_both(one, other);
        let groups = (vec![one], vec![other]);
        self.cut(&groups.0, &groups.1);
        self.cut(&groups.1, &groups.0);
        let healed_at = self.now + down;
        self.schedule(healed_at, Fault::HealBetween { one: groups.0, other: groups.1 });
        if let Some(times) = times.checked_sub(1).filter(|times| *times > 0) {
            self.schedule(healed_at + up, Fault::Flap { one, other, down, up, times });
        }
    }

    /// That share of the nodes that run, those with the smallest draws.
    fn drawn_share(&self, share: Probability) -> Vec<NodeId> {
        let mut drawn: Vec<(u64, NodeId)> = self
            .hosts
            .iter()
            .filter(|host| host.running)
            .map(|host| {
                let place =
                    Place { source: host.node.get(), destination: 0, link: 0, sequence: self.now.as_nanos() };
                (Draw::new(self.world.config.seed, Purpose::CrashShare, place).below(u64::MAX), host.node)
            })
            .collect();
        drawn.sort_unstable();
        let wanted = (drawn.len() as u64 * u64::from(share.in_a_million()) + 500_000) / 1_000_000;
        drawn.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        drawn.into_iter().map(|(_, node)| node).collect()
    }

    /// Has everything go on that was held back: what is still cut off stays where it is.
    fn release(&mut self) {
        let (now, seed) = (self.now, self.world.config.seed);
        for host in &mut self.hosts {
            let node = host.node;
            let waiting: Vec<(LinkId, _)> = host
                .ends
                .iter()
                .filter(|end| end.holds())
                .map(|end| {
                    let place = place(node, end, end.sent);
                    (end.link, self.world.models.delay(seed, Purpose::Release, place))
                })
                .collect();
            for (link, delay) in waiting {
                let key = host.key(now + delay, Class::Local);
                self.queue.push(key, Happening::Released { node, link });
            }
        }
    }

    fn break_both(&mut self, one: NodeId, other: NodeId) {
        self.break_ends(one, other);
        if one != other {
            self.break_ends(other, one);
        }
    }

    fn break_ends(&mut self, node: NodeId, peer: NodeId) {
        let (now, seed) = (self.now, self.world.config.seed);
        let links: Vec<LinkId> = self
            .host(node)
            .ends
            .iter()
            .filter(|end| end.peer == peer && end.is_stream() && end.state == EndState::Up)
            .map(|end| end.link)
            .collect();
        for link in links {
            // A dialer who does not know of the link yet will learn of it and of its end.
            if let Some(peer_link) = self.host(node).ends.get(link).and_then(|end| end.peer_link.get()) {
                self.post(node, link, Occurrence::Ended { link: peer_link, end: LinkEnd::Broken });
            }
            let here = self.place(node);
            let Some(end) = self.hosts[here].ends.get_mut(link) else { continue };
            end.state = EndState::Broken;
            let delay = self.world.models.delay(seed, Purpose::Notice, place(node, end, end.sent));
            for held in end.take_held() {
                if let Held::Packet(packet) = held {
                    self.unrest.packets = self.unrest.packets.wrapping_add(u64::from(!packet.upkeep));
                    self.drop_packet(&packet, DropReason::Broken);
                }
            }
            let key = self.key(node, now + delay, Class::Arrival);
            self.queue.push(key, Happening::ToNode { node, what: Occurrence::NoticedBreak { link } });
        }
    }
}
