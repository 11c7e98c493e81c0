//! What a list of trades comes to, first in first out, counted in its own way. It shares no arithmetic with the ledger.

use super::broker::BrokerTrade;
use market::{Product, Side, Symbol};
use std::collections::{BTreeMap, VecDeque};

/// Units held and money made by closing, in 1/10 000 rupee.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) held: i64,
    pub(super) realised: i64,
}

/// Open units with what each cost, the oldest first; sold ones are negative.
type Lots = VecDeque<(i64, i64)>;

/// The outcome for each symbol and product, in the order the trades come.
pub(super) fn first_in_first_out<'a>(
    trades: impl IntoIterator<Item = &'a BrokerTrade>,
) -> BTreeMap<(Symbol, Product), Outcome> {
    let mut lots: BTreeMap<(Symbol, Product), (Lots, i64)> = BTreeMap::new();
    for trade in trades {
        let (open, realised) = lots.entry((trade.symbol.clone(), trade.product)).or_default();
        let direction = if trade.side == Side::Buy { 1 } else { -1 };
        let mut units = i64::from(trade.quantity);
        while units > 0 {
            let Some((held, entry)) = open.front_mut().filter(|(held, _)| held.signum() == -direction) else {
                open.push_back((direction * units, trade.price));
                break;
            };
            let closed = units.min(held.abs());
            *realised += closed * held.signum() * (trade.price - *entry);
            *held += direction * closed;
            units -= closed;
            if *held == 0 {
                open.pop_front();
            }
        }
    }
    let outcome =
        |(open, realised): (Lots, i64)| Outcome { held: open.iter().map(|(held, _)| held).sum(), realised };
    lots.into_iter().map(|(key, lots)| (key, outcome(lots))).collect()
}

#[test]
fn what_was_bought_first_is_sold_first_and_a_turn_opens_the_other_side() {
    let symbol: Symbol = "NSE:INFY".parse().unwrap();
    let at = market::Timestamp::EPOCH;
    let trade = |side, quantity, price| BrokerTrade {
        id: String::new(),
        number: String::new(),
        symbol: symbol.clone(),
        side,
        product: Product::Mis,
        quantity,
        price,
        at,
    };
    let day = [trade(Side::Buy, 40, 100), trade(Side::Buy, 60, 110), trade(Side::Sell, 120, 115)];
    let outcome = &first_in_first_out(&day)[&(symbol.clone(), Product::Mis)];
    assert_eq!(*outcome, Outcome { held: -20, realised: 40 * 15 + 60 * 5 });
}
