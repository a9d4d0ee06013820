//! Somebody whom a [`Lab`]'s node meets: in either dialect, in any run, wherever they listen.

use core::time::Duration;

use chinwag::{
    Action, Address, Body, Command, Config, Content, Epoch, Event, Hello, Input, Intent, LinkEnd, LinkId,
    Message, Native, PeerId, Place, Post, Seed, Sequence,
};

use crate::{Lab, message};

/// A peer as its messages show it.
#[derive(Clone, Debug)]
pub struct Guest {
    name: String,
    hello: Hello,
}

impl Guest {
    /// A native peer in its run 1.
    #[must_use]
    pub fn native(name: &str, listening: &str) -> Self {
        let native = Some(Native::new(Epoch::new(1)));
        Self {
            name: name.into(),
            hello: Hello { listening: Some(at(listening)), native, others: Vec::new() },
        }
    }

    /// A peer of the old program.
    #[must_use]
    pub fn classic(name: &str, listening: &str) -> Self {
        Self {
            name: name.into(),
            hello: Hello { listening: Some(at(listening)), native: None, others: Vec::new() },
        }
    }

    /// The same native peer in another of its runs.
    #[must_use]
    pub fn in_run(mut self, run: u64) -> Self {
        self.hello.native = Some(Native::new(Epoch::new(run)));
        self
    }

    /// The same native peer, which introduces itself for this.
    #[must_use]
    pub fn meaning(mut self, intent: Intent) -> Self {
        self.hello.native = self.hello.native.map(|native| Native { intent, ..native });
        self
    }

    /// How they introduce themselves.
    #[must_use]
    pub fn ping(&self) -> Message {
        self.says(Content::Ping(self.hello.clone()))
    }

    /// How they answer an introduction.
    #[must_use]
    pub fn pong(&self) -> Message {
        self.says(Content::Pong(self.hello.clone()))
    }

    /// Any message of theirs.
    #[must_use]
    pub fn says(&self, content: Content) -> Message {
        message(&self.name, content)
    }

    /// What they say to everybody: in their run's `sequence`th message, or without a number in the old dialect.
    #[must_use]
    pub fn broadcasts(&self, sequence: u64, text: &str) -> Message {
        let place = |native: Native| Some(Place { epoch: native.epoch, sequence: Sequence::new(sequence)? });
        let place = self.hello.native.and_then(place);
        self.says(Content::Broadcast(Post { place, room: None, body: Body::text(text), signature: None }))
    }
}

impl Lab {
    /// A node with the usual limits, called "me", that listens at me:5001.
    #[must_use]
    pub fn usual() -> Self {
        Self::usual_but(|_| {})
    }

    /// The same with other limits, or another place.
    #[must_use]
    pub fn usual_but(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(PeerId::new("me").expect("a name"), Epoch::new(1_795_374_131_000));
        config.listening = Some(at("me:5001"));
        change(&mut config);
        Self::new(config, Seed::new(7))
    }

    /// Lets a message come in on a link, and says what comes of it.
    pub fn hear(&mut self, link: LinkId, message: Message) -> Vec<Action> {
        self.input(Input::Received { link, message }).to_vec()
    }

    /// Lets the application want something, and says what comes of it.
    pub fn command(&mut self, command: Command) -> Vec<Action> {
        self.input(Input::Command(command)).to_vec()
    }

    /// Lets the application join an address.
    pub fn join(&mut self, address: &str) -> Vec<Action> {
        self.command(Command::Join(at(address)))
    }

    /// Lets somebody dial the node and introduce themselves. A native one stays, on the link that this returns; one
    /// of the old program hangs up, and gets its answer if it was dialed for that.
    pub fn welcome(&mut self, guest: &Guest) -> LinkId {
        let link = self.accept();
        self.hear(link, guest.ping());
        if guest.hello.native.is_none() {
            self.input(Input::LinkDown { link, end: LinkEnd::Closed });
            if let Some(place) = guest.hello.listening.as_ref().filter(|place| self.is_dialing(place)) {
                self.connect(place);
            }
        }
        link
    }

    /// Answers the dial to `address` with a link on which `guest` answers the introduction.
    pub fn reach(&mut self, address: &str, guest: &Guest) -> LinkId {
        let link = self.connect(&at(address));
        self.hear(link, guest.pong());
        link
    }

    /// Lets time pass as [`wait`](Self::wait) does, while nobody can be dialed: says which addresses were.
    pub fn wait_alone(&mut self, duration: Duration) -> Vec<Address> {
        let end = self.now() + duration;
        let mut dialed = Vec::new();
        loop {
            let refused: Vec<Address> = self.dialing().cloned().collect();
            for address in &refused {
                self.refuse(address);
            }
            dialed.extend(refused);
            if self.dialing().next().is_some() {
                continue;
            }
            let Some(due) = self.node.next_deadline().filter(|due| *due <= end) else { break };
            self.input_at(due, Input::Tick);
        }
        self.input_at(end, Input::Tick);
        dialed
    }

    /// Whether a dial to `address` waits for its answer.
    #[must_use]
    pub fn is_dialing(&self, address: &Address) -> bool {
        self.dialing().any(|dialed| dialed == address)
    }

    /// The texts of the messages to everybody that were delivered so far.
    #[must_use]
    pub fn heard(&self) -> Vec<String> {
        let text = |event: &Event| {
            let Event::Delivered(delivery) = event else { return None };
            Some(delivery.body().to_display().into_owned())
        };
        self.events().filter_map(text).collect()
    }

    /// How many of the events so far are `so`.
    pub fn count(&self, so: impl Fn(&Event) -> bool) -> usize {
        self.events().filter(|event| so(event)).count()
    }
}

/// The links that messages of this type go out on, in order.
#[must_use]
pub fn sent(actions: &[Action], msg_type: &str) -> Vec<LinkId> {
    let links = |action: &Action| match action {
        Action::Send { to, message } if message.msg_type() == msg_type => to.iter().collect(),
        Action::Send { .. } | Action::Dial { .. } | Action::Close { .. } | Action::Emit(_) => Vec::new(),
    };
    actions.iter().flat_map(links).collect()
}

/// An address.
#[must_use]
pub fn at(address: &str) -> Address {
    address.parse().expect("an address")
}
