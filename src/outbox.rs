//! What the node wants done and nobody has taken yet.

use core::fmt;
use core::iter::FusedIterator;
use std::collections::VecDeque;

use crate::{Action, Event, LinkId, Message, Recipients};

/// One word where nothing waits: most nodes of a large network want nothing just now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    actions: Memory,
}

/// Handed from node to node, and the smallest nothing.
type Memory = Option<Box<VecDeque<Action>>>;

impl Outbox {
    pub(crate) fn push(&mut self, action: Action) {
        self.actions.get_or_insert_default().push_back(action);
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.push(Action::Emit(event));
    }

    pub(crate) fn send_one(&mut self, link: LinkId, message: Message) {
        self.push(Action::Send { to: Recipients::one(link), message });
    }

    pub(crate) fn pop(&mut self) -> Option<Action> {
        self.actions.as_mut()?.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        self.actions.as_ref().map_or(0, |actions| actions.len())
    }

    /// Takes a loan of memory, if there is none of its own.
    pub(crate) fn borrow(&mut self, buffer: &mut ActionBuffer) {
        if self.actions.is_none() {
            self.actions = buffer.spare.take();
        }
    }

    /// Gives memory back that nothing is in; what another one lent already is enough.
    pub(crate) fn give_back(&mut self, buffer: &mut ActionBuffer) {
        if self.is_empty() {
            let own = self.actions.take();
            if buffer.spare.is_none() {
                buffer.spare = own;
            }
        }
    }
}

/// What waits counts, not the memory for it.
impl PartialEq for Outbox {
    fn eq(&self, other: &Self) -> bool {
        self.actions.iter().flat_map(|it| it.iter()).eq(other.actions.iter().flat_map(|it| it.iter()))
    }
}

impl Eq for Outbox {}

/// Memory for the actions of many nodes that are handled one after the other, so that each need not keep its own:
/// see [`ChatNode::handle_with`](crate::ChatNode::handle_with).
#[derive(Default)]
pub struct ActionBuffer {
    /// Empty whenever somebody can see it.
    spare: Memory,
}

/// Nobody has lent anything yet.
impl Clone for ActionBuffer {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for ActionBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActionBuffer").finish_non_exhaustive()
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
        let len = self.outbox.len();
        (len, Some(len))
    }
}

impl ExactSizeIterator for Actions<'_> {}
impl FusedIterator for Actions<'_> {}
