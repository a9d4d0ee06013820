//! The answer in a sentence: whether a message came to a node, and why not.

use super::contents::in_short;
use super::explanation::{Circumstance, Explanation, Fate, seconds};

impl Explanation {
    pub(super) fn verdict(&self) -> String {
        let (node, message) = (self.name(self.node), in_short(&self.message));
        let Some((author, said)) = self.published else {
            return format!("Nobody said {}.", self.message);
        };
        if !self.nodes.contains_key(&self.node) {
            let last = self.nodes.keys().last().map_or(0, |node| node.get());
            return format!("There is no node {} in the trace: its nodes are 0 to {last}.", self.node.get());
        }
        if author == self.node {
            return format!("{node} said {message} itself.");
        }
        let Some(at) = self.delivered else {
            return format!("{node} did not deliver {message}: {}.", self.why_not());
        };
        let hops = self.way.len();
        let links = if hops == 1 { "link" } else { "links" };
        let after = at.saturating_since(said).as_millis();
        let author = self.name(author);
        format!("{node} delivered {message} {after} ms after {author} had said it, over {hops} {links}.")
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
        let to_node = self.others.iter().filter(|copy| copy.to == self.node);
        let (lost, going): (Vec<_>, Vec<_>) = to_node.partition(|copy| matches!(copy.fate, Fate::Lost(..)));
        if going.iter().any(|copy| copy.held.is_some()) {
            return "a partition still held it back when the trace ended".to_owned();
        }
        if !going.is_empty() {
            return "a copy was under way when the trace ended".to_owned();
        }
        let where_from = if !self.was_linked {
            "it never had a neighbour"
        } else if self.neighbours.is_empty() {
            "it had no neighbours in the end"
        } else if self.neighbours.iter().all(|(_, has)| !has) {
            "none of its neighbours in the end had it"
        } else {
            "it was sent no other before the trace ended, though a neighbour had it"
        };
        let asked =
            self.circumstances.iter().filter(|(_, what)| matches!(what, Circumstance::Asked(_))).count();
        let asked = match asked {
            0 => String::new(),
            1 => ", and it had asked for it once".to_owned(),
            count => format!(", and it had asked for it {count} times"),
        };
        let by_partition = lost.iter().any(|copy| copy.held.is_some());
        let lost = match lost.len() {
            0 => "nobody sent it a copy, and ".to_owned(),
            1 if by_partition => "a copy for it was held back by a partition and then lost, and ".to_owned(),
            1 => "the copy that it was sent was lost, and ".to_owned(),
            2 => "both copies that it was sent were lost, and ".to_owned(),
            count => format!("all {count} copies that it was sent were lost, and "),
        };
        lost + where_from + &asked
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
            let one = self.missing.len() == 1 && first.0 == first.1;
            let (these, come) = if one { ("number", "comes") } else { ("numbers", "come") };
            return format!(
                "a copy had come to it, but {these} {}{more} of the same author, which {come} before it, had not",
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
