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
        .add(verdict(record).text(" Simulated on a virtual clock, by ").add(command(record)).text("."))
        .add(tiles(record))
        .add(charts(record))
        .add(table(record))
        .add(footer(record));
    document::page(&title, body)
}

/// What a record is about, in a few words.
pub(super) fn title(record: &Record) -> String {
    let count = |name, what| match record.figures.number(name) {
        Some(1.0) => format!("1 {what}"),
        count => format!("{} {what}s", number_shown(count.unwrap_or(0.0))),
    };
    format!("{}, {}", count("nodes", "node"), count("messages", "message"))
}

/// The shares that were killed on copies of the network; none if that was not asked for.
pub(super) fn kill_sweep(record: &Record) -> Vec<KilledShare> {
    serde_json::from_value(record.figures.get("kill_sweep").clone()).unwrap_or_default()
}

fn verdict(record: &Record) -> Element {
    let lost = record.figures.number("lost").unwrap_or(0.0);
    let text = match (record.figures.get("violation").as_str(), lost > 0.0) {
        (Some(violation), _) => format!("A promise was broken: {violation}"),
        (None, true) => format!("Not every message reached every node: {} are missing.", number_shown(lost)),
        (None, false) => {
            return element("p").class("lead").text("Every message reached every node exactly once.");
        }
    };
    element("p").class("lead bad").text(&text)
}

fn tiles(record: &Record) -> Element {
    let number = |name| record.figures.number(name).map(number_shown);
    let time = |name| record.figures.number(name).map(|time| format!("{} ms", number_shown(time.round())));
    // Not all must never look like all.
    let percent =
        |name| record.figures.number(name).map(|ratio| format!("{} %", (ratio * 10_000.0).floor() / 100.0));
    let at_most = |most: Option<String>| most.map_or_else(String::new, |most| format!("{most} at most"));
    let tiles = [
        (
            percent("delivered_ratio"),
            format!("of {} deliveries made", number("deliveries_due").unwrap_or_default()),
        ),
        (number("copies_per_delivery"), "copies received for each delivery (1 is enough)".to_owned()),
        (time("delivery_ms_p50"), "until half of the deliveries were made".to_owned()),
        (
            time("last_delivery_ms_mean"),
            format!("until the last, on average; {}", at_most(time("last_delivery_ms_max"))),
        ),
        (number("hops_mean"), format!("hops on average, {}", at_most(number("hops_max")))),
        (number("control_bytes_per_delivery"), "bytes of control for each delivery".to_owned()),
        (percent("kill_delivered_ratio"), "of the survivors hear the message of the kill".to_owned()),
        (number("heal_seconds"), "s until the survivors were one network".to_owned()),
        (number("partition_recovery_seconds"), "s after the cut until everything was everywhere".to_owned()),
        (number("joiner_round_trips"), "round trips until the joiner had caught up".to_owned()),
    ];
    // What was not measured is left out.
    let measured = tiles.into_iter().filter_map(|(value, what)| Some((value?, what)));
    let tile = |(value, what): (String, String)| {
        element("div").add(element("dt").text(&what)).add(element("dd").text(&value))
    };
    element("dl").class("tiles").all(measured.map(tile))
}

/// The charts in two columns, what belongs to the last message to the left.
fn charts(record: &Record) -> Element {
    let spread = &record.distributions;
    let all = if spread.disturbed.made() > 0 { "not disturbed by a fault" } else { "all messages" };
    let mut times = vec![Series::new(all, &spread.calm)];
    let parts = [
        ("authors' first messages", &spread.first),
        ("from an author's eighth on", &spread.settled),
        ("said while there was a fault", &spread.disturbed),
    ];
    times.extend(
        parts
            .into_iter()
            .filter(|(_, part)| **part != spread.calm)
            .map(|(name, part)| Series::new(name, part)),
    );
    let nodes = record.figures.number("nodes").unwrap_or(1.0);
    let bytes = Bytes { by_type: &spread.bytes, nodes };
    let kills = kill_sweep(record);
    let left = [
        chart::tree(&record.deliveries).map(|tree| figure(TREE, tree)),
        chart::sequence(&record.packets, &record.deliveries).map(|diagram| figure(SEQUENCE, diagram)),
        chart::copies(&[Series::new("all messages", &record.messages)]).map(|dots| figure(COPIES, dots)),
        chart::killed(&[Series::new("this run", &kills)]).map(|curves| figure(SURVIVAL, curves)),
    ];
    let right = [
        chart::cdf(&times).map(|curves| figure(DELIVERY, curves)),
        chart::hops(&[Series::new(all, &spread.hops)]).map(|bars| figure(HOPS, bars)),
        chart::bytes(&[Series::new("sent", &bytes)]).map(|bars| figure(BYTES, bars)),
    ];
    columns([left.into_iter().flatten().collect(), right.into_iter().flatten().collect()])
}

/// Figures side by side, or on a narrow screen one below the other.
pub(super) fn columns(columns: [Vec<Element>; 2]) -> Element {
    let column = |figures: Vec<Element>| element("div").class("column").all(figures);
    element("div").class("charts").all(columns.map(column))
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
    let seed = record.figures.get("seed");
    let hash = shown(record.figures.get("trace_hash"));
    element("footer")
        .add(element("p").text("Run it again, with the same result to the last bit: ").add(command(record)))
        .add(
            element("p")
                .text(&format!("{}, seed {seed}, trace {hash}. Times are virtual.", record.origin.program)),
        )
}

/// How a record was made, which is broken into lines between its words alone.
pub(super) fn command(record: &Record) -> Element {
    let words = record.origin.command.split(' ').enumerate();
    words.fold(element("code"), |code, (place, word)| {
        let code = if place > 0 { code.text(" ") } else { code };
        code.add(element("span").text(word))
    })
}

/// What the charts show: their titles, and a sentence that says how to read them.
pub(super) const DELIVERY: (&str, &str) =
    ("Delivery over time", "Which share of the deliveries was made by when.");
pub(super) const HOPS: (&str, &str) = ("Hops", "Over how many links the first copy came.");
pub(super) const COPIES: (&str, &str) =
    ("Extra copies", "How often each message was received more than once, for each delivery.");
pub(super) const BYTES: (&str, &str) =
    ("Bytes by kind of message", "What a node sends in the whole run, on average over all nodes.");
pub(super) const SURVIVAL: (&str, &str) = (
    "Survival",
    "The same message in the same network, each time with another share of the nodes killed in its very moment.",
);
const TREE: (&str, &str) = (
    "The broadcast tree",
    "The last message, from its author in the middle. How far out a node stands is when the message was delivered \
     there; its colour, over how many hops.",
);
const SEQUENCE: (&str, &str) =
    ("Who said what to whom", "While the last message spread. Time runs downwards.");
