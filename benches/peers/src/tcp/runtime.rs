//! What all who use `tokio` share.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::tally::Tally;
use crate::clock;
use crate::process::processors;

/// Runs to the end on a runtime with as many threads as others have.
pub(super) fn on_a_runtime(
    run: impl Future<Output = anyhow::Result<Tally>> + Send + 'static,
) -> anyhow::Result<Tally> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(processors()).enable_all().build()?;
    // Where it is waited is no thread of the runtime.
    let ended = runtime.block_on(async { tokio::spawn(run).await });
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended.context("a task failed")?
}

/// Waits until then, or until it is to be looked whether another phase has begun.
pub(super) async fn wait_until(wake: Option<Instant>) {
    let now = clock::now();
    let latest = now + LOOK_UP;
    match wake.map_or(latest, |wake| wake.min(latest)) {
        wake if wake <= now => tokio::task::yield_now().await,
        wake => tokio::time::sleep_until(wake.into()).await,
    }
}

const LOOK_UP: Duration = Duration::from_millis(20);
