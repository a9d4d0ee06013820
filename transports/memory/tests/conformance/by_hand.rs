//! The plainest loop there is, over pipes in memory, on a clock that it moves itself; and what can be done wrong in one.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use bytes::BytesMut;
use chinwag::framing::{Decoder, write_frame};
use chinwag::{
    Action, Address, ChatNode, Command, Config, DialError, Event, Input, LinkEnd, LinkId, PeerId, Seed,
    Semantics, Time,
};
use chinwag_memory::conformance::{Harness, HarnessError, Listen};

const STEP: Duration = Duration::from_millis(1);

/// What the loop does wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    None,
    LosesFrames,
    SendsTwice,
    Reorders,
    ReordersEvents,
    TellsTwice,
    ForgetsKills,
    KeepsLinksOfTheDead,
    NeverTicks,
    NeverDials,
    CutsLongFrames,
    DropsLastWords,
    CannotStart,
}

impl Fault {
    pub(crate) const ALL: [Self; 12] = [
        Self::LosesFrames,
        Self::SendsTwice,
        Self::Reorders,
        Self::ReordersEvents,
        Self::TellsTwice,
        Self::ForgetsKills,
        Self::KeepsLinksOfTheDead,
        Self::NeverTicks,
        Self::NeverDials,
        Self::CutsLongFrames,
        Self::DropsLastWords,
        Self::CannotStart,
    ];
}

/// All nodes and the pipes between them.
pub(crate) struct ByHand {
    fault: Fault,
    now: Time,
    nodes: BTreeMap<PeerId, Run>,
    ends: BTreeMap<LinkId, End>,
    next_link: u64,
    sent: u64,
    told: Vec<(PeerId, Event)>,
}

struct Run {
    node: ChatNode,
    address: Address,
    listens: bool,
}

/// One end of a pipe: what came for it, and how that is read.
struct End {
    owner: PeerId,
    other: LinkId,
    arrived: BytesMut,
    decoder: Decoder,
    /// Whether the other end writes no more.
    ended: bool,
}

impl ByHand {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            now: Time::ZERO,
            nodes: BTreeMap::new(),
            ends: BTreeMap::new(),
            next_link: 0,
            sent: 0,
            told: Vec::new(),
        }
    }

    fn feed(&mut self, who: &PeerId, input: Input) {
        let mut inbox = VecDeque::from([input]);
        while let Some(input) = inbox.pop_front() {
            let Some(run) = self.nodes.get_mut(who) else { return };
            let actions: Vec<Action> = run.node.handle(self.now, input).collect();
            for action in actions {
                match action {
                    Action::Dial { address } => inbox.extend(self.dial(who, address)),
                    Action::Send { to, message } => {
                        to.iter().for_each(|link| self.send(link, message.encoded()))
                    }
                    Action::Close { link } => self.close(link),
                    Action::Emit(event) => self.tell(who, event),
                }
            }
        }
    }

    fn dial(&mut self, who: &PeerId, address: Address) -> Option<Input> {
        if self.fault == Fault::NeverDials {
            return None;
        }
        let listener = self.nodes.iter().find(|(_, run)| run.listens && run.address == address);
        let Some(other) = listener.map(|(name, _)| name.clone()) else {
            return Some(Input::DialFailed { address, reason: DialError::Refused });
        };
        let (near, far) = (LinkId::new(self.next_link), LinkId::new(self.next_link + 1));
        self.next_link += 2;
        for (link, owner, other) in [(near, who, far), (far, &other, near)] {
            let (arrived, decoder) = (BytesMut::new(), Decoder::new(64 * 1024));
            let end = End { owner: owner.clone(), other, arrived, decoder, ended: false };
            self.ends.insert(link, end);
        }
        self.feed(&other, Input::LinkUp { link: far, dialed: None, semantics: Semantics::Stream });
        Some(Input::LinkUp { link: near, dialed: Some(address), semantics: Semantics::Stream })
    }

    fn send(&mut self, link: LinkId, frame: &bytes::Bytes) {
        self.sent += 1;
        let is_unlucky = self.sent.is_multiple_of(50);
        let Some(other) = self.ends.get(&link).map(|end| end.other) else { return };
        let Some(end) = self.ends.get_mut(&other) else { return };
        #[expect(clippy::wildcard_enum_match_arm, reason = "all other faults are elsewhere")]
        match self.fault {
            Fault::LosesFrames if is_unlucky => {}
            Fault::SendsTwice if is_unlucky => {
                write_frame(&mut end.arrived, frame);
                write_frame(&mut end.arrived, frame);
            }
            Fault::Reorders if is_unlucky => {
                let before = end.arrived.split();
                write_frame(&mut end.arrived, frame);
                end.arrived.extend_from_slice(&before);
            }
            Fault::CutsLongFrames => {
                write_frame(&mut end.arrived, &frame.slice(..frame.len().min(60_000)));
            }
            _ => write_frame(&mut end.arrived, frame),
        }
    }

    /// What was sent before is read first.
    fn close(&mut self, link: LinkId) {
        let Some(other) = self.ends.remove(&link).map(|end| end.other) else { return };
        if let Some(end) = self.ends.get_mut(&other) {
            end.ended = true;
            if self.fault == Fault::DropsLastWords {
                end.arrived.clear();
            }
        }
    }

    fn tell(&mut self, who: &PeerId, event: Event) {
        let is_unlucky = self.told.len() % 10 == 9;
        if self.fault == Fault::TellsTwice && is_unlucky {
            self.told.push((who.clone(), event.clone()));
        }
        let overtakes = self.fault == Fault::ReordersEvents && is_unlucky;
        let place = self.told.len() - usize::from(overtakes);
        self.told.insert(place, (who.clone(), event));
    }

    /// One millisecond: what has arrived is read, and what is due is done.
    fn step(&mut self) {
        self.now += STEP;
        let links: Vec<LinkId> = self.ends.keys().copied().collect();
        for link in links {
            let Some(end) = self.ends.get_mut(&link) else { continue };
            let (owner, bytes, ended) = (end.owner.clone(), end.arrived.split(), end.ended);
            let mut inputs: Vec<Input> = end.decoder.inputs(link, &bytes).collect();
            if ended {
                self.ends.remove(&link);
                inputs.push(Input::LinkDown { link, end: LinkEnd::Closed });
            }
            inputs.into_iter().for_each(|input| self.feed(&owner, input));
        }
        let is_due = |run: &Run| run.node.next_deadline().is_some_and(|due| due <= self.now);
        let due: Vec<PeerId> =
            self.nodes.iter().filter(|(_, run)| is_due(run)).map(|(name, _)| name.clone()).collect();
        if self.fault != Fault::NeverTicks {
            due.iter().for_each(|who| self.feed(who, Input::Tick));
        }
    }
}

impl Harness for ByHand {
    fn start(&mut self, mut config: Config, listen: &Listen) -> Result<Option<Address>, HarnessError> {
        if self.fault == Fault::CannotStart {
            return Err("no room for another node".into());
        }
        let name = config.id.clone();
        let address = match listen {
            Listen::At(address) => address.clone(),
            Listen::Nowhere | Listen::Anywhere => Address::new(name.as_str(), 1)?,
        };
        let listens = *listen != Listen::Nowhere;
        config.listening = listens.then(|| address.clone());
        let node = ChatNode::new(config, Seed::new(1).derive(self.next_link))?;
        self.nodes.insert(name.clone(), Run { node, address: address.clone(), listens });
        self.feed(&name, Input::Tick);
        Ok(listens.then_some(address))
    }

    fn command(&mut self, node: &PeerId, command: Command) -> Result<(), HarnessError> {
        self.feed(node, Input::Command(command));
        Ok(())
    }

    fn kill(&mut self, node: &PeerId) -> Result<(), HarnessError> {
        if self.fault == Fault::ForgetsKills {
            return Ok(());
        }
        self.nodes.remove(node);
        self.told.retain(|(who, _)| who != node);
        let is_its = |end: &End| end.owner == *node && self.fault != Fault::KeepsLinksOfTheDead;
        let links: Vec<LinkId> =
            self.ends.iter().filter(|(_, end)| is_its(end)).map(|(link, _)| *link).collect();
        links.into_iter().for_each(|link| self.close(link));
        Ok(())
    }

    fn run_for(&mut self, duration: Duration) -> Result<Vec<(PeerId, Event)>, HarnessError> {
        let end = self.now + duration;
        while self.now < end {
            self.step();
        }
        Ok(core::mem::take(&mut self.told))
    }
}
