//! Which share of the deliveries was made by when.

use std::fmt::Write as _;

use super::axis::{Axis, Frame};
use super::{Series, legend};
use crate::sim::distributions::Times;
use crate::sim::report::markup::{Element, element, label, short};
use crate::sim::report::numbers::number_shown;

/// A curve for each series that has a delivery; nothing if none has.
pub(in crate::sim) fn chart(series: &[Series<'_, Times>]) -> Option<Element> {
    let curves: Vec<(usize, &Series<'_, Times>)> =
        series.iter().enumerate().filter(|(_, series)| series.data.made() > 0).collect();
    let last =
        curves.iter().filter_map(|(_, series)| Some(series.data.cumulative().last()?.0)).reduce(f64::max)?;
    let most = curves.iter().filter_map(|(_, series)| series.data.quantile(0.99)).reduce(f64::max);
    // A few stragglers would press everything else to the left.
    let shown = most.map_or(last, |most| if last > most * 4.0 { most * 2.0 } else { last });
    let frame = Frame::from_zero(shown, 100.0);
    let drawn = curves.iter().map(|(place, series)| {
        element("path")
            .class(format!("curve c{place}"))
            .with("d", steps(&frame, series.data))
            .hint(&hint(series))
    });
    let mut drawn: Vec<Element> = drawn.collect();
    if let [(place, series)] = curves.as_slice() {
        drawn.extend(marks(&frame, *place, series.data));
    }
    let description = curves.iter().map(|(_, series)| hint(series)).collect::<Vec<_>>().join("; ");
    let picture = frame.picture(&description, (TIME, SHARE), drawn);
    let key = legend(curves.iter().map(|(place, series)| (*place, hint(series))));
    let figure = element("div").add(key).add(picture);
    Some(if last > frame.x.most() {
        let note = format!(
            "The last delivery, after {} ms, is to the right of the chart.",
            number_shown(last.round())
        );
        figure.add(element("p").class("note").text(&note))
    } else {
        figure
    })
}

fn hint(series: &Series<'_, Times>) -> String {
    let by = |name: &str, share| {
        series.data.quantile(share).map(|time| format!("{name} by {} ms", number_shown(time.round())))
    };
    let (made, missing) = (series.data.made() as f64, series.data.missing as f64);
    let in_all = (missing > 0.0)
        .then(|| format!("{} % in all", short((made / (made + missing) * 1000.0).floor() / 10.0)));
    let told: Vec<String> = [by("half", 0.5), by("99 %", 0.99), in_all].into_iter().flatten().collect();
    format!("{}: {}", series.name, told.join(", "))
}

/// Dots where half, and nearly all, was delivered.
fn marks(frame: &Frame, place: usize, times: &Times) -> Vec<Element> {
    let mark = |share: f64| {
        let time = times.quantile(share)?;
        let (x, y) = (frame.x.at(time), frame.y.at(share * 100.0));
        let dot = element("circle").class(format!("dot c{place}")).at("cx", x).at("cy", y).with("r", "4");
        let text = format!("{} % by {} ms", short(share * 100.0), number_shown(time.round()));
        // To the left of the curve there is room above it, to the right below it.
        let beside = if x > 300.0 {
            label(x - 9.0, y - 9.0, &text).class("end")
        } else {
            label(x + 10.0, y + 15.0, &text)
        };
        Some([dot, beside])
    };
    [0.5, 0.99].into_iter().filter_map(mark).flatten().collect()
}

/// The path of the curve, a step for each class that can be told from the one before.
fn steps(frame: &Frame, times: &Times) -> String {
    let mut path = format!("M{} {}", short(frame.x.at(0.0)), short(frame.y.at(0.0)));
    let (mut drawn, mut before) = (frame.x.at(0.0), frame.y.at(0.0));
    let shown = times.cumulative().into_iter().take_while(|(time, _)| *time <= frame.x.most());
    for (time, share) in shown {
        let (x, y) = (frame.x.at(time), frame.y.at(share * 100.0));
        if x - drawn >= LEAST || share == 1.0 {
            // A string takes everything.
            let _ = write!(path, "H{}V{}", short(x), short(y));
            drawn = x;
        }
        before = y;
    }
    let _ = write!(path, "V{}H{}", short(before), short(frame.x.at(frame.x.most())));
    path
}

const TIME: Axis = Axis { title: "after it was said, in virtual milliseconds", unit: "" };
const SHARE: Axis = Axis { title: "of the deliveries that were due", unit: "%" };

/// How wide a step is at least.
const LEAST: f64 = 0.5;
