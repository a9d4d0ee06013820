//! The page that shows a simulation: its charts, its figures, and how to run it again.
//!
//! It follows from the [`Record`] alone and leaves out what is said about the machine, so that the same command makes
//! the same page, to the last byte.

pub(super) mod chart;
pub(super) mod document;
pub(super) mod markup;
pub(super) mod meaning;
pub(super) mod numbers;

use crate::sim::kill_sweep::KilledShare;
use crate::sim::record::Record;
use chart::{Bytes, Series};
use document::figure;
use markup::{Element, element};
use numbers::{number_shown, shown};

/// The page of one simulation.
pub(super) fn page(record: &Record) -> String {
    let title = title(record);
    let body = element("main")
        .add(element("h1").text(&title))
        .add(element("p").class("lead").text(&summary(record)))
        .add(verdict(record))
        .add(tiles(record))
        .add(element("div").class("charts").all(charts(record)))
        .add(table(record))
        .add(footer(record));
    document::page(&title, body)
}

/// What a record is about, in a few words.
pub(super) fn title(record: &Record) -> String {
    let count = |name| record.figures.number(name).map_or_else(|| "no".to_owned(), number_shown);
    format!("{} nodes, {} messages", count("nodes"), count("messages"))
}

/// The shares that were killed on copies of the network; none if that was not asked for.
pub(super) fn kill_sweep(record: &Record) -> Vec<KilledShare> {
    serde_json::from_value(record.figures.get("kill_sweep").clone()).unwrap_or_default()
}

fn summary(record: &Record) -> String {
    format!(
        "What `{}` did on its virtual clock: how the messages spread, how fast, how often each was received, and what \
         that cost.",
        record.origin.command
    )
}

fn verdict(record: &Record) -> Element {
    let lost = record.figures.number("lost").unwrap_or(0.0);
    let text = match (record.figures.get("violation").as_str(), lost > 0.0) {
        (Some(violation), _) => format!("A promise was broken: {violation}"),
        (None, true) => format!("Not every message reached every node: {} are missing.", number_shown(lost)),
        (None, false) => return element("p").text("Every message reached every node exactly once."),
    };
    element("p").class("bad").text(&text)
}

fn tiles(record: &Record) -> Element {
    let figures = &record.figures;
    let number = |name| figures.number(name).map_or_else(|| "–".to_owned(), number_shown);
    let delivered = figures.number("delivered_ratio").map(|ratio| {
        // Not all must never look like all.
        let percent = (ratio * 10_000.0).floor() / 100.0;
        format!("{percent} %")
    });
    let times = |name| figures.number(name).map_or_else(|| "–".to_owned(), |time| format!("{time:.0} ms"));
    let tiles = [
        (
            delivered.unwrap_or_else(|| "–".to_owned()),
            format!("of {} deliveries made", number("deliveries_due")),
        ),
        (number("copies_per_delivery"), "copies received for each delivery (1 is enough)".to_owned()),
        (times("delivery_ms_p50"), "until half of the deliveries were made".to_owned()),
        (
            times("last_delivery_ms_mean"),
            format!("until the last, on average; {} at most", times("last_delivery_ms_max")),
        ),
        (number("hops_mean"), format!("hops on average, {} at most", number("hops_max"))),
        (number("control_bytes_per_delivery"), "bytes of control for each delivery".to_owned()),
    ];
    let tile = |(value, what): (String, String)| {
        element("div").add(element("dt").text(&what)).add(element("dd").text(&value))
    };
    element("dl").class("tiles").all(tiles.map(tile))
}

fn charts(record: &Record) -> Vec<Element> {
    let spread = &record.distributions;
    let times = [
        Series::new("all messages", &spread.calm),
        Series::new("authors' first messages", &spread.first),
        Series::new("from an author's eighth on", &spread.settled),
        Series::new("disturbed by a fault", &spread.disturbed),
    ];
    let nodes = record.figures.number("nodes").unwrap_or(1.0);
    let bytes = Bytes { by_type: &spread.bytes, nodes };
    let kills = kill_sweep(record);
    let charts = [
        chart::tree(&record.deliveries).map(|tree| {
            let caption = "The last message, from its author in the middle: how far out a node is, is when the message \
                           was delivered there. Colour: over how many hops.";
            figure("hero", "The broadcast tree", caption, tree)
        }),
        chart::cdf(&times).map(|curves| {
            figure("", "Delivery over time", "Which share of the deliveries was made by when.", curves)
        }),
        chart::hops(&[Series::new("all messages", &spread.hops)])
            .map(|bars| figure("", "Hops", "Over how many links the first copy came.", bars)),
        chart::copies(&[Series::new("all messages", &record.messages)]).map(|dots| {
            figure("", "Copies of each message", "How often it was received, for each node it was delivered at.", dots)
        }),
        chart::bytes(&[Series::new("sent", &bytes)]).map(|bars| {
            figure("", "Bytes by kind of message", "What a node sends, on average over all nodes.", bars)
        }),
        chart::killed(&[Series::new("this run", &kills)]).map(|curves| {
            let caption = "The same message in the same network, each time with another share of the nodes killed in \
                           its very moment.";
            figure("", "Survival", caption, curves)
        }),
        chart::sequence(&record.packets, &record.deliveries).map(|diagram| {
            figure("wide", "Who said what to whom", "While the last message spread.", diagram)
        }),
    ];
    charts.into_iter().flatten().collect()
}

fn table(record: &Record) -> Element {
    let row = |(name, value): (&str, &serde_json::Value)| {
        let cell = |class: &str, text: &str| element("td").class(class).text(text);
        element("tr")
            .add(cell("key", name))
            .add(cell("number", &shown(value)))
            .add(cell("meaning", meaning::of(name)))
    };
    // What is an object or a list is in the charts.
    let plain = record.figures.repeatable().filter(|(_, value)| !value.is_object() && !value.is_array());
    let measured = plain.filter(|(_, value)| !value.is_null());
    let head = [("", "figure"), ("number", "value"), ("meaning", "what it is")]
        .map(|(class, text)| element("th").class(class).text(text));
    let table = element("table")
        .add(element("thead").add(element("tr").all(head)))
        .add(element("tbody").all(measured.map(row)));
    element("section").add(element("h2").text("All figures")).add(element("div").class("scroll").add(table))
}

fn footer(record: &Record) -> Element {
    let seed = shown(record.figures.get("seed"));
    let hash = shown(record.figures.get("trace_hash"));
    element("footer")
        .add(element("p").text("Run it again, with the same result to the last bit: ").add(command(record)))
        .add(
            element("p")
                .text(&format!("{}, seed {seed}, trace {hash}. Times are virtual.", record.origin.program)),
        )
}

fn command(record: &Record) -> Element {
    element("code").text(&record.origin.command)
}
