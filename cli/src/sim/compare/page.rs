//! A comparison as a page: both simulations in each chart.

use super::difference::{Compared, Comparison};
use super::text;
use crate::sim::record::Record;
use crate::sim::report;
use crate::sim::report::chart::{self, Bytes, Series};
use crate::sim::report::document::{self, figure};
use crate::sim::report::markup::{Element, element};

/// The page.
pub(super) fn of(a: &Record, b: &Record, comparison: &Comparison) -> String {
    let title = "Two simulations side by side";
    let called = |place: usize, name: &str, record: &Record| {
        let swatch = element("span").class(format!("swatch c{place}"));
        element("p").add(swatch).text(&format!("{name}: ")).add(report::command(record))
    };
    let body = element("main")
        .add(element("h1").text(title))
        .add(called(0, "A", a))
        .add(called(1, "B", b))
        .add(element("p").class("lead").text(&text::verdict(comparison)))
        .add(trees(a, b))
        .add(charts(a, b))
        .add(table(comparison))
        .add(footer(a, b));
    document::page(title, body)
}

fn charts(a: &Record, b: &Record) -> Element {
    let nodes = |record: &Record| record.figures.number("nodes").unwrap_or(1.0);
    let bytes = [a, b].map(|record| Bytes { by_type: &record.distributions.bytes, nodes: nodes(record) });
    let kills = [report::kill_sweep(a), report::kill_sweep(b)];
    let left = [
        chart::cdf(&[Series::new("A", &a.distributions.calm), Series::new("B", &b.distributions.calm)])
            .map(|curves| figure(report::DELIVERY, curves)),
        chart::copies(&[Series::new("A", &a.messages), Series::new("B", &b.messages)])
            .map(|dots| figure(report::COPIES, dots)),
        chart::killed(&[Series::new("A", &kills[0]), Series::new("B", &kills[1])])
            .map(|curves| figure(report::SURVIVAL, curves)),
    ];
    let right = [
        chart::hops(&[Series::new("A", &a.distributions.hops), Series::new("B", &b.distributions.hops)])
            .map(|bars| figure(report::HOPS, bars)),
        chart::bytes(&[Series::new("A", &bytes[0]), Series::new("B", &bytes[1])])
            .map(|bars| figure(report::BYTES, bars)),
    ];
    report::columns([left.into_iter().flatten().collect(), right.into_iter().flatten().collect()])
}

/// Both trees, side by side.
fn trees(a: &Record, b: &Record) -> Element {
    let tree = |name: &str, record: &Record| {
        let caption = (name, "Its last message, on its own scale of time. Colour: over how many hops.");
        chart::tree(&record.deliveries).map(|tree| figure(caption, tree)).into_iter().collect()
    };
    report::columns([tree("The broadcast tree of A", a), tree("The broadcast tree of B", b)])
}

fn table(comparison: &Comparison) -> Element {
    let row = |figure: &Compared| {
        let [name, values @ ..] = text::row(figure);
        let cells = values.iter().map(|value| element("td").class("number").text(value));
        let class = if figure.differs() { "differs" } else { "" };
        element("tr").class(class).add(element("td").class("key").text(&name)).all(cells)
    };
    let head = text::HEAD
        .iter()
        .enumerate()
        .map(|(column, text)| element("th").class(if column == 0 { "" } else { "number" }).text(text));
    let table = element("table")
        .add(element("thead").add(element("tr").all(head)))
        .add(element("tbody").all(comparison.figures.iter().map(row)));
    let title = element("h2").text("All figures (bold: different)");
    element("section").add(title).add(element("div").class("scroll").add(table))
}

fn footer(a: &Record, b: &Record) -> Element {
    let made_by = |name: &str, record: &Record| {
        let of = |figure| record.figures.get(figure).to_string().replace('"', "");
        element("p").text(&format!(
            "{name}: {}, seed {}, trace {}.",
            record.origin.program,
            of("seed"),
            of("trace_hash")
        ))
    };
    element("footer").add(made_by("A", a)).add(made_by("B", b)).add(element("p").text("Times are virtual."))
}
