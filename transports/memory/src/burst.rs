//! Loss that comes in bursts: a chain of two states (Gilbert 1960, Elliott 1963).

use crate::Probability;
use crate::draw::{Draw, Place, Purpose};

/// Datagrams on a link are lost in bursts.
///
/// A link is calm or in a burst, each direction by itself. Before each datagram it may change: so bursts last
/// `1 / end` datagrams on average, and `begin / (begin + end)` of all datagrams meet one. A calm link loses as its
/// [`loss`](crate::LinkModel::loss) says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BurstLoss {
    /// How likely a burst begins before a datagram.
    pub begin: Probability,
    /// How likely a burst ends before a datagram.
    pub end: Probability,
    /// How likely a datagram is lost in a burst.
    pub loss: Probability,
}

impl BurstLoss {
    /// No bursts.
    pub const NONE: Self =
        Self { begin: Probability::NEVER, end: Probability::ALWAYS, loss: Probability::NEVER };

    /// Bursts that begin and end so likely before each datagram (0 to 1), in which everything is lost.
    #[must_use]
    pub fn new(begin: impl Into<Probability>, end: impl Into<Probability>) -> Self {
        Self { begin: begin.into(), end: end.into(), loss: Probability::ALWAYS }
    }

    /// Sets how likely a datagram is lost in a burst (0 to 1).
    #[must_use]
    pub fn loss(self, share: impl Into<Probability>) -> Self {
        Self { loss: share.into(), ..self }
    }

    /// The state of a link before the datagram at `place`, from the state before the last one.
    pub(crate) fn next(&self, in_burst: bool, seed: u64, place: Place) -> bool {
        if *self == Self::NONE {
            return false;
        }
        let changes = if in_burst { self.end } else { self.begin };
        in_burst != Draw::new(seed, Purpose::BurstState, place).hits(changes)
    }

    /// Whether the datagram at `place` is lost to the burst that the link is in.
    pub(crate) fn loses(&self, seed: u64, place: Place) -> bool {
        Draw::new(seed, Purpose::BurstLoss, place).hits(self.loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_are_as_frequent_and_as_long_as_they_should_be() {
        let bursts = BurstLoss::new(0.01, 0.2).loss(0.5);
        let place = |sequence| Place { source: 1, destination: 2, link: 1, sequence };
        let (mut in_burst, mut met, mut begun, mut lost) = (false, 0u32, 0u32, 0u32);
        for number in 0..100_000 {
            let before = in_burst;
            in_burst = bursts.next(in_burst, 4, place(number));
            begun += u32::from(in_burst && !before);
            met += u32::from(in_burst);
            lost += u32::from(in_burst && bursts.loses(4, place(number)));
        }
        // One in 21 datagrams meets a burst; bursts last 5 datagrams; half of what meets one is lost.
        assert!((4_300..5_300).contains(&met), "{met}");
        assert!((45..55).contains(&(met * 10 / begun)), "{met} in {begun}");
        assert!((45..55).contains(&(lost * 100 / met)), "{lost} of {met}");
        assert!(!BurstLoss::NONE.next(true, 4, place(0)) && !BurstLoss::NONE.next(false, 4, place(0)));
    }
}
