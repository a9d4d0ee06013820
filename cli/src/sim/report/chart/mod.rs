//! The charts of a report: each a picture of one or more series, drawn in the same frame.

mod axis;
mod bytes;
mod cdf;
mod copies;
mod hops;
mod killed;
mod scale;
mod sequence;
mod tree;
mod tree_layout;

pub(in crate::sim) use bytes::{Bytes, chart as bytes};
pub(in crate::sim) use cdf::chart as cdf;
pub(in crate::sim) use copies::chart as copies;
pub(in crate::sim) use hops::chart as hops;
pub(in crate::sim) use killed::chart as killed;
pub(in crate::sim) use sequence::chart as sequence;
pub(in crate::sim) use tree::chart as tree;

use super::markup::{Element, element};

/// What is drawn in one colour, and what it is called.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Series<'a, T> {
    pub(in crate::sim) name: String,
    pub(in crate::sim) data: &'a T,
}

impl<'a, T> Series<'a, T> {
    /// Data under a name.
    pub(in crate::sim) fn new(name: impl Into<String>, data: &'a T) -> Self {
        Self { name: name.into(), data }
    }
}

/// Which colour is which series.
fn legend(entries: impl IntoIterator<Item = (usize, String)>) -> Element {
    let entries = entries.into_iter().map(|(place, name)| {
        let swatch = element("span").class(format!("swatch c{place}"));
        element("li").add(swatch).text(&name)
    });
    element("ul").class("legend").all(entries)
}
