//! Numbers as places in a picture.

/// A linear scale.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    /// Where `from` is, and where `to`.
    start: f64,
    end: f64,
}

impl Scale {
    /// From zero to the next round number from `most` on.
    pub(super) fn from_zero(most: f64, start: f64, end: f64) -> Self {
        let most = if most > 0.0 { most } else { 1.0 };
        let step = step(most, TICKS);
        Self::between(0.0, (most / step - 1e-9).ceil() * step, start, end)
    }

    /// From exactly here to there.
    pub(super) fn between(from: f64, to: f64, start: f64, end: f64) -> Self {
        Self { from, to: if to > from { to } else { from + 1.0 }, start, end }
    }

    /// Where a number is.
    pub(super) fn at(&self, value: f64) -> f64 {
        self.start + (value - self.from) / (self.to - self.from) * (self.end - self.start)
    }

    /// The largest number on it.
    pub(super) fn most(&self) -> f64 {
        self.to
    }

    /// About five round numbers on it, in order.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let step = step(self.to - self.from, TICKS);
        let first = (self.from / step - 1e-9).ceil();
        let count = ((self.to - first * step) / step + 1e-9).floor();
        let places = std::iter::successors(Some(0.0), |place| Some(place + 1.0));
        places.take_while(|place| *place <= count).map(|place| (first + place) * step).collect()
    }
}

/// 1, 2 or 5 times a power of ten, so that `span` is between about two thirds of and twice as many steps as asked for.
fn step(span: f64, steps: f64) -> f64 {
    let raw = span / steps;
    let power = 10_f64.powf(raw.log10().floor());
    let factor = raw / power;
    power
        * if factor < 1.5 {
            1.0
        } else if factor < 3.5 {
            2.0
        } else if factor < 7.5 {
            5.0
        } else {
            10.0
        }
}

const TICKS: f64 = 5.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few_and_on_the_scale() {
        for most in [0.003, 0.9, 1.0, 7.0, 12.0, 99.0, 101.0, 4321.0, 1e6] {
            let scale = Scale::from_zero(most, 0.0, 100.0);
            let ticks = scale.ticks();
            assert!((3..=9).contains(&ticks.len()), "{most}: {ticks:?}");
            assert!(scale.most() >= most && scale.most() <= most * 2.1, "{most}: {}", scale.most());
            assert!(ticks.iter().all(|tick| (0.0..=100.0 + 1e-6).contains(&scale.at(*tick))), "{ticks:?}");
            assert!((scale.at(ticks[ticks.len() - 1]) - 100.0).abs() < 1e-6, "{most}: {ticks:?}");
        }
        assert_eq!(Scale::from_zero(0.0, 0.0, 1.0).most(), 1.0);
        assert_eq!(Scale::between(1.0, 3.0, 10.0, 20.0).at(2.0), 15.0);
    }
}
