//! Positions held as another product: what is refused, and that nothing is made or lost.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{ConvertPosition, Exchange, OrderStatus, PlaceOrder, RefusalKind};
use market::{Calendar, Money, OrderRequest, Price, Product, Side};
use proptest::prelude::*;
use support::*;

fn wish(
    symbol: &str,
    side: Side,
    quantity: u32,
    products: (Product, Product),
    overnight: bool,
) -> ConvertPosition {
    let (old_product, new_product) = products;
    ConvertPosition { symbol: symbol.parse().unwrap(), side, overnight, quantity, old_product, new_product }
}

fn convert(
    exchange: &mut Exchange,
    side: Side,
    quantity: u32,
    products: (Product, Product),
) -> Result<(), String> {
    let wish = wish("NSE:INFY", side, quantity, products, false);
    exchange.convert(USER, &wish).map_err(|refusal| refusal.message)
}

const TO_DELIVERY: (Product, Product) = (Product::Mis, Product::Cnc);
const TO_INTRADAY: (Product, Product) = (Product::Cnc, Product::Mis);

#[test]
fn a_short_position_does_not_become_delivery_of_shares_that_are_not_there() {
    let mut exchange = exchange();
    place(&mut exchange, infy(Side::Sell, 10));
    let before = exchange.positions(USER);
    let said = exchange.convert(USER, &wish("NSE:INFY", Side::Sell, 10, TO_DELIVERY, false)).unwrap_err();
    assert_eq!(said.kind, RefusalKind::Holding);
    assert_eq!(exchange.positions(USER), before);
    // Ten shares of TCS lie in the depository: a short sale of them may be delivered.
    place(&mut exchange, market("NSE:TCS", Product::Mis, Side::Sell, 10));
    exchange.convert(USER, &wish("NSE:TCS", Side::Sell, 10, TO_DELIVERY, false)).unwrap();
    assert_eq!(exchange.holdings(USER)[0].used_quantity, 10);
}

#[test]
fn shares_that_a_standing_sale_needs_are_not_converted_away() {
    let mut exchange = exchange();
    place(&mut exchange, market("NSE:INFY", Product::Cnc, Side::Buy, 10));
    let far = OrderRequest {
        product: Product::Cnc,
        ..limit(Side::Sell, 6, best(&exchange).1 + Price::from_rupees(50))
    };
    let sale = place(&mut exchange, far);
    assert_eq!(order(&exchange, &sale).status, OrderStatus::Open);
    assert!(convert(&mut exchange, Side::Buy, 5, TO_INTRADAY).unwrap_err().contains("pending sell orders"));
    convert(&mut exchange, Side::Buy, 4, TO_INTRADAY).unwrap();
}

#[test]
fn nothing_too_little_the_same_and_parts_of_lots_are_refused() {
    let mut exchange = exchange();
    place(&mut exchange, infy(Side::Buy, 10));
    place(&mut exchange, market("NFO:NIFTY26DECFUT", Product::Nrml, Side::Buy, 130));
    let cases = [
        (wish("NSE:INFY", Side::Buy, 0, TO_DELIVERY, false), "Invalid `quantity`"),
        (wish("NSE:INFY", Side::Buy, 11, TO_DELIVERY, false), "exceeds the open position quantity"),
        (wish("NSE:INFY", Side::Sell, 1, TO_DELIVERY, false), "exceeds the open position quantity"),
        (wish("NSE:INFY", Side::Buy, 1, (Product::Mis, Product::Mis), false), "Invalid `new_product`"),
        (wish("NSE:INFY", Side::Buy, 1, TO_DELIVERY, true), "exceeds the open position quantity"),
        (
            wish("NFO:NIFTY26DECFUT", Side::Buy, 66, (Product::Nrml, Product::Mis), false),
            "multiples of the lot size 65",
        ),
    ];
    for (wish, words) in cases {
        let said = exchange.convert(USER, &wish).unwrap_err();
        assert!(said.message.contains(words), "{} | {words}", said.message);
    }
}

#[test]
fn what_was_carried_and_what_was_bought_today_are_converted_apart() {
    let mut exchange = exchange();
    let future = "NFO:NIFTY26DECFUT";
    place(&mut exchange, market(future, Product::Nrml, Side::Buy, 65));
    exchange.jump(monday().next().at_seconds(10 * 3600));
    place(&mut exchange, market(future, Product::Nrml, Side::Buy, 65));
    let both = (Product::Nrml, Product::Mis);
    for overnight in [true, false] {
        assert!(exchange.convert(USER, &wish(future, Side::Buy, 130, both, overnight)).is_err());
    }
    let before = exchange.books(USER).unwrap();
    exchange.convert(USER, &wish(future, Side::Buy, 65, both, true)).unwrap();
    let rows = exchange.positions(USER).net;
    let kept = rows.iter().find(|row| row.product == Product::Nrml).unwrap();
    assert_eq!((kept.overnight_quantity, kept.day_buy_quantity, kept.quantity), (0, 65, 65));
    assert_eq!(exchange.books(USER).unwrap().pnl, before.pnl);
    exchange.convert(USER, &wish(future, Side::Buy, 65, both, false)).unwrap();
    let rows = exchange.positions(USER).net;
    let moved = rows.iter().find(|row| row.product == Product::Mis).unwrap();
    assert_eq!((moved.quantity, moved.day_buy_quantity), (130, 130));
    assert_eq!(moved.buy_value, before.net[0].buy_value);
    assert_eq!(exchange.books(USER).unwrap().pnl, before.pnl);
}

#[derive(Debug, Clone)]
enum Step {
    Trade { name: usize, product: usize, buy: bool, lots: u32 },
    Convert { name: usize, from: usize, to: usize, long: bool, overnight: bool, lots: u32 },
    Price { name: usize, ticks: i64 },
    NextDay,
}

const NAMES: [&str; 3] = ["NSE:INFY", "NSE:TCS", "NFO:NIFTY27JANFUT"];
const PRODUCTS: [Product; 4] = [Product::Cnc, Product::Mis, Product::Mtf, Product::Nrml];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3usize, 0..4usize, any::<bool>(), 1..9u32)
            .prop_map(|(name, product, buy, lots)| Step::Trade { name, product, buy, lots }),
        5 => (0..3usize, 0..4usize, 0..4usize, any::<bool>(), any::<bool>(), 1..9u32).prop_map(
            |(name, from, to, long, overnight, lots)| Step::Convert { name, from, to, long, overnight, lots }),
        2 => (0..3usize, -60..60i64).prop_map(|(name, ticks)| Step::Price { name, ticks }),
        2 => Just(Step::NextDay),
    ]
}

fn side(buy: bool) -> Side {
    if buy { Side::Buy } else { Side::Sell }
}

fn lot(name: usize) -> u32 {
    if name == 2 { 65 } else { 1 }
}

/// What the account is worth at the last prices: money, positions, shares.
fn wealth(exchange: &Exchange) -> Money {
    let shares = exchange.holdings(USER).into_iter();
    let shares: Money =
        shares.map(|h| h.last_price * (i64::from(h.quantity) + i64::from(h.t1_quantity))).sum();
    exchange.margins(USER).unwrap().available.cash + exchange.books(USER).unwrap().pnl + shares
}

fn check(exchange: &Exchange) {
    let books = exchange.books(USER).unwrap();
    assert_eq!(books.pnl, books.net.iter().map(|row| row.pnl).sum::<Money>());
    assert_eq!(books.realised + books.unrealised, books.pnl);
    for row in &books.net {
        assert!(
            row.buy_quantity >= 0
                && row.sell_quantity >= 0
                && row.day_buy_quantity >= 0
                && row.day_sell_quantity >= 0
        );
        assert!(row.buy_value >= Money::ZERO && row.sell_value >= Money::ZERO, "{row:?}");
        for (quantity, value) in [
            (row.day_buy_quantity, row.day_buy_value),
            (row.day_sell_quantity, row.day_sell_value),
            (row.buy_quantity, row.buy_value),
            (row.sell_quantity, row.sell_value),
        ] {
            assert!(quantity > 0 || value.is_zero(), "{value} for nothing: {row:?}");
        }
        assert_eq!(
            (row.quantity, row.value),
            (row.buy_quantity - row.sell_quantity, row.sell_value - row.buy_value)
        );
        assert_eq!(row.pnl, row.value + row.last_price * row.quantity);
    }
    for row in books.net.iter().filter(|row| row.product == Product::Cnc) {
        let held = exchange.holdings(USER).into_iter().find(|h| h.symbol == row.symbol);
        let held = held.map_or(0, |h| i64::from(h.quantity) + i64::from(h.t1_quantity));
        assert!(held + row.quantity >= 0, "shares are owed: {row:?}");
    }
    assert!(books.net.iter().all(|row| row.product != Product::Mtf || row.quantity >= 0));
}

fn quantities(exchange: &Exchange) -> i64 {
    exchange.positions(USER).net.iter().map(|row| row.quantity).sum()
}

fn run(exchange: &mut Exchange, step: &Step) {
    match *step {
        Step::Trade { name, product, buy, lots } => {
            let request = market(NAMES[name], PRODUCTS[product], side(buy), lots * lot(name));
            let _ = exchange.place(USER, PlaceOrder::new(request));
        }
        Step::Convert { name, from, to, long, overnight, lots } => {
            let products = (PRODUCTS[from], PRODUCTS[to]);
            let wish = wish(NAMES[name], side(long), lots * lot(name), products, overnight);
            let before = (wealth(exchange), quantities(exchange));
            let _ = exchange.convert(USER, &wish);
            assert_eq!((wealth(exchange), quantities(exchange)), before, "{wish:?}");
        }
        Step::Price { name, ticks } => {
            let instrument = exchange.find(&NAMES[name].parse().unwrap()).unwrap().instrument.clone();
            let last = exchange.quote(instrument.token).unwrap().tick.last_price;
            let _ = exchange
                .set_price(instrument.token, last + Price::from_units(instrument.tick_size.units() * ticks));
        }
        Step::NextDay => {
            let midnight = exchange.now().date().next().midnight();
            exchange.jump(midnight.plus_micros(-1));
            let before = wealth(exchange);
            exchange.jump(midnight);
            assert_eq!(wealth(exchange), before, "the night made or lost something");
            let mut date = midnight.date();
            while date.is_weekend() {
                date = date.next();
            }
            exchange.jump(date.at_seconds(10 * 3600));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn conversions_and_nights_make_and_lose_nothing(steps in prop::collection::vec(step(), 1..50)) {
        let mut exchange = Exchange::new(setup(Calendar::nse([]), ten_o_clock()));
        for step in &steps {
            run(&mut exchange, step);
            check(&exchange);
        }
    }
}
