//! The frame of a chart: a scale each way, with its numbers and what they count.

use super::scale::Scale;
use crate::sim::report::markup::{Element, element, label, line};

/// Where a chart is drawn: the scales, and the picture around them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) x: Scale,
    pub(super) y: Scale,
    height: f64,
}

/// What an axis counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) title: &'static str,
    /// What stands behind each number.
    pub(super) unit: &'static str,
}

impl Frame {
    /// A chart of the usual size, both axes from zero to at least these numbers.
    pub(super) fn from_zero(x_most: f64, y_most: f64) -> Self {
        Self::of_height(HEIGHT, x_most, y_most)
    }

    /// The same of another height.
    pub(super) fn of_height(height: f64, x_most: f64, y_most: f64) -> Self {
        Self {
            x: Scale::from_zero(x_most, LEFT, WIDTH - RIGHT),
            y: Scale::from_zero(y_most, height - BOTTOM, TOP),
            height,
        }
    }

    /// The same with another scale to the right.
    pub(super) fn with_x(self, from: f64, to: f64) -> Self {
        Self { x: Scale::between(from, to, LEFT, WIDTH - RIGHT), ..self }
    }

    /// The picture: the axes, and what is drawn between them.
    pub(super) fn picture(&self, description: &str, (x, y): (Axis, Axis), drawn: Vec<Element>) -> Element {
        self.picture_with_ticks(description, (x, y), &self.x.ticks(), drawn)
    }

    /// The same with these numbers below.
    pub(super) fn picture_with_ticks(
        &self,
        description: &str,
        (x, y): (Axis, Axis),
        x_ticks: &[f64],
        drawn: Vec<Element>,
    ) -> Element {
        let bottom = self.height - BOTTOM;
        let rows = self.y.ticks().into_iter().flat_map(|tick| {
            let at = self.y.at(tick);
            let number = label(LEFT - 8.0, at + 4.5, &tick_text(tick, y.unit)).class("end");
            [line((LEFT, at), (WIDTH - RIGHT, at)).class("grid"), number]
        });
        let columns = x_ticks.iter().flat_map(|tick| {
            let at = self.x.at(*tick);
            let number = label(at, bottom + 21.0, &tick_text(*tick, x.unit)).class("middle");
            [line((at, bottom), (at, bottom + 5.0)).class("tick"), number]
        });
        canvas(WIDTH, self.height, description)
            .add(element("g").class("axis").all(rows).all(columns))
            .add(label(4.0, 17.0, y.title).class("title"))
            .add(label(WIDTH - RIGHT, self.height - 6.0, x.title).class("title end"))
            .all(drawn)
            .add(line((LEFT, bottom), (WIDTH - RIGHT, bottom)).class("base"))
    }
}

/// An empty picture.
pub(super) fn canvas(width: f64, height: f64, description: &str) -> Element {
    element("svg")
        .with("viewBox", format!("0 0 {width} {height}"))
        .with("role", "img")
        .with("aria-label", description)
}

/// A number at a tick: as long as it needs to be, with a comma before every three digits.
pub(super) fn tick_text(value: f64, unit: &str) -> String {
    let rounded = (value * 1e6).round() / 1e6;
    let text = format!("{rounded}");
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), ""), |(whole, rest)| (whole, rest));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), crate::numbers::thousands);
    let number = if rest.is_empty() { whole } else { format!("{whole}.{rest}") };
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

/// How large charts are, in the units of their pictures.
pub(super) const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 300.0;
/// Room for the numbers and titles around the chart, also where they are written larger, on a phone.
pub(super) const LEFT: f64 = 62.0;
pub(super) const RIGHT: f64 = 24.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 52.0;
