//! Trades of one instrument and day, for the tests of books and of days.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "every test file uses a part of it")]

use market::{Price, Product, Side, Symbol, Timestamp, Trade, TradingDate};
use proptest::prelude::*;

pub fn day() -> TradingDate {
    "2026-11-23".parse().unwrap()
}

pub fn symbol() -> Symbol {
    "NSE:INFY".parse().unwrap()
}

pub fn trade(number: usize, side: Side, quantity: u32, price: Price) -> Trade {
    Trade {
        trade_id: format!("T{number}"),
        order_id: format!("O{}", number / 2),
        symbol: symbol(),
        token: 1,
        side,
        product: Product::Mis,
        quantity,
        price,
        time: day().at_seconds(36_000 + number as i64),
    }
}

pub fn rupees(amount: i64) -> Price {
    Price::from_rupees(amount)
}

pub fn at(seconds: i64) -> Timestamp {
    day().at_seconds(seconds)
}

pub fn some_trades() -> impl Strategy<Value = Vec<Trade>> {
    let one = (any::<bool>(), 1u32..60, 1_000i64..300_000);
    proptest::collection::vec(one, 1..24).prop_map(|ones| {
        let numbered = ones.into_iter().enumerate();
        numbered
            .map(|(n, (buy, quantity, paise))| {
                trade(n, if buy { Side::Buy } else { Side::Sell }, quantity, Price::from_paise(paise))
            })
            .collect()
    })
}
