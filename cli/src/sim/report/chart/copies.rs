//! How many copies of each message a node received beyond the one that it needs.

use std::fmt::Write as _;

use super::axis::{Axis, Frame};
use super::{Series, legend};
use crate::sim::record::MessageRow;
use crate::sim::report::markup::{Element, element, short};
use crate::sim::report::numbers::number_shown;

/// A dot for each message, or where they are many a line through their averages in a band from the least to the most;
/// nothing if nothing was delivered.
pub(in crate::sim) fn chart(series: &[Series<'_, Vec<MessageRow>>]) -> Option<Element> {
    let copies = series.iter().flat_map(|series| series.data).filter_map(extra);
    let most = copies.reduce(f64::max)?;
    let longest = series.iter().map(|series| series.data.len()).max()?;
    let frame = Frame::from_zero(1.0, most.max(LEAST)).with_x(0.5, longest as f64 + 0.5);
    let mut drawn = Vec::new();
    for (place, series) in series.iter().enumerate() {
        if longest > MANY {
            drawn.extend(band(&frame, place, series.data));
        } else {
            drawn.extend(series.data.iter().filter_map(|message| dot(&frame, place, message)));
        }
    }
    let ticks: Vec<f64> = ticks(longest);
    let names = series
        .iter()
        .map(|series| format!("{}: {} extra copies for each delivery", series.name, mean(series.data)));
    let names: Vec<String> = names.collect();
    let picture = frame.picture_with_ticks(&names.join("; "), (MESSAGES, COPIES), &ticks, drawn);
    let note = if longest > MANY {
        "The line is the average of neighbouring messages,
         the band goes from the least to the most."
    } else {
        "Hollow: the author's first message."
    };
    let key = legend(names.into_iter().enumerate());
    Some(element("div").add(key).add(picture).add(element("p").class("note").text(note)))
}

fn dot(frame: &Frame, place: usize, message: &MessageRow) -> Option<Element> {
    let copies = extra(message)?;
    let kind = if message.turn == 1 { "hollow" } else { "dot" };
    let told = format!(
        "message {} of node {}, its {}.: {copies:.3} extra copies for each delivery",
        message.number, message.author, message.turn
    );
    let dot = element("circle").class(format!("{kind} c{place}"));
    let (x, y) = (frame.x.at(message.number as f64), frame.y.at(copies));
    Some(dot.at("cx", x).at("cy", y).with("r", "3.5").hint(&told))
}

fn band(frame: &Frame, place: usize, messages: &[MessageRow]) -> Vec<Element> {
    let width = messages.len().div_ceil(MANY).max(1);
    let (mut averages, mut upper, mut lower) = (String::new(), String::new(), Vec::new());
    for group in messages.chunks(width) {
        let copies: Vec<f64> = group.iter().filter_map(extra).collect();
        let (Some(least), Some(most)) =
            (copies.iter().copied().reduce(f64::min), copies.iter().copied().reduce(f64::max))
        else {
            continue;
        };
        let average = copies.iter().sum::<f64>() / copies.len() as f64;
        let x = short(frame.x.at(group[0].number as f64 + (group.len() - 1) as f64 / 2.0));
        let start = if averages.is_empty() { 'M' } else { 'L' };
        // A string takes everything.
        let _ = write!(averages, "{start}{x} {}", short(frame.y.at(average)));
        let _ = write!(upper, "{start}{x} {}", short(frame.y.at(most)));
        lower.push(format!("L{x} {}", short(frame.y.at(least))));
    }
    lower.reverse();
    let area =
        element("path").class(format!("band c{place}")).with("d", format!("{upper}{}Z", lower.concat()));
    vec![area, element("path").class(format!("curve c{place}")).with("d", averages)]
}

/// Copies beyond the first, for each delivery; what repair brought needs none, and makes up for none.
fn extra(message: &MessageRow) -> Option<f64> {
    message.copies_per_delivery().map(|copies| (copies - 1.0).max(0.0))
}

fn mean(messages: &[MessageRow]) -> String {
    let copies: u64 = messages.iter().map(|message| message.copies).sum();
    let deliveries: usize = messages.iter().map(|message| message.deliveries).sum();
    if deliveries == 0 { "–".to_owned() } else { number_shown(copies as f64 / deliveries as f64 - 1.0) }
}

fn ticks(longest: usize) -> Vec<f64> {
    if longest <= 12 {
        return (1..=longest).map(|number| number as f64).collect();
    }
    let round = super::scale::Scale::between(0.0, longest as f64, 0.0, 1.0).ticks();
    std::iter::once(1.0).chain(round.into_iter().filter(|tick| *tick > 1.0)).collect()
}

const MESSAGES: Axis = Axis { title: "message, in the order they were said", unit: "" };
const COPIES: Axis = Axis { title: "extra copies received for each delivery", unit: "" };

/// From how many messages on they are summed up.
const MANY: usize = 150;

/// Up to how many extra copies the chart shows at least, so that next to none looks like it.
const LEAST: f64 = 0.1;
