//! The paper exchange: orders fill at live prices, whole, and never leave.
//!
//! A market order fills at the newest price; a limit order when the price reaches it, at its limit or better; a stop
//! order becomes one of these when its trigger trades.

use super::desk::Desk;
use super::merge::{Seen, Terms, merge};
use super::record::{OrderRecord, RefusalCode};
use crate::error::StoreError;
use crate::mode::Mode;
use crate::store::StoredOrder;
use market::{Change, OrderKind, OrderState, Price, Side, Trade};

impl Desk {
    pub(super) async fn place_on_paper(&self, id: i64) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        let Some(order) = state.standing.get(&id).cloned() else { return Ok(()) };
        let open = seen(&order.record, OrderState::Open, Price::ZERO);
        if let Some(merged) = merge(&order.record, None, &open) {
            self.save(&mut state, order, merged).await?;
        }
        Ok(())
    }

    pub(super) async fn modify_on_paper(&self, id: i64, change: &Change) {
        let mut state = self.state.lock().await;
        let Some(order) = state.standing.get(&id).cloned() else { return };
        let terms = Some(Terms::of(&order.record).with(change));
        let changed = Seen { terms, ..seen(&order.record, order.record.state, Price::ZERO) };
        let Some(merged) = merge(&order.record, None, &changed) else { return };
        if let Err(error) = self.save(&mut state, order, merged).await {
            tracing::error!(broker_id = %self.id, "change on paper not written: {error:#}");
        }
    }

    /// Fills what the newest prices allow. True when something was filled.
    pub(super) async fn match_paper(&self) -> bool {
        let mut state = self.state.lock().await;
        let open = |o: &&StoredOrder| o.record.mode == Mode::Paper && o.record.state == OrderState::Open;
        let resting: Vec<StoredOrder> = state.standing.values().filter(open).cloned().collect();
        let mut filled = false;
        for order in resting {
            let Some(price) =
                self.mark(&order.record.symbol).and_then(|last| fill_price(&order.record, last))
            else {
                continue;
            };
            let Some(trade) = self.paper_trade(&order.record, price) else { continue };
            let complete = seen(&order.record, OrderState::Complete, price);
            let Some(merged) = merge(&order.record, None, &complete) else { continue };
            let done = match self.save(&mut state, order, merged).await {
                Ok(()) => self.book_new(&[trade], Mode::Paper).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(booked) => filled |= booked,
                Err(error) => tracing::error!(broker_id = %self.id, "paper fill: {error:#}"),
            }
        }
        filled
    }

    fn paper_trade(&self, order: &OrderRecord, price: Price) -> Option<Trade> {
        let token = self.host.instruments_today()?.by_symbol(&order.symbol)?.token;
        let number = paper_number(order);
        Some(Trade {
            trade_id: number.clone(),
            order_id: number,
            symbol: order.symbol.clone(),
            token,
            side: order.side,
            product: order.product,
            quantity: order.quantity,
            price,
            time: self.host.now(),
        })
    }
}

/// At which price the order trades, if it does at all.
fn fill_price(order: &OrderRecord, last: Price) -> Option<Price> {
    paper_fill(order.side, order.kind, order.price, order.trigger, last)
}

/// The paper exchange's rule, for whoever trades on paper: at which price an order of these terms trades, whole, when this
/// is the newest price; none while it waits.
pub fn paper_fill(side: Side, kind: OrderKind, price: Price, trigger: Price, last: Price) -> Option<Price> {
    let reached = match side {
        Side::Buy => last <= price,
        Side::Sell => last >= price,
    };
    let triggered = match side {
        Side::Buy => last >= trigger,
        Side::Sell => last <= trigger,
    };
    let trades = match kind {
        OrderKind::Market => true,
        OrderKind::Limit => reached,
        OrderKind::Stop => triggered && reached,
        OrderKind::StopMarket => triggered,
    };
    trades.then_some(last)
}

fn paper_number(order: &OrderRecord) -> String {
    format!("P{}", order.id)
}

fn seen(order: &OrderRecord, state: OrderState, price: Price) -> Seen {
    let filled = if state == OrderState::Complete { order.quantity } else { order.filled };
    Seen {
        broker_order_id: paper_number(order),
        state,
        filled,
        average_price: price,
        terms: None,
        changed_at: None,
        refusal: RefusalCode::None,
        message: String::new(),
    }
}

/// A market order on its way, for the tests of this module and its neighbours.
#[cfg(test)]
pub(super) fn test_order(quantity: u32) -> OrderRecord {
    use market::{Product, Timestamp, Validity, Variety};
    let now = Timestamp::from_seconds(1_795_400_000);
    OrderRecord {
        id: 1,
        run_id: "run".into(),
        strategy_id: "strategy".into(),
        run_order_id: 1,
        tag: "A".repeat(20),
        broker_order_id: None,
        date: now.date(),
        mode: Mode::Live,
        symbol: "NSE:INFY".parse().unwrap(),
        side: Side::Buy,
        kind: OrderKind::Market,
        product: Product::Mis,
        validity: Validity::Day,
        variety: Variety::Regular,
        quantity,
        filled: 0,
        price: Price::ZERO,
        trigger: Price::ZERO,
        market_protection: -1,
        average_price: Price::ZERO,
        state: OrderState::Sending,
        refusal: RefusalCode::None,
        message: String::new(),
        created_at: now,
        updated_at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_fill_at_their_price_or_better_and_stops_wait_for_their_trigger() {
        let rupees = Price::from_rupees;
        let limit = OrderRecord { kind: OrderKind::Limit, price: rupees(100), ..test_order(1) };
        assert_eq!(fill_price(&limit, rupees(101)), None);
        assert_eq!(fill_price(&limit, rupees(99)), Some(rupees(99)));
        let stop = OrderRecord { kind: OrderKind::StopMarket, trigger: rupees(105), ..test_order(1) };
        assert_eq!(fill_price(&stop, rupees(104)), None);
        assert_eq!(fill_price(&stop, rupees(106)), Some(rupees(106)));
    }
}
