//! State that most nodes never need: one word until it is written to.

use core::fmt;
use core::ops::{Deref, DerefMut};

/// A `T` that takes memory from when it is first borrowed to be changed. Read before that, it is the empty one that all
/// share; it equals that, and looks like it.
#[derive(Clone)]
pub(crate) struct Lazy<T>(Option<Box<T>>);

/// What has a value that stands for all that were never written to.
pub(crate) trait Empty: Clone + 'static {
    /// The one that all share.
    fn empty() -> &'static Self;
}

/// Says which value is the empty one of a type.
macro_rules! empty {
    ($type:ty, $value:expr) => {
        impl $crate::lazy::Empty for $type {
            fn empty() -> &'static Self {
                static EMPTY: std::sync::LazyLock<$type> = std::sync::LazyLock::new(|| $value);
                &EMPTY
            }
        }
    };
}
pub(crate) use empty;

impl<T> Lazy<T> {
    /// To change it only if it was ever written to: what is empty has nothing to forget.
    pub(crate) fn made(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }
}

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Empty> Deref for Lazy<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or_else(|| T::empty())
    }
}

impl<T: Empty> DerefMut for Lazy<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_with(|| Box::new(T::empty().clone()))
    }
}

impl<T: Empty + PartialEq> PartialEq for Lazy<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Empty + Eq> Eq for Lazy<T> {}

impl<T: Empty + fmt::Debug> fmt::Debug for Lazy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, PartialEq, Eq, Debug)]
    struct Numbers(Vec<u8>);
    empty!(Numbers, Numbers(Vec::new()));

    #[test]
    fn only_what_is_written_to_takes_memory() {
        let mut lazy: Lazy<Numbers> = Lazy::default();
        assert_eq!((lazy.deref().0.len(), lazy.made()), (0, None));
        let before = lazy.clone();
        lazy.deref_mut().0.push(7);
        assert_eq!(lazy.made(), Some(&mut Numbers(vec![7])));
        assert_ne!(lazy, before);
        lazy.deref_mut().0.clear();
        assert_eq!(lazy, before);
        assert_eq!(size_of::<Lazy<Numbers>>(), size_of::<usize>());
    }
}
