//! The exchange's settlement auctions: which there are, who may offer, and who sells.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/desk.rs"]
mod support;

use exchange::{
    AccountSetup, Auction, CallAuction, Exchange, HoldingSetup, ModifyOrder, OrderStatus, PlaceOrder, Setup,
};
use market::{
    Calendar, Change, Money, OrderKind, OrderRequest, Price, Product, Side, Symbol, Timestamp, Validity,
    Variety,
};
use support::{OTHER, USER, monday, order, setup, ten_o_clock};

fn rupees(n: i64) -> Price {
    Price::from_rupees(n)
}

/// Two traders with ten TCS each, and an auction of it that wants so many.
fn called(wanted: u32) -> (Exchange, Auction) {
    let mut exchange = Exchange::new(setup(Calendar::always_open(), ten_o_clock()));
    let price = tcs_price(&exchange);
    let call = CallAuction { symbol: tcs(), wanted, price, seconds: 600 };
    let auction = exchange.call_auction(call).unwrap();
    (exchange, auction)
}

fn tcs() -> Symbol {
    "NSE:TCS".parse().unwrap()
}

fn tcs_price(exchange: &Exchange) -> Price {
    let token = exchange.find(&tcs()).unwrap().instrument.token;
    exchange.quote(token).unwrap().tick.last_price.round_to(rupees(1))
}

fn offer(symbol: Symbol, quantity: u32, price: Price, number: u32) -> PlaceOrder {
    let request = OrderRequest {
        kind: OrderKind::Limit,
        price,
        market_protection: 0,
        product: Product::Cnc,
        variety: Variety::Auction,
        ..OrderRequest::market(symbol, Side::Sell, quantity)
    };
    PlaceOrder { auction_number: Some(number), ..PlaceOrder::new(request) }
}

#[test]
fn the_lowest_offers_sell_at_the_auctions_price_and_the_rest_is_cancelled() {
    let (mut exchange, auction) = called(12);
    let low = exchange.place(OTHER, offer(tcs(), 8, auction.price - rupees(20), auction.number)).unwrap();
    let late = exchange.place(USER, offer(tcs(), 6, auction.price - rupees(10), auction.number)).unwrap();
    let dear = exchange.place(USER, offer(tcs(), 2, auction.price + rupees(1), auction.number)).unwrap();
    let row = order(&exchange, &low);
    assert_eq!((row.status, row.auction_number), (OrderStatus::Open, Some(auction.number)));
    exchange.advance(auction.closes.plus_seconds(-1));
    // Far below the market, and yet nothing trades before the end.
    assert!(exchange.trades(OTHER).is_empty() && exchange.trades(USER).is_empty());
    exchange.advance(auction.closes.plus_seconds(5));
    let told = |id: &str| {
        let row = order(&exchange, id);
        (row.status, row.filled_quantity, row.cancelled_quantity, row.average_price)
    };
    assert_eq!(told(&low), (OrderStatus::Complete, 8, 0, auction.price));
    assert_eq!(told(&late), (OrderStatus::Cancelled, 4, 2, auction.price));
    assert_eq!(told(&dear), (OrderStatus::Cancelled, 0, 2, Price::ZERO));
    assert_eq!(exchange.trades(USER)[0].trade.time, auction.closes);
    assert_eq!(exchange.holdings(USER)[0].used_quantity, 4);
    assert!(exchange.auctions().iter().any(|known| known.number == auction.number && known.matched));
}

#[test]
fn an_offer_is_changed_and_withdrawn_while_it_waits() {
    let (mut exchange, auction) = called(12);
    let id = exchange.place(USER, offer(tcs(), 6, auction.price + rupees(5), auction.number)).unwrap();
    let change = Change { price: Some(auction.price - rupees(50)), ..Change::default() };
    let change = ModifyOrder { variety: Variety::Auction, ..ModifyOrder::new(change) };
    exchange.modify(USER, &id, change).unwrap();
    exchange.advance(ten_o_clock().plus_seconds(60));
    assert_eq!(order(&exchange, &id).status, OrderStatus::Open);
    exchange.cancel(USER, Variety::Auction, &id).unwrap();
    exchange.advance(auction.closes.plus_seconds(1));
    assert_eq!((order(&exchange, &id).status, exchange.trades(USER).len()), (OrderStatus::Cancelled, 0));
}

#[test]
fn an_offer_that_makes_no_sense_is_refused_and_more_than_is_held_is_rejected() {
    let (mut exchange, auction) = called(12);
    let fine = offer(tcs(), 5, auction.price, auction.number);
    let with = |request: OrderRequest| PlaceOrder { request, ..fine.clone() };
    let request = fine.request.clone();
    let infy = support::last(&exchange).round_to(rupees(1));
    let cases = [
        (PlaceOrder { auction_number: None, ..fine.clone() }, "Missing or empty field `auction_number`"),
        (PlaceOrder { auction_number: Some(999), ..fine.clone() }, "not in auction 999"),
        (offer("NSE:INFY".parse().unwrap(), 5, infy, auction.number), "not in auction"),
        (with(OrderRequest { side: Side::Buy, ..request.clone() }), "Only holdings"),
        (with(OrderRequest { product: Product::Mis, ..request.clone() }), "Only holdings"),
        (
            with(OrderRequest { kind: OrderKind::Market, market_protection: -1, ..request.clone() }),
            "are LIMIT",
        ),
        (with(OrderRequest { validity: Validity::Ioc, ..request }), "are DAY"),
    ];
    for (wish, said) in cases {
        let refusal = exchange.place(USER, wish).unwrap_err();
        assert!(refusal.message.contains(said), "{refusal} is not about {said}");
    }
    assert!(exchange.orders(USER).is_empty());
    let id = exchange.place(USER, offer(tcs(), 11, auction.price, auction.number)).unwrap();
    let row = order(&exchange, &id);
    assert_eq!(row.status, OrderStatus::Rejected);
    assert!(row.status_message.as_ref().unwrap().starts_with("Insufficient stock holding"));
    exchange.advance(auction.closes.plus_seconds(1));
    assert!(
        exchange.place(USER, fine).unwrap_err().message.contains("takes offers from 10:00:00 to 10:10:00")
    );
}

#[test]
fn an_auction_is_for_shares_and_ends_on_its_date() {
    let (mut exchange, auction) = called(12);
    let fine =
        CallAuction { symbol: "NSE:INFY".parse().unwrap(), wanted: 5, price: rupees(1_500), seconds: 60 };
    let cases = [
        (CallAuction { symbol: "NSE:NIFTY 50".parse().unwrap(), ..fine.clone() }, "Only shares"),
        (CallAuction { wanted: 0, ..fine.clone() }, "above 0"),
        (CallAuction { seconds: 0, ..fine.clone() }, "above 0"),
        (CallAuction { seconds: 15 * 3600, ..fine.clone() }, "must end on the date"),
        (CallAuction { price: Price::from_units(15_000_001), ..fine.clone() }, "Tick size"),
        (CallAuction { symbol: auction.symbol, ..fine }, "in auction already"),
    ];
    for (call, said) in cases {
        let refusal = exchange.call_auction(call).unwrap_err();
        assert!(refusal.message.contains(said), "{refusal} is not about {said}");
    }
}

#[test]
fn the_seed_decides_the_days_auctions_and_they_run_from_two_to_a_quarter_to_three() {
    let at = |time: Timestamp| Exchange::new(setup(Calendar::nse([]), time));
    let ours = at(ten_o_clock()).auctions().to_vec();
    assert_eq!(ours, at(ten_o_clock()).auctions());
    let auction = ours.first().expect("some share is short").clone();
    assert_eq!(auction.opens, monday().at_seconds(14 * 3600));
    let holding = HoldingSetup { symbol: auction.symbol.clone(), quantity: 10, average_price: rupees(100) };
    let account = AccountSetup {
        user_id: USER.to_owned(),
        user_name: USER.to_owned(),
        cash: Money::from_rupees(1),
        holdings: vec![holding],
    };
    let whole = Setup { accounts: vec![account], ..setup(Calendar::nse([]), ten_o_clock()) };
    let mut exchange = Exchange::new(whole);
    assert_eq!(exchange.auctioned_holdings(USER)[0].1, auction.number);
    let wish = offer(auction.symbol.clone(), 10, auction.price, auction.number);
    assert!(exchange.place(USER, wish.clone()).unwrap_err().message.contains("from 14:00:00 to 14:45:00"));
    exchange.jump(auction.opens);
    let id = exchange.place(USER, wish).unwrap();
    exchange.jump(auction.closes);
    assert_eq!(order(&exchange, &id).status, OrderStatus::Complete);
    assert!(exchange.auctioned_holdings(USER).is_empty());
    exchange.jump(monday().next().at_seconds(10 * 3600));
    assert!(exchange.auctions().iter().all(|next| next.opens.date() == monday().next() && !next.matched));
}

#[test]
fn auctions_and_offers_outlive_a_restart_and_end_the_same_however_time_is_cut() {
    let (mut whole, auction) = called(12);
    whole.place(USER, offer(tcs(), 6, auction.price, auction.number)).unwrap();
    let state = serde_json::to_string(&whole.take_state()).unwrap();
    let restored = || {
        let state = serde_json::from_str(&state).unwrap();
        Exchange::restore(setup(Calendar::always_open(), ten_o_clock()), state)
    };
    let (mut at_once, mut in_steps) = (restored(), restored());
    assert_eq!(at_once.auctions(), whole.auctions());
    let end = auction.closes.plus_seconds(3);
    let one = at_once.advance(end);
    let mut many = Vec::new();
    while in_steps.now() < end {
        many.extend(in_steps.advance(in_steps.now().plus_micros(777_777).min(end)));
    }
    assert_eq!(one, many);
    assert_eq!(at_once.orders(USER)[0].status, OrderStatus::Complete);
}
