//! Settings for property tests, and a look at what they run on.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, FileFailurePersistence, RngSeed, TestRunner};

/// `cases` runs of a property, the same ones each time; failing cases are kept beside the test's source.
///
/// `PROPTEST_CASES` and `PROPTEST_RNG_SEED` in the environment ask for more and for other ones.
pub fn cases(cases: u32) -> Config {
    let asked = Config::default();
    Config {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { cases },
        rng_seed: if asked.rng_seed == RngSeed::Random { RngSeed::Fixed(1) } else { asked.rng_seed },
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..asked
    }
}

/// The first `count` values that a property over `strategy` meets: to see that they exercise what they should.
pub fn sample<S: Strategy>(count: u32, strategy: &S) -> Vec<S::Value> {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..cases(count) });
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("a value").current()).collect()
}
