//! Nodes that mean ill: they keep to the form of the protocol and not to its purpose.

use chinwag::{Action, ChatNode, Content, Control, Input, LinkId, Message, Run, Time};
use serde::{Deserialize, Serialize};

use super::share;
use crate::traffic::carried;
use crate::{Effects, Probability, ms};

/// How many nodes mean ill, and how.
///
/// They take part in the overlay as others do. Of what they say and hear, nothing is due; the others must keep every
/// promise all the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hostile {
    /// Which share of the nodes of the start, drawn by chance.
    #[serde(with = "share")]
    pub share: Probability,
    /// What they do.
    pub does: Hostility,
}

/// What a hostile node does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hostility {
    /// It takes everything and passes nothing on.
    Silent,
    /// It says something to everybody many times a second.
    Spam,
    /// It claims to have posts that nobody has said, and gives none.
    Lie,
}

/// A node's hostility, and when it acts next by itself.
#[derive(Clone, Debug)]
pub(super) struct Mischief {
    does: Hostility,
    next: Time,
}

impl Mischief {
    pub(super) const fn new(does: Hostility) -> Self {
        Self { does, next: Time::ZERO }
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        (self.does != Hostility::Silent).then_some(self.next)
    }

    pub(super) fn swallows(&self, input: &Input) -> bool {
        let Input::Received { message, .. } = input else { return false };
        let pull = matches!(carried(message).content(), Content::Control(Control::Pull { .. }));
        pull && self.does != Hostility::Spam
    }

    /// What it does from time to time.
    pub(super) fn act_up(
        &mut self,
        now: Time,
        chat: &mut ChatNode,
        links: impl Iterator<Item = LinkId>,
        effects: &mut Effects<'_>,
    ) {
        if now < self.next {
            return;
        }
        match self.does {
            Hostility::Silent => {}
            Hostility::Spam => {
                self.next = now + ms(200);
                // What it is refused, it would not miss.
                drop(chat.broadcast(now, "buy now"));
                while let Some(action) = chat.poll_action() {
                    effects.act(action);
                }
            }
            Hostility::Lie => {
                self.next = now + ms(500);
                let versions = chat.versions().into_iter();
                let runs = versions.filter_map(|(tag, last)| {
                    Some((tag, Run::of(last.saturating_add(1), last.saturating_add(3))?))
                });
                let lie = Message::control(Control::Have(runs.take(64).collect()));
                links.for_each(|link| effects.send(link, &lie));
            }
        }
    }

    /// Whether something that the node would do is left undone.
    pub(super) fn withholds(&self, chat: &ChatNode, action: &Action) -> bool {
        let Action::Send { message, .. } = action else { return false };
        let message = carried(message);
        let others_post = message.post().is_some() && message.originator() != chat.id();
        let offer = matches!(
            message.content(),
            Content::Control(Control::Have(_) | Control::Pulled(_) | Control::Since(_))
        );
        self.does == Hostility::Silent && (others_post || offer)
    }
}
