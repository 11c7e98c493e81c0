//! Exchanges beside NSE: lots that are worth many units, prices of four decimals, shares that trade at two places.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{Exchange, PlaceOrder, SpreadLeg, State};
use market::{Calendar, Money, OrderKind, OrderRequest, Price, Product, Side, VenueGroup};
use support::*;

const LEAD: &str = "MCX:LEADMINI26DECFUT";
const DOLLAR: &str = "CDS:USDINR26DECFUT";

fn last_of(exchange: &Exchange, symbol: &str) -> Price {
    let token = exchange.find(&symbol.parse().unwrap()).unwrap().instrument.token;
    exchange.quote(token).unwrap().tick.last_price
}

#[test]
fn a_lot_of_lead_is_worth_a_thousand_times_its_price() {
    let mut exchange = exchange();
    let id = place(&mut exchange, market(LEAD, Product::Nrml, Side::Buy, 2));
    let price = order(&exchange, &id).average_price;
    assert_eq!(order(&exchange, &id).filled_quantity, 2);
    let row = exchange.positions(USER).net.remove(0);
    assert_eq!((row.quantity, row.multiplier, row.buy_price), (2, 1_000, price));
    assert_eq!(row.buy_value, price * 2_000);
    let last = last_of(&exchange, LEAD);
    assert_eq!(row.pnl, (last * 2_000) - (price * 2_000));
    let funds = exchange.margins(USER).unwrap();
    assert_eq!(funds.utilised.span, (last * 2_000).scaled(10, 100));
    let books = exchange.books(USER).unwrap();
    assert_eq!((books.turnover, books.pnl), (price * 2_000, row.pnl));
}

#[test]
fn a_currency_lot_needs_the_margin_of_a_thousand_dollars() {
    let mut exchange = exchange();
    let far = (last_of(&exchange, DOLLAR) - Price::from_rupees(1)).round_to(Price::from_units(25));
    let request = OrderRequest {
        kind: OrderKind::Limit,
        price: far,
        market_protection: 0,
        ..market(DOLLAR, Product::Nrml, Side::Buy, 10)
    };
    place(&mut exchange, request.clone());
    assert_eq!(exchange.margins(USER).unwrap().utilised.span, (far * 10_000).scaled(3, 100));
    let off = OrderRequest { price: far + Price::from_units(10), ..request };
    let said = exchange.place(USER, PlaceOrder::new(off)).unwrap_err();
    assert!(said.message.contains("Tick size for this script is 0.0025."), "{}", said.message);
}

#[test]
fn a_position_in_lots_is_the_same_after_a_restart_and_settles_at_expiry() {
    let mut before = exchange();
    place(&mut before, market(LEAD, Product::Nrml, Side::Buy, 1));
    place(&mut before, market("MCX:GOLDGUINEA26NOVFUT", Product::Nrml, Side::Buy, 1));
    let text = serde_json::to_string(&before.take_state()).unwrap();
    let state: State = serde_json::from_str(&text).unwrap();
    let mut after = Exchange::restore(setup(Calendar::nse([]), ten_o_clock()), state);
    let values = |exchange: &Exchange| -> Vec<_> {
        exchange
            .positions(USER)
            .net
            .into_iter()
            .map(|row| (row.symbol, row.multiplier, row.buy_value))
            .collect()
    };
    assert_eq!(values(&before), values(&after));
    // November's guinea ends on the last day of the month, two Mondays before lead's does.
    after.jump("2026-12-01".parse::<market::TradingDate>().unwrap().at_seconds(10 * 3600));
    let rows = after.positions(USER).net;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].symbol.to_string().as_str(), rows[0].overnight_quantity), (LEAD, 1));
    assert!(after.find(&"MCX:GOLDGUINEA26NOVFUT".parse().unwrap()).is_none());
    assert!(after.find(&"MCX:GOLDGUINEA27JANFUT".parse().unwrap()).is_some());
}

#[test]
fn a_share_trades_at_two_exchanges_for_nearly_the_same_price() {
    let mut exchange = exchange();
    exchange.advance(ten_o_clock().plus_seconds(5));
    let difference = (last_of(&exchange, "NSE:INFY") - last_of(&exchange, "BSE:INFY")).abs();
    assert!(difference < Price::from_rupees(3), "{difference}");
    let target = (last(&exchange) + Price::from_rupees(40)).round_to(Price::from_paise(10));
    exchange.set_price(INFY, target).unwrap();
    exchange.advance(ten_o_clock().plus_seconds(15));
    assert!((last_of(&exchange, "BSE:INFY") - target).abs() < Price::from_rupees(5));
    let id = place(&mut exchange, market("BSE:INFY", Product::Cnc, Side::Buy, 3));
    assert_eq!(order(&exchange, &id).filled_quantity, 3);
}

#[test]
fn every_listing_names_the_hours_it_keeps() {
    let exchange = exchange();
    let group = |symbol: &str| exchange.find(&symbol.parse().unwrap()).unwrap().group();
    assert_eq!(group("BSE:SENSEX"), VenueGroup::Equity);
    assert_eq!(group(DOLLAR), VenueGroup::Currency);
    assert_eq!(group("NCO:CRUDEOIL26DECFUT"), VenueGroup::Commodity);
}

#[test]
fn a_multiplier_is_known_of_contracts_that_have_expired() {
    let exchange = exchange();
    let of = |symbol: &str| exchange.multiplier_of(&symbol.parse().unwrap());
    assert_eq!((of("NSE:INFY"), of(LEAD), of("MCX:GOLD23JULFUT")), (Some(1), Some(1_000), Some(100)));
    assert_eq!((of("MCX:GOLDPETAL23JULFUT"), of("NFO:NIFTY2371317900PE")), (Some(1), Some(1)));
    assert_eq!((of("NSE:NOSUCH"), of("MCX:NOSUCH26DECFUT"), of("MCX:GOLDX26DECFUT")), (None, None, None));
}

#[test]
fn a_hedged_basket_binds_less_and_an_unhedged_one_its_sum() {
    let exchange = exchange();
    let leg = |symbol: &str, quantity: i64, rupees: i64| SpreadLeg {
        symbol: symbol.parse().unwrap(),
        quantity,
        span: Money::from_rupees(rupees),
    };
    let months = [leg("NFO:NIFTY26NOVFUT", 65, 200_000), leg("NFO:NIFTY26DECFUT", -65, 200_000)];
    assert_eq!(exchange.span_of_spread(&months, &[]), Money::from_rupees(40_000));
    let apart = [leg("NFO:NIFTY26NOVFUT", 65, 200_000), leg("NFO:BANKNIFTY26NOVFUT", -30, 200_000)];
    assert_eq!(exchange.span_of_spread(&apart, &[]), Money::from_rupees(400_000));
    let share = [leg("NSE:INFY", 10, 0)];
    assert_eq!(exchange.span_of_spread(&share, &[]), Money::ZERO);
}

#[test]
fn the_stop_of_a_cover_order_has_a_range_on_the_far_side_of_the_price() {
    let exchange = exchange();
    let symbol = "NSE:INFY".parse().unwrap();
    let (lower, upper) = exchange.trigger_range(&symbol, Side::Buy).unwrap();
    assert_eq!(upper, last(&exchange));
    assert!(lower < upper && lower > last(&exchange) - Price::from_rupees(200));
    assert_eq!(exchange.trigger_range(&symbol, Side::Sell).unwrap().0, last(&exchange));
    assert!(exchange.trigger_range(&"NSE:NOSUCH".parse().unwrap(), Side::Buy).is_none());
}
