//! The order book as others see it: standing orders in the depth, one queue at a price, large orders over many ticks.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{Exchange, ModifyOrder, OrderStatus, PlaceOrder};
use market::{Calendar, Change, Depth, DepthLevel, OrderKind, OrderRequest, Price, Product, Side, Variety};
use support::*;

fn depth(exchange: &Exchange) -> Depth {
    exchange.quote(INFY).unwrap().tick.depth.unwrap()
}

fn tick_size() -> Price {
    Price::from_paise(10)
}

/// An exchange whose last price stands still, with room for orders between the best prices.
fn with_a_gap() -> (Exchange, Price) {
    let mut exchange = exchange();
    exchange.hold_price(INFY, true);
    while best(&exchange).1 - best(&exchange).0 <= tick_size() {
        exchange.advance(exchange.now().plus_seconds(1));
    }
    let price = best(&exchange).0 + tick_size();
    (exchange, price)
}

fn by(exchange: &mut Exchange, user: &str, request: OrderRequest) -> String {
    exchange.place(user, PlaceOrder::new(request)).unwrap()
}

fn filled(exchange: &Exchange, id: &str) -> u32 {
    order(exchange, id).filled_quantity
}

#[test]
fn a_standing_order_is_part_of_the_depth_that_others_see() {
    let (mut exchange, price) = with_a_gap();
    let before = exchange.quote(INFY).unwrap().tick;
    let id = place(&mut exchange, limit(Side::Buy, 7, price));
    let shown = exchange.quote(INFY).unwrap().tick;
    let own = DepthLevel { price, quantity: 7, orders: 1 };
    assert_eq!(shown.depth.unwrap().buy[..2], [own, before.depth.unwrap().buy[0]]);
    assert_eq!(shown.buy_quantity, before.buy_quantity + 7);
    assert_eq!(shown.sell_quantity, before.sell_quantity);
    place(&mut exchange, limit(Side::Buy, 5, price));
    assert_eq!(depth(&exchange).buy[0], DepthLevel { price, quantity: 12, orders: 2 });
    exchange.cancel(USER, Variety::Regular, &id).unwrap();
    assert_eq!(depth(&exchange).buy[0], DepthLevel { price, quantity: 5, orders: 1 });
}

#[test]
fn the_ticker_hears_of_a_depth_that_an_order_changed() {
    let (mut exchange, price) = with_a_gap();
    exchange.take_events();
    let told = |exchange: &mut Exchange| {
        let events = exchange.take_events();
        let quantity = events.into_iter().rev().find_map(|event| match event {
            exchange::Event::Tick(tick) if tick.token == INFY => Some(tick.depth.unwrap().buy[0]),
            exchange::Event::Tick(_) | exchange::Event::Order { .. } | exchange::Event::Trade { .. } => None,
        });
        quantity.unwrap()
    };
    let id = place(&mut exchange, limit(Side::Buy, 7, price));
    assert_eq!(told(&mut exchange), DepthLevel { price, quantity: 7, orders: 1 });
    let less = Change { quantity: Some(4), ..Change::default() };
    exchange.modify(USER, &id, ModifyOrder::new(less)).unwrap();
    assert_eq!(told(&mut exchange).quantity, 4);
    exchange.cancel(USER, Variety::Regular, &id).unwrap();
    assert!(told(&mut exchange).price < price);
}

#[test]
fn an_order_joins_the_queue_behind_those_who_stand_there() {
    let mut exchange = exchange();
    exchange.hold_price(INFY, true);
    let first = depth(&exchange).buy[0];
    let id = place(&mut exchange, limit(Side::Buy, 9, first.price));
    let level = depth(&exchange).buy[0];
    assert_eq!((level.quantity, level.orders), (first.quantity + 9, first.orders + 1));
    // A seller takes those who came before, and not one unit more.
    by(&mut exchange, OTHER, limit(Side::Sell, first.quantity, first.price));
    assert_eq!((filled(&exchange, &id), depth(&exchange).buy[0].quantity), (0, 9));
    by(&mut exchange, OTHER, limit(Side::Sell, 4, first.price));
    assert_eq!((filled(&exchange, &id), depth(&exchange).buy[0].quantity), (4, 5));
}

#[test]
fn at_one_price_the_earlier_order_is_served_first_and_a_better_price_before_it() {
    let (mut exchange, price) = with_a_gap();
    let early = by(&mut exchange, OTHER, limit(Side::Sell, 5, price));
    let late = by(&mut exchange, OTHER, limit(Side::Sell, 5, price));
    place(&mut exchange, limit(Side::Buy, 7, price));
    assert_eq!((filled(&exchange, &early), filled(&exchange, &late)), (5, 2));
}

#[test]
fn less_keeps_the_turn_and_more_or_another_price_loses_it() {
    let cases = [
        (Change { quantity: Some(4), ..Change::default() }, (4, 1)),
        (Change { quantity: Some(6), ..Change::default() }, (0, 5)),
    ];
    for (change, fills) in cases {
        let (mut exchange, price) = with_a_gap();
        let early = by(&mut exchange, OTHER, limit(Side::Sell, 5, price));
        let late = by(&mut exchange, OTHER, limit(Side::Sell, 5, price));
        exchange.modify(OTHER, &early, ModifyOrder::new(change.clone())).unwrap();
        place(&mut exchange, limit(Side::Buy, 5, price));
        assert_eq!((filled(&exchange, &early), filled(&exchange, &late)), fills, "{change:?}");
    }
    let (mut exchange, price) = with_a_gap();
    let early = by(&mut exchange, OTHER, limit(Side::Sell, 5, price));
    let late = by(&mut exchange, OTHER, limit(Side::Sell, 5, price));
    for there_and_back in [price + tick_size(), price] {
        let change = Change { price: Some(there_and_back), ..Change::default() };
        exchange.modify(OTHER, &early, ModifyOrder::new(change)).unwrap();
    }
    place(&mut exchange, limit(Side::Buy, 5, price));
    assert_eq!((filled(&exchange, &early), filled(&exchange, &late)), (0, 5));
}

#[test]
fn the_disclosed_part_alone_shows_and_the_next_one_waits_its_turn() {
    let (mut exchange, price) = with_a_gap();
    let iceberg = PlaceOrder { disclosed_quantity: 10, ..PlaceOrder::new(limit(Side::Sell, 35, price)) };
    let hidden = exchange.place(OTHER, iceberg).unwrap();
    let plain = by(&mut exchange, OTHER, limit(Side::Sell, 8, price));
    assert_eq!(depth(&exchange).sell[0], DepthLevel { price, quantity: 18, orders: 2 });
    place(&mut exchange, limit(Side::Buy, 4, price));
    assert_eq!(depth(&exchange).sell[0].quantity, 14);
    // Six more of the shown part, then the order behind it, then the next part.
    place(&mut exchange, limit(Side::Buy, 13, price));
    assert_eq!((filled(&exchange, &hidden), filled(&exchange, &plain)), (10, 7));
    assert_eq!(depth(&exchange).sell[0], DepthLevel { price, quantity: 11, orders: 2 });
    place(&mut exchange, limit(Side::Buy, 26, price));
    assert_eq!((order(&exchange, &hidden).status, filled(&exchange, &plain)), (OrderStatus::Complete, 8));
}

#[test]
fn a_large_order_is_a_wall_that_takes_many_ticks() {
    let mut exchange = exchange();
    let future = exchange.find(&"NFO:INFY26DECFUT".parse().unwrap()).unwrap().instrument.clone();
    let quote = |exchange: &Exchange| exchange.quote(future.token).unwrap().tick;
    let wall = quote(&exchange).last_price - Price::from_rupees(2);
    let wish = market("NFO:INFY26DECFUT", Product::Nrml, Side::Buy, future.lot_size * 12);
    let wish = OrderRequest { kind: OrderKind::Limit, price: wall, market_protection: 0, ..wish };
    let id = by(&mut exchange, OTHER, wish);
    // The share falls, and so the path of its future leads far below the order.
    let fallen = last(&exchange) - Price::from_rupees(20);
    exchange.set_price(INFY, fallen).unwrap();
    let mut fills = 0;
    while order(&exchange, &id).status != OrderStatus::Complete {
        let (before, volume) = (filled(&exchange, &id), quote(&exchange).volume);
        exchange.advance(exchange.now().plus_micros(500_000));
        let (taken, tick) = (filled(&exchange, &id) - before, quote(&exchange));
        assert!(u64::from(taken) <= tick.volume - volume, "more was filled than traded");
        assert_eq!(taken % future.lot_size, 0);
        fills += u32::from(taken > 0);
        if order(&exchange, &id).status != OrderStatus::Complete && taken > 0 {
            assert_eq!((tick.last_price, tick.bid()), (wall, wall));
            assert!(tick.ask() > wall);
        }
        assert!(exchange.now() < ten_o_clock().plus_seconds(120));
    }
    assert!(fills > 1, "one tick brought all of it");
    assert_eq!(order(&exchange, &id).average_price, wall);
    exchange.advance(exchange.now().plus_seconds(5));
    assert!(quote(&exchange).last_price < wall, "the market goes on where the wall stood");
}

#[test]
fn at_the_upper_limit_there_are_no_sellers() {
    let mut exchange = exchange();
    let limits = exchange.quote(INFY).unwrap();
    exchange.set_price(INFY, limits.upper_circuit_limit).unwrap();
    let shown = depth(&exchange);
    assert!(shown.sell.iter().all(|level| *level == DepthLevel::default()));
    assert_eq!(shown.buy[0].price, limits.upper_circuit_limit);
    let id = place(&mut exchange, infy(Side::Buy, 5));
    assert_eq!((order(&exchange, &id).status, filled(&exchange, &id)), (OrderStatus::Open, 0));
    exchange.set_price(INFY, limits.lower_circuit_limit).unwrap();
    assert!(depth(&exchange).buy.iter().all(|level| *level == DepthLevel::default()));
}

#[test]
fn an_account_never_trades_with_itself() {
    let (mut exchange, price) = with_a_gap();
    let standing = place(&mut exchange, limit(Side::Sell, 5, price));
    let incoming = place(&mut exchange, limit(Side::Buy, 5, price));
    let row = order(&exchange, &standing);
    assert_eq!((row.status, row.cancelled_quantity), (OrderStatus::Cancelled, 5));
    assert!(row.status_message.as_ref().unwrap().contains("another order of the same account"));
    assert_eq!(order(&exchange, &incoming).status, OrderStatus::Open);
    assert!(exchange.trades(USER).is_empty());
}

#[test]
fn after_a_restart_the_orders_stand_where_they_stood() {
    let (mut before, price) = with_a_gap();
    let first = place(&mut before, limit(Side::Sell, 5, price));
    let second = by(&mut before, OTHER, limit(Side::Sell, 6, price));
    let state = before.take_state();
    let mut after = Exchange::restore(setup(Calendar::nse([]), ten_o_clock()), state);
    let levels = depth(&after).sell;
    let own = levels.iter().find(|level| level.price == price).unwrap();
    assert!(own.quantity >= 11 && own.orders >= 2, "{levels:?}");
    after.set_price(INFY, price + tick_size()).unwrap();
    let fills = [&first, &second].map(|id| (order(&after, id).status, order(&after, id).average_price));
    assert_eq!(fills, [(OrderStatus::Complete, price); 2]);
}
