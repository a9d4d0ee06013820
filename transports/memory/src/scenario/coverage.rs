//! What a scenario exercised, counted: a run in which nothing happened proves nothing.

use std::collections::BTreeMap;

use chinwag::{Event, Stats as ChatStats};
use serde::Serialize;

use super::actor::Actor;
use super::{Hostility, LinkPromise, Scenario, Spreading};
use crate::{Fidelity, HasChat as _, Probability, Stats};

/// How often each thing happened, by its name: `world …` what kind of scenarios there were, `op …` what scenarios had happen, `drop …` and `network …` what the
/// network did, `message …` what nodes received, `event …` what they told, `node …` what they counted themselves.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Coverage(BTreeMap<String, u64>);

impl Coverage {
    /// How often something happened.
    #[must_use]
    pub fn get(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    /// All that happened, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(what, count)| (what.as_str(), *count))
    }

    /// Adds what happened elsewhere.
    pub fn merge(&mut self, other: &Self) {
        other.iter().for_each(|(what, count)| self.add(what, count));
    }

    /// What never happened and should have, over enough scenarios: of [`REQUIRED`].
    pub fn missing(&self) -> impl Iterator<Item = &'static str> + '_ {
        REQUIRED.into_iter().filter(|what| self.get(what) == 0)
    }

    /// What kind of world it is.
    pub(super) fn add_world(&mut self, scenario: &Scenario, hostile: usize) {
        let settings = &scenario.settings;
        let hostile = scenario.hostile.filter(|_| hostile > 0).map(|hostile| hostile.does);
        for (what, is_so) in [
            ("world datagrams", scenario.links.promise == LinkPromise::Datagram),
            ("world bytes", scenario.fidelity == Fidelity::Bytes),
            ("world flood", settings.strategy == Some(Spreading::Flood)),
            ("world narrow views", settings.passive_view.is_some()),
            ("world narrow tables", settings.max_history.is_some() || settings.max_held.is_some()),
            ("world continents", scenario.map.is_some()),
            ("world bursts", scenario.links.burst_begin > Probability::NEVER),
            ("world narrow wires", scenario.links.bits_per_second > 0),
            ("world dials failing", scenario.links.dial_loss > Probability::NEVER),
            ("world odd machines", scenario.machines.is_some()),
            ("world hostile silent", hostile == Some(Hostility::Silent)),
            ("world hostile spam", hostile == Some(Hostility::Spam)),
            ("world hostile lie", hostile == Some(Hostility::Lie)),
        ] {
            self.add(what, u64::from(is_so));
        }
    }

    pub(super) fn add(&mut self, what: &str, count: u64) {
        if let Some(sum) = self.0.get_mut(what) {
            *sum = sum.saturating_add(count);
        } else {
            self.0.insert(what.to_owned(), count);
        }
    }

    /// What one life of a node came to.
    pub(super) fn add_life(&mut self, actor: &Actor) {
        for (kind, count) in actor.meter().kinds() {
            self.add(&format!("message {kind}"), count);
        }
        self.add_counters("node", actor.chat().stats());
    }

    pub(super) fn add_event(&mut self, event: &Event) {
        if let Some(name) = event_name(event) {
            self.add(name, 1);
        }
    }

    pub(super) fn add_network(&mut self, stats: &Stats) {
        let dropped = &stats.dropped;
        for (what, count) in [
            ("drop loss", dropped.loss),
            ("drop burst", dropped.burst),
            ("drop overflow", dropped.overflow),
            ("drop partition", dropped.partition),
            ("drop crashed", dropped.crashed),
            ("drop broken", dropped.broken),
            ("drop closed", dropped.closed),
            ("network sent", stats.sent),
            ("network delivered", stats.delivered),
            ("network duplicated", stats.duplicated),
            ("network reordered", stats.reordered),
            ("network corrupted", stats.corrupted),
            ("network held back", stats.held_back),
            ("network chunks across frames", stats.chunks_across_frames),
            ("network dials answered", stats.dials_answered),
            ("network dials failed", stats.dials_failed),
            ("network links ended", stats.links_ended),
            ("network queued", stats.queued),
            ("network dials refused", stats.dials_refused),
            ("network dials lost", stats.dials_lost),
            ("network accepts refused", stats.accepts_refused),
            ("network kept waiting", stats.kept_waiting),
            ("network misdated", stats.misdated),
        ] {
            self.add(what, count);
        }
    }

    fn add_counters(&mut self, group: &str, stats: &ChatStats) {
        let counters = serde_json::to_value(stats).unwrap_or_default();
        for (name, count) in counters.as_object().into_iter().flatten() {
            self.add(&format!("{group} {name}"), count.as_u64().unwrap_or_default());
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the rest is about the classic dialect, which no scenario speaks"
)]
fn event_name(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::Delivered(_) => "event delivered",
        Event::Direct(_) => "event direct",
        Event::Gap { before_contact: true, .. } => "event gap before contact",
        Event::Gap { before_contact: false, .. } => "event gap",
        Event::PeerUp { .. } => "event peer up",
        Event::PeerDown { .. } => "event peer down",
        Event::Advertised { .. } => "event advertised",
        Event::DialFailed { .. } => "event dial failed",
        Event::Waiting { .. } => "event waiting",
        Event::WaitingSent { .. } => "event waiting sent",
        Event::Arrived { .. } => "event arrived",
        Event::Undeliverable { .. } => "event undeliverable",
        Event::Rejected { .. } => "event rejected",
        Event::CommandFailed { .. } => "event command failed",
        Event::Left => "event left",
        _ => return None,
    })
}

/// What must happen at least once over [`Survey::ENOUGH`](crate::swarm::Survey::ENOUGH) scenarios of a swarm: one that
/// never gets there does not test it.
pub const REQUIRED: [&str; 108] = [
    "world datagrams",
    "world bytes",
    "world flood",
    "world narrow views",
    "world narrow tables",
    "world continents",
    "world bursts",
    "world narrow wires",
    "world dials failing",
    "world odd machines",
    "world hostile silent",
    "world hostile spam",
    "world hostile lie",
    "op say",
    "op tell",
    "op join",
    "op arrive",
    "op leave",
    "op crash",
    "op crash-share",
    "op restart with memory",
    "op restart without memory",
    "op churn",
    "op partition",
    "op partition-one-way",
    "op heal",
    "op flap",
    "op links",
    "ending recoverable",
    "drop loss",
    "drop burst",
    "drop overflow",
    "drop partition",
    "drop crashed",
    "drop broken",
    "drop closed",
    "network duplicated",
    "network reordered",
    "network corrupted",
    "network held back",
    "network chunks across frames",
    "network dials failed",
    "network links ended",
    "network queued",
    "network dials refused",
    "network dials lost",
    "network accepts refused",
    "network kept waiting",
    "network misdated",
    "event delivered",
    "event direct",
    "event gap",
    "event gap before contact",
    "event peer up",
    "event peer down",
    "event dial failed",
    "event waiting",
    "event waiting sent",
    "event arrived",
    "event undeliverable",
    "event rejected",
    "event left",
    "message PING",
    "message PONG",
    "message BROADCAST",
    "message DIRECT",
    "message RETIRE",
    "message LEAVE",
    "message KEEPALIVE",
    "message KEEPALIVE_REPLY",
    "message DISCONNECT",
    "message WALK",
    "message SHUFFLE",
    "message PEERS",
    "message INSTEAD",
    "message BEACON",
    "message IHAVE",
    "message GRAFT",
    "message PRUNE",
    "message PULL",
    "message PULLED",
    "message CATCHUP",
    "message SINCE",
    "message SYNC",
    "message FIND",
    "message FOUND",
    "message ARRIVED",
    "message STUCK",
    "message ACK",
    "node grafts",
    "node prunes",
    "node parents_changed",
    "node pulls",
    "node repaired",
    "node served",
    "node syncs",
    "node walks",
    "node shuffles",
    "node scoutings",
    "node splits",
    "node turned_away",
    "node routed",
    "node resent",
    "node links_retired",
    "node links_silent",
    "node duplicates",
    "node held",
    "node missing",
];
