//! The account's two gates: what paper runs do takes nothing from what may leave for the broker. Knows no order.

use crate::gate::{Gate, LossLatch, RiskLimits, SendWindow};
use crate::mode::Mode;
use market::Timestamp;
use std::sync::Arc;

/// One gate for each mode, with the same limits.
#[derive(Debug, Clone)]
pub(crate) struct Gates {
    live: Gate,
    paper: Gate,
}

impl Gates {
    /// `window` and `latch` are what is known of the live orders; paper starts afresh.
    pub(crate) fn new(limits: Arc<RiskLimits>, window: SendWindow, latch: Option<LossLatch>) -> Self {
        let paper = Gate::new(Arc::clone(&limits), SendWindow::default(), None);
        Self { live: Gate::new(limits, window, latch), paper }
    }

    pub(crate) fn of(&mut self, mode: Mode) -> &mut Gate {
        match mode {
            Mode::Live => &mut self.live,
            Mode::Paper => &mut self.paper,
        }
    }

    pub(crate) fn live(&self) -> &Gate {
        &self.live
    }

    /// The clock was set.
    pub(crate) fn moved(&mut self, now: Timestamp) {
        self.live.moved(now);
        self.paper.moved(now);
    }

    /// A person has looked: other limits, and the latch is open again.
    pub(crate) fn set_limits(&mut self, limits: Arc<RiskLimits>) {
        for gate in [&mut self.live, &mut self.paper] {
            gate.set_limits(Arc::clone(&limits));
            gate.clear_latch();
        }
    }
}
