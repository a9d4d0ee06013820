//! What was said to one peer and is not known to have arrived: its first words, to say which it is about.

use std::collections::BTreeMap;

use chinwag::MessageId;

/// The most messages that are remembered; the node has as many under way at once.
const LIMIT: usize = 1024;

/// How many characters of each.
const WORDS: usize = 30;

/// The first words of messages that are under way.
#[derive(Debug, Default)]
pub(super) struct Private {
    words: BTreeMap<MessageId, String>,
}

impl Private {
    /// Something was said.
    pub(super) fn said(&mut self, id: &MessageId, text: &str) {
        if self.words.len() >= LIMIT {
            return;
        }
        let line = text.lines().next().unwrap_or("");
        let whole = line.len() == text.len() && line.chars().count() <= WORDS;
        let end = if whole { "" } else { "…" };
        let words: String = line.chars().take(WORDS).collect();
        self.words.insert(id.clone(), format!("{words}{end}"));
    }

    /// It has arrived, or will not: its first words, if they are remembered.
    pub(super) fn settled(&mut self, id: &MessageId) -> Option<String> {
        self.words.remove(id)
    }
}

#[cfg(test)]
mod tests {
    use chinwag::ClassicId;

    use super::*;

    #[test]
    fn the_first_words_are_kept_once() {
        let mut private = Private::default();
        for (number, (text, words)) in
            [("psst", "psst"), ("one\ntwo", "one…"), (&*"ä".repeat(31), &*format!("{}…", "ä".repeat(30)))]
                .into_iter()
                .enumerate()
        {
            let id = MessageId::Classic(ClassicId::new(number as u128));
            private.said(&id, text);
            assert_eq!(private.settled(&id).as_deref(), Some(words));
            assert_eq!(private.settled(&id), None);
        }
        for number in 0..2000 {
            private.said(&MessageId::Classic(ClassicId::new(number)), "x");
        }
        assert_eq!(private.words.len(), LIMIT);
    }
}
