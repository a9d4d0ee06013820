//! What the Tab key offers: commands, and the names of peers.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use chinwag::PeerId;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use crate::command::COMMANDS;
use crate::sanitize;

/// The most names that are offered.
const NAMES: usize = 1024;

/// The names of those who are here, shared between the session and the prompt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(Arc<Mutex<BTreeSet<String>>>);

impl Names {
    /// Somebody is here.
    pub(crate) fn add(&self, peer: &PeerId) {
        let name = peer.as_str();
        // What cannot be shown as it is must not be put on the line that is being typed either.
        if sanitize::name(name) == name {
            let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if names.len() < NAMES {
                names.insert(name.to_owned());
            }
        }
    }

    /// Somebody is not here any more.
    pub(crate) fn remove(&self, peer: &PeerId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(peer.as_str());
    }

    fn starting_with(&self, start: &str) -> Vec<String> {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().filter(|name| name.starts_with(start)).cloned().collect()
    }
}

/// What the prompt needs to know to complete a word.
#[derive(Debug)]
pub(crate) struct Completion {
    names: Names,
}

impl Completion {
    /// Offers these names.
    pub(crate) const fn new(names: Names) -> Self {
        Self { names }
    }

    /// Where the word starts that is being typed, and what it may become.
    fn offers(&self, typed: &str) -> (usize, Vec<Pair>) {
        let pair = |display: String, replacement: String| Pair { display, replacement };
        if let Some((command, start)) = typed.split_once(' ') {
            let offers = if matches!(command, "/msg" | "/request" | "/find") {
                let quoted = |name: &str| {
                    if name.contains(char::is_whitespace) {
                        format!("\"{name}\" ")
                    } else {
                        format!("{name} ")
                    }
                };
                let bare = start.strip_prefix('"').unwrap_or(start);
                self.names
                    .starting_with(bare)
                    .into_iter()
                    .map(|name| pair(name.clone(), quoted(&name)))
                    .collect()
            } else {
                Vec::new()
            };
            return (command.len().saturating_add(1), offers);
        }
        if typed.starts_with('/') {
            let names = COMMANDS.iter().filter_map(|usage| usage.written.split(' ').next());
            let offers = names.filter(|name| name.starts_with(typed));
            return (0, offers.map(|name| pair(name.to_owned(), format!("{name} "))).collect());
        }
        let names = self.names.starting_with(typed);
        (0, names.into_iter().map(|name| pair(name.clone(), format!("{name}: "))).collect())
    }
}

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(self.offers(line.get(..position).unwrap_or(line)))
    }
}

impl Hinter for Completion {
    type Hint = String;
}
impl Highlighter for Completion {}
impl Validator for Completion {}
impl Helper for Completion {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_names_are_offered_where_they_belong() {
        let names = Names::default();
        for name in ["bob", "bob b", "alice", "evil\u{202e}"] {
            names.add(&PeerId::new(name).unwrap());
        }
        let completion = Completion::new(names.clone());
        let offers = |typed: &str| {
            let (at, pairs) = completion.offers(typed);
            (at, pairs.into_iter().map(|pair| pair.replacement).collect::<Vec<_>>())
        };
        assert_eq!(offers("/pe"), (0, vec!["/peers ".into()]));
        assert_eq!(offers("/msg bo"), (5, vec!["bob ".into(), "\"bob b\" ".into()]));
        assert_eq!(offers("al"), (0, vec!["alice: ".into()]));
        assert_eq!(offers("/join bo"), (6, vec![]));
        assert_eq!(offers("ev"), (0, vec![]));
        names.remove(&PeerId::new("alice").unwrap());
        assert_eq!(offers("al"), (0, vec![]));
    }
}
