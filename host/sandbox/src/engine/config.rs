//! The engine's settings. Those that change code are the same for the engine that compiles and the one that runs.

use crate::limits::Limits;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy};

/// Machines that may live for a moment beside the counted ones: a manifest being read, a store being dropped.
const SPARE_MACHINES: u32 = 16;
/// Memory of a slot that stays warm for its next user.
const KEEP_RESIDENT_BYTES: usize = 64 << 10;
const TABLE_KEEP_RESIDENT_BYTES: usize = 16 << 10;
const INSTANCE_BYTES: usize = 16 << 20;

/// An engine with room for every machine reserved at once.
pub(super) fn pooled(limits: &Limits) -> wasmtime::Result<Engine> {
    let machines = limits.machines.saturating_add(SPARE_MACHINES);
    // Whatever the gate lets through may be had by every machine at once: only so is the number of machines a promise.
    let all = |each: usize| machines.saturating_mul(u32::try_from(each).unwrap_or(u32::MAX));
    let scans = PoolingAllocationConfig::is_pagemap_scan_available();
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(machines)
        .total_core_instances(all(limits.instances))
        .total_memories(all(limits.memories))
        .total_tables(all(limits.tables))
        .total_stacks(0)
        .total_gc_heaps(0)
        .max_memory_size(limits.memory_bytes)
        .table_elements(limits.table_elements)
        .max_core_instances_per_component(limits.instances as u32)
        .max_tables_per_component(limits.tables as u32)
        .max_memories_per_component(limits.memories as u32)
        .max_component_instance_size(INSTANCE_BYTES)
        .max_core_instance_size(INSTANCE_BYTES)
        // Without the scan, keeping memory resident costs more than it saves: it wipes pages nobody touched.
        .linear_memory_keep_resident(if scans { KEEP_RESIDENT_BYTES } else { 0 })
        .pagemap_scan(Enabled::Auto)
        .table_keep_resident(TABLE_KEEP_RESIDENT_BYTES);
    let mut config = on_demand(limits);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// The same code, memory taken as it is needed.
pub(super) fn on_demand(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .concurrency_support(false)
        .epoch_interruption(true)
        .consume_fuel(false)
        .max_wasm_stack(limits.stack_bytes)
        .cranelift_nan_canonicalization(false)
        .shared_memory(false);
    features(&mut config);
    config
}

fn features(config: &mut Config) {
    config
        .wasm_simd(true)
        .wasm_bulk_memory(true)
        .wasm_multi_value(true)
        .wasm_reference_types(true)
        .wasm_extended_const(true)
        .wasm_relaxed_simd(false)
        .wasm_threads(false)
        .wasm_gc(false)
        .wasm_function_references(false)
        .wasm_exceptions(false)
        .wasm_tail_call(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false);
}
