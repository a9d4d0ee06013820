//! What a node is told about itself and its limits.

use core::time::Duration;

use crate::{Address, ConfigError, Epoch, PeerId};

/// Everything that is set about a node. [`Config::new`] gives values that suit a chat; change what you need.
///
/// Every limit here is a bound on memory or work that others can cost this node (`tests/bounds.rs`).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Who this node is.
    pub id: PeerId,
    /// This run: the wall-clock time at [`Time::ZERO`](crate::Time::ZERO), in milliseconds since 1970. Greater than
    /// that of every earlier run under this name. Messages carry the time that follows from it.
    pub epoch: Epoch,
    /// The local time zone, in seconds east of Greenwich: messages carry local time, as the old program's do.
    /// −86,400 to 86,400.
    pub utc_offset_secs: i32,
    /// Where this node listens, as others should dial it; `None` if it does not (yet).
    pub listening: Option<Address>,
    /// Which dialects to speak.
    pub dialects: Dialects,
    /// How to spread what is said to everybody.
    pub strategy: Strategy,

    /// The longest frame, in bytes, to read or send. 2,048 to 16 MiB. What neighbours tell each other about the network
    /// takes up to 16 KiB: with less than that, a node is for networks of a few streams and peers.
    pub max_frame: usize,
    /// The most links at once, and the most addresses being dealt with, of which those that others name may take
    /// half. At least 1.
    pub max_links: usize,
    /// The most classic peers at once.
    pub max_classic_peers: usize,
    /// The most peers in the address book.
    pub max_peers: usize,
    /// How many neighbours to have, if so many peers are known (the size of HyParView's active view). With 0 the node
    /// looks for nobody, and is a neighbour of everybody whom it joins or who joins it.
    pub target_neighbours: usize,
    /// The most neighbours to have, the last few of them only taken in. At least `target_neighbours`.
    pub max_neighbours: usize,
    /// How many peers to know beside them, to turn to when neighbours are lost (HyParView's passive view).
    pub passive_view: usize,
    /// The most messages that wait for one address to be dialed. At least 1.
    pub max_queue: usize,
    /// The most messages of our own that wait for the first peer.
    pub max_waiting: usize,
    /// The most streams (authors' runs) remembered; the longest idle is forgotten first. At least 1.
    pub max_streams: usize,
    /// The most separate gaps remembered in one stream; beyond that the oldest is taken for lost. At least 1.
    pub max_gaps: usize,
    /// The most messages held back for order, in all; one stream may take an eighth. At least 1.
    pub max_held: usize,
    /// How many classic messages are remembered to know them again. At least 10.
    pub classic_window: usize,
    /// The most posts kept for those who lack them, in number.
    pub max_history: usize,
    /// The most posts kept, in bytes of their frames.
    pub max_history_bytes: usize,
    /// How long posts are kept at most.
    pub max_history_age: Duration,
    /// How many of the last posts to ask for as a newcomer.
    pub catch_up: u32,
    /// How many bytes of posts to ask one neighbour for at a time, and to give to one. At least 4,096.
    pub pull_credit: u32,
    /// The most ways to others, and ways back, that are remembered for one-to-one messages. At least 1.
    pub max_routes: usize,
    /// How many malformed frames a link may send before it is closed.
    pub max_malformed: u32,

    /// How long to wait for a message that is missing once nobody is known any more who has it.
    /// Who say to have it and do not give it are asked for 6 s, or for as long as this.
    pub gap_patience: Duration,
    /// How often to compare with a neighbour what the two have. At least 100 ms.
    pub sync_interval: Duration,
    /// How often the root of the shared tree has it renewed; four times as often at first. At least 100 ms.
    pub beacon_interval: Duration,
    /// How often to exchange samples of known peers. At least 100 ms; six times as often at first.
    pub shuffle_interval: Duration,
    /// How long a link may be silent before it is pinged. At least 10 ms.
    pub idle: Duration,
    /// How long a link may be silent before it is given up. More than twice `idle`.
    pub dead: Duration,
    /// How long a new link may take to introduce itself. A driver's dial may take four times as long. At least 10 ms.
    pub handshake: Duration,
    /// How long to wait before the first new dial after a failure; doubles with each further one. At least 1 ms.
    pub backoff: Duration,
    /// The longest wait between dials. At least `backoff`.
    pub backoff_max: Duration,
    /// After how many failed dials in a row an address is given up; addresses that the application gave
    /// ([`join`](crate::ChatNode::join), [`bootstrap`](crate::ChatNode::bootstrap)) never are. At least 1.
    pub give_up_after: u32,
    /// How often a classic peer is pinged that has not been heard. At least `handshake`. One that leaves three pings
    /// unanswered is given up.
    pub classic_probe: Duration,
}

/// How a node spreads what is said to everybody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strategy {
    /// Along a tree for each author, with announcements beside it: next to no copy too many (Plumtree).
    Tree,
    /// To every neighbour but the one it came from, as the old program does: for comparison.
    Flood,
}

/// Which dialects a node speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialects {
    /// Both, finding out by itself which a peer speaks.
    Both,
    /// Only the native one: old peers are refused.
    Native,
    /// Only the old program's, as a peer of that program would.
    Classic,
}

impl Config {
    /// A node for chatting, called `id`, in its run `epoch`.
    #[must_use]
    pub const fn new(id: PeerId, epoch: Epoch) -> Self {
        Self {
            id,
            epoch,
            utc_offset_secs: 0,
            listening: None,
            dialects: Dialects::Both,
            strategy: Strategy::Tree,
            max_frame: 64 * 1024,
            max_links: 1024,
            max_classic_peers: 64,
            max_peers: 1024,
            target_neighbours: 6,
            max_neighbours: 8,
            passive_view: 160,
            max_history: 10_000,
            max_history_bytes: 16 << 20,
            max_history_age: Duration::from_secs(24 * 3600),
            catch_up: 1000,
            pull_credit: 256 * 1024,
            max_routes: 1024,
            max_queue: 256,
            max_waiting: 1024,
            max_streams: 4096,
            max_gaps: 64,
            max_held: 1024,
            classic_window: 10_000,
            max_malformed: 8,
            gap_patience: Duration::from_millis(500),
            sync_interval: Duration::from_secs(5),
            beacon_interval: Duration::from_secs(10),
            shuffle_interval: Duration::from_secs(60),
            idle: Duration::from_secs(1),
            dead: Duration::from_secs(3),
            handshake: Duration::from_secs(5),
            backoff: Duration::from_millis(500),
            backoff_max: Duration::from_secs(60),
            give_up_after: 40,
            classic_probe: Duration::from_secs(10),
        }
    }

    /// Checks every field against its range.
    ///
    /// # Errors
    /// [`ConfigError`] names the first field that breaks its rule, and the rule.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let check = |holds: bool, field, rule| if holds { Ok(()) } else { Err(ConfigError { field, rule }) };
        let millis = Duration::from_millis;
        check(
            (-86_400..=86_400).contains(&self.utc_offset_secs),
            "utc_offset_secs",
            "between -86400 and 86400",
        )?;
        check((2048..=16 << 20).contains(&self.max_frame), "max_frame", "between 2048 and 16777216")?;
        check(self.max_links >= 1, "max_links", "at least 1")?;
        check(
            self.max_neighbours >= self.target_neighbours,
            "max_neighbours",
            "at least `target_neighbours`",
        )?;
        check(self.pull_credit >= 4096, "pull_credit", "at least 4096")?;
        check(self.max_routes >= 1, "max_routes", "at least 1")?;
        check(self.sync_interval >= millis(100), "sync_interval", "at least 100 ms")?;
        check(self.beacon_interval >= millis(100), "beacon_interval", "at least 100 ms")?;
        check(self.shuffle_interval >= millis(100), "shuffle_interval", "at least 100 ms")?;
        check(self.max_queue >= 1, "max_queue", "at least 1")?;
        check(self.max_streams >= 1, "max_streams", "at least 1")?;
        check(u32::try_from(self.max_streams).is_ok(), "max_streams", "below 4294967296")?;
        check(self.max_gaps >= 1, "max_gaps", "at least 1")?;
        check(self.max_held >= 1, "max_held", "at least 1")?;
        check(self.classic_window >= 10, "classic_window", "at least 10, as in the old program")?;
        check(self.idle >= millis(10), "idle", "at least 10 ms")?;
        check(self.dead > self.idle.saturating_mul(2), "dead", "more than twice `idle`")?;
        check(self.handshake >= millis(10), "handshake", "at least 10 ms")?;
        check(self.backoff >= millis(1), "backoff", "at least 1 ms")?;
        check(self.backoff_max >= self.backoff, "backoff_max", "at least `backoff`")?;
        check(self.give_up_after >= 1, "give_up_after", "at least 1")?;
        check(self.classic_probe >= self.handshake, "classic_probe", "at least `handshake`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::new(PeerId::new("ann").unwrap(), Epoch::new(1))
    }

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(config().validate(), Ok(()));
    }

    #[test]
    fn a_broken_rule_is_named() {
        let mut wrong = config();
        wrong.dead = wrong.idle;
        assert_eq!(wrong.validate().unwrap_err().to_string(), "`dead` must be more than twice `idle`");
        let mut wrong = config();
        wrong.max_frame = 100;
        assert_eq!(wrong.validate().unwrap_err().field(), "max_frame");
    }
}
