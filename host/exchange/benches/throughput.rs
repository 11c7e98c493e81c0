//! How many ticks and how many orders the exchange takes in a second.

use divan::Bencher;
use divan::counter::ItemsCount;
use exchange::{AccountSetup, Event, Exchange, PlaceOrder, Setup};
use market::{Calendar, Money, OrderKind, OrderRequest, Price, Side, TradingDate};
use std::collections::BTreeMap;

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

/// The baseline of the orders below: writing down the rows of as many orders, each with its seven states, and no more.
#[divan::bench]
fn baseline_order_rows(bencher: Bencher) {
    let mut exchange = fresh();
    let placed = "NSE:INFY".parse::<market::Symbol>().ok().and_then(|symbol| {
        exchange.place("UK9394", PlaceOrder::new(OrderRequest::market(symbol, Side::Buy, 1))).ok()
    });
    let rows =
        placed.and_then(|id| exchange.order_history("UK9394", &id).map(<[_]>::to_vec)).unwrap_or_default();
    bencher.counter(ItemsCount::new(ORDERS)).bench_local(|| {
        let all: Vec<_> = (0..ORDERS).map(|_| rows.clone()).collect();
        all.len()
    });
}

/// The baseline of the ticks: as many quotes read from boards that stand still.
#[divan::bench]
fn baseline_quotes_read(bencher: Bencher) {
    let exchange = fresh();
    let tokens: Vec<_> = exchange.listings().map(|listing| listing.instrument.token).collect();
    bencher.counter(ItemsCount::new(tokens.len())).bench_local(|| {
        tokens.iter().filter_map(|token| exchange.quote(*token)).map(|quote| quote.tick.volume).sum::<u64>()
    });
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

/// Orders of the two benches below: the first half stand at these many prices, the second half take them one by one.
const PRICES: usize = 20;

/// Sales stand in a deep book, purchases take them: price, then time, through every state and every book of an account.
#[divan::bench]
fn deep_book_matched(bencher: Bencher) {
    bencher.counter(ItemsCount::new(ORDERS)).with_inputs(fresh).bench_local_values(|mut exchange| {
        let Ok(symbol) = "NSE:INFY".parse::<market::Symbol>() else { return 0 };
        let top = exchange.quote(408_065).map_or(Price::ZERO, |quote| quote.upper_circuit_limit);
        let order = |side, price| OrderRequest {
            kind: OrderKind::Limit,
            price,
            ..OrderRequest::market(symbol.clone(), side, 10)
        };
        let last = exchange.quote(408_065).map_or(Price::ZERO, |quote| quote.tick.ask());
        for n in 0..ORDERS / 2 {
            let price = last + Price::from_paise(10 * (n % PRICES) as i64);
            let _ = exchange.place("UK1234", PlaceOrder::new(order(Side::Sell, price)));
        }
        for _ in 0..ORDERS / 2 {
            let _ = exchange.place("UK9394", PlaceOrder::new(order(Side::Buy, top)));
        }
        exchange.take_events().len()
    });
}

/// The baseline of the deep book: the same orders in a bare book of prices and turns, and nothing else.
#[divan::bench]
fn baseline_bare_book(bencher: Bencher) {
    bencher.counter(ItemsCount::new(ORDERS)).bench_local(|| {
        let mut book: BTreeMap<(Price, usize), u32> = BTreeMap::new();
        let mut traded = 0;
        for n in 0..ORDERS / 2 {
            book.insert((Price::from_paise(10 * (n % PRICES) as i64), n), 10);
        }
        for _ in 0..ORDERS / 2 {
            let mut wanted: u32 = 10;
            while wanted > 0
                && let Some(mut first) = book.first_entry()
            {
                let quantity = wanted.min(*first.get());
                *first.get_mut() -= quantity;
                (wanted, traded) = (wanted - quantity, traded + quantity);
                if *first.get() == 0 {
                    first.remove();
                }
            }
        }
        traded
    });
}
