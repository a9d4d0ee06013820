//! What comes through, and how soon the network is one again, by the share of nodes that are killed.

use std::fmt::Write as _;

use super::axis::{Axis, Frame};
use super::{Series, legend};
use crate::sim::kill_sweep::KilledShare;
use crate::sim::report::markup::{Element, element, short};

/// Two charts, one above the other; nothing if there are not two shares to draw a line between.
pub(in crate::sim) fn chart(series: &[Series<'_, Vec<KilledShare>>]) -> Option<Element> {
    if series.iter().all(|series| series.data.len() < 2) {
        return None;
    }
    let delivered = |point: &KilledShare| point.delivered_ratio.map(|ratio| ratio * 100.0);
    let healed = |point: &KilledShare| point.heal_seconds;
    let slowest = series.iter().flat_map(|series| series.data).filter_map(healed).fold(0.0, f64::max);
    let above = Frame::of_height(240.0, 100.0, 100.0);
    let below = Frame::of_height(190.0, 100.0, slowest);
    let draw = |frame: &Frame, of: &dyn Fn(&KilledShare) -> Option<f64>, what: &str| -> Vec<Element> {
        series.iter().enumerate().flat_map(|(place, series)| curve(frame, place, series, of, what)).collect()
    };
    let names: Vec<String> = series.iter().map(|series| series.name.clone()).collect();
    let described =
        |what: &str| format!("{what} by the share of nodes that are killed: {}", names.join(", "));
    Some(
        element("div")
            .all((names.len() > 1).then(|| legend(names.iter().cloned().enumerate())))
            .add(above.picture(
                &described("delivery"),
                (KILLED, DELIVERED),
                draw(&above, &delivered, "% delivered"),
            ))
            .add(below.picture(
                &described("healing"),
                (KILLED, HEALED),
                draw(&below, &healed, "s until one network"),
            )),
    )
}

fn curve(
    frame: &Frame,
    place: usize,
    series: &Series<'_, Vec<KilledShare>>,
    of: &dyn Fn(&KilledShare) -> Option<f64>,
    what: &str,
) -> Vec<Element> {
    let mut path = String::new();
    let mut dots = Vec::new();
    for point in series.data {
        let Some(value) = of(point) else { continue };
        let (x, y) = (frame.x.at(point.share * 100.0), frame.y.at(value));
        // A string takes everything.
        let _ = write!(path, "{}{} {}", if path.is_empty() { 'M' } else { 'L' }, short(x), short(y));
        let told = format!("{}: {} % killed, {value:.2} {what}", series.name, short(point.share * 100.0));
        dots.push(
            element("circle")
                .class(format!("dot c{place}"))
                .at("cx", x)
                .at("cy", y)
                .with("r", "4")
                .hint(&told),
        );
    }
    let line = element("path").class(format!("curve c{place}")).with("d", path);
    std::iter::once(line).chain(dots).collect()
}

const KILLED: Axis = Axis { title: "of the nodes killed at one moment", unit: "%" };
const DELIVERED: Axis = Axis { title: "of the survivors hear the message of that moment", unit: "%" };
const HEALED: Axis = Axis { title: "seconds until the survivors are one network", unit: "" };
