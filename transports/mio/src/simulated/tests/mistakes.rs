//! The swarm finds out a driver that makes a mistake, whichever it is.

use super::swarm::Swarm;
use super::watched::Mistake;

/// How many networks there may be before a mistake shows.
const SEEDS: u64 = 60;

#[test]
fn every_mistake_of_a_driver_is_found_out() {
    let mut told = Vec::new();
    for mistake in Mistake::ALL {
        let found = (0..SEEDS).find_map(|seed| {
            let swarm = || Swarm::new(seed, Some(mistake));
            let what = swarm().play_gently().err().or_else(|| swarm().play().err())?;
            Some((seed, what.chars().take(60).collect::<String>()))
        });
        told.push((mistake, found));
    }
    println!("{told:?}");
    let missed: Vec<_> = told.iter().filter(|(_, found)| found.is_none()).collect();
    assert!(missed.is_empty(), "in {SEEDS} networks: {missed:?}");
}
