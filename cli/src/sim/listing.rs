//! Figures by their names, in the order in which they were written.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A JSON object that keeps its order, and may come from another version of this program.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Listing(Vec<(String, Value)>);

impl Listing {
    /// The figures that something is written as.
    ///
    /// # Errors
    /// If it is not written as an object.
    pub(super) fn of(figures: &impl Serialize) -> serde_json::Result<Self> {
        serde_json::from_str(&serde_json::to_string(figures)?)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// One of them; null if it is not there.
    pub(super) fn get(&self, name: &str) -> &Value {
        self.iter().find(|(other, _)| *other == name).map_or(&Value::Null, |(_, value)| value)
    }

    /// One of them, if it is a number.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.get(name).as_f64()
    }

    /// Those that follow from the command alone: not how long it took, nor what it cost this machine.
    pub(super) fn repeatable(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.iter().filter(|(name, _)| !is_of_the_machine(name))
    }
}

/// Whether a figure says something about the machine rather than about the simulation.
fn is_of_the_machine(name: &str) -> bool {
    name.starts_with("real_") || ["cpu_seconds", "peak_rss_bytes"].contains(&name)
}

impl Serialize for Listing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Listing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Listing;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of figures")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listing, A::Error> {
                let mut figures = Vec::new();
                while let Some(figure) = map.next_entry()? {
                    figures.push(figure);
                }
                Ok(Listing(figures))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_stays_and_what_is_the_machines_is_told_apart() {
        let text = r#"{"z":1,"a":null,"real_seconds_joining":0.5,"cpu_seconds":2,"m":{"b":1}}"#;
        let listing: Listing = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&listing).unwrap(), text);
        let names: Vec<&str> = listing.repeatable().map(|(name, _)| name).collect();
        assert_eq!(names, ["z", "a", "m"]);
        assert_eq!(
            (listing.number("z"), listing.number("a"), listing.get("nothing")),
            (Some(1.0), None, &Value::Null)
        );
        assert!(serde_json::from_str::<Listing>("[1]").is_err());
    }
}
