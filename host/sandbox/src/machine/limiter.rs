//! Sums what a run's memories and tables take. The engine's own limiter counts each memory alone.

use crate::limits::Limits;
use wasmtime::ResourceLimiter;

/// What one store may take.
pub(crate) struct Limiter {
    memory_limit: usize,
    table_limit: usize,
    instances: usize,
    tables: usize,
    memories: usize,
    memory: usize,
    /// What the growth under way adds.
    growth: usize,
    refused: bool,
}

impl Limiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory_limit: limits.memory_bytes,
            table_limit: limits.table_elements,
            instances: limits.instances,
            tables: limits.tables,
            memories: limits.memories,
            memory: 0,
            growth: 0,
            refused: false,
        }
    }

    pub(crate) fn begin_call(&mut self) {
        self.refused = false;
    }

    /// True when memory was refused during the call at hand.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current);
        let fits = self.memory.saturating_add(growth) <= self.memory_limit;
        self.growth = if fits { growth } else { 0 };
        self.memory += self.growth;
        self.refused |= !fits;
        Ok(fits)
    }

    /// What was counted did not happen: the module's own maximum or the system stood against it.
    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory -= std::mem::take(&mut self.growth);
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.table_limit)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_memories_share_one_limit() {
        let mut limiter = Limiter::new(&Limits { memory_bytes: 100, ..Limits::default() });
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 60, None).unwrap() && limiter.refused());
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        assert!(!limiter.memory_growing(40, 41, None).unwrap());
        assert_eq!(limiter.memory_bytes(), 100);
    }

    #[test]
    fn a_growth_that_came_to_nothing_is_not_counted() {
        let mut limiter = Limiter::new(&Limits { memory_bytes: 100, ..Limits::default() });
        let failed = || wasmtime::Error::msg("no memory");
        assert!(
            limiter.memory_growing(0, 60, None).unwrap() && limiter.memory_growing(60, 90, None).unwrap()
        );
        limiter.memory_grow_failed(failed()).unwrap();
        assert_eq!(limiter.memory_bytes(), 60);
        assert!(!limiter.memory_growing(60, 101, None).unwrap());
        limiter.memory_grow_failed(failed()).unwrap();
        assert_eq!(limiter.memory_bytes(), 60, "what was refused was never counted");
    }

    #[test]
    fn a_table_of_ten_thousand_and_not_one_more() {
        let mut limiter = Limiter::new(&Limits::default());
        assert!(limiter.table_growing(0, 10_000, None).unwrap());
        assert!(!limiter.table_growing(10_000, 10_001, None).unwrap());
        assert_eq!((limiter.instances(), limiter.tables(), limiter.memories()), (32, 8, 1));
    }
}
