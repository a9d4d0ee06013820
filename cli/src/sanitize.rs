//! Text from others, made safe to show.
//!
//! Whoever can put control characters on a terminal can move the cursor, change the title, fake a prompt or, in
//! some terminals, type. Bidirectional controls reorder what is read, and invisible characters make two different
//! names look the same. All of these are shown as visible escapes such as `\u{1b}`.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A name: one line, and nothing invisible in it.
pub(crate) fn name(name: &str) -> Cow<'_, str> {
    escape(name, |c| unsafe_anywhere(c) || invisible(c) || joiner(c))
}

/// One line of text. Joiners stay: emoji and several scripts are written with them.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escape(text, |c| unsafe_anywhere(c) || invisible(c))
}

/// A line of JSON, which may hold characters like these inside its strings: they become `\u` escapes, which mean
/// the same to a parser.
pub(crate) fn json(json: &str) -> Cow<'_, str> {
    let unfit = |c| unsafe_anywhere(c) || invisible(c) || joiner(c);
    if !json.contains(unfit) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if unfit(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

fn escape(text: &str, unfit: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&unfit) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\t' => safe.push_str("    "),
            _ if unfit(c) => safe.extend(c.escape_unicode()),
            _ => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// Control characters (C0, DEL, C1), the line breaks that are none of those, and bidirectional controls.
fn unsafe_anywhere(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
}

/// Characters without a shape of their own: soft hyphen, zero-width space, fillers, byte-order mark, annotations,
/// tags.
fn invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Zero-width non-joiner and joiner.
fn joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_drives_a_terminal_is_left() {
        for (hostile, shown) in [
            ("\u{1b}[2Jboo", "\\u{1b}[2Jboo"),
            ("a\rb\nc", "a\\u{d}b\\u{a}c"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("del\u{7f}", "del\\u{7f}"),
            ("\u{202e}txt.exe", "\\u{202e}txt.exe"),
            ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"),
            ("tab\tstop", "tab    stop"),
        ] {
            assert_eq!(line(hostile), shown);
            assert_eq!(name(hostile), shown);
        }
        assert_eq!(line("Grüße, 世界 👩\u{200d}🚀"), "Grüße, 世界 👩\u{200d}🚀");
    }

    #[test]
    fn names_that_look_the_same_are_the_same() {
        assert_eq!(name("b\u{200b}ob"), "b\\u{200b}ob");
        assert_eq!(name("bo\u{200d}b"), "bo\\u{200d}b");
    }

    #[test]
    fn json_keeps_its_meaning_and_becomes_safe() {
        let text = "\u{1b}[0m\u{7f}\u{85}\u{202e}\u{2028}\u{e0041}\u{200d}é";
        let written = serde_json::to_string(text).unwrap();
        let safe = json(&written);
        assert!(safe.chars().all(|c| c == 'é' || c.is_ascii_graphic()), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
    }
}
