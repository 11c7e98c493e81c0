//! The paper exchange: what stands on paper fills at the newest prices. See [`paper`](mod@crate::paper) for the rule.

use super::saving::changed;
use super::{Core, Turn};
use crate::facts::Listed;
use crate::merge::Merged;
use crate::mode::Mode;
use crate::paper;
use crate::record::{OrderRecord, TradeRecord};
use crate::stored::StoredOrder;
use market::{OrderState, Price, Trade, Validity};
use std::sync::Arc;

impl Core {
    /// Fills what the newest prices allow.
    pub(super) fn match_paper(&mut self, turn: &mut Turn<'_>) {
        let open = |o: &&Arc<StoredOrder>| o.record.mode == Mode::Paper && o.record.state == OrderState::Open;
        // What shall be withdrawn fills no more, although the row that says so may still be owed.
        let is_wanted = |o: &&Arc<StoredOrder>| !self.soft.wishes.wants(o.record.id);
        let resting: Vec<Arc<StoredOrder>> =
            self.orders.standing().filter(open).filter(is_wanted).cloned().collect();
        for order in resting {
            let is_open = turn.facts.is_open(order.record.symbol.venue(), turn.now.wall);
            if is_open && self.fill_on_paper(turn, &order) {
                continue;
            }
            let over = if !is_open {
                "the market has closed: an order is good for its day"
            } else if order.record.validity == Validity::Ioc {
                "immediate or cancel: it did not fill at once"
            } else {
                continue;
            };
            self.save(turn, &order, changed(&order.record, OrderState::Cancelled, over), None);
        }
    }

    /// True when the newest price fills it.
    fn fill_on_paper(&mut self, turn: &mut Turn<'_>, order: &StoredOrder) -> bool {
        let o = &order.record;
        let last = turn.price(&o.symbol);
        let Some(price) = last.and_then(|last| paper::fill_price(o, last)) else { return false };
        let Some(trade) = paper_trade(turn, o, price) else { return false };
        let (filled, average_price, state) = (o.quantity, price, OrderState::Complete);
        let after = OrderRecord { filled, average_price, state, ..o.clone() };
        let fill_quantity = o.quantity.saturating_sub(o.filled);
        let merged = Merged { order: after, fill_quantity, fill_price: price, terms_at: None };
        self.save(turn, order, merged, None);
        let (run_id, strategy_id) = (Some(o.run_id.clone()), Some(o.strategy_id.clone()));
        self.booked(turn, vec![TradeRecord { trade, run_id, strategy_id, mode: Mode::Paper }]);
        true
    }

    /// True while something stands on paper.
    pub(super) fn has_paper(&self) -> bool {
        self.orders.standing().any(|order| order.record.mode == Mode::Paper)
    }
}

fn paper_trade(turn: &Turn<'_>, order: &OrderRecord, price: Price) -> Option<Trade> {
    let Listed::Here(instrument) = turn.facts.listed(&order.symbol) else { return None };
    let number = paper::number(order.id);
    Some(Trade {
        trade_id: number.clone(),
        order_id: number,
        symbol: order.symbol.clone(),
        token: instrument.token,
        side: order.side,
        product: order.product,
        quantity: order.quantity,
        price,
        time: turn.now.wall,
    })
}
