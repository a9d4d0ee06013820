//! One node alone, with a scripted world around it.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use chinwag::{
    Action, Address, ChatNode, Config, Content, Control, DialError, Epoch, Event, Input, LinkEnd, LinkId,
    Message, Run, Seed, Semantics, Strategy, StreamTag, Time,
};

use crate::control_steps::Asked;
use crate::rules;
use crate::says::introduction_at;
use crate::steps::{self, Script, Step};

/// A node, what it has asked for and not got yet, and everything that was said to it.
///
/// Plays [`Step`]s: small numbers that are turned into inputs which fit the moment (an answer to a dial that is
/// under way, a message on a link that is open), or deliberately do not. After every input, what the node answers
/// and how it then stands is held against the rules that hold in any world at all; a breach panics.
#[derive(Clone, Debug)]
pub struct Lab {
    /// The node.
    pub node: ChatNode,
    /// The node as it was before anything happened.
    pub origin: ChatNode,
    /// What it was told so far: played to a clone of `origin`, it replays the whole run.
    pub trace: Vec<(Time, Input)>,
    /// What it asked for in return, for each of the inputs.
    pub answers: Vec<Vec<Action>>,
    pub(crate) now: Time,
    pub(crate) next_link: u64,
    /// The dials that nobody has answered, and since when.
    pub(crate) dialing: BTreeMap<Address, Time>,
    /// Whether every dial was answered in time, and nothing was answered that was not asked.
    pub(crate) orderly: bool,
    /// Whether the node has told that it has left.
    pub(crate) left: bool,
    /// The numbers that were given to two links at once, which a driver must not do.
    pub(crate) reused: BTreeSet<LinkId>,
    /// The links that are up and that neither side has closed.
    pub(crate) links: Vec<LinkId>,
    /// How far each of the scripted peers is in its stream.
    pub(crate) said: BTreeMap<u8, u64>,
    /// What it said to which an answer has to fit.
    pub(crate) asked: Asked,
    /// What everybody who is linked has to give to who pulls it; `None` if pulls are left unanswered.
    pub(crate) stock: Option<BTreeMap<(StreamTag, u64), Message>>,
}

impl Lab {
    /// A node of this configuration that nothing has happened to.
    #[must_use]
    pub fn new(config: Config, seed: Seed) -> Self {
        let node = ChatNode::new(config, seed).expect("a valid configuration");
        Self {
            origin: node.clone(),
            node,
            trace: Vec::new(),
            answers: Vec::new(),
            now: Time::ZERO,
            next_link: 0,
            dialing: BTreeMap::new(),
            orderly: true,
            left: false,
            reused: BTreeSet::new(),
            links: Vec::new(),
            said: BTreeMap::new(),
            asked: Asked::default(),
            stock: None,
        }
    }

    /// A node with narrow limits that nothing has happened to.
    #[must_use]
    pub fn narrow() -> Self {
        Self::new(narrow_config(), Seed::new(7))
    }

    /// A node with narrow limits that has played `script`. One in eight speaks only the native dialect, and one only
    /// the old one.
    #[must_use]
    pub fn played(script: &Script) -> Self {
        let mut lab = Self::for_script(script);
        script.0.iter().for_each(|step| lab.step(*step));
        lab
    }

    pub(crate) fn for_script(script: &Script) -> Self {
        let mut config = narrow_config();
        config.dialects = script.dialects();
        Self::new(config, Seed::new(7))
    }

    /// Plays one step.
    pub fn step(&mut self, step: Step) {
        let (now, input) = steps::resolve(self, step);
        self.input_at(now, input);
    }

    /// Tells the node something at `now`, whatever the time was before, and notes what it asks for.
    pub fn input_at(&mut self, now: Time, input: Input) -> &[Action] {
        self.now = self.now.max(now).min(LAST);
        self.trace.push((now, input.clone()));
        if let Input::LinkUp { link, .. } = &input {
            if self.links.contains(link) {
                self.reused.insert(*link);
            }
            self.links.retain(|open| open != link);
            self.links.push(*link);
        }
        self.judge_dials(&input);
        let actions: Vec<Action> = self.node.handle(now, input.clone()).collect();
        for action in &actions {
            rules::check_action(self, action);
            self.note_action(action);
        }
        if let Input::LinkDown { link, .. } = &input {
            self.links.retain(|open| open != link);
        }
        rules::check_state(self);
        let pulls = if self.stock.is_some() { pulls(&actions) } else { Vec::new() };
        let at = self.answers.len();
        self.answers.push(actions);
        for (link, runs) in pulls {
            self.answer_pull(link, &runs);
        }
        self.answers.get(at).map_or(&[], Vec::as_slice)
    }

    /// From now on everybody who is linked answers pulls at once: with what is in `stock`, and by saying of the rest
    /// that it is gone.
    pub fn answer_pulls(&mut self, stock: impl IntoIterator<Item = Message>) {
        let place = |message: &Message| {
            let place = message.post().and_then(|post| post.place)?;
            Some((StreamTag::of(message.originator(), place.epoch), place.sequence.get()))
        };
        let stock = stock.into_iter().filter_map(|message| Some((place(&message)?, message)));
        self.stock = Some(stock.collect());
    }

    fn answer_pull(&mut self, link: LinkId, runs: &[(StreamTag, Run)]) {
        let mut gone = Vec::new();
        for (tag, run) in runs {
            let mut next = run.from();
            let stock = self.stock.clone().unwrap_or_default();
            for ((_, number), message) in stock.range((*tag, run.from())..=(*tag, run.to())) {
                gone.extend(Run::of(next, number - 1).map(|run| (*tag, run)));
                self.input(Input::Received { link, message: message.clone() });
                next = number.saturating_add(1);
            }
            gone.extend(Run::of(next, run.to()).map(|run| (*tag, run)));
        }
        self.input(Input::Received { link, message: Message::control(Control::Pulled(gone)) });
    }

    /// Tells the node something now.
    pub fn input(&mut self, input: Input) -> &[Action] {
        self.input_at(self.now, input)
    }

    /// Lets time pass with a tick at each of the node's deadlines, as a driver does, and says what came of it.
    pub fn wait(&mut self, duration: Duration) -> Vec<Action> {
        let (from, end) = (self.answers.len(), self.now + duration);
        while let Some(due) = self.node.next_deadline().filter(|due| *due <= end) {
            self.input_at(due, Input::Tick);
        }
        self.input_at(end, Input::Tick);
        self.answers[from..].concat()
    }

    /// Lets time pass in the same way until `so`, at most `limit` long; whether that came.
    pub fn wait_until(&mut self, limit: Duration, so: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + limit;
        while !so(self) {
            let Some(due) = self.node.next_deadline().filter(|due| *due <= end) else { return false };
            self.input_at(due, Input::Tick);
        }
        true
    }

    /// Answers the dial to `address` with a new link.
    pub fn connect(&mut self, address: &Address) -> LinkId {
        let link = self.new_link();
        self.input(Input::LinkUp { link, dialed: Some(address.clone()), semantics: Semantics::Stream });
        link
    }

    /// Lets somebody dial the node.
    pub fn accept(&mut self) -> LinkId {
        let link = self.new_link();
        self.input(Input::LinkUp { link, dialed: None, semantics: Semantics::Stream });
        link
    }

    /// Answers the dial to `address` with a failure.
    pub fn refuse(&mut self, address: &Address) -> &[Action] {
        self.input(Input::DialFailed { address: address.clone(), reason: DialError::Refused })
    }

    /// Ends a link from the other side.
    pub fn hang_up(&mut self, link: LinkId) -> &[Action] {
        self.input(Input::LinkDown { link, end: LinkEnd::Closed })
    }

    /// What the node told its application so far.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.answers.iter().flatten().filter_map(event)
    }

    /// The time, as far as it has ever come.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// The dials that nobody has answered.
    pub fn dialing(&self) -> impl Iterator<Item = &Address> {
        self.dialing.keys()
    }

    /// The links that are up and that neither side has closed.
    #[must_use]
    pub fn links(&self) -> &[LinkId] {
        &self.links
    }

    /// Whether the driver that this lab plays answered every dial in time, and none that nobody asked for.
    #[must_use]
    pub const fn is_orderly(&self) -> bool {
        self.orderly
    }

    pub(crate) fn new_link(&mut self) -> LinkId {
        self.next_link += 1;
        LinkId::new(self.next_link)
    }

    /// The input answers a dial, if it does: the driver that this lab plays keeps order as long as it answers only
    /// what was asked, and in time.
    fn judge_dials(&mut self, input: &Input) {
        let patience = self.node.config().handshake;
        let overdue = |since: &Time| self.now.saturating_since(*since) >= patience;
        self.orderly &= !self.dialing.values().any(overdue);
        if let Input::LinkUp { dialed: Some(address), .. } | Input::DialFailed { address, .. } = input {
            self.orderly &= self.dialing.remove(address).is_some();
        }
    }

    fn note_action(&mut self, action: &Action) {
        self.asked.note(action);
        match action {
            Action::Dial { address } => {
                self.dialing.insert(address.clone(), self.now);
            }
            Action::Close { link } => self.links.retain(|open| open != link),
            Action::Emit(event) => self.left |= *event == Event::Left,
            Action::Send { .. } => {}
        }
    }
}

/// A node called "hub" with so many native peers, "peer 1" on link 1 and so on, at one second after its start, that
/// floods.
#[must_use]
pub fn hub(peers: u64) -> Lab {
    hub_that(peers, Strategy::Flood)
}

/// The same with a strategy.
#[must_use]
pub fn hub_that(peers: u64, strategy: Strategy) -> Lab {
    let mut config = Config::new("hub".parse().expect("a name"), Epoch::new(1));
    config.classic_window = 100;
    config.max_history = 1000;
    config.target_neighbours = 0;
    config.strategy = strategy;
    let room = usize::try_from(peers).expect("as many as fit into memory");
    config.max_neighbours = config.max_neighbours.max(room);
    config.max_links = config.max_links.max(room);
    config.max_peers = config.max_peers.max(room);
    let mut lab = Lab::new(config, Seed::new(1));
    lab.input_at(Time::from_secs(1), Input::Tick);
    for number in 1..=peers {
        let link = lab.accept();
        assert_eq!(link, LinkId::new(number));
        let place = Address::new(&format!("peer{number}"), 5001).expect("an address");
        lab.input(Input::Received { link, message: introduction_at(&format!("peer {number}"), &place) });
    }
    assert_eq!(lab.node.linked() as u64, peers);
    lab
}

/// The same in the middle of a tree: the first peer is where messages come from, the others want them pushed.
#[must_use]
pub fn relay(peers: u64) -> Lab {
    let mut lab = hub_that(peers, Strategy::Tree);
    for child in 2..=peers {
        lab.input(Input::Received {
            link: LinkId::new(child),
            message: Message::control(Control::Graft(None)),
        });
    }
    lab
}

/// The pulls among what a node asks for.
fn pulls(actions: &[Action]) -> Vec<(LinkId, Vec<(StreamTag, Run)>)> {
    let mut pulls = Vec::new();
    for action in actions {
        if let Action::Send { to, message } = action
            && let Content::Control(Control::Pull { runs, .. }) = message.content()
        {
            pulls.extend(to.iter().map(|link| (link, runs.clone())));
        }
    }
    pulls
}

/// The event that an action tells, if it does.
#[must_use]
pub const fn event(action: &Action) -> Option<&Event> {
    match action {
        Action::Emit(event) => Some(event),
        Action::Dial { .. } | Action::Send { .. } | Action::Close { .. } => None,
    }
}

/// A configuration called "me" whose limits are so narrow that a few steps reach them all.
#[must_use]
pub fn narrow_config() -> Config {
    let mut config = Config::new(steps::name(0), Epoch::new(1_795_374_131_000));
    config.listening = Some(steps::address(0));
    config.max_frame = 4096;
    config.max_links = 6;
    config.max_classic_peers = 2;
    config.max_peers = 6;
    config.target_neighbours = 2;
    config.max_neighbours = 2;
    config.passive_view = 4;
    config.max_history = 6;
    config.max_history_bytes = 6000;
    config.catch_up = 4;
    config.pull_credit = 4096;
    config.max_routes = 3;
    config.max_queue = 2;
    config.max_waiting = 3;
    config.max_streams = 6;
    config.max_gaps = 2;
    config.max_held = 3;
    config.classic_window = 10;
    config.max_malformed = 3;
    config.give_up_after = 3;
    config
}

/// The last moment at which a node acts.
pub const LAST: Time = Time::from_nanos(u64::MAX - 1);
