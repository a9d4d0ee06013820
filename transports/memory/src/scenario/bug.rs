//! Faults of a node's own, planted to see that the checks find them.

use std::collections::BTreeMap;

use chinwag::{
    Action, Content, Control, Delivery, Event, Input, LinkId, Message, MessageId, PeerId, Post, Sequence,
    StreamId,
};
use serde::{Deserialize, Serialize};

use super::Check;
use crate::Effects;
use crate::traffic::carried;

/// Something that is wrong with all nodes of a scenario but the hostile ones. Each is found by one check within some
/// seeds (`tests/scenario_bugs.rs`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Bug {
    /// Now and then a message is delivered twice.
    DeliverTwice,
    /// Now and then a message is not delivered.
    LoseDelivery,
    /// Now and then a message is given up and delivered after the next one.
    DeliverLate,
    /// Now and then a node says something in the name of somebody who does not exist.
    Forge,
    /// Now and then a post is passed on with other words.
    AlterPost,
    /// Links are used after they were closed.
    SendAfterClose,
    /// Links are never closed.
    KeepLinks,
    /// Addresses are dialed that are being dialed already.
    DialTwice,
    /// The next deadline is the last one.
    SpinTimer,
    /// The next deadline is always near.
    RestlessTimer,
    /// A node has a neighbour that does not know it.
    FalseNeighbour,
    /// Whoever asks for a missing post gets no answer.
    IgnorePulls,
    /// A run after a loss of memory goes by the epoch of the one before.
    ReuseEpoch,
    /// A limit is not kept.
    KeepTooMuch,
    /// After some dials there are none any more.
    StopDialing,
    /// What is said about links goes to and fro without an end.
    Babble,
    /// Now and then one message is answered by thousands.
    Amplify,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::DeliverTwice,
        Self::LoseDelivery,
        Self::DeliverLate,
        Self::Forge,
        Self::AlterPost,
        Self::SendAfterClose,
        Self::KeepLinks,
        Self::DialTwice,
        Self::SpinTimer,
        Self::RestlessTimer,
        Self::FalseNeighbour,
        Self::IgnorePulls,
        Self::ReuseEpoch,
        Self::KeepTooMuch,
        Self::StopDialing,
        Self::Babble,
        Self::Amplify,
    ];

    /// Its name in text.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeliverTwice => "deliver-twice",
            Self::LoseDelivery => "lose-delivery",
            Self::DeliverLate => "deliver-late",
            Self::Forge => "forge",
            Self::AlterPost => "alter-post",
            Self::SendAfterClose => "send-after-close",
            Self::KeepLinks => "keep-links",
            Self::DialTwice => "dial-twice",
            Self::SpinTimer => "spin-timer",
            Self::RestlessTimer => "restless-timer",
            Self::FalseNeighbour => "false-neighbour",
            Self::IgnorePulls => "ignore-pulls",
            Self::ReuseEpoch => "reuse-epoch",
            Self::KeepTooMuch => "keep-too-much",
            Self::StopDialing => "stop-dialing",
            Self::Babble => "babble",
            Self::Amplify => "amplify",
        }
    }

    /// The check that finds it.
    #[must_use]
    pub const fn found_by(self) -> Check {
        match self {
            Self::DeliverTwice => Check::AtMostOnce,
            Self::LoseDelivery => Check::NoSilentGap,
            Self::DeliverLate => Check::AuthorOrder,
            Self::Forge => Check::NothingFromNowhere,
            Self::AlterPost => Check::Unaltered,
            Self::SendAfterClose => Check::KnownLinks,
            Self::KeepLinks => Check::LinksClosed,
            Self::DialTwice => Check::OneDialAtATime,
            Self::SpinTimer => Check::DeadlinesAhead,
            Self::RestlessTimer => Check::TimerStorm,
            Self::FalseNeighbour => Check::SymmetricViews,
            Self::IgnorePulls => Check::AllHeard,
            Self::ReuseEpoch => Check::FreshNames,
            Self::KeepTooMuch => Check::Bounds,
            Self::StopDialing => Check::Connected,
            Self::Babble => Check::Quiet,
            Self::Amplify => Check::Amplification,
        }
    }
}

/// A planted bug in one node.
#[derive(Clone, Debug)]
pub(super) struct Planted {
    bug: Bug,
    /// How often it could have shown.
    chances: u64,
    /// What is delivered late.
    late: BTreeMap<StreamId, (Sequence, Delivery)>,
}

impl Planted {
    pub(super) const fn new(bug: Bug) -> Self {
        Self { bug, chances: 0, late: BTreeMap::new() }
    }

    pub(super) const fn bug(&self) -> Bug {
        self.bug
    }

    /// Whether the node does not get to see an input.
    pub(super) fn swallows(&self, input: &Input) -> bool {
        let Input::Received { message, .. } = input else { return false };
        let pull = matches!(carried(message).content(), Content::Control(Control::Pull { .. }));
        pull && self.bug == Bug::IgnorePulls
    }

    /// What the node says by itself on top of its answer to an input. Gives how many messages that are.
    pub(super) fn answer(&mut self, input: &Input, effects: &mut Effects<'_>) -> u64 {
        let Input::Received { link, message } = input else { return 0 };
        let Content::Control(control) = carried(message).content() else { return 0 };
        let (answer, times) = match (self.bug, control) {
            (Bug::Babble, Control::KeepAliveReply(number)) => (Control::KeepAlive(*number), 1),
            (Bug::Amplify, Control::Sync(_)) if self.now_and_then(5) => (Control::Unknown, 20_000),
            _ => return 0,
        };
        let answer = Message::control(answer);
        (0..times).for_each(|_| effects.send(*link, &answer));
        times
    }

    /// Carries out what the node wants done, more or less.
    pub(super) fn act(&mut self, action: Action, effects: &mut Effects<'_>) {
        match action {
            Action::Emit(Event::Delivered(delivery)) => self.deliver(delivery, effects),
            Action::Send { to, message } => self.send(to.iter().collect(), message, effects),
            Action::Close { link } => {
                if self.bug != Bug::KeepLinks {
                    effects.close(link);
                }
                if self.bug == Bug::SendAfterClose {
                    effects.send(link, &Message::control(Control::Disconnect));
                }
            }
            Action::Dial { address } => {
                self.chances = self.chances.saturating_add(1);
                if self.bug != Bug::StopDialing || self.chances <= 2 {
                    effects.dial(&address);
                }
                if self.bug == Bug::DialTwice {
                    effects.dial(&address);
                }
            }
            Action::Emit(event) => effects.emit(event),
        }
    }

    fn deliver(&mut self, delivery: Delivery, effects: &mut Effects<'_>) {
        let place = match delivery.id() {
            Some(MessageId::Native { stream, sequence }) => Some((stream, sequence)),
            Some(MessageId::Direct { .. } | MessageId::Classic(_)) | None => None,
        };
        match (self.bug, place) {
            (Bug::DeliverTwice, _) if self.now_and_then(7) => {
                effects.emit(Event::Delivered(delivery.clone()));
                effects.emit(Event::Delivered(delivery));
            }
            (Bug::LoseDelivery, _) if self.now_and_then(7) => {}
            (Bug::DeliverLate, Some((stream, sequence))) => {
                if let Some((late, kept)) = self.late.remove(&stream) {
                    effects.emit(Event::Gap { stream, from: late, to: late, before_contact: false });
                    effects.emit(Event::Delivered(delivery));
                    effects.emit(Event::Delivered(kept));
                } else if self.now_and_then(3) {
                    self.late.insert(stream, (sequence, delivery));
                } else {
                    effects.emit(Event::Delivered(delivery));
                }
            }
            _ => effects.emit(Event::Delivered(delivery)),
        }
    }

    fn send(&mut self, to: Vec<LinkId>, message: Message, effects: &mut Effects<'_>) {
        let mut message = message;
        if let Content::Broadcast(post) = message.content() {
            let content = |body| Content::Broadcast(Post { body, ..post.clone() });
            let altered = self.bug == Bug::AlterPost && self.now_and_then(11);
            let forged = self.bug == Bug::Forge && self.now_and_then(11);
            if altered {
                let content = content("not what was said".into());
                message = Message::new(message.originator().clone(), message.time().clone(), content);
            } else if let Some(nobody) = forged.then(nobody).flatten() {
                let forged = Message::new(nobody, message.time().clone(), content(post.body.clone()));
                to.iter().for_each(|link| effects.send(*link, &forged));
            }
        }
        to.into_iter().for_each(|link| effects.send(link, &message));
    }

    const fn now_and_then(&mut self, often: u64) -> bool {
        self.chances = self.chances.saturating_add(1);
        self.chances.is_multiple_of(often)
    }
}

fn nobody() -> Option<PeerId> {
    PeerId::new("nobody at all").ok()
}
