//! A few bytes of a name, by which most names are told apart without following a pointer.

use crate::PeerId;

/// The end of the name, where names that were given in a row differ. Equal names have equal marks, not the other way
/// round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Mark(u32);

impl Mark {
    pub(crate) fn of(peer: &PeerId) -> Self {
        let name = peer.as_str().as_bytes();
        Self(match name.last_chunk() {
            Some(end) => u32::from_be_bytes(*end),
            None => name.iter().fold(0, |mark, byte| mark << 8 | u32::from(*byte)),
        })
    }
}

/// A mark in half the room, spread so that names that differ in a few digits have different ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ShortMark(u16);

impl Mark {
    pub(crate) fn short(self) -> ShortMark {
        // The upper half of a product depends on all of its factor (Knuth's multiplicative hashing).
        ShortMark(u16::try_from(self.0.wrapping_mul(0x9e37_79b1) >> 16).unwrap_or(0))
    }
}

/// The first place of a mark among others for which `is` holds.
pub(crate) fn find(marks: &[ShortMark], mark: ShortMark, is: impl Fn(usize) -> bool) -> Option<usize> {
    let mut start = 0_usize;
    // Whole blocks are compared at once.
    for block in marks.chunks(BLOCK) {
        if holds(block, mark) {
            let found = block.iter().zip(start..).find(|(other, place)| **other == mark && is(*place));
            if found.is_some() {
                return found.map(|(_, place)| place);
            }
        }
        start = start.saturating_add(BLOCK);
    }
    None
}

fn holds(block: &[ShortMark], mark: ShortMark) -> bool {
    block.iter().fold(false, |found, other| found | (*other == mark))
}

const BLOCK: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found() {
        let mark = |number: usize| Mark::of(&PeerId::new(&format!("n{}", number % 7)).unwrap()).short();
        let marks: Vec<ShortMark> = (0..100).map(mark).collect();
        for least in 0..100 {
            let expected = (least..100).find(|place| place % 7 == 3);
            assert_eq!(find(&marks, mark(3), |place| place >= least), expected);
        }
        assert_ne!(Mark::of(&PeerId::new("ab").unwrap()), Mark::of(&PeerId::new("ba").unwrap()));
    }
}
