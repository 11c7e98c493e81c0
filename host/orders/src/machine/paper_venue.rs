//! The paper exchange: what stands on paper fills at the newest prices. See [`paper`](mod@crate::paper) for the rule.

use super::{Core, Turn};
use crate::facts::Listed;
use crate::merge::Merged;
use crate::mode::Mode;
use crate::paper;
use crate::record::{OrderRecord, TradeRecord};
use crate::stored::StoredOrder;
use market::{OrderState, Price, Trade};
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
            let last = turn.price(&order.record.symbol);
            let Some(price) = last.and_then(|last| paper::fill_price(&order.record, last)) else { continue };
            let Some(trade) = paper_trade(turn, &order.record, price) else { continue };
            let o = &order.record;
            let (filled, average_price, state) = (o.quantity, price, OrderState::Complete);
            let after = OrderRecord { filled, average_price, state, ..o.clone() };
            let fill_quantity = o.quantity.saturating_sub(o.filled);
            self.save(
                turn,
                &order,
                Merged { order: after, fill_quantity, fill_price: price, terms_at: None },
                None,
            );
            let (run_id, strategy_id) = (Some(o.run_id.clone()), Some(o.strategy_id.clone()));
            self.booked(turn, vec![TradeRecord { trade, run_id, strategy_id, mode: Mode::Paper }]);
        }
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
