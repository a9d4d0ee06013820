//! How many hops deliveries took.

use super::axis::{Axis, Frame};
use super::{Series, legend};
use crate::sim::report::markup::{Element, element, short};

/// A group of bars for each number of hops; nothing if nothing was delivered.
pub(in crate::sim) fn chart(series: &[Series<'_, Vec<u64>>]) -> Option<Element> {
    let totals: Vec<u64> = series.iter().map(|series| series.data.iter().sum()).collect();
    let most_hops =
        series.iter().filter_map(|series| series.data.iter().rposition(|count| *count > 0)).max()?;
    // Nobody is no hop away but by what an old peer passed on under another name.
    let least = usize::from(series.iter().all(|series| series.data.first().is_none_or(|none| *none == 0)));
    let share = |place: usize, hops: usize| {
        let count = series[place].data.get(hops).copied().unwrap_or(0);
        if totals[place] == 0 { 0.0 } else { count as f64 / totals[place] as f64 * 100.0 }
    };
    let all = (0..series.len()).flat_map(|place| (least..=most_hops).map(move |hops| (place, hops)));
    let most = all.clone().map(|(place, hops)| share(place, hops)).reduce(f64::max)?;
    let frame = Frame::from_zero(1.0, most).with_x(least as f64 - 0.5, most_hops as f64 + 0.5);
    let group = ((frame.x.at(1.0) - frame.x.at(0.0)) * 0.8).min(WIDEST * series.len() as f64);
    let width = group / series.len() as f64;
    let bars = all.filter(|(place, hops)| share(*place, *hops) > 0.0).map(|(place, hops)| {
        let (left, top) =
            (frame.x.at(hops as f64) - group / 2.0 + width * place as f64, frame.y.at(share(place, hops)));
        element("rect")
            .class(format!("bar c{place}"))
            .at("x", left)
            .at("y", top)
            .at("width", width)
            .at("height", frame.y.at(0.0) - top)
            .hint(&format!("{}: {} % over {hops} hops", series[place].name, short(share(place, hops))))
    });
    let every = most_hops / 12 + 1;
    let ticks: Vec<f64> = (least..=most_hops).step_by(every).map(|hops| hops as f64).collect();
    let description = series.iter().zip(&totals).map(|(series, total)| {
        let sum: u64 = (0..).zip(series.data).map(|(hops, count): (u64, &u64)| hops * count).sum();
        let mean = if *total == 0 { 0.0 } else { sum as f64 / *total as f64 };
        format!("{}: {} hops on average", series.name, short(mean))
    });
    let description: Vec<String> = description.collect();
    let picture = frame.picture_with_ticks(&description.join("; "), (HOPS, SHARE), &ticks, bars.collect());
    Some(element("div").add(legend(description.into_iter().enumerate())).add(picture))
}

/// How wide a bar is at most.
const WIDEST: f64 = 60.0;

const HOPS: Axis = Axis { title: "hops from the author", unit: "" };
const SHARE: Axis = Axis { title: "of the deliveries", unit: "%" };
