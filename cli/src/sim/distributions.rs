//! How deliveries are spread over time and hops, and bytes over kinds of messages: sums that stay small however many
//! deliveries there are.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What the charts of a simulation show, over all its messages.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Distributions {
    /// Messages that no fault disturbed.
    pub(super) calm: Times,
    /// Those of them that are their author's first.
    pub(super) first: Times,
    /// Those of them that are their author's eighth or later.
    pub(super) settled: Times,
    /// Messages that were said in the moment of a fault, or during a partition.
    pub(super) disturbed: Times,
    /// Deliveries of messages that no fault disturbed, by the hops of the first copy.
    pub(super) hops: Vec<u64>,
    /// What all nodes sent, by `msg_type`.
    pub(super) bytes: Vec<BytesOfType>,
}

/// When messages were delivered, counted from when they were said.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Times {
    /// Deliveries by how long they took: each class by its upper limit in microseconds, and how many are in it.
    #[serde(with = "pairs")]
    deliveries_by_us: BTreeMap<u64, u64>,
    /// Deliveries that were due and were not made.
    pub(super) missing: u64,
}

/// What all nodes sent of one kind of message, in bytes.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
pub(super) struct BytesOfType {
    pub(super) msg_type: String,
    /// Until the first message was said.
    pub(super) before: u64,
    /// From then on.
    pub(super) after: u64,
}

impl Times {
    /// Counts the deliveries of one message, and those that were due and not made.
    pub(super) fn add(&mut self, times: impl Iterator<Item = Duration>, missing: usize) {
        for time in times {
            *self.deliveries_by_us.entry(class_of(time)).or_default() += 1;
        }
        self.missing += missing as u64;
    }

    /// How many deliveries were made.
    pub(super) fn made(&self) -> u64 {
        self.deliveries_by_us.values().sum()
    }

    /// How long after it was said a message had come to which share of those to whom it should come: in order, the
    /// time in milliseconds, to within 1 %.
    pub(super) fn cumulative(&self) -> Vec<(f64, f64)> {
        let due = (self.made() + self.missing) as f64;
        let mut made = 0;
        let steps = self.deliveries_by_us.iter().map(|(limit, count)| {
            made += count;
            (*limit as f64 / 1000.0, made as f64 / due)
        });
        steps.collect()
    }

    /// The time within which a share of all that was due was delivered, in milliseconds and to within 1 %; `None` if
    /// it never was.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        self.cumulative().into_iter().find(|(_, reached)| *reached >= share).map(|(time, _)| time)
    }
}

/// The longest time in microseconds whose eight leading bits are those of `time`.
fn class_of(time: Duration) -> u64 {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let rest = (u64::BITS - micros.leading_zeros()).saturating_sub(8);
    micros | ((1 << rest) - 1)
}

/// A map as a list, as JSON has only text for keys.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        map: &BTreeMap<u64, u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<u64, u64>, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_less_than_a_percent_wide_and_in_order() {
        let mut last = 0;
        for micros in (0..2000).chain((0..10_000).map(|step| step * 977)) {
            let class = class_of(Duration::from_micros(micros));
            assert!(class >= micros && (class - micros) as f64 <= 0.01 * micros as f64, "{micros}: {class}");
            assert_eq!(class_of(Duration::from_micros(class)), class);
            last = last.max(class);
        }
        assert_eq!(class_of(Duration::from_micros(u64::MAX)), u64::MAX);
        assert!(last > 9_000_000);
    }

    #[test]
    fn the_curve_ends_at_the_share_that_was_delivered() {
        let mut times = Times::default();
        times.add([40, 10, 10, 20].into_iter().map(Duration::from_millis), 1);
        assert_eq!((times.made(), times.missing), (4, 1));
        let shares: Vec<f64> = times.cumulative().iter().map(|(_, share)| *share).collect();
        assert_eq!(shares, [0.4, 0.6, 0.8]);
        assert!(times.quantile(0.4).is_some_and(|time| (10.0..10.1).contains(&time)));
        assert!(times.quantile(0.8).is_some_and(|time| (40.0..40.4).contains(&time)));
        assert_eq!(times.quantile(0.9), None);
        assert_eq!(Times::default().cumulative(), []);
    }
}
