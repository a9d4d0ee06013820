//! The time that messages carry: text as C's `ctime` writes it, which is what the old program puts there.

use crate::settings::Settings;
use crate::{Body, Time};

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Seconds since 1970, local time, at `now`.
pub(crate) fn seconds(config: &Settings, now: Time) -> u64 {
    let utc = config.epoch.get().saturating_add(now.as_millis()) / 1000;
    utc.saturating_add_signed(i64::from(config.utc_offset_secs))
}

/// For example `"Sun Nov 22 19:02:11 2026"`.
pub(crate) fn ctime(seconds: u64) -> Body {
    let days = seconds / 86_400;
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let (year, month, day) = civil_date(days);
    let weekday = name(&DAYS, days % 7);
    let month = name(&MONTHS, month);
    Body::text(&format!("{weekday} {month} {day:2} {hour:02}:{minute:02}:{second:02} {year}"))
}

fn name(names: &[&'static str], index: u64) -> &'static str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or("???")
}

/// Year, month from 0 and day of the month, of a day counted from 1 January 1970 (Hinnant, "chrono-compatible
/// low-level date algorithms", `civil_from_days`: years that start in March, so that the leap day comes last).
fn civil_date(days: u64) -> (u64, u64, u64) {
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12;
    (year_of_era + era * 400 + u64::from(month < 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        for (seconds, text) in [
            (0, "Thu Jan  1 00:00:00 1970"),
            (951_782_400, "Tue Feb 29 00:00:00 2000"),
            (1_795_374_131, "Sun Nov 22 19:02:11 2026"),
            (4_107_542_399, "Sun Feb 28 23:59:59 2100"),
        ] {
            assert_eq!(ctime(seconds).as_text().as_deref(), Some(text));
        }
        assert!(ctime(u64::MAX).as_text().is_some());
    }
}
