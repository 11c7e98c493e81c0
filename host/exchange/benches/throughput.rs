//! How many ticks and how many orders the exchange takes in a second.

use divan::Bencher;
use divan::counter::ItemsCount;
use exchange::{AccountSetup, Event, Exchange, PlaceOrder, Setup};
use market::{Calendar, Money, OrderKind, OrderRequest, Price, Side, TradingDate};

const ORDERS: usize = 1_000;
const SECONDS: i64 = 10;

fn main() {
    divan::main();
}

fn fresh() -> Exchange {
    let now = TradingDate::new(2026, 11, 23).map_or(market::Timestamp::EPOCH, |date| date.at_seconds(36_000));
    let account = |user_id: &str| AccountSetup {
        user_id: user_id.to_owned(),
        user_name: user_id.to_owned(),
        cash: Money::from_rupees(1_000_000_000),
        holdings: Vec::new(),
    };
    let accounts = vec![account("UK9394"), account("UK1234")];
    Exchange::new(Setup { seed: 1, now, calendar: Calendar::always_open(), accounts })
}

#[divan::bench]
fn ticks(bencher: Bencher) {
    let made = fresh().advance(fresh().now().plus_seconds(SECONDS));
    let count = made.iter().filter(|event| matches!(event, Event::Tick(_))).count();
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(fresh)
        .bench_local_values(|mut exchange| exchange.advance(exchange.now().plus_seconds(SECONDS)).len());
}

#[divan::bench]
fn market_orders_matched(bencher: Bencher) {
    bencher.counter(ItemsCount::new(ORDERS)).with_inputs(fresh).bench_local_values(|mut exchange| {
        let Ok(symbol) = "NSE:INFY".parse::<market::Symbol>() else { return 0 };
        for n in 0..ORDERS {
            let side = if n % 2 == 0 { Side::Buy } else { Side::Sell };
            let _ = exchange.place("UK9394", PlaceOrder::new(OrderRequest::market(symbol.clone(), side, 1)));
        }
        exchange.take_events().len()
    });
}

/// Half of the orders stand, the other account takes them.
#[divan::bench]
fn limit_orders_crossed(bencher: Bencher) {
    bencher.counter(ItemsCount::new(ORDERS)).with_inputs(fresh).bench_local_values(|mut exchange| {
        let Ok(symbol) = "NSE:INFY".parse::<market::Symbol>() else { return 0 };
        let last = exchange.quote(408_065).map_or(Price::ZERO, |quote| quote.tick.last_price);
        let order = |side| OrderRequest {
            kind: OrderKind::Limit,
            price: last,
            ..OrderRequest::market(symbol.clone(), side, 10)
        };
        for _ in 0..ORDERS / 2 {
            let _ = exchange.place("UK1234", PlaceOrder::new(order(Side::Sell)));
            let _ = exchange.place("UK9394", PlaceOrder::new(order(Side::Buy)));
        }
        exchange.take_events().len()
    });
}
