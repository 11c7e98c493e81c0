//! The account's two gates: what paper runs do takes nothing from what may leave for the broker. Knows no order.

use crate::gate::{Gate, LossLatch, RiskLimits, SendWindow};
use crate::mode::Mode;

/// One gate for each mode, with the same limits.
pub(super) struct Gates {
    live: Gate,
    paper: Gate,
}

impl Gates {
    /// `window` and `latch` are what is known of the live orders; paper starts afresh.
    pub(super) fn new(limits: RiskLimits, window: SendWindow, latch: Option<LossLatch>) -> Self {
        let paper = Gate::new(limits.clone(), SendWindow::default(), None);
        Self { live: Gate::new(limits, window, latch), paper }
    }

    pub(super) fn of(&mut self, mode: Mode) -> &mut Gate {
        match mode {
            Mode::Live => &mut self.live,
            Mode::Paper => &mut self.paper,
        }
    }

    pub(super) fn live(&self) -> &Gate {
        &self.live
    }

    /// A person has looked: other limits, and the latch is open again.
    pub(super) fn set_limits(&mut self, limits: RiskLimits) {
        for gate in [&mut self.live, &mut self.paper] {
            gate.set_limits(limits.clone());
            gate.clear_latch();
        }
    }
}
