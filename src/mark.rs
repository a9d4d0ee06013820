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

/// The places of a mark among others, from the first on.
pub(crate) fn places(marks: &[Mark], mark: Mark) -> impl Iterator<Item = usize> {
    // Whole blocks are compared at once.
    marks.chunks(BLOCK).zip((0..).step_by(BLOCK)).filter(move |(block, _)| holds(block, mark)).flat_map(
        move |(block, start)| {
            let here = block.iter().zip(start..).filter(move |(other, _)| **other == mark);
            here.map(|(_, place)| place)
        },
    )
}

fn holds(block: &[Mark], mark: Mark) -> bool {
    block.iter().fold(false, |found, other| found | (*other == mark))
}

const BLOCK: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found() {
        let mark = |number: usize| Mark::of(&PeerId::new(&format!("n{}", number % 7)).unwrap());
        let marks: Vec<Mark> = (0..100).map(mark).collect();
        let found: Vec<usize> = places(&marks, mark(3)).collect();
        let expected: Vec<usize> = (0..100).filter(|place| place % 7 == 3).collect();
        assert_eq!(found, expected);
        assert_ne!(Mark::of(&PeerId::new("ab").unwrap()), Mark::of(&PeerId::new("ba").unwrap()));
    }
}
