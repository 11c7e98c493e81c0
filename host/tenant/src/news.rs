//! What a tenant's watchers (the web streams) are told. Lossy: who lags reads the rows again.

use crate::orders::{OrderRecord, TradeRecord};
use crate::pnl::{DailyStats, PnlRecord};
use crate::run::RunRecord;

/// One thing that changed.
#[derive(Debug, Clone)]
pub enum News {
    /// An order was written or changed.
    Order(OrderRecord),
    /// A trade was booked; positions and P&L changed with it.
    Trade(TradeRecord),
    /// A run changed its state.
    Run(RunRecord),
    /// A strategy recorded an amount of its own.
    Pnl(PnlRecord),
    /// Today's figures were worked out anew.
    Stats(DailyStats),
}
