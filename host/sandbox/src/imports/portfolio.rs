//! What the run holds, and the account's cash.

use crate::bindings::bulkhead::strategy::portfolio::{Host, Position};
use crate::convert;
use crate::machine::Desk;

impl Host for Desk {
    fn positions(&mut self) -> wasmtime::Result<Vec<Position>> {
        let positions = self.view.positions.all().map(|held| Position {
            symbol: held.symbol.to_string(),
            product: convert::product_out(held.product),
            quantity: held.quantity,
            average_price: held.average_price.units(),
            realised: held.realised.units(),
        });
        Ok(positions.collect())
    }

    fn cash(&mut self) -> wasmtime::Result<i64> {
        Ok(self.view.cash().units())
    }
}
