//! Each refusal says what Kite says.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use exchange::{AccountSetup, Exchange, ModifyOrder, PlaceOrder, RefusalKind, Setup};
use market::{Calendar, Change, Money, OrderKind, OrderRequest, Price, Product, Side, TradingDate, Variety};

const USER: &str = "UK9394";
const INFY: u32 = 408_065;

fn exchange_at(hour: i64, date: TradingDate) -> Exchange {
    let account = AccountSetup {
        user_id: USER.to_owned(),
        user_name: "A trader".to_owned(),
        cash: Money::from_rupees(10_000_000),
        holdings: Vec::new(),
    };
    let (now, calendar) = (date.at_seconds(hour * 3600), Calendar::nse([]));
    Exchange::new(Setup { seed: 3, now, calendar, accounts: vec![account] })
}

fn monday() -> TradingDate {
    TradingDate::new(2026, 11, 23).unwrap()
}

fn infy(side: Side) -> OrderRequest {
    OrderRequest::market("NSE:INFY".parse().unwrap(), side, 1)
}

#[test]
fn every_wrong_order_is_refused_in_kites_words() {
    let mut exchange = exchange_at(10, monday());
    let quote = exchange.quote(INFY).unwrap();
    let last = quote.tick.last_price;
    let limit =
        |price| OrderRequest { kind: OrderKind::Limit, price, market_protection: 0, ..infy(Side::Buy) };
    let stop = |side, trigger, price| OrderRequest { kind: OrderKind::Stop, trigger, price, ..infy(side) };
    let rupee = Price::from_rupees(1);
    let (lower, upper) = (quote.lower_circuit_limit, quote.upper_circuit_limit);
    let future = OrderRequest::market("NFO:NIFTY26DECFUT".parse().unwrap(), Side::Buy, 66);
    let cases = [
        (OrderRequest { symbol: "NSE:NOSUCH".parse().unwrap(), ..infy(Side::Buy) }, "either expired or does not exist".to_owned()),
        (OrderRequest { symbol: "NSE:NIFTY 50".parse().unwrap(), ..infy(Side::Buy) }, "Index instruments cannot be traded.".to_owned()),
        (OrderRequest { variety: Variety::Co, ..infy(Side::Buy) }, "Missing or empty field `trigger_price`".to_owned()),
        (OrderRequest { variety: Variety::Iceberg, ..infy(Side::Buy) }, "Missing or empty field `iceberg_legs`".to_owned()),
        (OrderRequest { variety: Variety::Auction, ..infy(Side::Buy) }, "Only holdings can be offered in an auction".to_owned()),
        (OrderRequest { variety: Variety::Amo, ..infy(Side::Buy) }, "only while the market is closed".to_owned()),
        (OrderRequest { quantity: 0, ..infy(Side::Buy) }, "Invalid `quantity`.".to_owned()),
        (future.clone(), "multiples of the lot size 65".to_owned()),
        (OrderRequest { product: Product::Cnc, quantity: 65, ..future }, "CNC is not allowed on NFO".to_owned()),
        (OrderRequest { product: Product::Nrml, ..infy(Side::Buy) }, "NRML is not allowed on NSE".to_owned()),
        (OrderRequest { market_protection: 0, ..infy(Side::Buy) }, "Market orders without market protection are not allowed via API. Please set market protection or use a Limit order.".to_owned()),
        (OrderRequest { market_protection: 10_001, ..infy(Side::Buy) }, "Invalid `market_protection`.".to_owned()),
        (limit(Price::ZERO), "Invalid `price`.".to_owned()),
        (limit(last + Price::from_paise(5)), "Tick size for this script is 0.10. Kindly enter price in the multiple of tick size for this script".to_owned()),
        (limit(lower - rupee), format!("Your order price is lower than the current lower circuit limit of {lower}. Place an order within the daily range.")),
        (limit(upper + rupee), format!("Your order price is higher than the current upper circuit limit of {upper}. Place an order within the daily range.")),
        (stop(Side::Buy, last + Price::from_paise(5), last + rupee), "Kindly enter trigger price in the multiple".to_owned()),
        (stop(Side::Buy, last - rupee, last), format!("Trigger price for stoploss buy orders should be higher than the last traded price ({last})")),
        (stop(Side::Sell, last + rupee, last), format!("Trigger price for stoploss sell orders should be lower than the last traded price ({last})")),
        (stop(Side::Buy, last + rupee, last), "cannot be higher than the limit price".to_owned()),
        (stop(Side::Sell, last - rupee, last), "cannot be lower than the limit price".to_owned()),
        (stop(Side::Buy, upper + rupee, upper), format!("with trigger price below {upper}")),
        (stop(Side::Sell, lower - rupee, lower), format!("with trigger price above {lower}")),
    ];
    for (request, words) in cases {
        let said = exchange.place(USER, PlaceOrder::new(request)).unwrap_err();
        assert_eq!(said.kind, RefusalKind::Input);
        assert!(said.message.contains(&words), "{} | {words}", said.message);
    }
    assert!(exchange.orders(USER).is_empty(), "a refusal leaves no row");
}

#[test]
fn marks_and_disclosed_quantities_have_bounds() {
    let mut exchange = exchange_at(10, monday());
    let long = PlaceOrder::new(infy(Side::Buy)).tagged("123456789012345678901");
    assert!(exchange.place(USER, long).unwrap_err().message.contains("maximum of 20 characters"));
    exchange.place(USER, PlaceOrder::new(infy(Side::Buy)).tagged("connect test order 1")).unwrap();
    let request = OrderRequest { quantity: 100, ..infy(Side::Buy) };
    let shy = PlaceOrder { disclosed_quantity: 9, ..PlaceOrder::new(request.clone()) };
    assert!(exchange.place(USER, shy).unwrap_err().message.contains("at least 10%"));
    exchange.place(USER, PlaceOrder { disclosed_quantity: 10, ..PlaceOrder::new(request) }).unwrap();
}

#[test]
fn a_stranger_and_a_strange_order_are_named() {
    let mut exchange = exchange_at(10, monday());
    let said = exchange.place("UK0000", PlaceOrder::new(infy(Side::Buy))).unwrap_err();
    assert_eq!(said.kind, RefusalKind::User);
    let said = exchange.cancel(USER, Variety::Regular, "1").unwrap_err();
    assert_eq!((said.kind, said.message.as_str()), (RefusalKind::General, "Couldn't find that `order_id`."));
}

#[test]
fn a_closed_market_says_so() {
    let saturday = TradingDate::new(2026, 11, 21).unwrap();
    let mut exchange = exchange_at(10, saturday);
    let said = exchange.place(USER, PlaceOrder::new(infy(Side::Buy))).unwrap_err();
    assert_eq!(
        said.message,
        "MIS (intraday) are blocked as the markets are not open for trading today. Try placing an AMO order."
    );
    let request = OrderRequest { product: Product::Cnc, ..infy(Side::Buy) };
    let said = exchange.place(USER, PlaceOrder::new(request)).unwrap_err();
    assert!(
        said.message
            .starts_with("Markets are closed right now. Use GTT for placing long standing orders instead.")
    );
}

#[test]
fn more_than_the_freeze_quantity_is_rejected_naming_it() {
    let mut exchange = exchange_at(10, monday());
    let mut request = OrderRequest::market("NFO:NIFTY26DECFUT".parse().unwrap(), Side::Buy, 65 * 28);
    request.product = Product::Nrml;
    exchange.place(USER, PlaceOrder::new(request)).unwrap();
    let said = exchange.orders(USER)[0].status_message.clone().unwrap();
    assert!(said.contains("freeze quantity limit of 1800"), "{said}");
}

#[test]
fn an_order_takes_twenty_five_changes_and_keeps_its_type_rules() {
    let mut exchange = exchange_at(10, monday());
    let lower = exchange.quote(INFY).unwrap().lower_circuit_limit;
    let request =
        OrderRequest { kind: OrderKind::Limit, price: lower, market_protection: 0, ..infy(Side::Buy) };
    let id = exchange.place(USER, PlaceOrder::new(request)).unwrap();
    let change = |change| ModifyOrder::new(change);
    let stop = Change { kind: Some(OrderKind::Stop), trigger: Some(lower), ..Change::default() };
    assert!(
        exchange
            .modify(USER, &id, change(stop))
            .unwrap_err()
            .message
            .contains("cannot be changed from LIMIT to SL")
    );
    let market = Change { kind: Some(OrderKind::Market), ..Change::default() };
    assert!(
        exchange
            .modify(USER, &id, change(market.clone()))
            .unwrap_err()
            .message
            .starts_with("Market orders without")
    );
    for n in 0..25 {
        exchange.modify(USER, &id, change(Change { quantity: Some(2 + n), ..Change::default() })).unwrap();
    }
    let said = exchange.modify(USER, &id, change(market)).unwrap_err();
    assert_eq!(said.message, "Maximum allowed order modifications exceeded.");
}
