//! A bounded memory that gives up what was asked for longest ago. Knows nothing of what it holds.

use std::collections::HashMap;

/// At most so many things by name.
pub(super) struct Recent<T> {
    most: usize,
    clock: u64,
    held: HashMap<String, (u64, T)>,
}

impl<T> Recent<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), clock: 0, held: HashMap::new() }
    }

    pub(super) fn get(&mut self, name: &str) -> Option<&mut T> {
        self.clock += 1;
        let (used, value) = self.held.get_mut(name)?;
        *used = self.clock;
        Some(value)
    }

    pub(super) fn put(&mut self, name: &str, value: T) {
        self.clock += 1;
        if self.held.len() >= self.most && !self.held.contains_key(name) {
            let oldest = self.held.iter().min_by_key(|(_, (used, _))| *used).map(|(name, _)| name.clone());
            if let Some(oldest) = oldest {
                self.held.remove(&oldest);
            }
        }
        self.held.insert(name.to_owned(), (self.clock, value));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.held.remove(name);
    }

    pub(super) fn clear(&mut self) {
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_longest_ago_goes_and_nothing_else() {
        let mut recent = Recent::new(2);
        recent.put("a", 1);
        recent.put("b", 2);
        assert_eq!(recent.get("a"), Some(&mut 1));
        recent.put("c", 3);
        assert_eq!((recent.get("b").copied(), recent.get("a").copied()), (None, Some(1)));
        recent.put("c", 4);
        assert_eq!((recent.get("a").copied(), recent.get("c").copied()), (Some(1), Some(4)));
    }
}
