//! Streams that never wait: standard input is at its end, standard output and error always take what comes.

use super::Io;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::sync::io::streams::{
    Host, HostInputStream, HostOutputStream, StreamError as GuestError,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, StreamError, StreamResult, subscribe};

impl Host for Io<'_> {
    fn convert_stream_error(&mut self, error: StreamError) -> wasmtime::Result<GuestError> {
        match error {
            StreamError::Closed => Ok(GuestError::Closed),
            StreamError::LastOperationFailed(error) => {
                Ok(GuestError::LastOperationFailed(self.0.push(error)?))
            }
            StreamError::Trap(error) => Err(error),
        }
    }
}

impl HostOutputStream for Io<'_> {
    fn drop(&mut self, stream: Resource<DynOutputStream>) -> wasmtime::Result<()> {
        self.0.delete(stream)?;
        Ok(())
    }

    fn check_write(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<u64> {
        self.output(&stream)?.check_write().map(|permit| permit as u64)
    }

    fn write(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        self.output(&stream)?.write(bytes.into())
    }

    fn blocking_write_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        bytes: Vec<u8>,
    ) -> StreamResult<()> {
        self.write(stream, bytes)
    }

    fn flush(&mut self, _stream: Resource<DynOutputStream>) -> StreamResult<()> {
        Ok(())
    }

    fn blocking_flush(&mut self, _stream: Resource<DynOutputStream>) -> StreamResult<()> {
        Ok(())
    }

    fn subscribe(&mut self, stream: Resource<DynOutputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.0, stream)
    }

    fn write_zeroes(&mut self, stream: Resource<DynOutputStream>, len: u64) -> StreamResult<()> {
        let output = self.output(&stream)?;
        let most = output.check_write()?;
        output.write(vec![0; usize::try_from(len).unwrap_or(usize::MAX).min(most)].into())
    }

    fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        len: u64,
    ) -> StreamResult<()> {
        self.write_zeroes(stream, len)
    }

    fn splice(
        &mut self,
        _to: Resource<DynOutputStream>,
        _from: Resource<DynInputStream>,
        _len: u64,
    ) -> StreamResult<u64> {
        Err(StreamError::Closed)
    }

    fn blocking_splice(
        &mut self,
        to: Resource<DynOutputStream>,
        from: Resource<DynInputStream>,
        len: u64,
    ) -> StreamResult<u64> {
        self.splice(to, from, len)
    }
}

impl HostInputStream for Io<'_> {
    fn drop(&mut self, stream: Resource<DynInputStream>) -> wasmtime::Result<()> {
        self.0.delete(stream)?;
        Ok(())
    }

    fn read(&mut self, _stream: Resource<DynInputStream>, _len: u64) -> StreamResult<Vec<u8>> {
        Err(StreamError::Closed)
    }

    fn blocking_read(&mut self, _stream: Resource<DynInputStream>, _len: u64) -> StreamResult<Vec<u8>> {
        Err(StreamError::Closed)
    }

    fn skip(&mut self, _stream: Resource<DynInputStream>, _len: u64) -> StreamResult<u64> {
        Err(StreamError::Closed)
    }

    fn blocking_skip(&mut self, _stream: Resource<DynInputStream>, _len: u64) -> StreamResult<u64> {
        Err(StreamError::Closed)
    }

    fn subscribe(&mut self, stream: Resource<DynInputStream>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.0, stream)
    }
}

impl Io<'_> {
    fn output(&mut self, stream: &Resource<DynOutputStream>) -> StreamResult<&mut DynOutputStream> {
        self.0.get_mut(stream).map_err(|error| StreamError::Trap(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Start;
    use crate::limits::Limits;
    use crate::machine::Desk;
    use std::sync::Arc;
    use wasmtime_wasi::WasiView;
    use wasmtime_wasi::cli::WasiCliView;
    use wasmtime_wasi::p2::bindings::cli::stdout::Host as _;

    #[test]
    fn a_thousand_and_twenty_four_handles_and_not_one_more() {
        let mut desk = Desk::new(Start::nothing(), &Arc::new(Limits::default()));
        let handles: Vec<_> = (0..1_024).map(|_| desk.cli().get_stdout().unwrap()).collect();
        assert!(desk.cli().get_stdout().is_err());
        let first = handles.into_iter().next().unwrap();
        assert!(Io(desk.ctx().table).output(&first).unwrap().check_write().is_ok());
        HostOutputStream::drop(&mut Io(desk.ctx().table), first).unwrap();
        assert!(desk.cli().get_stdout().is_ok(), "one was given back");
    }
}
