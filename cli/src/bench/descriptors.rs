//! As many files may be open as there are sockets.

use crate::arguments::Shape;

/// Raises the limit of this process, if need be.
///
/// # Errors
/// If the system does not let it have as many as these peers need.
#[cfg(unix)]
pub(super) fn provide(shape: Shape) -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let peers = shape.peers() as u64;
    // Three of its own, and the two ends of its link; or where it listens as well, and its ends of up to 14 links.
    let each = match shape {
        Shape::Star(_) => 5,
        Shape::Mesh(_) => 18,
    };
    let needed = peers * each + 64;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let maximum = limit.maximum.map(|maximum| maximum.max(needed));
    // Only a privileged process may have more than it was given at most.
    let raised = [maximum, limit.maximum].into_iter().any(|maximum| {
        maximum.is_none_or(|maximum| maximum >= needed)
            && setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum }).is_ok()
    });
    anyhow::ensure!(
        raised,
        "{peers} peers need {needed} open files, and this process may have {} at most: `ulimit -Hn` says so, and \
         an administrator can raise it",
        limit.maximum.unwrap_or_default()
    );
    Ok(())
}

/// There is no such limit.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn provide(_: Shape) -> anyhow::Result<()> {
    Ok(())
}
