//! A [`Probability`](crate::Probability) as text: a number from 0 to 1.

use serde::{Deserialize as _, Deserializer, Serializer};

use crate::Probability;

pub(super) fn serialize<S: Serializer>(share: &Probability, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(f64::from(share.in_a_million()) / 1e6)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Probability, D::Error> {
    let share = f64::deserialize(from)?;
    if (0.0..=1.0).contains(&share) {
        return Ok(share.into());
    }
    Err(serde::de::Error::custom(format!("{share} is no share: give a number from 0 to 1")))
}
