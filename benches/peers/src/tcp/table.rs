//! The table: a line for each contestant at each work, and how it compares with chinwag.

use super::contestant::Contestant;
use super::stage::Outcome;
use super::work::Work;
use crate::table::number;

/// Prints the head of the table.
pub(super) fn head() {
    let measures = ["CPU s, least", "median", "× chinwag's", "deliveries/s", "p50 ms", "p99 ms", "lost"];
    println!("| work | contestant | {} |", measures.join(" | "));
    println!("|---|---|{}", "---:|".repeat(measures.len()));
}

/// Prints what came of one work, in the order in which the contestants were told.
pub(super) fn lines(work: Work, runs: &[(Contestant, Vec<Outcome>)]) {
    let chinwag = runs.iter().find(|(contestant, _)| *contestant == Contestant::Chinwag);
    let reference = chinwag.map(|(_, outcomes)| least(&cpu_per_million(outcomes)));
    let mut is_first = true;
    for (contestant, outcomes) in runs {
        let cpu = cpu_per_million(outcomes);
        let ratio = reference.map_or_else(String::new, |reference| number(least(&cpu) / reference));
        let of = |value: &dyn Fn(&Outcome) -> f64| number(median(outcomes.iter().map(value).collect()));
        // Where as much is said as there is room for, latency is the time that was spent waiting in line.
        let latency = |value: &dyn Fn(&Outcome) -> f64| work.rate().map_or_else(String::new, |_| of(value));
        let name = if std::mem::replace(&mut is_first, false) { work.to_string() } else { String::new() };
        println!(
            "| {name} | {contestant} | {} | {} | {ratio} | {} | {} | {} | {} |",
            number(least(&cpu)),
            number(median(cpu)),
            of(&|outcome| (outcome.deliveries as f64 / outcome.seconds).round()),
            latency(&|outcome| outcome.p50_ms),
            latency(&|outcome| outcome.p99_ms),
            outcomes.iter().map(|outcome| outcome.lost).sum::<u64>(),
        );
    }
}

fn cpu_per_million(outcomes: &[Outcome]) -> Vec<f64> {
    outcomes.iter().map(|outcome| outcome.cpu_seconds * 1e6 / outcome.deliveries as f64).collect()
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// That in the middle, or the lower one of the two there.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_in_the_middle_and_the_least_is_the_least() {
        assert_eq!((median(vec![3.0, 1.0, 2.0]), least(&[3.0, 1.0, 2.0])), (2.0, 1.0));
        assert_eq!(median(vec![2.0, 1.0]), 1.0);
        assert!(median(Vec::new()).is_nan());
    }
}
