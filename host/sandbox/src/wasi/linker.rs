//! Ties the interfaces of WASI to the data of a store.

use super::{HasIo, HasTable, Io};
use crate::machine::Desk;
use wasmtime::component::Linker;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::p2::bindings::{cli, clocks, random, sync};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi::{WasiCtxView, WasiView};

impl WasiView for Desk {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi.ctx, table: &mut self.wasi.table }
    }
}

/// Links what stands in [`INTERFACES`](super::INTERFACES) and nothing else.
pub(crate) fn link(linker: &mut Linker<Desk>) -> wasmtime::Result<()> {
    sync::io::poll::add_to_linker::<Desk, HasIo>(linker, |desk| Io(&mut desk.wasi.table))?;
    sync::io::streams::add_to_linker::<Desk, HasIo>(linker, |desk| Io(&mut desk.wasi.table))?;
    sync::io::error::add_to_linker::<Desk, HasTable>(linker, |desk| &mut desk.wasi.table)?;
    clocks::wall_clock::add_to_linker::<Desk, WasiClocks>(linker, Desk::clocks)?;
    clocks::monotonic_clock::add_to_linker::<Desk, WasiClocks>(linker, Desk::clocks)?;
    random::random::add_to_linker::<Desk, WasiRandom>(linker, |desk| desk.wasi.ctx.random())?;
    random::insecure::add_to_linker::<Desk, WasiRandom>(linker, |desk| desk.wasi.ctx.random())?;
    random::insecure_seed::add_to_linker::<Desk, WasiRandom>(linker, |desk| desk.wasi.ctx.random())?;
    cli::environment::add_to_linker::<Desk, WasiCli>(linker, Desk::cli)?;
    cli::exit::add_to_linker::<Desk, WasiCli>(linker, Desk::cli)?;
    cli::stdin::add_to_linker::<Desk, WasiCli>(linker, Desk::cli)?;
    cli::stdout::add_to_linker::<Desk, WasiCli>(linker, Desk::cli)?;
    cli::stderr::add_to_linker::<Desk, WasiCli>(linker, Desk::cli)?;
    cli::terminal_input::add_to_linker::<Desk, WasiCli>(linker, Desk::cli)?;
    cli::terminal_output::add_to_linker::<Desk, WasiCli>(linker, Desk::cli)?;
    cli::terminal_stdin::add_to_linker::<Desk, WasiCli>(linker, Desk::cli)?;
    cli::terminal_stdout::add_to_linker::<Desk, WasiCli>(linker, Desk::cli)?;
    cli::terminal_stderr::add_to_linker::<Desk, WasiCli>(linker, Desk::cli)?;
    Ok(())
}
