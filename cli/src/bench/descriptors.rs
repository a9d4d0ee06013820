//! As many files may be open as there are sockets.

use std::ops::Range;

use crate::arguments::Shape;

/// What a process needs beside its sockets.
const SPARE: usize = 64;
/// What a driver takes of its own; where it listens, one more.
const DRIVER: usize = 3;
/// The links that a peer may have among those that find their neighbours themselves.
const MESH_LINKS: usize = 14;

/// The most processes that a measurement is spread over.
const MAX_PROCESSES: usize = 64;

/// The places of the peers that are in this process, and of those in each of the others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Spread {
    pub(super) here: Range<usize>,
    pub(super) elsewhere: Vec<Range<usize>>,
}

/// Spreads the peers over processes, each of which may open as many files as it needs; over this one alone, if the system
/// lets it have enough.
///
/// # Errors
/// If it does not, and the peers cannot be spread.
pub(super) fn spread(shape: Shape) -> anyhow::Result<Spread> {
    let peers = shape.peers();
    let needed = match shape {
        Shape::Star(links) => SPARE + 1 + links + peers * DRIVER + links,
        Shape::Mesh(_) => SPARE + peers * (DRIVER + 1 + MESH_LINKS),
    };
    let limit = raise(needed);
    if limit >= needed {
        return Ok(Spread { here: 0..peers, elsewhere: Vec::new() });
    }
    let spread = match shape {
        Shape::Star(links) => over(links, limit),
        Shape::Mesh(_) => None,
    };
    spread.ok_or_else(|| {
        anyhow::anyhow!(
            "{peers} peers need {needed} open files, and this process may have {limit} at most: `ulimit -Hn` says so, \
             and an administrator can raise it"
        )
    })
}

/// One that speaks and so many linked with it, over processes of which each may open `limit` files at most.
fn over(links: usize, limit: usize) -> Option<Spread> {
    let listener = DRIVER + 1;
    let here = limit.checked_sub(SPARE + 1 + DRIVER + links)? / listener;
    let each = (limit.checked_sub(SPARE)? / listener).max(1);
    let peers = links + 1;
    let here = (here + 1).min(peers);
    let elsewhere: Vec<_> =
        (here..peers).step_by(each).map(|start| start..(start + each).min(peers)).collect();
    (elsewhere.len() < MAX_PROCESSES).then_some(Spread { here: 0..here, elsewhere })
}

/// Lets this process open so many files, or as many as it may: how many that are.
#[cfg(unix)]
pub(super) fn raise(needed: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let needed = needed as u64;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        let enough = limit.maximum.map(|maximum| maximum.max(needed));
        // Only a privileged process may have more than it was given at most.
        let most = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
        let tries = [(needed, enough), (most, limit.maximum)];
        let _ = tries.into_iter().any(|(current, maximum)| {
            setrlimit(Resource::Nofile, Rlimit { current: Some(current), maximum }).is_ok()
        });
    }
    getrlimit(Resource::Nofile)
        .current
        .map_or(usize::MAX, |current| usize::try_from(current).unwrap_or(usize::MAX))
}

/// There is no such limit.
#[cfg(not(unix))]
pub(super) fn raise(_: usize) -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn few_peers_are_in_one_process() {
        for (shape, here) in [(Shape::Star(3), 0..4), (Shape::Mesh(5), 0..5)] {
            assert_eq!(spread(shape).unwrap(), Spread { here, elsewhere: Vec::new() });
        }
    }

    #[test]
    fn every_peer_is_in_one_process_and_none_needs_more_files_than_it_may_open() {
        let mut spread_over_many = 0;
        for links in [1, 50, 333, 5000] {
            for limit in [70, 130, 200, 450, 500, 5100, 6000, 12_000, 100_000] {
                let Some(spread) = over(links, limit) else { continue };
                spread_over_many += usize::from(!spread.elsewhere.is_empty());
                let mut end = 0;
                for (process, places) in iter::once(&spread.here).chain(&spread.elsewhere).enumerate() {
                    assert_eq!(places.start, end);
                    end = places.end;
                    // The author's ends of all links, and its listener; every other peer has one end.
                    let ends = if process == 0 { links + 1 + places.len() - 1 } else { places.len() };
                    let files = SPARE + DRIVER * places.len() + ends;
                    assert!(files <= limit, "{links} links, at most {limit}: {files}");
                }
                assert_eq!(end, links + 1);
            }
        }
        assert!(spread_over_many > 5);
    }
}
