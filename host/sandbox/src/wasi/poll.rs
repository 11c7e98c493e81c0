//! Polls that never wait: a strategy that sleeps would hold up every other one on its thread.

use super::Io;
use crate::failure::Broken;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::sync::io::poll::{Host, HostPollable};

const NO_WAITING: &str = "it tried to sleep or to wait: strategies act on events, so set a timer instead";

impl Host for Io<'_> {
    fn poll(&mut self, _pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        Err(Broken::new(NO_WAITING).into())
    }
}

impl HostPollable for Io<'_> {
    fn ready(&mut self, _pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        Ok(false)
    }

    fn block(&mut self, _pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        Err(Broken::new(NO_WAITING).into())
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        self.0.delete(pollable)?;
        Ok(())
    }
}
