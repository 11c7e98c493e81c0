//! Amounts a strategy notes, and today's figures of its own fills.

use crate::bindings::bulkhead::strategy::pnl::{Figures, Host};
use crate::machine::{Desk, cut};
use crate::step::Trace;
use market::Money;

impl Host for Desk {
    fn record(&mut self, mut label: String, amount: i64) -> wasmtime::Result<()> {
        self.traces.leave();
        if self.traces.room_for_record() {
            cut(&mut label, self.limits.pnl_label_bytes);
            self.traces.push(Trace::Pnl { label, amount: Money::from_units(amount) });
        }
        Ok(())
    }

    fn today(&mut self) -> wasmtime::Result<Figures> {
        let realised = self.view.positions.today().units();
        Ok(Figures { realised, unrealised: self.view.unrealised().units() })
    }
}
