//! Elements of a page. Whatever stands in them, the page is well-formed, as HTML and as XML.

use std::fmt::{self, Write as _};

/// An element with its attributes and what it holds.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    /// What stands between its tags, escaped.
    inside: String,
}

/// An empty element.
pub(in crate::sim) const fn element(name: &'static str) -> Element {
    Element { name, attributes: Vec::new(), inside: String::new() }
}

/// A piece of text in an SVG picture.
pub(in crate::sim) fn label(x: f64, y: f64, text: &str) -> Element {
    element("text").at("x", x).at("y", y).text(text)
}

/// A straight line in an SVG picture.
pub(in crate::sim) fn line((x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> Element {
    element("line").at("x1", x1).at("y1", y1).at("x2", x2).at("y2", y2)
}

impl Element {
    /// Gives it an attribute.
    pub(in crate::sim) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// Gives it an attribute that is a number of pixels or the like.
    pub(in crate::sim) fn at(self, name: &'static str, value: f64) -> Self {
        self.with(name, short(value))
    }

    /// Gives it a class.
    pub(in crate::sim) fn class(self, class: impl Into<String>) -> Self {
        self.with("class", class)
    }

    /// Puts text into it.
    pub(in crate::sim) fn text(mut self, text: &str) -> Self {
        escape(text, &mut self.inside);
        self
    }

    /// Puts another element into it.
    #[expect(clippy::needless_pass_by_value, reason = "an element is part of one other element")]
    pub(in crate::sim) fn add(mut self, child: Self) -> Self {
        // A string takes everything.
        let _ = write!(self.inside, "{child}");
        self
    }

    /// Puts others into it, in order.
    pub(in crate::sim) fn all(self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().fold(self, Self::add)
    }

    /// What is told of it when it is pointed at.
    pub(in crate::sim) fn hint(self, text: &str) -> Self {
        self.add(element("title").text(text))
    }

    /// Puts a style sheet or a script into it, which must hold no `<` and no `&`.
    pub(in crate::sim) fn verbatim(mut self, text: &str) -> Self {
        self.inside.push_str(text);
        self
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, attributes, inside } = self;
        write!(f, "<{name}")?;
        for (attribute, value) in attributes {
            let mut escaped = String::new();
            escape(value, &mut escaped);
            write!(f, " {attribute}=\"{escaped}\"")?;
        }
        // HTML knows these alone as empty; all others need their end.
        if matches!(*name, "meta" | "br" | "path" | "line" | "circle" | "rect") && inside.is_empty() {
            return f.write_str("/>");
        }
        write!(f, ">{inside}</{name}>")?;
        // A line for each larger piece, so that the source can be read.
        if matches!(
            *name,
            "svg" | "figure" | "tr" | "p" | "h1" | "h2" | "h3" | "g" | "li" | "section" | "style"
        ) {
            f.write_str("\n")?;
        }
        Ok(())
    }
}

/// A number with one decimal where it has any: fine enough for a picture, and the same on every machine.
pub(in crate::sim) fn short(value: f64) -> String {
    let tenths = (value * 10.0).round();
    // A negative zero would say the same in other bytes.
    let tenths = if tenths == 0.0 { 0.0 } else { tenths };
    format!("{}", tenths / 10.0)
}

fn escape(text: &str, into: &mut String) {
    for c in text.chars() {
        match c {
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '&' => into.push_str("&amp;"),
            '"' => into.push_str("&quot;"),
            // XML has no place for them.
            c if c.is_control() && c != '\n' => into.push('\u{fffd}'),
            c => into.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_its_element() {
        let hostile = "</p><script>\"&\u{0}";
        let text = element("p").with("title", hostile).text(hostile).to_string();
        let parsed = roxmltree::Document::parse(&text).unwrap();
        let shown = hostile.replace('\u{0}', "\u{fffd}");
        assert_eq!(parsed.root_element().text(), Some(shown.as_str()));
        assert_eq!(parsed.root_element().attribute("title"), Some(shown.as_str()));
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [(1.0, "1"), (-0.04, "0"), (2.25, "2.3"), (-7.96, "-8")] {
            assert_eq!(short(value), text);
        }
    }
}
