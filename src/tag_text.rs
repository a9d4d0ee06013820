//! Numbers of 64 bits as text: eleven characters of base64url.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::StreamTag;

impl Serialize for StreamTag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:x}", self.get()))
    }
}

impl<'de> Deserialize<'de> for StreamTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(Self::new).map_err(serde::de::Error::custom)
    }
}
