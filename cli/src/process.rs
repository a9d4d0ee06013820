//! What this process costs the machine.

/// How long the processors have worked for this process, in seconds; `None` where that cannot be asked.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is no answer")]
pub(crate) fn cpu_seconds() -> Option<f64> {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9)
}

/// See above.
#[cfg(not(unix))]
pub(crate) const fn cpu_seconds() -> Option<f64> {
    None
}

/// The most memory that this process ever had, in bytes; `None` but on Linux.
pub(crate) fn peak_rss_bytes() -> Option<u64> {
    high_water_mark(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn high_water_mark(status: &str) -> Option<u64> {
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    kibibytes.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_found_among_others() {
        assert_eq!(
            high_water_mark("Name:\tx\nVmPeak:\t  9 kB\nVmHWM:\t   1234 kB\nVmRSS:\t 5 kB\n"),
            Some(1_263_616)
        );
        assert_eq!(high_water_mark("Name:\tx\n"), None);
        if cfg!(target_os = "linux") {
            assert!(peak_rss_bytes().is_some_and(|bytes| bytes > 1 << 20));
            assert!(cpu_seconds().is_some_and(|seconds| seconds >= 0.0));
        }
    }
}
