//! Quotes, candles, and what orders would tie up and cost.

use crate::{answered_with, asked, body, infy, money, price};
use kite::FilledOrder;
use market::{Interval, OrderKind, OrderRequest, Side, Symbol, Timestamp};

fn symbols<const N: usize>(names: [&str; N]) -> [Symbol; N] {
    names.map(|name| name.parse().unwrap())
}

#[tokio::test]
async fn quotes_come_in_three_sizes_and_an_index_has_no_depth() {
    let [infy, nifty, missing] = symbols(["NSE:INFY", "NSE:NIFTY 50", "NSE:GONE"]);
    let (session, server) = answered_with("quote").await;
    let quotes = session.quote(&[infy.clone(), nifty.clone(), missing]).await.unwrap();
    assert_eq!(quotes.len(), 2);
    let quote = &quotes[&infy];
    assert_eq!(
        (quote.last_price, quote.volume, quote.ohlc.close),
        (price(14_129_500), 7_360_198, price(13_896_500))
    );
    let depth = quote.depth.unwrap();
    assert_eq!((depth.sell[0].quantity, depth.sell[0].orders, depth.buy[0].quantity), (5_191, 13, 0));
    assert_eq!((quotes[&nifty].depth, quotes[&nifty].volume), (None, 0));
    assert_eq!(quotes[&nifty].extra["net_change"], -1.5);
    assert_eq!(asked(&server), "GET /quote?i=NSE%3AINFY&i=NSE%3ANIFTY+50&i=NSE%3AGONE");
    let (session, _) = answered_with("ohlc").await;
    assert_eq!(session.ohlc(std::slice::from_ref(&infy)).await.unwrap()[&infy].ohlc.high, price(14_217_500));
    let (session, _) = answered_with("ltp").await;
    assert_eq!(session.ltp(std::slice::from_ref(&infy)).await.unwrap()[&infy], price(10_743_500));
}

#[tokio::test]
async fn candles_come_with_and_without_open_interest() {
    let from = Timestamp::parse_ist("2026-11-23 09:15:00").unwrap();
    let (session, _) = answered_with("historical").await;
    let plain = session.historical(1, Interval::Minute, from, from).await.unwrap();
    assert_eq!((plain.len(), plain[0].open, plain[1].oi), (2, price(17_045_000), 0));
    let (session, _) = answered_with("historical_oi").await;
    let with_oi = session.historical(1, Interval::Minute, from, from).await.unwrap();
    assert_eq!((with_oi[0].oi, with_oi[0].volume, with_oi[0].start), (13_667_775, 163_275, from));
}

#[tokio::test]
async fn what_orders_tie_up_is_asked_in_json_with_exact_decimals() {
    let (session, server) = answered_with("order_margins").await;
    let limit = OrderRequest { kind: OrderKind::Limit, price: price(14_129_500), ..infy() };
    let margins = session.order_margins(std::slice::from_ref(&limit)).await.unwrap();
    assert_eq!(
        (margins[0].total, margins[0].var, margins[0].span),
        (money(14_980_000), Some(money(14_980_000)), Some(money(0)))
    );
    assert_eq!(margins[0].extra["leverage"], 1);
    let charges = margins[0].charges.as_ref().unwrap();
    assert_eq!((charges.total, charges.transaction_tax_type.as_deref()), (money(17_926), Some("stt")));
    assert_eq!(asked(&server), "POST /margins/orders");
    assert_eq!(
        body(&server),
        r#"[{"exchange":"NSE","tradingsymbol":"INFY","transaction_type":"BUY","variety":"regular","product":"MIS","order_type":"LIMIT","quantity":1,"price":1412.95,"trigger_price":0.00}]"#
    );
    assert_eq!(server.requests()[0].header("content-type"), "application/json");
}

#[tokio::test]
async fn a_basket_ties_up_less_than_its_parts() {
    let (session, server) = answered_with("basket_margins").await;
    let basket = session.basket_margins(&[infy(), infy()], true).await.unwrap();
    assert_eq!((basket.initial.total, basket.combined.total), (money(965_049_750), money(347_867_250)));
    assert_eq!(basket.combined.option_premium, Some(money(-21_525_000)));
    assert_eq!((basket.orders.len(), basket.charges.unwrap().total), (2, money(0)));
    assert_eq!(asked(&server), "POST /margins/basket?consider_positions=true");
    assert!(session.basket_margins(&[], true).await.is_err());
}

#[tokio::test]
async fn charges_come_line_by_line() {
    let (session, server) = answered_with("charges").await;
    let filled = FilledOrder { order_id: "1".into(), request: infy(), average_price: price(58_620_000) };
    let lines = session.charges(&[filled]).await.unwrap();
    assert_eq!((lines[0].price, lines[0].charges.total), (Some(price(58_620_000)), money(28_481)));
    assert_eq!(lines[0].charges.transaction_tax_type.as_deref(), Some("ctt"));
    assert_eq!(asked(&server), "POST /charges/orders");
    assert!(body(&server).contains(r#""average_price":5862.00"#), "{}", body(&server));
    assert!(body(&server).contains(r#""order_id":"1""#), "{}", body(&server));
}

#[tokio::test]
async fn trigger_ranges_come_by_symbol() {
    let (session, server) = answered_with("trigger_range").await;
    let asked_for = symbols(["NSE:INFY", "NSE:RELIANCE"]);
    let ranges = session.trigger_ranges(Side::Buy, &asked_for).await.unwrap();
    assert_eq!(
        (ranges[&asked_for[0]].lower, ranges[&asked_for[1]].lower),
        (price(10_755_990), price(8_705_748))
    );
    assert_eq!(asked(&server), "GET /instruments/trigger_range/buy?i=NSE%3AINFY&i=NSE%3ARELIANCE");
}
