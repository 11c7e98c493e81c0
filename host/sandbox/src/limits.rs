//! Every limit of the sandbox: a name, a default, a unit. Knows nothing of how each is enforced.

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// What a strategy may be and may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Size of an upload.
    pub upload_bytes: usize,
    /// Functions in all core modules together.
    pub functions: u32,
    /// Size of one function body.
    pub body_bytes: usize,
    /// Locals of one function.
    pub locals: u32,
    /// Data segments of one core module.
    pub data_segments: u32,
    /// Element segments of one core module.
    pub element_segments: u32,
    /// Globals of one core module.
    pub globals: u32,
    /// Core modules in a component.
    pub core_modules: u32,
    /// Components within components.
    pub nesting_depth: u32,
    /// Instances that one instantiation makes, all nesting multiplied out.
    pub expanded_instances: u64,
    /// Functions that cross between a component and its core modules or the host.
    pub canonical_functions: u32,
    /// Types within types: a list of records of options is three deep.
    pub type_depth: u32,
    /// Fields of a record, cases of a variant or enumeration, flags, parameters of a function.
    pub type_width: usize,
    /// One name of an import, an export, a field or a case.
    pub name_bytes: usize,
    /// Custom sections (names, producers, debug information) together.
    pub custom_section_bytes: usize,
    /// All linear memories of a run together.
    pub memory_bytes: usize,
    /// Entries of one table.
    pub table_elements: usize,
    /// Core instances of a run. The gate, the pool and every store count by this number.
    pub instances: usize,
    /// Tables of a run. Every machine has room for as many in the pool.
    pub tables: usize,
    /// Linear memories of a run. One: each machine reserves address space for as many, and adapters share it.
    pub memories: usize,
    /// Native stack of a call into the guest.
    pub stack_bytes: usize,
    /// Bytes a guest may pass to one host call.
    pub hostcall_bytes: usize,
    /// Resource handles (streams, pollables) a run may hold.
    pub resources: usize,
    /// Processor time of a `describe` or `start`.
    pub start_ms: u64,
    /// Processor time of handling an event.
    pub event_ms: u64,
    /// Processor time of a `stop`.
    pub stop_ms: u64,
    /// A call may last this many times its processor time on the wall, when the machine is busy with others.
    pub wall_factor: u32,
    /// Processor time that a run may use over time, in percent of one core.
    pub cpu_share_percent: u32,
    /// How far a run may get ahead of its share: the share of this much time.
    pub cpu_window_ms: u64,
    /// Machines that may live at once in this engine.
    pub machines: u32,
    /// Events in one batch.
    pub batch: usize,
    /// Orders asked for, changed or withdrawn from one event.
    pub intents_per_event: u32,
    /// Log lines from one event; what comes after is counted and dropped.
    pub log_lines_per_event: u32,
    /// Log text from one event; what comes after is counted and dropped.
    pub log_bytes_per_event: usize,
    /// One log line; what is longer is cut.
    pub log_line_bytes: usize,
    /// Randomness asked for at once.
    pub random_bytes: u64,
    /// Bytes written to standard output or error at once.
    pub write_bytes: usize,
    /// State writes, timers and P&L records from one event, together.
    pub records_per_event: u32,
    /// Keys and values written from one event; of several writes to one key the last counts.
    pub state_bytes_per_event: usize,
    /// Keys and values written within one second of the events' time.
    pub state_bytes_per_second: usize,
    /// Everything that one event leaves behind, as the host holds it until it is written down.
    pub step_bytes: usize,
    /// Label of a P&L record; what is longer is cut.
    pub pnl_label_bytes: usize,
    /// Keys in a strategy's state.
    pub state_keys: usize,
    /// One key of the state.
    pub state_key_bytes: usize,
    /// One value of the state.
    pub state_value_bytes: usize,
    /// All keys and values of the state together.
    pub state_bytes: usize,
    /// Timers set at once.
    pub timers: usize,
    /// Finished bars kept for each instrument and interval.
    pub candles: usize,
    /// Finished orders a run can still read.
    pub finished_orders: usize,
}

/// What the compile child may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileLimits {
    /// Address space.
    pub address_space_bytes: u64,
    /// Processor time.
    pub cpu_s: u64,
    /// Time on the wall, after which the parent kills it.
    pub wall_ms: u64,
    /// Size of the compiled code.
    pub output_bytes: u64,
    /// Open files.
    pub open_files: u64,
    /// How far it steps back behind other processes, 0 to 19.
    pub nice: u8,
    /// Compiled code kept on disk, of all components together; what was used longest ago goes first.
    pub cache_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            upload_bytes: 4 * MIB,
            functions: 20_000,
            body_bytes: 256 * KIB,
            locals: 2_000,
            data_segments: 1_000,
            element_segments: 1_000,
            globals: 1_000,
            core_modules: 16,
            nesting_depth: 4,
            expanded_instances: 64,
            canonical_functions: 1_000,
            type_depth: 16,
            type_width: 128,
            name_bytes: 512,
            custom_section_bytes: MIB,
            memory_bytes: 64 * MIB,
            table_elements: 10_000,
            instances: 32,
            tables: 8,
            memories: 1,
            stack_bytes: 512 * KIB,
            hostcall_bytes: MIB,
            resources: 1_024,
            start_ms: 2_000,
            event_ms: 50,
            stop_ms: 1_000,
            wall_factor: 10,
            cpu_share_percent: 50,
            cpu_window_ms: 10_000,
            machines: 1_000,
            batch: 256,
            intents_per_event: 64,
            log_lines_per_event: 1_000,
            log_bytes_per_event: 256 * KIB,
            log_line_bytes: 8 * KIB,
            random_bytes: 64 << 10,
            write_bytes: 64 * KIB,
            records_per_event: 1_000,
            state_bytes_per_event: 256 * KIB,
            state_bytes_per_second: MIB,
            step_bytes: 512 * KIB,
            pnl_label_bytes: 64,
            state_keys: 1_000,
            state_key_bytes: 128,
            state_value_bytes: 64 * KIB,
            state_bytes: 4 * MIB,
            timers: 1_000,
            candles: 1_000,
            finished_orders: 256,
        }
    }
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            address_space_bytes: 1_536 << 20,
            cpu_s: 20,
            wall_ms: 30_000,
            output_bytes: 128 << 20,
            open_files: 16,
            nice: 10,
            cache_bytes: 2 << 30,
        }
    }
}
