//! What a node has done, counted.

use serde::Serialize;

/// Counters since the node was made. They never decrease.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Messages taken in from links.
    pub received: u64,
    /// Messages asked to be sent, one for each recipient.
    pub sent: u64,
    /// Messages to everybody that were delivered to the application.
    pub delivered: u64,
    /// Messages to everybody that were said here.
    pub published: u64,
    /// Posts that had been seen before and were dropped.
    pub duplicates: u64,
    /// Messages that were held back for order at first.
    pub held: u64,
    /// Messages reported missing.
    pub missing: u64,
    /// Streams forgotten to make room.
    pub streams_evicted: u64,
    /// One-to-one messages delivered.
    pub direct: u64,
    /// Messages of unknown types.
    pub custom: u64,
    /// Things from the network that were refused.
    pub rejected: u64,
    /// Messages between neighbours of a kind that is not known here.
    pub unknown_control: u64,
    /// Inputs about links that the node does not know (any more).
    pub unknown_link: u64,
    /// Dials asked for.
    pub dials: u64,
    /// Dials that came to nothing.
    pub dials_failed: u64,
    /// Links on which a native peer was met.
    pub links_established: u64,
    /// Links to neighbours given up because they were silent.
    pub links_silent: u64,
    /// Second links between the same two peers that were retired.
    pub links_retired: u64,
    /// Messages about the network itself asked to be sent.
    pub control: u64,
    /// Streams that a neighbour was asked to push, beyond the shared tree.
    pub grafts: u64,
    /// Streams that a neighbour was asked not to push.
    pub prunes: u64,
    /// Times that a stream's parent was changed for one that is earlier.
    pub parents_changed: u64,
    /// Posts announced, one for each neighbour.
    pub announced: u64,
    /// Pulls sent, for posts that were announced or found missing.
    pub pulls: u64,
    /// Posts that came because they were pulled.
    pub repaired: u64,
    /// Posts sent because they were pulled.
    pub served: u64,
    /// Comparisons of what two nodes have, begun here.
    pub syncs: u64,
    /// Walks of joiners taken in or passed on.
    pub walks: u64,
    /// Exchanges of known peers begun here.
    pub shuffles: u64,
    /// Visits begun to see whether somebody is in the same network.
    pub scoutings: u64,
    /// Neighbours asked to let another one take our place.
    pub splits: u64,
    /// Peers turned away because there was no room.
    pub turned_away: u64,
    /// Messages ignored because a neighbour sent too many that cost much.
    pub throttled: u64,
    /// One-to-one messages passed on for others.
    pub routed: u64,
    /// Frames sent again because no acknowledgement came.
    pub resent: u64,
    /// Pings of silent links.
    pub keep_alives: u64,
    /// Messages handed to classic peers.
    pub classic_sent: u64,
    /// Messages thrown away because a classic peer could not be dialed.
    pub classic_lost: u64,
}
