//! The addresses that we are trying to reach, and why we have not.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chinwag::{Address, DialError};

use crate::notice::Trying;

/// The most addresses that are noted.
const LIMIT: usize = 1024;

/// How long after its next try an address that was not heard of again counts as done with.
const FORGET: Duration = Duration::from_secs(20);

/// What has failed and will be tried again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attempts {
    failed: BTreeMap<Address, Failure>,
}

#[derive(Clone, Debug)]
struct Failure {
    reason: DialError,
    times: u32,
    next: Instant,
}

impl Attempts {
    /// A dial failed; how often it had failed before for the same reason in a row.
    pub(crate) fn failed(
        &mut self,
        now: Instant,
        address: &Address,
        reason: DialError,
        retry_in: Option<Duration>,
    ) -> u32 {
        self.failed.retain(|_, failure| failure.next.checked_add(FORGET).is_none_or(|until| now < until));
        let before = self.failed.get(address).filter(|failure| failure.reason == reason);
        let repeats = before.map_or(0, |failure| failure.times);
        match retry_in.and_then(|wait| now.checked_add(wait)) {
            None => {
                self.failed.remove(address);
            }
            Some(next) if self.failed.contains_key(address) || self.failed.len() < LIMIT => {
                let times = repeats.saturating_add(1);
                self.failed.insert(address.clone(), Failure { reason, times, next });
            }
            Some(_) => {}
        }
        repeats
    }

    /// Somebody was reached there.
    pub(crate) fn reached(&mut self, address: &Address) {
        self.failed.remove(address);
    }

    /// What is still being tried.
    pub(crate) fn list(&self, now: Instant) -> Vec<Trying> {
        let current = self
            .failed
            .iter()
            .filter(|(_, failure)| failure.next.checked_add(FORGET).is_none_or(|until| now < until));
        current
            .map(|(address, failure)| Trying {
                address: address.clone(),
                reason: failure.reason,
                times: failure.times,
                retry_in: failure.next.saturating_duration_since(now),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_counted_for_one_reason_in_a_row() {
        let now = crate::clock::now();
        let address: Address = "h:1".parse().unwrap();
        let mut attempts = Attempts::default();
        let wait = Some(Duration::from_secs(1));
        assert_eq!(attempts.failed(now, &address, DialError::Refused, wait), 0);
        assert_eq!(attempts.failed(now, &address, DialError::Refused, wait), 1);
        assert_eq!(attempts.failed(now, &address, DialError::TimedOut, wait), 0);
        assert_eq!(attempts.list(now).len(), 1);
        assert_eq!(attempts.list(now + Duration::from_secs(60)).len(), 0);
        attempts.reached(&address);
        assert_eq!(attempts.failed(now, &address, DialError::TimedOut, None), 0);
        assert!(attempts.list(now).is_empty());
    }
}
