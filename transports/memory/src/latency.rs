//! How long packets take: distributions of latency, drawn in integers.

use core::fmt;
use core::ops::Range;
use core::time::Duration;

use crate::Probability;
use crate::draw::Draw;
use crate::normal::{LARGEST, scaled_by_exp, standard_normal};

/// A distribution of latencies, one way. No latency is below 1 ns.
///
/// All of it is integer arithmetic: a seed means the same on every machine.
///
/// ```
/// use chinwag_memory::{Latency, LinkModel, Quantiles, ms};
///
/// let everywhere_the_same = LinkModel::stream().latency(ms(20));
/// let uniform = LinkModel::stream().latency(ms(10)..ms(50));
/// let with_a_tail = LinkModel::stream().latency(Latency::log_normal(ms(40), 0.5));
/// let measured = Quantiles::new([(0.0, ms(8)), (0.5, ms(31)), (0.99, ms(120)), (1.0, ms(900))])?;
/// let as_measured = LinkModel::stream().latency(measured);
/// # let _ = (everywhere_the_same, uniform, with_a_tail, as_measured);
/// # Ok::<(), chinwag_memory::QuantilesError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Latency {
    /// Always the same.
    Fixed(Duration),
    /// Anything from the one to below the other, equally likely; always `from` if `to` is not above it.
    Uniform {
        /// The least.
        from: Duration,
        /// Latencies are below this.
        to: Duration,
    },
    /// Its logarithm is normally distributed: half of all latencies are below the median, few are far above it.
    LogNormal {
        /// The median.
        median: Duration,
        /// The standard deviation of the natural logarithm, in thousandths.
        sigma_thousandths: u32,
    },
    /// As somebody measured it.
    Quantiles(Quantiles),
}

impl Latency {
    /// A log-normal distribution. `sigma` is the standard deviation of the logarithm: with 0.5, one latency in six is
    /// more than 1.65 times the median; it is rounded to thousandths, and what is no positive number is 0.
    #[must_use]
    pub fn log_normal(median: Duration, sigma: f64) -> Self {
        // A float-to-integer cast saturates, and takes not-a-number for 0.
        Self::LogNormal { median, sigma_thousandths: (sigma * 1e3).round() as u32 }
    }

    /// The latency that a draw stands for.
    pub(crate) fn at(&self, draw: Draw) -> Duration {
        let nanos = match self {
            Self::Fixed(latency) => nanos(*latency),
            Self::Uniform { from, to } => {
                nanos(*from).max(1).saturating_add(draw.below(nanos(to.saturating_sub(*from))))
            }
            Self::LogNormal { median, sigma_thousandths } => {
                let exponent = standard_normal(draw) * i128::from(*sigma_thousandths) / 1000;
                scaled_by_exp(nanos(*median), exponent)
            }
            Self::Quantiles(quantiles) => quantiles.at(draw),
        };
        Duration::from_nanos(nanos.max(1))
    }

    /// The shortest latency there can be.
    #[must_use]
    pub fn shortest(&self) -> Duration {
        let shortest = match self {
            Self::Fixed(latency) => nanos(*latency),
            Self::Uniform { from, .. } => nanos(*from),
            Self::LogNormal { median, sigma_thousandths } => {
                let exponent = -LARGEST * i128::from(*sigma_thousandths) / 1000;
                scaled_by_exp(nanos(*median), exponent)
            }
            Self::Quantiles(quantiles) => quantiles.points[0].nanos,
        };
        Duration::from_nanos(shortest.max(1))
    }
}

impl From<Duration> for Latency {
    fn from(latency: Duration) -> Self {
        Self::Fixed(latency)
    }
}

impl From<Range<Duration>> for Latency {
    fn from(range: Range<Duration>) -> Self {
        Self::Uniform { from: range.start, to: range.end }
    }
}

impl From<Quantiles> for Latency {
    fn from(quantiles: Quantiles) -> Self {
        Self::Quantiles(quantiles)
    }
}

/// A measured distribution: which share of all latencies is below which value, and straight lines between.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Quantiles {
    points: [Point; Self::MOST_POINTS],
    count: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Point {
    share: u32,
    nanos: u64,
}

impl Quantiles {
    /// The most points a table can have.
    pub const MOST_POINTS: usize = 12;

    /// A table of points: the share of latencies (0 to 1) that are at most so long.
    ///
    /// # Errors
    /// [`QuantilesError`] if the shares do not rise from 0 to 1, if a latency is below the one before it, or if there are
    /// more points than [`MOST_POINTS`](Self::MOST_POINTS).
    pub fn new<S: Into<Probability>>(
        points: impl IntoIterator<Item = (S, Duration)>,
    ) -> Result<Self, QuantilesError> {
        let mut table = Self { points: [Point::default(); Self::MOST_POINTS], count: 0 };
        for (share, latency) in points {
            let point = Point { share: share.into().in_a_million(), nanos: nanos(latency) };
            match table.listed().last() {
                None if point.share != 0 => return Err(QuantilesError::Ends),
                Some(before) if point.share <= before.share => return Err(QuantilesError::Shares),
                Some(before) if point.nanos < before.nanos => return Err(QuantilesError::Latencies),
                _ => {}
            }
            let place = table.points.get_mut(usize::from(table.count)).ok_or(QuantilesError::TooMany)?;
            *place = point;
            table.count += 1;
        }
        let ends_at_one = table.listed().last().is_some_and(|last| last.share == ALL);
        if ends_at_one { Ok(table) } else { Err(QuantilesError::Ends) }
    }

    /// The points, in order.
    pub fn points(&self) -> impl Iterator<Item = (Probability, Duration)> + '_ {
        let point =
            |point: &Point| (Probability::per_million(point.share), Duration::from_nanos(point.nanos));
        self.listed().iter().map(point)
    }

    fn listed(&self) -> &[Point] {
        self.points.get(..usize::from(self.count)).unwrap_or_default()
    }

    fn at(&self, draw: Draw) -> u64 {
        // In units of a millionth of a millionth, so that what lies between two points is drawn finely.
        let drawn = u128::from(draw.below(u64::from(ALL) * u64::from(ALL)));
        let listed = self.listed();
        let share = |point: &Point| u128::from(point.share) * u128::from(ALL);
        let next = listed.partition_point(|point| share(point) <= drawn).min(listed.len() - 1);
        let (from, to) = (&listed[next.saturating_sub(1)], &listed[next]);
        let rise =
            u128::from(to.nanos - from.nanos) * (drawn - share(from)) / (share(to) - share(from)).max(1);
        from.nanos.saturating_add(u64::try_from(rise).unwrap_or(u64::MAX))
    }
}

impl fmt::Debug for Quantiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.points()).finish()
    }
}

/// What is wrong with a table of quantiles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum QuantilesError {
    /// The first share is not 0 or the last is not 1.
    Ends,
    /// A share is not above the one before it.
    Shares,
    /// A latency is below the one before it.
    Latencies,
    /// There are more points than fit.
    TooMany,
}

impl fmt::Display for QuantilesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ends => {
                f.write_str("begin a table of quantiles with the share 0 and end it with the share 1")
            }
            Self::Shares => f.write_str("list quantiles by rising shares, each share once"),
            Self::Latencies => f.write_str("let no latency be below that of a smaller share"),
            Self::TooMany => write!(f, "leave out some quantiles: {} are the most", Quantiles::MOST_POINTS),
        }
    }
}

impl core::error::Error for QuantilesError {}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

const ALL: u32 = Probability::ALWAYS.in_a_million();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Place, Purpose};
    use crate::{ms, secs};

    fn sorted(latency: Latency) -> Vec<Duration> {
        let place = |sequence| Place { source: 0, destination: 1, link: 0, sequence };
        let draws = (0..10_000).map(|number| Draw::new(5, Purpose::PairLatency, place(number)));
        let mut all: Vec<_> = draws.map(|draw| latency.at(draw)).collect();
        all.sort_unstable();
        assert!(all[0] >= latency.shortest(), "{latency:?}: {:?}", all[0]);
        all
    }

    #[test]
    fn each_distribution_has_the_quantiles_that_it_says() {
        let fixed = sorted(ms(20).into());
        assert_eq!((fixed[0], fixed[9_999]), (ms(20), ms(20)));
        let uniform = sorted((ms(10)..ms(50)).into());
        assert!((ms(29)..ms(31)).contains(&uniform[5_000]) && uniform[9_999] < ms(50));
        // e^(0.5 × 1.2816) = 1.898 is the 90th percentile of a sigma of 0.5, e^(0.5 × 2.3263) = 3.2 the 99th.
        let log_normal = sorted(Latency::log_normal(ms(40), 0.5));
        assert!((ms(39)..ms(41)).contains(&log_normal[5_000]), "{:?}", log_normal[5_000]);
        assert!((ms(73)..ms(79)).contains(&log_normal[9_000]), "{:?}", log_normal[9_000]);
        assert!((ms(119)..ms(137)).contains(&log_normal[9_900]), "{:?}", log_normal[9_900]);
        let table = Quantiles::new([(0.0, ms(8)), (0.5, ms(30)), (0.9, ms(100)), (1.0, ms(900))]).unwrap();
        let measured = sorted(table.into());
        assert!((ms(29)..ms(32)).contains(&measured[5_000]), "{:?}", measured[5_000]);
        assert!((ms(96)..ms(112)).contains(&measured[9_000]), "{:?}", measured[9_000]);
        assert!(measured[0] < ms(9) && (ms(890)..ms(900)).contains(&measured[9_999]));
    }

    #[test]
    fn tables_that_are_none_are_refused_with_a_reason() {
        let table = |points: &[(f64, Duration)]| Quantiles::new(points.iter().copied()).map(|_| ());
        assert_eq!(table(&[]), Err(QuantilesError::Ends));
        assert_eq!(table(&[(0.0, ms(1)), (0.9, ms(2))]), Err(QuantilesError::Ends));
        assert_eq!(table(&[(0.1, ms(1)), (1.0, ms(2))]), Err(QuantilesError::Ends));
        assert_eq!(table(&[(0.0, ms(1)), (0.0, ms(2)), (1.0, ms(3))]), Err(QuantilesError::Shares));
        assert_eq!(table(&[(0.0, ms(3)), (1.0, ms(2))]), Err(QuantilesError::Latencies));
        let many: Vec<_> = (0..13).map(|step| (f64::from(step) / 12.0, ms(5))).collect();
        assert_eq!(table(&many), Err(QuantilesError::TooMany));
        assert_eq!(table(&many[..1]), Err(QuantilesError::Ends));
        assert!(QuantilesError::TooMany.to_string().contains("12"));
    }

    #[test]
    fn extremes_neither_overflow_nor_take_no_time() {
        for extreme in [
            Latency::Fixed(Duration::ZERO),
            Latency::Fixed(Duration::MAX),
            Latency::log_normal(secs(1), 1e9),
            Latency::log_normal(Duration::ZERO, f64::NAN),
            (Duration::MAX..Duration::ZERO).into(),
        ] {
            assert!(sorted(extreme)[0] >= Duration::from_nanos(1));
        }
    }
}
