//! The auctions of the day and after-market orders: what is taken when, at which price it trades, what is left.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{Exchange, ModifyOrder, OrderStatus, PlaceOrder, Refusal};
use market::{Calendar, Change, OrderKind, OrderRequest, Price, Product, Side, Timestamp, Validity, Variety};
use support::*;

fn at(hour: i64, minute: i64) -> Timestamp {
    monday().at_seconds(hour * 3600 + minute * 60)
}

fn exchange_at(hour: i64, minute: i64) -> Exchange {
    Exchange::new(setup(Calendar::nse([]), at(hour, minute)))
}

fn refused(exchange: &mut Exchange, order: PlaceOrder) -> Refusal {
    exchange.place(USER, order).unwrap_err()
}

fn words(exchange: &Exchange, id: &str) -> Vec<&'static str> {
    exchange.order_history(USER, id).unwrap().iter().map(|row| row.status.as_str()).collect()
}

fn amo(request: OrderRequest) -> PlaceOrder {
    PlaceOrder::new(OrderRequest { variety: Variety::Amo, ..request })
}

/// A buy limit that any opening accepts, and one that none does.
fn high_and_low(exchange: &Exchange) -> (Price, Price) {
    let limits = exchange.quote(INFY).unwrap();
    (limits.upper_circuit_limit, limits.lower_circuit_limit)
}

#[test]
fn the_pre_open_collects_orders_and_matches_them_at_one_price_which_is_the_open() {
    let mut exchange = exchange_at(9, 1);
    assert!(!exchange.is_open());
    let (high, low) = high_and_low(&exchange);
    let buys = place(&mut exchange, limit(Side::Buy, 10, high));
    let sells = exchange.place(OTHER, PlaceOrder::new(limit(Side::Sell, 4, low))).unwrap();
    let waits = place(&mut exchange, limit(Side::Buy, 3, low));
    exchange.advance(at(9, 7));
    let open = |id: &str, exchange: &Exchange| order(exchange, id).status == OrderStatus::Open;
    assert!([&buys, &sells, &waits].into_iter().all(|id| open(id, &exchange)));
    assert!(exchange.trades(USER).is_empty());

    exchange.advance(at(9, 8));
    let tick = exchange.quote(INFY).unwrap().tick;
    assert_eq!((tick.open, tick.last_price), (order(&exchange, &buys).average_price, tick.open));
    assert_eq!(order(&exchange, &sells).average_price, tick.open);
    assert_eq!(order(&exchange, &buys).status, OrderStatus::Complete);
    assert!(tick.volume >= 10 && low < tick.open && tick.open < high);
    assert_eq!(words(&exchange, &buys)[2..], ["OPEN PENDING", "OPEN", "COMPLETE"]);
    assert!(open(&waits, &exchange));

    exchange.advance(at(9, 16));
    assert!(exchange.is_open() && open(&waits, &exchange));
    assert_eq!(exchange.quote(INFY).unwrap().tick.open, tick.open);
    assert!(exchange.quote(INFY).unwrap().tick.volume > tick.volume);
}

#[test]
fn the_previous_close_stays_the_close_through_the_auction() {
    let mut exchange = exchange_at(8, 30);
    let yesterday = last(&exchange);
    exchange.advance(at(9, 30));
    let quote = exchange.quote(INFY).unwrap();
    assert_eq!(quote.tick.close, yesterday);
    assert!(quote.lower_circuit_limit < yesterday && yesterday < quote.upper_circuit_limit);
}

#[test]
fn a_market_order_of_the_pre_open_takes_part_at_its_protected_price() {
    let mut exchange = exchange_at(9, 1);
    let id = place(&mut exchange, OrderRequest { market_protection: 1_000, ..infy(Side::Buy, 5) });
    assert_eq!(
        (order(&exchange, &id).status, order(&exchange, &id).kind),
        (OrderStatus::Open, OrderKind::Limit)
    );
    exchange.advance(at(9, 8));
    assert_eq!(order(&exchange, &id).status, OrderStatus::Complete);
    assert_eq!(order(&exchange, &id).average_price, exchange.quote(INFY).unwrap().tick.open);
}

#[test]
fn the_pre_open_takes_plain_orders_in_shares_alone() {
    let mut exchange = exchange_at(9, 1);
    let price = last(&exchange);
    let plain = limit(Side::Buy, 100, price);
    let stop = OrderRequest { kind: OrderKind::Stop, trigger: price, ..plain.clone() };
    let ioc = OrderRequest { validity: Validity::Ioc, ..plain.clone() };
    let disclosed = PlaceOrder { disclosed_quantity: 10, ..PlaceOrder::new(plain) };
    for order in [PlaceOrder::new(stop), PlaceOrder::new(ioc), disclosed] {
        let said = refused(&mut exchange, order);
        assert!(said.message.starts_with("Only regular LIMIT and MARKET orders"), "{said:?}");
    }
    let future = market("NFO:NIFTY26DECFUT", Product::Nrml, Side::Buy, 65);
    assert!(refused(&mut exchange, PlaceOrder::new(future)).message.starts_with("Markets are closed"));
}

#[test]
fn between_the_auction_and_the_open_nothing_is_taken_and_nothing_moves() {
    let mut exchange = exchange_at(9, 1);
    let (_, low) = high_and_low(&exchange);
    let id = place(&mut exchange, limit(Side::Buy, 3, low));
    exchange.modify(USER, &id, ModifyOrder::new(Change { quantity: Some(4), ..Change::default() })).unwrap();
    exchange.advance(at(9, 10));
    let said = refused(&mut exchange, PlaceOrder::new(limit(Side::Buy, 3, low)));
    assert!(said.message.starts_with("The pre-open session has ended"), "{said:?}");
    assert!(exchange.cancel(USER, Variety::Regular, &id).is_err());
    exchange.advance(at(9, 15));
    exchange.cancel(USER, Variety::Regular, &id).unwrap();
    assert_eq!(order(&exchange, &id).cancelled_quantity, 4);
}

#[test]
fn in_the_auction_the_better_price_and_then_the_earlier_order_is_served() {
    let mut exchange = exchange_at(9, 1);
    exchange.hold_price(INFY, true);
    let price = last(&exchange);
    // More than the crowd can serve at any price: the last ones in the turn are left out.
    let quantity = 1_000;
    let ids: Vec<_> = [price, price + Price::from_rupees(1), price]
        .into_iter()
        .map(|price| place(&mut exchange, limit(Side::Buy, quantity, price)))
        .collect();
    exchange.advance(at(9, 8));
    let filled: Vec<_> = ids.iter().map(|id| order(&exchange, id).filled_quantity).collect();
    assert!(filled[1] >= filled[0] && filled[0] >= filled[2], "{filled:?}");
    assert!(filled[1] > filled[2], "{filled:?}");
    let row = order(&exchange, &ids[2]);
    assert_eq!(row.filled_quantity + row.pending_quantity, quantity);
}

#[test]
fn an_account_does_not_meet_itself_in_the_auction() {
    let mut exchange = exchange_at(9, 1);
    let price = last(&exchange);
    let first = place(&mut exchange, limit(Side::Buy, 3, price));
    let second = place(&mut exchange, limit(Side::Sell, 3, price));
    assert_eq!(order(&exchange, &first).status, OrderStatus::Open);
    assert_eq!(order(&exchange, &second).status, OrderStatus::Cancelled);
    assert!(order(&exchange, &second).status_message.is_some());
}

#[test]
fn the_closing_session_trades_at_the_closing_price_alone() {
    let mut exchange = exchange_at(15, 29);
    exchange.advance(at(15, 35));
    let close = last(&exchange);
    assert!(
        refused(&mut exchange, PlaceOrder::new(infy(Side::Buy, 1))).message.starts_with("Markets are closed")
    );
    exchange.advance(at(15, 41));
    let delivery = |request: OrderRequest| OrderRequest { product: Product::Cnc, ..request };
    let (dear, cheap) = (close + Price::from_rupees(5), close - Price::from_rupees(5));
    let by_market = place(&mut exchange, delivery(infy(Side::Buy, 2)));
    let by_limit = place(&mut exchange, delivery(limit(Side::Buy, 3, dear)));
    let waits = place(&mut exchange, delivery(limit(Side::Buy, 3, cheap)));
    for id in [&by_market, &by_limit] {
        assert_eq!(
            (order(&exchange, id).status, order(&exchange, id).average_price),
            (OrderStatus::Complete, close)
        );
    }
    assert_eq!(last(&exchange), close);
    let intraday = refused(&mut exchange, PlaceOrder::new(infy(Side::Buy, 1)));
    assert!(intraday.message.contains("MIS"), "{intraday:?}");
    exchange.advance(at(16, 0));
    assert_eq!(order(&exchange, &waits).status, OrderStatus::Cancelled);
}

#[test]
fn an_always_open_market_has_no_auctions_and_takes_no_after_market_orders() {
    for hour in [9, 12, 15, 23] {
        let mut exchange = Exchange::new(setup(Calendar::always_open(), at(hour, 5)));
        assert!(exchange.is_open());
        place(&mut exchange, infy(Side::Buy, 1));
        let said = refused(&mut exchange, amo(infy(Side::Buy, 1)));
        assert!(said.message.ends_with("Place a regular order."), "{said:?}");
    }
}

#[test]
fn after_market_orders_are_taken_in_each_markets_own_window() {
    let future = market("NFO:NIFTY26DECFUT", Product::Nrml, Side::Buy, 65);
    let table = [
        (infy(Side::Buy, 1), [(8, 57, true), (8, 58, false), (12, 0, false), (15, 59, false), (16, 0, true)]),
        (future, [(9, 9, true), (9, 10, false), (12, 0, false), (15, 44, false), (15, 45, true)]),
    ];
    for (request, times) in table {
        for (hour, minute, taken) in times {
            let mut exchange = exchange_at(hour, minute);
            let answer = exchange.place(USER, amo(request.clone()));
            assert_eq!(answer.is_ok(), taken, "{} at {hour}:{minute}: {answer:?}", request.symbol);
        }
    }
    let said = refused(&mut exchange_at(15, 35), amo(infy(Side::Buy, 1)));
    assert!(said.message.ends_with("from 16:00 to 08:58."), "{said:?}");
}

#[test]
fn on_a_day_without_a_session_after_market_orders_are_taken_at_any_hour() {
    let mut exchange = Exchange::new(setup(Calendar::nse([monday()]), at(12, 0)));
    exchange.place(USER, amo(infy(Side::Buy, 1))).unwrap();
}

#[test]
fn after_market_orders_are_released_into_the_auction_or_at_the_open() {
    let mut exchange = exchange_at(8, 0);
    let price = last(&exchange);
    let plain = exchange.place(USER, amo(limit(Side::Buy, 5, price - Price::from_rupees(100)))).unwrap();
    let trigger = price + Price::from_rupees(100);
    let stop = OrderRequest { kind: OrderKind::StopMarket, trigger, ..infy(Side::Buy, 5) };
    let stop = exchange.place(USER, amo(stop)).unwrap();
    let shown =
        PlaceOrder { disclosed_quantity: 10, ..amo(limit(Side::Buy, 50, price - Price::from_rupees(101))) };
    let shown = exchange.place(USER, shown).unwrap();
    let future =
        exchange.place(USER, amo(market("NFO:NIFTY26DECFUT", Product::Nrml, Side::Buy, 65))).unwrap();
    exchange.advance(at(9, 0));
    let status = |id: &str, exchange: &Exchange| order(exchange, id).status;
    assert_eq!(status(&plain, &exchange), OrderStatus::Open);
    for id in [&stop, &shown, &future] {
        assert_eq!(status(id, &exchange), OrderStatus::AmoReqReceived);
    }
    exchange.advance(at(9, 16));
    assert_eq!(status(&stop, &exchange), OrderStatus::TriggerPending);
    assert_eq!(status(&shown, &exchange), OrderStatus::Open);
    assert_ne!(status(&future, &exchange), OrderStatus::AmoReqReceived);
    assert_eq!(words(&exchange, &plain)[..2], ["AMO REQ RECEIVED", "PUT ORDER REQ RECEIVED"]);
}

#[test]
fn an_exchange_that_restarts_within_an_auction_goes_on_with_it() {
    for minute in [5, 10] {
        let mut before = exchange_at(9, 1);
        let (_, low) = high_and_low(&before);
        let id = place(&mut before, limit(Side::Buy, 3, low));
        before.advance(at(9, minute));
        let state = before.take_state();
        let mut after = Exchange::restore(setup(Calendar::nse([]), at(9, 1)), state);
        assert_eq!(order(&after, &id).status, OrderStatus::Open);
        after.advance(at(9, 20));
        before.advance(at(9, 20));
        let open = |exchange: &Exchange| exchange.quote(INFY).unwrap().tick.open;
        assert_eq!((order(&after, &id).status, open(&after)), (OrderStatus::Open, open(&before)));
    }
}
