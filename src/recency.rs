//! Which of the entries of a table has been idle for longest: a doubly linked list through their indices.

const NONE: u32 = u32::MAX;

/// Indices in the order of their last use. Every operation takes constant time and, once grown, no memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Recency {
    /// For each index, the ones that were used just before and just after it.
    neighbours: Vec<(u32, u32)>,
    oldest: u32,
    newest: u32,
    len: usize,
}

impl Default for Recency {
    fn default() -> Self {
        Self { neighbours: Vec::new(), oldest: NONE, newest: NONE, len: 0 }
    }
}

impl Recency {
    /// Adds `index`, which is not in the list, as the newest.
    pub(crate) fn add(&mut self, index: u32) {
        let at = index as usize;
        if self.neighbours.len() <= at {
            self.neighbours.resize(at.saturating_add(1), (NONE, NONE));
        }
        self.set(index, (self.newest, NONE));
        self.join(self.newest, index);
        self.newest = index;
        self.len = self.len.saturating_add(1);
    }

    /// Takes `index`, which is in the list, out of it.
    pub(crate) fn remove(&mut self, index: u32) {
        let Some(&(older, newer)) = self.neighbours.get(index as usize) else { return };
        self.join(older, newer);
        if self.newest == index {
            self.newest = older;
        }
        self.set(index, (NONE, NONE));
        self.len = self.len.saturating_sub(1);
    }

    /// Makes `index`, which is in the list, the newest.
    pub(crate) fn touch(&mut self, index: u32) {
        if self.newest != index {
            self.remove(index);
            self.add(index);
        }
    }

    pub(crate) fn oldest(&self) -> Option<u32> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Makes `newer` follow `older`; either may be the end of the list.
    fn join(&mut self, older: u32, newer: u32) {
        match self.neighbours.get_mut(older as usize) {
            Some(links) => links.1 = newer,
            None => self.oldest = newer,
        }
        if let Some(links) = self.neighbours.get_mut(newer as usize) {
            links.0 = older;
        }
    }

    fn set(&mut self, index: u32, links: (u32, u32)) {
        if let Some(slot) = self.neighbours.get_mut(index as usize) {
            *slot = links;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_agrees_with_a_plain_list(steps in prop::collection::vec((0..12_u32, any::<bool>()), 0..200)) {
            let (mut recency, mut model) = (Recency::default(), Vec::new());
            for (index, use_it) in steps {
                match (model.iter().position(|known| *known == index), use_it) {
                    (Some(at), true) => { recency.touch(index); model.remove(at); model.push(index); }
                    (Some(at), false) => { recency.remove(index); model.remove(at); }
                    (None, _) => { recency.add(index); model.push(index); }
                }
                prop_assert_eq!(recency.oldest(), model.first().copied());
                prop_assert_eq!(recency.len(), model.len());
            }
        }
    }
}
