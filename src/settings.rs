//! How a node is set up: what is its own, and what it may share with many others.

use core::ops::Deref;
use std::sync::Arc;

use crate::message::nobody;
use crate::{Address, Config, Epoch, PeerId};

/// A [`Config`] in two parts. Its own fields come first, and all others are those of the shared one: whoever needs the
/// name, the run or the address has to ask for `Settings`, as in the shared part these stand for nobody's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Settings {
    pub(crate) id: PeerId,
    pub(crate) epoch: Epoch,
    pub(crate) listening: Option<Address>,
    shared: Arc<Config>,
}

impl Settings {
    pub(crate) fn new(config: Config) -> Self {
        let shared = Config { id: nobody(), epoch: Epoch::new(0), listening: None, ..config.clone() };
        Self { id: config.id, epoch: config.epoch, listening: config.listening, shared: Arc::new(shared) }
    }

    /// All of it.
    pub(crate) fn config(&self) -> Config {
        Config {
            id: self.id.clone(),
            epoch: self.epoch,
            listening: self.listening.clone(),
            ..Config::clone(&self.shared)
        }
    }

    /// Shares with `other` what is the same in both: false if something differs.
    pub(crate) fn share(&mut self, other: &Self) -> bool {
        let same = self.shared == other.shared;
        if same {
            self.shared = Arc::clone(&other.shared);
        }
        same
    }
}

impl Deref for Settings {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_changes_nothing() {
        let config = |name, epoch| Config::new(PeerId::new(name).unwrap(), Epoch::new(epoch));
        let (ann, mut bob) = (config("ann", 1), config("bob", 2));
        bob.listening = Some(Address::new("bob", 2).unwrap());
        let (of_ann, mut of_bob) = (Settings::new(ann.clone()), Settings::new(bob.clone()));
        assert!(of_bob.share(&of_ann) && Arc::ptr_eq(&of_ann.shared, &of_bob.shared));
        assert_eq!((of_ann.config(), of_bob.config()), (ann, bob.clone()));
        bob.max_links = 7;
        let mut of_bob = Settings::new(bob.clone());
        assert!(!of_bob.share(&of_ann));
        assert_eq!(of_bob.config(), bob);
    }
}
