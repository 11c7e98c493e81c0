//! The paper exchange's rule: orders fill at live prices, whole, and never leave. Pure.
//!
//! A market order fills at the newest price; a limit order when the price reaches it, at its limit or better; a stop
//! order becomes one of these when its trigger trades.

use crate::record::OrderRecord;
use market::{OrderKind, Price, Side};

/// At which price the order trades, if it does at all.
pub fn fill_price(order: &OrderRecord, last: Price) -> Option<Price> {
    let reached = |limit: Price| match order.side {
        Side::Buy => last <= limit,
        Side::Sell => last >= limit,
    };
    let triggered = match order.side {
        Side::Buy => last >= order.trigger,
        Side::Sell => last <= order.trigger,
    };
    let trades = match order.kind {
        OrderKind::Market => true,
        OrderKind::Limit => reached(order.price),
        OrderKind::Stop => triggered && reached(order.price),
        OrderKind::StopMarket => triggered,
    };
    trades.then_some(last)
}

/// The paper exchange's number of an order.
pub fn number(order_id: i64) -> String {
    format!("P{order_id}")
}

/// A market order on its way, for the tests of this module and its neighbours.
#[cfg(test)]
pub(crate) fn test_order(quantity: u32) -> OrderRecord {
    use crate::mode::Mode;
    use crate::record::RefusalCode;
    use market::{OrderState, Product, Timestamp, Validity, Variety};
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
