//! Colours, where there are any.

use std::fmt;

/// Puts text into colours, or leaves it as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Palette {
    colours: bool,
}

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role<'a> {
    /// The name of a peer: each has its own.
    Name(&'a str),
    /// Something less important.
    Faint,
    /// Something that went wrong.
    Alarm,
    /// Something for the reader's eyes only.
    Private,
    /// Something that stands out.
    Strong,
}

impl Palette {
    /// Colours if `terminal`, unless the variable `NO_COLOR` is set or the terminal is a dumb one.
    pub(crate) fn for_terminal(terminal: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { colours: terminal && !refused }
    }

    /// No colours.
    #[cfg(test)]
    pub(crate) const fn plain() -> Self {
        Self { colours: false }
    }

    /// `text` in the colour of its role. The text is written as it is: make it safe before.
    pub(crate) const fn paint<'a>(self, role: Role<'a>, text: &'a str) -> Painted<'a> {
        Painted { colours: self.colours, role, text }
    }
}

/// Text in a colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Painted<'a> {
    colours: bool,
    role: Role<'a>,
    text: &'a str,
}

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.colours {
            return f.write_str(self.text);
        }
        let code = match self.role {
            Role::Name(name) => name_code(name),
            Role::Faint => "2",
            Role::Alarm => "31",
            Role::Private => "35",
            Role::Strong => "1",
        };
        write!(f, "\u{1b}[{code}m{}\u{1b}[0m", self.text)
    }
}

/// One of the colours that can be read on light and dark ground, the same for the same name.
fn name_code(name: &str) -> &'static str {
    const CODES: [&str; 6] = ["1;32", "1;33", "1;34", "1;36", "32", "36"];
    let sum = name.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    CODES.get(sum % CODES.len()).copied().unwrap_or("1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_nothing_is_added() {
        assert_eq!(Palette::plain().paint(Role::Alarm, "x").to_string(), "x");
        assert_eq!(Palette { colours: true }.paint(Role::Alarm, "x").to_string(), "\u{1b}[31mx\u{1b}[0m");
    }
}
