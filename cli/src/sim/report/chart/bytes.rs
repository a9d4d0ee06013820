//! How many bytes a node sends of which kind of message.

use super::axis::{WIDTH, canvas};
use super::scale::Scale;
use super::{Series, legend};
use crate::sim::distributions::BytesOfType;
use crate::sim::report::markup::{Element, element, label};

/// What is drawn of a record: its bytes by kind, and among how many nodes they are shared.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim) struct Bytes<'a> {
    pub(in crate::sim) by_type: &'a [BytesOfType],
    pub(in crate::sim) nodes: f64,
}

/// A row for each kind, the largest first: of one series what was sent before and after the first message, of several
/// a bar each. Nothing if nothing was sent.
pub(in crate::sim) fn chart(series: &[Series<'_, Bytes<'_>>]) -> Option<Element> {
    let mut kinds: Vec<&str> =
        series.iter().flat_map(|series| series.data.by_type).map(|kind| kind.msg_type.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let most_of = |kind: &str| {
        series
            .iter()
            .map(|series| {
                let (before, after) = of_kind(series.data, kind);
                before + after
            })
            .fold(0.0, f64::max)
    };
    kinds.sort_by(|one, other| most_of(other).total_cmp(&most_of(one)));
    let most = most_of(kinds.first()?);
    let rest = kinds.split_off(kinds.len().min(SHOWN));
    let scale = Scale::between(0.0, most, NAMES, WIDTH - NUMBERS);
    let split = series.len() == 1;
    let row = BAR * series.len() as f64 + GAP;
    let rows = kinds.iter().enumerate().flat_map(|(number, kind)| {
        let top = row * number as f64 + GAP / 2.0;
        let name = label(NAMES - 8.0, top + (row - GAP) / 2.0 + 4.5, kind).class("end");
        let bars = series.iter().enumerate().flat_map(move |(place, series)| {
            bar(&scale, top + BAR * place as f64, (place, split), series, kind)
        });
        std::iter::once(name).chain(bars).collect::<Vec<_>>()
    });
    let total = |series: &Series<'_, Bytes<'_>>| {
        let all: u64 = series.data.by_type.iter().map(|kind| kind.before + kind.after).sum();
        amount(all as f64 / series.data.nodes)
    };
    let names = series.iter().map(|series| format!("{}: {} sent by each node", series.name, total(series)));
    let names: Vec<String> = names.collect();
    let picture = canvas(WIDTH, row * kinds.len() as f64, &names.join("; ")).all(rows);
    let (key, note) = if split {
        let key =
            legend([(0, "until the first message".to_owned()), (1, "from the first message on".to_owned())]);
        (key, format!("{} sent by each node in all, on average.", total(&series[0])))
    } else {
        (legend(names.into_iter().enumerate()), "The whole run, joining included.".to_owned())
    };
    let note =
        if rest.is_empty() { note } else { format!("{note} Less than any of these: {}.", rest.join(", ")) };
    Some(element("div").add(key).add(picture).add(element("p").class("note").text(&note)))
}

fn bar(
    scale: &Scale,
    top: f64,
    (place, split): (usize, bool),
    series: &Series<'_, Bytes<'_>>,
    kind: &str,
) -> Vec<Element> {
    let (before, after) = of_kind(series.data, kind);
    let all = before + after;
    let piece = |class: usize, from: f64, to: f64| {
        element("rect")
            .class(format!("bar c{class}"))
            .at("x", scale.at(from))
            .at("y", top)
            .at("width", scale.at(to) - scale.at(from))
            .at("height", BAR - 2.0)
            .hint(&format!("{kind}: {} of {} a node", amount(to - from), series.name))
    };
    let number = label(scale.at(all) + 6.0, top + BAR / 2.0 + 3.5, &amount(all));
    if split {
        vec![piece(0, 0.0, before), piece(1, before, all), number]
    } else {
        vec![piece(place, 0.0, all), number]
    }
}

/// What a node sends of one kind on average, before and after the first message.
fn of_kind(bytes: &Bytes<'_>, kind: &str) -> (f64, f64) {
    let found = bytes.by_type.iter().find(|of| of.msg_type == kind);
    found.map_or((0.0, 0.0), |of| (of.before as f64 / bytes.nodes, of.after as f64 / bytes.nodes))
}

fn amount(bytes: f64) -> String {
    match bytes {
        1e6.. => format!("{:.1} MB", bytes / 1e6),
        1e4.. => format!("{:.0} kB", bytes / 1e3),
        1e3.. => format!("{:.1} kB", bytes / 1e3),
        _ => format!("{bytes:.0} B"),
    }
}

/// How many kinds are shown.
const SHOWN: usize = 10;

const BAR: f64 = 18.0;
const GAP: f64 = 10.0;
/// Room for the names to the left and the numbers to the right.
const NAMES: f64 = 166.0;
const NUMBERS: f64 = 70.0;
