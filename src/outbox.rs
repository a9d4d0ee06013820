//! What the node wants done and nobody has taken yet.

use core::iter::FusedIterator;
use std::collections::VecDeque;

use crate::{Action, Event, LinkId, Message, Recipients};

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Outbox {
    actions: VecDeque<Action>,
}

impl Outbox {
    pub(crate) fn push(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.push(Action::Emit(event));
    }

    pub(crate) fn send_one(&mut self, link: LinkId, message: Message) {
        self.push(Action::Send { to: Recipients::one(link), message });
    }

    pub(crate) fn pop(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }
}

/// The actions not yet taken, oldest first.
///
/// Dropping it early loses nothing: what is left stays in the node, is first in line at the next call, and until
/// then the node's deadline is "now" (`tests/contract.rs`).
#[derive(Debug)]
#[must_use = "a node only asks: the driver must carry out every action"]
pub struct Actions<'a> {
    outbox: &'a mut Outbox,
}

impl<'a> Actions<'a> {
    pub(crate) fn new(outbox: &'a mut Outbox) -> Self {
        Self { outbox }
    }
}

impl Iterator for Actions<'_> {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        self.outbox.pop()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.outbox.actions.len();
        (len, Some(len))
    }
}

impl ExactSizeIterator for Actions<'_> {}
impl FusedIterator for Actions<'_> {}
