//! The answer in a sentence: whether a message came to a node, and why not.

use super::explanation::{Circumstance, Explanation, Fate, seconds};

impl Explanation {
    pub(super) fn verdict(&self) -> String {
        let node = self.name(self.node);
        let Some((author, said)) = self.published else {
            return format!("Nobody said {}.", self.message);
        };
        if !self.nodes.contains_key(&self.node) {
            let last = self.nodes.keys().last().map_or(0, |node| node.get());
            return format!("There is no node {} in the trace: its nodes are 0 to {last}.", self.node.get());
        }
        if author == self.node {
            return format!("{node} said it itself.");
        }
        let Some(at) = self.delivered else {
            return format!("{node} did not deliver it: {}.", self.why_not());
        };
        let hops = self.way.len();
        let links = if hops == 1 { "link" } else { "links" };
        let after = at.saturating_since(said).as_millis();
        format!(
            "{node} delivered it {after} ms after {} had said it, over {hops} {links}.",
            self.name(author)
        )
    }

    fn why_not(&self) -> String {
        if let Some(state) = self.is_down() {
            return state;
        }
        if self.happened(|what| *what == Circumstance::GaveUp) {
            return "it gave it up, as nobody of whom it knew brought it in time".to_owned();
        }
        if !self.way.is_empty() {
            return self.why_held();
        }
        if self.reached == 0 && self.happened(|what| *what == Circumstance::AuthorCrashed) {
            return "the author crashed before anybody else delivered it".to_owned();
        }
        let stopped = self.others.iter().filter(|copy| copy.fate == Fate::UnderWay);
        let (held, going): (Vec<_>, Vec<_>) = stopped.partition(|copy| copy.held.is_some());
        if !held.is_empty() {
            return "a partition still held it back when the trace ended".to_owned();
        }
        if !going.is_empty() {
            return "a copy was under way when the trace ended".to_owned();
        }
        if self.neighbours.is_empty() {
            return "it had no neighbours in the end".to_owned();
        }
        if self.neighbours.iter().all(|(_, has)| !has) {
            return "none of its neighbours had it".to_owned();
        }
        match self.others.len() {
            0 => "nobody sent it a copy before the trace ended, though a neighbour had it".to_owned(),
            1 => "the copy that it was sent was lost".to_owned(),
            count => format!("all {count} copies that it was sent were lost"),
        }
    }

    /// If it was down in the end: since when.
    fn is_down(&self) -> Option<String> {
        let (at, what) = self
            .circumstances
            .iter()
            .rev()
            .find(|(_, what)| matches!(what, Circumstance::Crashed | Circumstance::Restarted(_)))?;
        let said = self.published.map(|(_, said)| said);
        let when = match said {
            Some(said) if *at < said => ", before the message was said,",
            Some(said) if *at == said => ", at the moment the message was said,",
            _ => "",
        };
        (*what == Circumstance::Crashed)
            .then(|| format!("it crashed at {}{when} and did not start again", seconds(*at)))
    }

    /// It has a copy, and has not delivered it.
    fn why_held(&self) -> String {
        if let [first, ..] = self.missing.as_slice() {
            let runs: Vec<String> = self.missing.iter().take(RUNS).map(run).collect();
            let more = if self.missing.len() > RUNS { " and others" } else { "" };
            let (these, wait) = if self.missing.len() == 1 && first.0 == first.1 {
                ("number", "is")
            } else {
                ("numbers", "are")
            };
            return format!(
                "it has a copy and holds it back, as {these} {}{more} of the same author {wait} missing",
                runs.join(", ")
            );
        }
        if self.happened(|what| matches!(what, Circumstance::Restarted(_))) {
            return "it had a copy, but has started again since".to_owned();
        }
        if self.happened(|what| *what == Circumstance::Crashed) {
            return "it had a copy, but crashed".to_owned();
        }
        "it has a copy, and nothing in the trace says why that was not delivered".to_owned()
    }

    fn happened(&self, what: impl Fn(&Circumstance) -> bool) -> bool {
        self.circumstances.iter().any(|(_, happened)| what(happened))
    }
}

fn run((from, to): &(u64, u64)) -> String {
    if from == to { from.to_string() } else { format!("{from} to {to}") }
}

/// How many runs of numbers are named.
const RUNS: usize = 4;
