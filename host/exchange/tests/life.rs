//! One order's life, as the owner sees it: states, fills, queue, triggers, days.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use exchange::{
    AccountSetup, ConvertPosition, Event, Exchange, HoldingSetup, ModifyOrder, Order, OrderStatus,
    PlaceOrder, Setup,
};
use market::{
    Calendar, Change, Money, OrderKind, OrderRequest, Price, Product, Side, Timestamp, TradingDate, Validity,
    Variety,
};

const USER: &str = "UK9394";
const OTHER: &str = "UK1234";
const INFY: u32 = 408_065;

fn monday() -> TradingDate {
    TradingDate::new(2026, 11, 23).unwrap()
}

fn ten_o_clock() -> Timestamp {
    monday().at_seconds(10 * 3600)
}

fn open_at(calendar: Calendar, now: Timestamp) -> Exchange {
    let account = |user_id: &str| AccountSetup {
        user_id: user_id.to_owned(),
        user_name: user_id.to_owned(),
        cash: Money::from_rupees(1_000_000),
        holdings: vec![HoldingSetup {
            symbol: "NSE:TCS".parse().unwrap(),
            quantity: 10,
            average_price: Price::from_rupees(3_000),
        }],
    };
    Exchange::new(Setup { seed: 7, now, calendar, accounts: vec![account(USER), account(OTHER)] })
}

fn exchange() -> Exchange {
    open_at(Calendar::nse([]), ten_o_clock())
}

fn infy(side: Side, quantity: u32) -> OrderRequest {
    OrderRequest::market("NSE:INFY".parse().unwrap(), side, quantity)
}

fn limit(side: Side, quantity: u32, price: Price) -> OrderRequest {
    OrderRequest { kind: OrderKind::Limit, price, market_protection: 0, ..infy(side, quantity) }
}

fn order<'a>(exchange: &'a Exchange, user: &str, id: &str) -> &'a Order {
    exchange.orders(user).into_iter().find(|order| order.order_id == id).unwrap()
}

fn words(exchange: &Exchange, id: &str) -> Vec<&'static str> {
    exchange.order_history(USER, id).unwrap().iter().map(|row| row.status.as_str()).collect()
}

fn best(exchange: &Exchange) -> (Price, Price) {
    let tick = exchange.quote(INFY).unwrap().tick;
    (tick.bid(), tick.ask())
}

#[test]
fn a_market_order_becomes_a_limit_and_passes_every_state() {
    let mut exchange = exchange();
    let id = exchange.place(USER, PlaceOrder::new(infy(Side::Buy, 5)).tagged("abc")).unwrap();
    assert_eq!(id.len(), 19);
    let row = order(&exchange, USER, &id);
    assert_eq!((row.status, row.kind, row.market_protection), (OrderStatus::Complete, OrderKind::Limit, 0));
    assert_eq!(row.tags, ["abc", "mktp", "mktp:0.50"]);
    assert_eq!((row.filled_quantity, row.pending_quantity), (5, 0));
    assert!(row.average_price > Price::ZERO && row.average_price <= row.price);
    let states = words(&exchange, &id);
    assert_eq!(states[..4], ["PUT ORDER REQ RECEIVED", "VALIDATION PENDING", "OPEN PENDING", "OPEN"]);
    assert_eq!(states.last(), Some(&"COMPLETE"));
    let history = exchange.order_history(USER, &id).unwrap();
    assert_eq!(history[2].exchange_order_id, None);
    assert!(history[3].exchange_order_id.as_ref().unwrap().starts_with("13"));
    assert!(exchange.orders(OTHER).is_empty() && exchange.order_history(OTHER, &id).is_none());
}

#[test]
fn a_large_order_walks_through_the_levels_and_uses_them_up() {
    let mut exchange = exchange();
    let depth = exchange.quote(INFY).unwrap().tick.depth.unwrap().sell;
    let quantity = depth[0].quantity + depth[1].quantity + 3;
    let request = limit(Side::Buy, quantity, depth[2].price);
    let id =
        exchange.place(USER, PlaceOrder::new(OrderRequest { product: Product::Mis, ..request })).unwrap();
    let fills: Vec<_> = exchange.trades(USER).iter().map(|t| (t.trade.price, t.trade.quantity)).collect();
    assert_eq!(
        fills,
        [(depth[0].price, depth[0].quantity), (depth[1].price, depth[1].quantity), (depth[2].price, 3)]
    );
    assert_eq!(order(&exchange, USER, &id).filled_quantity, quantity);
    let left = exchange.quote(INFY).unwrap().tick.depth.unwrap().sell;
    assert_eq!((left[0].price, left[0].quantity), (depth[2].price, depth[2].quantity - 3));
    assert_eq!((left[1], left[3].quantity), (depth[3], 0));
}

#[test]
fn the_rest_of_an_ioc_order_is_cancelled() {
    let mut exchange = exchange();
    let level = exchange.quote(INFY).unwrap().tick.depth.unwrap().sell[0];
    let request =
        OrderRequest { validity: Validity::Ioc, ..limit(Side::Buy, level.quantity + 10, level.price) };
    let id = exchange.place(USER, PlaceOrder::new(request)).unwrap();
    let row = order(&exchange, USER, &id);
    assert_eq!((row.status, row.cancelled_quantity, row.pending_quantity), (OrderStatus::Cancelled, 10, 0));
    assert_eq!(row.filled_quantity, level.quantity);
}

#[test]
fn a_standing_order_trades_when_the_price_comes_through() {
    let mut exchange = exchange();
    exchange.hold_price(INFY, true);
    let (bid, _) = best(&exchange);
    let price = bid - Price::from_rupees(2);
    let id = exchange.place(USER, PlaceOrder::new(limit(Side::Buy, 7, price))).unwrap();
    exchange.advance(ten_o_clock().plus_seconds(60));
    assert_eq!(order(&exchange, USER, &id).status, OrderStatus::Open);
    exchange.set_price(INFY, price - Price::from_rupees(1)).unwrap();
    let row = order(&exchange, USER, &id);
    assert_eq!((row.status, row.average_price), (OrderStatus::Complete, price));
}

#[test]
fn a_stop_order_waits_for_its_trigger() {
    let mut exchange = exchange();
    exchange.hold_price(INFY, true);
    let last = exchange.quote(INFY).unwrap().tick.last_price;
    let trigger = last + Price::from_rupees(3);
    let request = OrderRequest { kind: OrderKind::StopMarket, trigger, ..infy(Side::Buy, 3) };
    let id = exchange.place(USER, PlaceOrder::new(request)).unwrap();
    assert_eq!(order(&exchange, USER, &id).status, OrderStatus::TriggerPending);
    exchange.set_price(INFY, trigger).unwrap();
    let row = order(&exchange, USER, &id);
    assert_eq!((row.status, row.kind), (OrderStatus::Complete, OrderKind::Limit));
    let states = words(&exchange, &id);
    assert_eq!(states[3..6], ["TRIGGER PENDING", "OPEN PENDING", "OPEN"]);
}

#[test]
fn a_change_passes_its_states_and_a_finished_order_takes_none() {
    let mut exchange = exchange();
    exchange.hold_matching(INFY, true);
    let (bid, ask) = best(&exchange);
    let id = exchange.place(USER, PlaceOrder::new(limit(Side::Buy, 7, bid))).unwrap();
    let change = Change { quantity: Some(9), price: Some(ask), ..Change::default() };
    exchange.modify(USER, &id, ModifyOrder::new(change)).unwrap();
    let states = words(&exchange, &id);
    assert_eq!(states[4..], ["MODIFY VALIDATION PENDING", "MODIFY PENDING", "MODIFIED", "OPEN"]);
    let row = order(&exchange, USER, &id);
    assert_eq!((row.modified, row.quantity, row.pending_quantity, row.price), (true, 9, 9, ask));
    exchange.cancel(USER, Variety::Regular, &id).unwrap();
    assert_eq!(order(&exchange, USER, &id).cancelled_quantity, 9);
    let said = exchange.cancel(USER, Variety::Regular, &id).unwrap_err();
    assert_eq!(said.message, "Order cannot be cancelled as it is being processed. Try later.");
    let said = exchange.modify(USER, &id, ModifyOrder::new(Change::default())).unwrap_err();
    assert_eq!(said.message, "Order cannot be modified as it is being processed. Try later.");
}

#[test]
fn a_change_beyond_the_funds_leaves_the_order_open_with_the_reason() {
    let mut exchange = exchange();
    exchange.hold_matching(INFY, true);
    let (bid, _) = best(&exchange);
    let id = exchange.place(USER, PlaceOrder::new(limit(Side::Buy, 7, bid))).unwrap();
    let change = Change { quantity: Some(900_000), ..Change::default() };
    exchange.modify(USER, &id, ModifyOrder::new(change)).unwrap();
    let row = order(&exchange, USER, &id);
    assert_eq!((row.status, row.quantity), (OrderStatus::Open, 7));
    assert!(row.status_message.as_ref().unwrap().starts_with("Insufficient funds."));
}

#[test]
fn two_accounts_trade_with_each_other_at_the_standing_price() {
    let mut exchange = exchange();
    exchange.hold_price(INFY, true);
    // Inside the spread there is nobody else, so that the two can only meet each other.
    let tick = Price::from_paise(10);
    while best(&exchange).1 - best(&exchange).0 <= tick {
        exchange.advance(exchange.now().plus_seconds(1));
    }
    let price = best(&exchange).0 + tick;
    let sale = exchange.place(OTHER, PlaceOrder::new(limit(Side::Sell, 4, price))).unwrap();
    let buy = exchange.place(USER, PlaceOrder::new(limit(Side::Buy, 4, price + tick))).unwrap();
    assert_eq!(order(&exchange, USER, &buy).average_price, price);
    assert_eq!(order(&exchange, OTHER, &sale).average_price, price);
    assert_eq!(order(&exchange, OTHER, &sale).status, OrderStatus::Complete);
}

#[test]
fn short_funds_and_short_shares_reject_a_row() {
    let mut exchange = exchange();
    let rich = OrderRequest { product: Product::Cnc, ..infy(Side::Buy, 900_000) };
    let id = exchange.place(USER, PlaceOrder::new(rich)).unwrap();
    let row = order(&exchange, USER, &id);
    assert_eq!((row.status, row.pending_quantity, row.filled_quantity), (OrderStatus::Rejected, 0, 0));
    assert_eq!(row.exchange_order_id, None);
    let said = row.status_message.as_ref().unwrap();
    assert!(
        said.starts_with("Insufficient funds. Required margin is ")
            && said.ends_with("1000000.00. Check the orderbook for open orders."),
        "{said}"
    );
    assert!(row.status_message_raw.as_ref().unwrap().starts_with("RMS:Margin Exceeds,Required:"));

    let bare = OrderRequest { product: Product::Cnc, ..infy(Side::Sell, 1) };
    let id = exchange.place(USER, PlaceOrder::new(bare)).unwrap();
    let said = order(&exchange, USER, &id).status_message.clone().unwrap();
    assert!(said.starts_with("Insufficient stock holding or there are pending sell orders for this stock."));

    let tcs = |quantity| OrderRequest {
        product: Product::Cnc,
        ..OrderRequest::market("NSE:TCS".parse().unwrap(), Side::Sell, quantity)
    };
    let id = exchange.place(USER, PlaceOrder::new(tcs(10))).unwrap();
    assert_eq!(order(&exchange, USER, &id).status, OrderStatus::Complete);
    assert_eq!(exchange.holdings(USER)[0].used_quantity, 10);
    let id = exchange.place(USER, PlaceOrder::new(tcs(1))).unwrap();
    assert_eq!(order(&exchange, USER, &id).status, OrderStatus::Rejected);
}

#[test]
fn the_funds_identity_holds_through_a_day() {
    let mut exchange = exchange();
    exchange
        .place(USER, PlaceOrder::new(OrderRequest { product: Product::Cnc, ..infy(Side::Buy, 10) }))
        .unwrap();
    exchange.place(USER, PlaceOrder::new(infy(Side::Sell, 20))).unwrap();
    exchange.advance(ten_o_clock().plus_seconds(120));
    let margins = exchange.margins(USER).unwrap();
    assert_eq!(margins.net, margins.available.cash - margins.utilised.debits);
    assert_eq!(margins.net, margins.available.live_balance);
    assert!(margins.utilised.delivery > Money::ZERO && margins.utilised.span > Money::ZERO);
}

#[test]
fn open_orders_lapse_at_the_close_and_the_day_rolls_at_midnight() {
    let mut exchange = exchange();
    let (bid, _) = best(&exchange);
    let far = bid - Price::from_rupees(60);
    let id = exchange.place(USER, PlaceOrder::new(limit(Side::Buy, 7, far))).unwrap();
    exchange
        .place(USER, PlaceOrder::new(OrderRequest { product: Product::Cnc, ..infy(Side::Buy, 5) }))
        .unwrap();
    let future = OrderRequest::market("NFO:NIFTY26DECFUT".parse().unwrap(), Side::Buy, 65);
    exchange.place(USER, PlaceOrder::new(OrderRequest { product: Product::Nrml, ..future })).unwrap();
    exchange.jump(monday().at_seconds(16 * 3600));
    assert_eq!(order(&exchange, USER, &id).status, OrderStatus::Cancelled);
    assert!(!exchange.is_open());
    let evening = exchange.books(USER).unwrap();
    exchange.jump(monday().next().at_seconds(60));
    // Whoever reads late still finds what the evening brought; the day's sums begin anew.
    assert_eq!((exchange.orders(USER).len(), exchange.trades(USER).len()), (3, evening.trades.len()));
    let night = exchange.books(USER).unwrap();
    assert!(night.trades.is_empty() && night.turnover.is_zero());
    exchange.jump(monday().next().at_seconds(6 * 3600));
    assert!(exchange.orders(USER).is_empty() && exchange.trades(USER).is_empty());
    assert!(exchange.order_history(USER, &id).is_none());
    let net = exchange.positions(USER).net;
    assert_eq!(net.len(), 1);
    assert_eq!((net[0].overnight_quantity, net[0].quantity), (65, 65));
    assert!(exchange.positions(USER).day.is_empty());
    let held: Vec<_> = exchange.holdings(USER).iter().map(|h| (h.quantity, h.t1_quantity)).collect();
    assert!(held.contains(&(0, 5)) && held.contains(&(10, 0)), "{held:?}");
    assert_eq!(evening.pnl, evening.net.iter().map(|row| row.pnl).sum());
}

#[test]
fn intraday_positions_are_squared_off_at_the_published_time() {
    for waits in [true, false] {
        let mut exchange = open_at(Calendar::nse([]), monday().at_seconds(15 * 3600 + 19 * 60));
        let (bid, _) = best(&exchange);
        exchange.place(USER, PlaceOrder::new(infy(Side::Buy, 8))).unwrap();
        let future = OrderRequest::market("NFO:NIFTY26DECFUT".parse().unwrap(), Side::Sell, 65);
        exchange.place(USER, PlaceOrder::new(OrderRequest { product: Product::Mis, ..future })).unwrap();
        let far = limit(Side::Buy, 7, bid - Price::from_rupees(60));
        let standing = exchange.place(USER, PlaceOrder::new(far)).unwrap();
        let delivery = OrderRequest { product: Product::Cnc, ..infy(Side::Buy, 5) };
        exchange.place(USER, PlaceOrder::new(delivery)).unwrap();
        let open = |exchange: &Exchange| -> Vec<(Product, i64)> {
            let net = exchange.positions(USER).net;
            net.iter()
                .filter(|row| row.quantity != 0)
                .map(|row| (row.product.rules(), row.quantity))
                .collect()
        };
        let mut go = |hour: i64, minute: i64| {
            let to = monday().at_seconds(hour * 3600 + minute * 60 + 1);
            if waits {
                exchange.advance(to)
            } else {
                exchange.jump(to)
            };
            (open(&exchange), order(&exchange, USER, &standing).status)
        };
        assert_eq!(go(15, 20), (vec![(Product::Cnc, 5), (Product::Mis, -65)], OrderStatus::Cancelled));
        assert_eq!(go(15, 25).0, [(Product::Cnc, 5)]);
    }
}

#[test]
fn an_after_market_order_waits_for_the_morning() {
    let evening = monday().at_seconds(20 * 3600);
    let mut exchange = open_at(Calendar::nse([]), evening);
    let said = exchange.place(USER, PlaceOrder::new(infy(Side::Buy, 1))).unwrap_err();
    assert!(said.message.starts_with("Markets are closed right now."));
    assert_eq!(said.hints, ["switch_to_amo"]);
    let request = OrderRequest { variety: Variety::Amo, ..infy(Side::Buy, 1) };
    let id = exchange.place(USER, PlaceOrder::new(request)).unwrap();
    assert_eq!(order(&exchange, USER, &id).status, OrderStatus::AmoReqReceived);
    exchange.jump(monday().next().at_seconds(10 * 3600));
    assert_eq!(order(&exchange, USER, &id).status, OrderStatus::Complete);
    assert_eq!(words(&exchange, &id)[..2], ["AMO REQ RECEIVED", "PUT ORDER REQ RECEIVED"]);
}

#[test]
fn an_always_open_market_trades_across_midnight() {
    let before = monday().at_seconds(86_400 - 30);
    let mut exchange = open_at(Calendar::always_open(), before);
    exchange.place(USER, PlaceOrder::new(infy(Side::Buy, 8))).unwrap();
    let events = exchange.advance(before.plus_seconds(60));
    assert!(exchange.is_open());
    let after = monday().next().midnight();
    assert!(events.iter().any(|event| matches!(event, Event::Tick(tick) if tick.time > after)));
    assert_eq!(exchange.positions(USER).net[0].overnight_quantity, 8);
    exchange.place(USER, PlaceOrder::new(infy(Side::Sell, 8))).unwrap();
    assert_eq!(exchange.positions(USER).net[0].quantity, 0);
}

#[test]
fn a_time_to_live_ends() {
    let mut exchange = exchange();
    let (bid, _) = best(&exchange);
    let request = limit(Side::Buy, 7, bid - Price::from_rupees(60));
    let id = exchange.place(USER, PlaceOrder { ttl_minutes: Some(1), ..PlaceOrder::new(request) }).unwrap();
    assert_eq!(order(&exchange, USER, &id).validity_word(), "TTL");
    exchange.advance(ten_o_clock().plus_seconds(61));
    assert_eq!(order(&exchange, USER, &id).status, OrderStatus::Cancelled);
}

#[test]
fn a_position_is_converted_if_there_is_enough_of_it() {
    let mut exchange = exchange();
    exchange.place(USER, PlaceOrder::new(infy(Side::Buy, 8))).unwrap();
    let before = exchange.books(USER).unwrap().pnl;
    let wish = |quantity| ConvertPosition {
        symbol: "NSE:INFY".parse().unwrap(),
        side: Side::Buy,
        overnight: false,
        quantity,
        old_product: Product::Mis,
        new_product: Product::Cnc,
    };
    assert!(exchange.convert(USER, &wish(9)).unwrap_err().message.contains("exceeds the open position"));
    exchange.convert(USER, &wish(5)).unwrap();
    let rows: Vec<_> =
        exchange.positions(USER).net.iter().map(|row| (row.product.rules(), row.quantity)).collect();
    assert_eq!(rows, [(Product::Cnc, 5), (Product::Mis, 3)]);
    let books = exchange.books(USER).unwrap();
    assert_eq!((books.pnl, books.realised + books.unrealised), (before, before));
    let missing = ConvertPosition { new_product: Product::Nrml, ..wish(1) };
    assert!(exchange.convert(USER, &missing).unwrap_err().message.contains("NRML is not allowed on NSE"));
}
