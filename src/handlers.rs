//! Message type → what the application does about it: the old program's `add_handler`.

use core::fmt;
use std::collections::BTreeMap;

use crate::{Delivery, Event};

/// A table of handlers, one for each message type, for an application with the context `C`.
///
/// It stands beside the node and not in it, so that a node stays plain data. Feed it every [`Event`]:
///
/// ```
/// use chinwag::{Delivery, Handlers};
///
/// let mut handlers = Handlers::new();
/// handlers.add("TEST", |seen: &mut Vec<String>, delivery: &Delivery| {
///     seen.push(format!("{} says {}", delivery.from(), delivery.body().to_display()));
/// });
/// assert!(handlers.handles("TEST"));
/// ```
pub struct Handlers<C> {
    by_type: BTreeMap<Box<str>, Handler<C>>,
}

type Handler<C> = Box<dyn FnMut(&mut C, &Delivery) + Send>;

/// What became of an event that was given to [`Handlers::dispatch`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a message without a handler is for the caller to notice"]
pub enum Dispatch {
    /// A handler was called.
    Handled,
    /// It is a message, and its type has no handler.
    NoHandler,
    /// It is no message.
    NotAMessage,
}

impl<C> Handlers<C> {
    /// An empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self { by_type: BTreeMap::new() }
    }

    /// Calls `handler` for every message of this type from now on, instead of an earlier handler of that type.
    ///
    /// `BROADCAST` and `DIRECT` can be handled like any other type; introductions and keep-alive cannot, as the
    /// node deals with them.
    pub fn add(&mut self, msg_type: &str, handler: impl FnMut(&mut C, &Delivery) + Send + 'static) {
        self.by_type.insert(msg_type.into(), Box::new(handler));
    }

    /// Whether this type has a handler.
    #[must_use]
    pub fn handles(&self, msg_type: &str) -> bool {
        self.by_type.contains_key(msg_type)
    }

    /// Calls the handler of the message that `event` brings, if there is one.
    pub fn dispatch(&mut self, context: &mut C, event: &Event) -> Dispatch {
        let (Event::Delivered(delivery) | Event::Direct(delivery) | Event::Custom(delivery)) = event else {
            return Dispatch::NotAMessage;
        };
        match self.by_type.get_mut(delivery.msg_type()) {
            Some(handler) => {
                handler(context, delivery);
                Dispatch::Handled
            }
            None => Dispatch::NoHandler,
        }
    }
}

impl<C> Default for Handlers<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C> fmt::Debug for Handlers<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_type.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, Content, Message, PeerId};

    fn custom(msg_type: &str) -> Event {
        let content = Content::Custom { msg_type: msg_type.into(), body: Body::text("x") };
        Event::Custom(Delivery::new(Message::new(PeerId::new("ann").unwrap(), Body::text(""), content)))
    }

    #[test]
    fn the_last_handler_of_a_type_is_called_and_the_rest_are_told() {
        let mut handlers = Handlers::new();
        handlers.add("TEST", |seen: &mut Vec<u8>, _: &Delivery| seen.push(1));
        handlers.add("TEST", |seen: &mut Vec<u8>, _: &Delivery| seen.push(2));
        let mut seen = Vec::new();
        assert_eq!(handlers.dispatch(&mut seen, &custom("TEST")), Dispatch::Handled);
        assert_eq!(handlers.dispatch(&mut seen, &custom("OTHER")), Dispatch::NoHandler);
        assert_eq!(handlers.dispatch(&mut seen, &Event::Left), Dispatch::NotAMessage);
        assert_eq!(seen, [2]);
    }
}
