//! Fills of a run that no trade tells of: until they are booked, what it holds is not known to the end.

use super::desk::Desk;
use crate::error::StoreError;
use ::orders::{OrderRecord, TradeRecord};
use market::TradingDate;
use std::fmt;

/// An order whose fills and trades do not add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unbooked {
    /// The order, in words.
    order: String,
    filled: u64,
    booked: u64,
}

impl fmt::Display for Unbooked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} filled, {} booked as trades", self.order, self.filled, self.booked)
    }
}

impl Desk {
    /// Whether every unit that the run's orders of today filled is booked as a trade, and none besides.
    pub(super) async fn fills_are_booked(&self, run_id: &str) -> Result<bool, StoreError> {
        Ok(self.unbooked(run_id).await?.is_empty())
    }

    /// The orders of today that keep it from being so.
    pub(super) async fn unbooked(&self, run_id: &str) -> Result<Vec<Unbooked>, StoreError> {
        let orders = self.book.run_orders(run_id).await?;
        let trades = self.book.run_trades(run_id).await?;
        Ok(differing(&orders, &trades, self.host.now().date()))
    }
}

fn differing(orders: &[OrderRecord], trades: &[TradeRecord], today: TradingDate) -> Vec<Unbooked> {
    let of_today = |trade: &&TradeRecord| trade.trade.date() == today;
    let booked = |order: &OrderRecord| -> u64 {
        let Some(number) = &order.broker_order_id else { return 0 };
        let of_order = trades.iter().filter(of_today).filter(|trade| trade.trade.order_id == *number);
        of_order.map(|trade| u64::from(trade.trade.quantity)).sum()
    };
    let todays = orders.iter().filter(|order| order.date == today);
    let all = todays.map(|order| Unbooked {
        order: format!("order {} ({} {})", order.run_order_id, order.side, order.symbol),
        filled: u64::from(order.filled),
        booked: booked(order),
    });
    let all: Vec<Unbooked> = all.collect();
    let (filled, is_booked): (u64, u64) =
        all.iter().fold((0, 0), |(filled, booked), one| (filled + one.filled, booked + one.booked));
    if filled == is_booked {
        return Vec::new();
    }
    all.into_iter().filter(|one| one.filled != one.booked).collect()
}
