//! How cases spell what is said and heard.
//!
//! `ann: hi` is a broadcast by ann, `ann > hi` a one-to-one message, and `ann TYPE hi` one of another type; `arrived at bob`
//! and `not brought to bob` is what the author of a one-to-one message is told, and `ann: missing 3 to 5` that messages of
//! hers will not come. For a text, `<1..500>` stands for `1` to `500`, each said for itself, and `<longest>` for the longest
//! that fits in a frame.

use chinwag::{ChatNode, Config, Event, Seed, SendError, Time};

/// What a node told its application, if cases care for it.
pub(super) fn spell(event: &Event) -> Option<String> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "of other events it is not fixed how many come")]
    match event {
        Event::Delivered(said) | Event::Direct(said) | Event::Custom(said) => {
            let how = match said.msg_type() {
                "BROADCAST" => ":",
                "DIRECT" => " >",
                other => &format!(" {other}"),
            };
            Some(format!("{}{how} {}", said.from(), said.body().to_display()))
        }
        Event::Arrived { to, .. } => Some(format!("arrived at {to}")),
        Event::Undeliverable { to, .. } => Some(format!("not brought to {to}")),
        Event::Gap { stream, from, to, .. } => {
            Some(format!("{}: missing {} to {}", stream.author(), from.get(), to.get()))
        }
        _ => None,
    }
}

/// The texts that a text in a case stands for, said by the node with this configuration.
pub(super) fn expand(text: &str, author: &Config) -> Vec<String> {
    if text == "<longest>" {
        return vec![longest(author)];
    }
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let range = inner.and_then(|range| range.split_once(".."));
    match range.map(|(first, last)| (first.parse::<u32>(), last.parse::<u32>())) {
        Some((Ok(first), Ok(last))) => (first..=last).map(|number| number.to_string()).collect(),
        Some(_) | None => vec![text.to_owned()],
    }
}

/// The longest text that its author can broadcast, such that none of its parts is like another.
fn longest(author: &Config) -> String {
    let mut text = String::new();
    let mut number = 0_u64;
    while text.len() < author.max_frame {
        text.push_str(&format!("{number} "));
        number = number.saturating_add(1);
    }
    text.truncate(author.max_frame);
    let mut scratch = match ChatNode::new(author.clone(), Seed::new(0)) {
        Ok(node) => node,
        Err(_) => return text,
    };
    if let Err(SendError::TooLong { bytes, limit }) = scratch.broadcast(Time::ZERO, text.as_str()) {
        text.truncate(text.len().saturating_sub(bytes.saturating_sub(limit)));
    }
    text
}

/// Which lines keep an order among themselves: broadcasts of one author, and messages of one type of one author.
/// `None` if this line keeps none.
pub(super) fn order_of(line: &str) -> Option<&str> {
    let (head, rest) = line.split_once(' ')?;
    if head.ends_with(':') {
        return Some(head);
    }
    let kind = rest.split(' ').next()?;
    let is_custom = !matches!(kind, ">" | "at" | "brought");
    is_custom.then(|| &line[..head.len() + 1 + kind.len()])
}

/// A line as people want to read it.
pub(super) fn shorten(line: &str) -> String {
    const ENOUGH: usize = 60;
    match line.char_indices().nth(ENOUGH) {
        Some((end, _)) => format!("{}… ({} bytes)", &line[..end], line.len()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_for;

    #[test]
    fn a_text_stands_for_itself_for_numbers_or_for_the_longest() {
        let author = config_for("ann").unwrap();
        assert_eq!(expand("<hi>", &author), ["<hi>"]);
        assert_eq!(expand("<9..11>", &author), ["9", "10", "11"]);
        let [longest] = &expand("<longest>", &author)[..] else { panic!() };
        let mut node = ChatNode::new(author, Seed::new(1)).unwrap();
        assert!(node.broadcast(Time::ZERO, longest.as_str()).is_ok());
        assert!(node.broadcast(Time::ZERO, format!("{longest}1")).is_err());
    }

    #[test]
    fn one_to_one_messages_keep_no_order_and_others_do() {
        assert_eq!(order_of("ann: what is it"), Some("ann:"));
        assert_eq!(order_of("ann TEST a b"), Some("ann TEST"));
        for line in ["ann > hi", "arrived at bob", "not brought to bob"] {
            assert_eq!(order_of(line), None);
        }
    }
}
