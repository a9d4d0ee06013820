//! A property test of a user's own: whatever bytes spell happens, and what should hold is written down beside it.
#![cfg(test)]

use chinwag_memory::Scenario;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_time: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn whoever_is_there_in_the_end_has_heard_what_can_be_heard(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut scenario = Scenario::from_bytes(&bytes).at_most(8);
        scenario.hostile = None;
        let outcome = scenario.play().unwrap();
        prop_assert_eq!(outcome.failure, None, "{}", scenario.to_toml());
        prop_assert!(outcome.parts > 1 || outcome.settled_ms.is_some());
    }
}
