//! What is said: when, and padding.

/// A text of `size` bytes that says when it was said, in microseconds, and whether it counts.
pub(super) fn write(counts: bool, micros: u64, size: usize) -> String {
    let mut text = format!("{}{micros:015x}", if counts { COUNTS } else { WARMS_UP });
    text.extend(std::iter::repeat_n('.', size.saturating_sub(text.len())));
    text
}

/// When it was said, if it counts.
pub(super) fn said_at(text: &str) -> Option<u64> {
    let number = text.strip_prefix(COUNTS)?.get(..15)?;
    u64::from_str_radix(number, 16).ok()
}

const COUNTS: char = 'm';
const WARMS_UP: char = 'w';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_when_and_is_as_long_as_it_should_be() {
        assert_eq!(said_at(&write(true, 123_456_789, 256)), Some(123_456_789));
        assert_eq!(said_at(&write(false, 123_456_789, 256)), None);
        for size in [16, 17, 60_000] {
            assert_eq!(write(true, u64::MAX >> 4, size).len(), size);
        }
        assert_eq!((said_at(""), said_at("m12"), said_at("hello")), (None, None, None));
    }
}
