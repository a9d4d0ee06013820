//! Everything that nodes were told, to be told again.

use chinwag::{Input, Time};

use crate::{Effects, Node, NodeId};

/// A record of a run: each node as it started, and every input with its time.
///
/// Plain data, and enough to repeat what the nodes did without the network. What passed between them is in
/// a [trace log](crate::trace_log).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace<N> {
    steps: Vec<Step<N>>,
}

/// One entry of a [`Trace`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Step<N> {
    /// When, by the node's own clock.
    pub at: Time,
    /// At which node.
    pub node: NodeId,
    /// What.
    pub what: What<N>,
}

/// What is in a [`Step`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What<N> {
    /// The node was told something.
    Input(Input),
    /// From here on the node is this: it started, or somebody reached into it.
    State(Box<N>),
}

impl<N> Trace<N> {
    pub(crate) const fn new() -> Self {
        Self { steps: Vec::new() }
    }

    pub(crate) fn input(&mut self, at: Time, node: NodeId, input: Input) {
        self.steps.push(Step { at, node, what: What::Input(input) });
    }

    pub(crate) fn state(&mut self, at: Time, node: NodeId, state: N) {
        self.steps.push(Step { at, node, what: What::State(Box::new(state)) });
    }

    /// The entries, in the order they happened.
    #[must_use]
    pub fn steps(&self) -> &[Step<N>] {
        &self.steps
    }
}

impl<N: Node> Trace<N> {
    /// Repeats the run and gives the nodes as they were at its end, in order (`tests/trace.rs`).
    #[must_use]
    pub fn replay(&self) -> Vec<N> {
        let mut nodes: Vec<N> = Vec::new();
        for step in &self.steps {
            let place = nodes.get_mut(step.node.index());
            match (&step.what, place) {
                (What::Input(input), Some(node)) => {
                    node.handle(step.at, input.clone(), &mut Effects::none(step.node));
                }
                (What::State(state), Some(node)) => *node = (**state).clone(),
                (What::State(state), None) => nodes.push((**state).clone()),
                (What::Input(_), None) => {}
            }
        }
        nodes
    }
}
