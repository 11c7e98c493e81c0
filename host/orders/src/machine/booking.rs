//! Trades: booked once each, from the broker's trade list alone, and given to the run whose order carries their number.

use super::{Core, Turn};
use crate::book::Listing;
use crate::effect::{Effect, Gravity};
use crate::mode::Mode;
use crate::record::TradeRecord;
use crate::write::Write;
use market::{Trade, TradingDate, Variety};

impl Core {
    /// Books what is new in the broker's list of the day.
    pub(super) fn book_listed(&mut self, turn: &mut Turn<'_>, list: &Listing<Trade>) {
        let unreadable = list.unreadable;
        if self.soft.unreadable_trades != unreadable && unreadable > 0 {
            let text = format!("{unreadable} trades of the broker's list cannot be read and are not booked");
            turn.say(Gravity::Error, None, text);
        }
        self.soft.unreadable_trades = unreadable;
        let mut new = Vec::new();
        for trade in &list.rows {
            match self.trades.known(trade) {
                None => {
                    let record = self.with_owner(turn, trade);
                    self.trades.book(record.clone());
                    new.push(record);
                }
                // A fill that tells no time bears the reading's, which is another one each time.
                Some(kept) if kept.trade != (Trade { time: kept.trade.time, ..trade.clone() }) => {
                    let kept = kept.trade.clone();
                    self.told_otherwise(turn, kept, trade);
                }
                Some(_) => {}
            }
        }
        if !new.is_empty() {
            self.soft.positions.booked(turn.now.since_boot);
            self.booked(turn, new);
        }
    }

    /// Trades that are new: their rows, their lines, and who must hear of them.
    pub(super) fn booked(&mut self, turn: &mut Turn<'_>, new: Vec<TradeRecord>) {
        for record in &new {
            let t = &record.trade;
            let text = format!("trade {} {} {} {} at {}", t.trade_id, t.side, t.quantity, t.symbol, t.price);
            turn.say(Gravity::Info, record.run_id.as_deref(), text);
            turn.out.effects.push(Effect::Traded(record.clone()));
        }
        turn.out.writes.push(Write::Trades(new));
    }

    /// An order has its number: trades that were booked as somebody's own hand are its run's.
    pub(super) fn adopt_trades(&mut self, turn: &mut Turn<'_>, id: i64) {
        let Some(order) = self.orders.get(id).cloned() else { return };
        let o = &order.record;
        let Some(number) = o.broker_order_id.clone() else { return };
        if !self.trades.adopt(o.date, &number, &o.run_id, &o.strategy_id) {
            return;
        }
        let date = o.date;
        turn.out.effects.push(Effect::Adopted { date, number: number.clone() });
        let (run_id, strategy_id) = (o.run_id.clone(), o.strategy_id.clone());
        turn.out.writes.push(Write::Adopt { date, number, run_id, strategy_id });
    }

    /// The live order that bears the broker's number on that day. An order is good for its own day, but where it waits for
    /// a market that opens the next morning, or trades on one that no midnight closes.
    pub(super) fn numbered(&self, turn: &Turn<'_>, number: &str, date: TradingDate) -> Option<i64> {
        self.orders.by_number(number, date, |order| {
            order.variety == Variety::Amo || turn.facts.is_open(order.symbol.venue(), date.midnight())
        })
    }

    fn with_owner(&self, turn: &Turn<'_>, trade: &Trade) -> TradeRecord {
        let order = self.numbered(turn, &trade.order_id, trade.date()).and_then(|id| self.orders.get(id));
        let owner = order.map(|order| (order.record.run_id.clone(), order.record.strategy_id.clone()));
        let (run_id, strategy_id) = owner.unzip();
        TradeRecord { trade: trade.clone(), run_id, strategy_id, mode: Mode::Live }
    }

    /// A trade that was booked is told otherwise now. It stays; said once.
    fn told_otherwise(&mut self, turn: &mut Turn<'_>, kept: Trade, told: &Trade) {
        if !self.soft.said.insert(format!("trade {} of {}", told.trade_id, told.order_id)) {
            return;
        }
        let text = format!(
            "the broker tells trade {} otherwise than before: {kept:?} stays, not {told:?}",
            kept.trade_id
        );
        turn.say(Gravity::Error, None, text);
    }
}
