//! What a node has of all streams, in short: a hash for each, and a fingerprint for a stretch of them.

use core::hash::Hasher;

use siphasher::{sip, sip128};

use crate::StreamTag;
use crate::spans::{Claim, MAX_RANGES, Summary};

/// A stream of ours, in short. Lists of them are sorted by tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Which stream.
    pub(crate) tag: StreamTag,
    /// The [`hash`] of its summary.
    pub(crate) hash: u64,
}

/// A hash of what is told of a stream. Ranges that are not told do not count: else two nodes could differ, and find
/// no difference in what they tell each other, for ever.
pub(crate) fn hash(summary: &Summary) -> u64 {
    let mut hasher = sip::SipHasher13::new_with_keys(0x6368_696e_7761_6721, 0x7375_6d6d_6172_7921);
    hasher.write(&summary.prefix.to_le_bytes());
    for (from, to) in summary.beyond.iter().take(MAX_RANGES) {
        hasher.write(&from.to_le_bytes());
        hasher.write(&to.to_le_bytes());
    }
    hasher.finish()
}

/// What all `entries` come to.
///
/// The hashes are added up and not XORed: among a few hundred streams of one's own making one finds by plain linear
/// algebra some that leave no trace in an XOR, and could hide a difference with them.
pub(crate) fn fingerprint(entries: &[Entry]) -> Claim {
    let mut sum = 0_u128;
    for entry in entries {
        let mut hasher = sip128::SipHasher13::new_with_keys(0x6368_696e_7761_6721, 0x656e_7472_6965_7321);
        hasher.write(&entry.tag.get().to_le_bytes());
        hasher.write(&entry.hash.to_le_bytes());
        sum = sum.wrapping_add(sip128::Hasher128::finish128(&hasher).as_u128());
    }
    let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let mut hasher = sip::SipHasher13::new_with_keys(0x6368_696e_7761_6721, 0x7374_7265_7463_6821);
    hasher.write(&sum.to_le_bytes());
    hasher.write(&count.to_le_bytes());
    Claim::Fingerprint { count, fingerprint: hasher.finish() }
}

/// The entries up to and including `tag`, and those after it.
pub(crate) fn split_after(entries: &[Entry], tag: StreamTag) -> (&[Entry], &[Entry]) {
    entries.split_at(entries.partition_point(|entry| entry.tag <= tag))
}

/// The entry of `tag`.
pub(crate) fn find(entries: &[Entry], tag: StreamTag) -> Option<&Entry> {
    entries.binary_search_by_key(&tag, |entry| entry.tag).ok().and_then(|at| entries.get(at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries(hashes: &[u64]) -> Vec<Entry> {
        (0..).zip(hashes).map(|(tag, hash)| Entry { tag: StreamTag::new(tag), hash: *hash }).collect()
    }

    proptest! {
        #[test]
        fn any_change_shows(
            hashes in prop::collection::vec(0..4_u64, 1..20), at: prop::sample::Index, hash in 0..4_u64,
        ) {
            let before = entries(&hashes);
            let at = at.index(hashes.len());
            let mut changed = before.clone();
            changed[at].hash = hash;
            prop_assert_eq!(fingerprint(&changed) == fingerprint(&before), hash == hashes[at]);
            let mut moved = before.clone();
            moved[at].tag = StreamTag::new(100);
            prop_assert_ne!(fingerprint(&moved), fingerprint(&before));
            let mut fewer = before.clone();
            fewer.remove(at);
            prop_assert_ne!(fingerprint(&fewer), fingerprint(&before));
            // In an XOR, two that are the same would leave no trace.
            let other = Entry { hash: 100, ..before[at] };
            prop_assert_ne!(fingerprint(&[other, other]), fingerprint(&[before[at], before[at]]));
        }

        #[test]
        fn a_hash_tells_what_is_told_apart(
            prefix in 0..3_u64, beyond in prop::collection::vec((5..8_u64, 5..8_u64), 0..12), at: prop::sample::Index,
        ) {
            let summary = Summary { tag: StreamTag::new(1), prefix, beyond };
            let later = Summary { prefix: prefix + 1, ..summary.clone() };
            prop_assert_ne!(hash(&later), hash(&summary));
            if !summary.beyond.is_empty() {
                let at = at.index(summary.beyond.len());
                let mut fewer = summary.clone();
                fewer.beyond.truncate(at);
                prop_assert_eq!(hash(&fewer) == hash(&summary), at >= MAX_RANGES);
                let mut wider = summary.clone();
                wider.beyond[at].1 += 1;
                prop_assert_eq!(hash(&wider) == hash(&summary), at >= MAX_RANGES);
            }
        }
    }

    /// Nodes of different builds, on machines of either byte order, must come to the same. Worked out by another program.
    #[test]
    fn these_never_change() {
        let summary = Summary { tag: StreamTag::new(7), prefix: 3, beyond: vec![(5, 6)] };
        let entry = Entry { tag: summary.tag, hash: hash(&summary) };
        assert_eq!(entry.hash, 0xb939_c411_0cb6_7f7b);
        assert_eq!(
            fingerprint(&[entry]),
            Claim::Fingerprint { count: 1, fingerprint: 0xd282_43f3_d8d3_897c }
        );
        let two = [entry, Entry { tag: StreamTag::new(8), hash: 1 }];
        let fingerprint_of_two = 0x6734_1553_5a51_7913;
        assert_eq!(fingerprint(&two), Claim::Fingerprint { count: 2, fingerprint: fingerprint_of_two });
        assert_eq!(fingerprint(&[]), Claim::Fingerprint { count: 0, fingerprint: 0x1bc3_284c_492a_0eca });
    }
}
