//! What chance decides in a scenario, apart from the network itself.

use chinwag::Seed;

/// What a draw is for. The numbers are part of what a seed means: never reuse or renumber them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Contact = 1,
    Senders = 2,
    CrashShare = 3,
    Restart = 4,
    Churn = 5,
    Partition = 6,
    Hostile = 7,
    LastWords = 8,
    Machine = 9,
}

/// A number that follows from the scenario's seed and what it is for: at which time, and which of its kind then.
pub(super) const fn draw(seed: u64, purpose: Purpose, at_ms: u64, number: u64) -> u64 {
    Seed::new(seed).derive(APART).derive(purpose as u64).derive(at_ms).derive(number).get()
}

/// A drawn number as one of so many places; 0 of none.
pub(super) fn place(drawn: u64, count: usize) -> usize {
    usize::try_from(drawn.checked_rem(count as u64).unwrap_or(0)).unwrap_or(0)
}

/// Some of these, drawn for a time: exactly so many.
pub(super) fn some<T: Copy + Ord + Into<u64>>(
    of: &[T],
    count: usize,
    seed: u64,
    purpose: Purpose,
    at_ms: u64,
) -> Vec<T> {
    let mut drawn: Vec<_> = of.iter().map(|one| (draw(seed, purpose, at_ms, (*one).into()), *one)).collect();
    drawn.sort_unstable();
    let mut some: Vec<T> = drawn.into_iter().take(count).map(|(_, one)| one).collect();
    some.sort_unstable();
    some
}

/// Keeps this chance apart from that of the nodes, which derive theirs from small numbers.
const APART: u64 = 0x7363_656e_0000_0000;
