//! What this process has taken of the machine.

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// How long the processors have worked for this process, in seconds.
pub(crate) fn cpu_seconds() -> f64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

/// How much memory this process has, in bytes.
pub(crate) fn resident() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("resident memory is asked of Linux")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("there is no VmRSS line")?;
    let kibibytes = line.trim().trim_end_matches("kB").trim().parse::<f64>()?;
    Ok(kibibytes * 1024.0)
}

/// How many threads the peers are spread over, whoever they are.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Lets this process have so many files open, if need be and the system does.
pub(crate) fn allow_open_files(needed: u64) -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum: limit.maximum }).with_context(
            || format!("this needs {needed} open files, and `ulimit -Hn` allows fewer: raise it"),
        )?;
    }
    Ok(())
}
