//! The frame of a page: one file that needs no other, in the colours that its reader prefers.

use super::markup::{Element, element};

/// A whole page.
pub(in crate::sim) fn page(title: &str, body: Element) -> String {
    let meta =
        |name: &'static str, content: &str| element("meta").with("name", name).with("content", content);
    let head = element("head")
        .add(element("meta").with("charset", "utf-8"))
        .add(meta("viewport", "width=device-width, initial-scale=1"))
        .add(element("title").text(title))
        .add(element("style").verbatim(STYLE));
    let html = element("html").with("lang", "en").add(head).add(element("body").add(body));
    format!("<!DOCTYPE html>\n{html}\n")
}

/// A chart under its title, with a sentence that says how to read it.
pub(in crate::sim) fn figure((title, caption): (&str, &str), chart: Element) -> Element {
    let caption = element("figcaption").add(element("h2").text(title)).add(element("p").text(caption));
    element("figure").add(caption).add(chart)
}

const STYLE: &str = include_str!("style.css");
