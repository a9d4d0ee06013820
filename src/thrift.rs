//! Room for what a node has many of in a network of millions: little more than it takes.

/// Makes room for one more: a few at a time where there are few, an eighth where there are many, so that each entry is
/// still moved a bounded number of times.
pub(crate) fn grow<T>(entries: &mut Vec<T>) {
    if entries.len() == entries.capacity() {
        entries.reserve_exact((entries.len() / 8).max(STEP));
    }
}

/// Gives back room of which far more than half is not used.
pub(crate) fn shrink<T>(entries: &mut Vec<T>) {
    let used = entries.len();
    if entries.capacity() > used.saturating_mul(2).saturating_add(2 * STEP) {
        entries.shrink_to(used.saturating_add(STEP));
    }
}

const STEP: usize = 2;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn little_is_unused_and_little_is_moved(steps in prop::collection::vec(any::<bool>(), 0..400)) {
            let (mut entries, mut most) = (Vec::new(), 0);
            for more in steps {
                if more {
                    grow(&mut entries);
                    entries.push(0_u64);
                } else {
                    entries.pop();
                    shrink(&mut entries);
                }
                most = most.max(entries.len());
                prop_assert!(entries.capacity() <= entries.len() * 2 + 2 * STEP + most / 8);
            }
            entries.clear();
            shrink(&mut entries);
            prop_assert!(entries.capacity() <= 2 * STEP);
        }

        #[test]
        fn many_are_added_at_a_bounded_cost(count in 1_000..5_000_usize) {
            let (mut entries, mut moved) = (Vec::new(), 0);
            for entry in 0..count {
                let before = entries.capacity();
                grow(&mut entries);
                moved += if entries.capacity() == before { 0 } else { entries.len() };
                entries.push(entry);
            }
            prop_assert!(moved < count * 12, "{moved}");
        }
    }
}
