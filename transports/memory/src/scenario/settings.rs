//! What nodes of a scenario are told about themselves.

use chinwag::{Config, Dialects, Strategy};
use serde::{Deserialize, Serialize};

use crate::ms;

/// What differs from the configuration that nodes have by themselves ([`Config::new`]); see there for each. Nodes of
/// scenarios speak the native dialect only.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How messages spread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Spreading>,
    /// How many neighbours to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_neighbours: Option<u32>,
    /// The most neighbours to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_neighbours: Option<u32>,
    /// How many peers to know beside them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passive_view: Option<u32>,
    /// The most peers in the address book.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_peers: Option<u32>,
    /// The most streams remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_streams: Option<u32>,
    /// The most gaps remembered in one stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_gaps: Option<u32>,
    /// The most messages held back for order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_held: Option<u32>,
    /// The most posts kept for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_history: Option<u32>,
    /// How many of the last posts a newcomer asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catch_up: Option<u32>,
    /// How many bytes of posts to ask a neighbour for at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_credit: Option<u32>,
    /// How often to compare with a neighbour what the two have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_interval_ms: Option<u64>,
    /// How long to wait before dialing again after many failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff_max_ms: Option<u64>,
}

/// How messages spread.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spreading {
    /// Along a tree for each author.
    Tree,
    /// To every neighbour but the one it came from.
    Flood,
}

impl Settings {
    /// Sets in a configuration what is set here.
    pub fn apply(&self, config: &mut Config) {
        config.dialects = Dialects::Native;
        if let Some(strategy) = self.strategy {
            config.strategy = match strategy {
                Spreading::Tree => Strategy::Tree,
                Spreading::Flood => Strategy::Flood,
            };
        }
        let counts = [
            (self.target_neighbours, &mut config.target_neighbours),
            (self.max_neighbours, &mut config.max_neighbours),
            (self.passive_view, &mut config.passive_view),
            (self.max_peers, &mut config.max_peers),
            (self.max_streams, &mut config.max_streams),
            (self.max_gaps, &mut config.max_gaps),
            (self.max_held, &mut config.max_held),
            (self.max_history, &mut config.max_history),
        ];
        for (set, field) in counts {
            *field = set.map_or(*field, |count| count as usize);
        }
        config.catch_up = self.catch_up.unwrap_or(config.catch_up);
        config.pull_credit = self.pull_credit.unwrap_or(config.pull_credit);
        config.sync_interval = self.sync_interval_ms.map_or(config.sync_interval, ms);
        // Whoever was cut off for long comes back before the patience of the usual ending has run out.
        config.backoff_max = ms(self.backoff_max_ms.unwrap_or(BACKOFF_MAX_MS)).max(config.backoff);
    }
}

const BACKOFF_MAX_MS: u64 = 20_000;
