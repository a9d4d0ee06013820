//! How much nodes say to each other, by what it is for.

use std::collections::BTreeMap;

use chinwag::{Content, Control, Message, Semantics};

/// Messages on links, and their bytes as they are on the wire: the frame, and on streams its line break.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Amount {
    /// How many messages, each counted once for each link it was sent on.
    pub messages: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// What was said on links, by what it is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Traffic {
    /// Messages that carry what an application said, to everybody or to one.
    pub posts: Amount,
    /// Everything else but upkeep.
    pub control: Amount,
    /// What goes on for ever in a network where nothing happens: keep-alive, introductions, the pulse of the shared
    /// tree, samples of known peers, and comparing what two neighbours have.
    pub upkeep: Amount,
}

/// What a message is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Post,
    Control,
    Upkeep,
}

impl Kind {
    pub(crate) fn of(message: &Message) -> Self {
        let message = carried(message);
        if message.post().is_some() {
            return Self::Post;
        }
        let acknowledges = matches!(message.content(), Content::Control(Control::Acknowledge { .. }));
        // Every post is acknowledged where links promise nothing: that is what it costs to spread it.
        if is_upkeep(message) && !acknowledges { Self::Upkeep } else { Self::Control }
    }
}

/// The message itself, without the number that it travels with on a link that promises nothing.
pub(crate) fn carried(message: &Message) -> &Message {
    if let Content::Control(Control::Numbered { message, .. }) = message.content() {
        message
    } else {
        message
    }
}

/// Whether a message is of the kinds that nodes exchange for ever although nothing happens.
pub(crate) fn is_upkeep(message: &Message) -> bool {
    let content = carried(message).content();
    matches!(
        content,
        Content::Ping(_)
            | Content::Pong(_)
            | Content::Control(
                Control::KeepAlive(_)
                    | Control::KeepAliveReply(_)
                    | Control::Beacon { .. }
                    | Control::Graft(None)
                    | Control::Prune(None)
                    | Control::Shuffle { .. }
                    | Control::Peers { .. }
                    | Control::Sync(_)
                    | Control::Acknowledge { .. }
                    | Control::Disconnect
            )
    )
}

/// How many bytes a message is on a link.
pub(crate) fn bytes_on(semantics: Semantics, message: &Message) -> u64 {
    let line_break = u64::from(semantics == Semantics::Stream);
    (message.encoded().len() as u64).saturating_add(line_break)
}

impl Amount {
    pub(crate) const fn count(&mut self, bytes: u64) {
        self.messages = self.messages.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// What has come on top of an earlier amount.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            messages: self.messages.saturating_sub(earlier.messages),
            bytes: self.bytes.saturating_sub(earlier.bytes),
        }
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            messages: self.messages.saturating_add(other.messages),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

impl Traffic {
    pub(crate) const NONE: Self = {
        let none = Amount { messages: 0, bytes: 0 };
        Self { posts: none, control: none, upkeep: none }
    };

    pub(crate) const fn count(&mut self, kind: Kind, bytes: u64) {
        let amount = match kind {
            Kind::Post => &mut self.posts,
            Kind::Control => &mut self.control,
            Kind::Upkeep => &mut self.upkeep,
        };
        amount.count(bytes);
    }

    /// All of it.
    #[must_use]
    pub const fn total(&self) -> Amount {
        self.posts.plus(self.control).plus(self.upkeep)
    }

    /// What has come on top of an earlier count.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Self {
        Self {
            posts: self.posts.since(earlier.posts),
            control: self.control.since(earlier.control),
            upkeep: self.upkeep.since(earlier.upkeep),
        }
    }
}

/// What all nodes together have sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    pub(crate) sent: Traffic,
    by_type: BTreeMap<Box<str>, Amount>,
}

impl Books {
    pub(crate) fn count(&mut self, kind: Kind, msg_type: &str, bytes: u64) {
        self.sent.count(kind, bytes);
        if let Some(amount) = self.by_type.get_mut(msg_type) {
            amount.count(bytes);
        } else {
            self.by_type.insert(msg_type.into(), Amount { messages: 1, bytes });
        }
    }

    /// Adds what another part of the network has sent.
    pub(crate) fn add(&mut self, part: Self) {
        let Traffic { posts, control, upkeep } = part.sent;
        self.sent.posts = self.sent.posts.plus(posts);
        self.sent.control = self.sent.control.plus(control);
        self.sent.upkeep = self.sent.upkeep.plus(upkeep);
        for (msg_type, amount) in part.by_type {
            let sum = self.by_type.entry(msg_type).or_insert(Amount { messages: 0, bytes: 0 });
            *sum = sum.plus(amount);
        }
    }

    pub(crate) fn by_type(&self) -> impl Iterator<Item = (&str, Amount)> {
        self.by_type.iter().map(|(msg_type, amount)| (&**msg_type, *amount))
    }
}
