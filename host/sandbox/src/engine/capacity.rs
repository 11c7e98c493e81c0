//! Asks the system what it can hold, so that a capacity is refused at start and not found missing at the last run.

use crate::failure::EngineError;
use crate::limits::Limits;

/// Memory mappings of one linear memory with copy-on-write slots.
const MAPPINGS_PER_MEMORY: u64 = 4;
/// Mappings of everything else in the process.
const MAPPINGS_RESERVED: u64 = 4_096;
const MAX_MAP_COUNT: &str = "/proc/sys/vm/max_map_count";

/// Refuses more machines than the system's limit on memory mappings allows.
pub(super) fn check(limits: &Limits) -> Result<(), EngineError> {
    let text = std::fs::read_to_string(MAX_MAP_COUNT).ok();
    match text.and_then(|text| text.trim().parse().ok()) {
        Some(max_map_count) => check_against(limits, max_map_count),
        // Where the system names no limit there is none to check.
        None => Ok(()),
    }
}

fn check_against(limits: &Limits, max_map_count: u64) -> Result<(), EngineError> {
    let (machines, mappings) = (limits.machines, limits.memories.max(1) as u64 * MAPPINGS_PER_MEMORY);
    let possible = max_map_count.saturating_sub(MAPPINGS_RESERVED) / mappings;
    if u64::from(machines) <= possible {
        return Ok(());
    }
    let needed = u64::from(machines) * mappings + MAPPINGS_RESERVED;
    let possible = u32::try_from(possible).unwrap_or(u32::MAX);
    Err(EngineError::TooManyMachines { machines, possible, max_map_count, needed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_machines_than_the_system_can_map_are_refused_with_the_setting_that_would_do() {
        let limits = |machines| Limits { machines, ..Limits::default() };
        assert_eq!(check_against(&limits(15_000), 65_530), Ok(()));
        let said = check_against(&limits(20_000), 65_530).unwrap_err().to_string();
        assert!(said.contains("allows 15358") && said.contains("vm.max_map_count=84096"), "{said}");
    }
}
