//! What differs between two simulations.

use serde::Serialize;
use serde_json::Value;

use crate::sim::listing::Listing;
use crate::sim::record::{Origin, Record};

/// Two simulations, figure by figure.
#[derive(Serialize, Clone, PartialEq, Debug)]
pub(super) struct Comparison {
    /// How the two were called, and by which versions of the program if not by the same.
    pub(super) a: String,
    pub(super) b: String,
    /// Whether all that follows from the command alone is the same: figures, deliveries, and everything between.
    pub(super) equal: bool,
    /// All figures that at least one of them has.
    pub(super) figures: Vec<Compared>,
}

/// One figure of both.
#[derive(Serialize, Clone, PartialEq, Debug)]
pub(super) struct Compared {
    pub(super) figure: String,
    pub(super) a: Value,
    pub(super) b: Value,
    /// `b` less `a`, if both are numbers.
    pub(super) difference: Option<f64>,
    /// `b` divided by `a`, if both are numbers and `a` is not zero.
    pub(super) ratio: Option<f64>,
}

impl Comparison {
    /// Compares the second with the first.
    pub(super) fn of(a: &Record, b: &Record) -> Self {
        let figures: Vec<Compared> = compared(&a.figures, &b.figures);
        let rest_is_equal = a.distributions == b.distributions
            && a.messages == b.messages
            && a.deliveries == b.deliveries
            && a.packets == b.packets;
        let called = |origin: &Origin| {
            if a.origin.program == b.origin.program {
                origin.command.clone()
            } else {
                format!("{} ({})", origin.command, origin.program)
            }
        };
        Self {
            a: called(&a.origin),
            b: called(&b.origin),
            equal: rest_is_equal && figures.iter().all(|figure| !figure.differs()),
            figures,
        }
    }

    /// What is in one of them and otherwise in the other.
    pub(super) fn differing(&self) -> impl Iterator<Item = &Compared> {
        self.figures.iter().filter(|figure| figure.differs())
    }
}

impl Compared {
    fn of(figure: &str, a: &Value, b: &Value) -> Self {
        let numbers = a.as_f64().zip(b.as_f64());
        Self {
            figure: figure.to_owned(),
            a: a.clone(),
            b: b.clone(),
            difference: numbers.map(|(a, b)| b - a),
            ratio: numbers.filter(|(a, _)| *a != 0.0).map(|(a, b)| b / a),
        }
    }

    /// Whether the two are not the same.
    pub(super) fn differs(&self) -> bool {
        self.a != self.b
    }
}

/// The figures of both in the order of the first, with the parts of objects one by one.
fn compared(a: &Listing, b: &Listing) -> Vec<Compared> {
    let (a, b) = (flat(a), flat(b));
    let of = |list: &[(String, Value)], name: &str| {
        list.iter().find(|(other, _)| other == name).map_or(Value::Null, |(_, value)| value.clone())
    };
    let only_b = b.iter().filter(|(name, _)| a.iter().all(|(other, _)| other != name));
    let names = a.iter().chain(only_b).map(|(name, _)| name);
    names
        .map(|name| Compared::of(name, &of(&a, name), &of(&b, name)))
        .filter(|figure| !(figure.a.is_null() && figure.b.is_null()))
        .collect()
}

/// Figures by their names; a part of an object, and of each entry of a list, has the names of both.
fn flat(listing: &Listing) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (name, value) in listing.repeatable() {
        flatten(name.to_owned(), value, &mut all);
    }
    all
}

fn flatten(name: String, value: &Value, into: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(parts) => {
            for (part, value) in parts {
                flatten(format!("{name}.{part}"), value, into);
            }
        }
        Value::Array(entries) => {
            for (number, value) in (1..).zip(entries) {
                flatten(format!("{name}.{number}"), value, into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            into.push((name, value.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_and_ratios_are_of_the_second_to_the_first() {
        let listing = |text| serde_json::from_str::<Listing>(text).unwrap();
        let a = listing(r#"{"nodes":10,"lost":0,"violation":null,"bytes":{"A":4},"cpu_seconds":1}"#);
        let b = listing(r#"{"nodes":15,"lost":2,"violation":null,"bytes":{"A":4,"B":1},"cpu_seconds":9}"#);
        let figures = compared(&a, &b);
        let named = |name: &str| figures.iter().find(|figure| figure.figure == name).unwrap();
        assert_eq!((named("nodes").difference, named("nodes").ratio), (Some(5.0), Some(1.5)));
        assert_eq!((named("lost").difference, named("lost").ratio), (Some(2.0), None));
        assert_eq!((named("bytes.B").a.clone(), named("bytes.B").difference), (Value::Null, None));
        assert!(!named("bytes.A").differs() && figures.len() == 4, "{figures:?}");
    }
}
