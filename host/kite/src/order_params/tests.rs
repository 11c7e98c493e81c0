//! The forms that Kite is sent.

use super::*;
use crate::Outcome;
use market::{Side, Symbol};

fn infy() -> OrderRequest {
    OrderRequest::market("NSE:INFY".parse::<Symbol>().unwrap(), Side::Buy, 10)
}

fn place(request: OrderRequest) -> Result<Form, Error> {
    PlaceParams { request, tag: "BH7Q2".into() }.form()
}

fn field(form: &Form, name: &str) -> Option<String> {
    form.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
}

#[test]
fn a_market_order_carries_protection_and_no_price() {
    let form = place(infy()).unwrap();
    assert_eq!(field(&form, "market_protection").as_deref(), Some("-1"));
    assert_eq!(field(&form, "tag").as_deref(), Some("BH7Q2"));
    assert_eq!(
        (field(&form, "price"), field(&form, "trigger_price"), field(&form, "autoslice")),
        (None, None, None)
    );
    for (hundredths, text) in [(200, "2"), (250, "2.50"), (5, "0.05"), (10_000, "100")] {
        let form = place(OrderRequest { market_protection: hundredths, ..infy() }).unwrap();
        assert_eq!(field(&form, "market_protection").as_deref(), Some(text));
    }
}

#[test]
fn a_stop_order_carries_price_and_trigger_exactly() {
    let currency = Price::from_units(832_525);
    let form = place(OrderRequest {
        kind: OrderKind::Stop,
        price: currency,
        trigger: Price::from_paise(8_300),
        ..infy()
    })
    .unwrap();
    assert_eq!(field(&form, "price").as_deref(), Some("83.2525"));
    assert_eq!(field(&form, "trigger_price").as_deref(), Some("83.00"));
    assert_eq!(field(&form, "market_protection"), None);
}

#[test]
fn what_kite_would_refuse_for_certain_is_not_sent() {
    let wrong = [
        OrderRequest { market_protection: 0, ..infy() },
        OrderRequest { market_protection: 10_001, ..infy() },
        OrderRequest { quantity: 0, ..infy() },
        OrderRequest { kind: OrderKind::Limit, ..infy() },
        OrderRequest { kind: OrderKind::StopMarket, ..infy() },
        OrderRequest { variety: Variety::Iceberg, ..infy() },
        OrderRequest { variety: Variety::Auction, ..infy() },
        OrderRequest { variety: Variety::Co, ..infy() },
        OrderRequest { variety: Variety::Amo, ..infy() },
    ];
    for request in wrong {
        assert_eq!(place(request).unwrap_err().outcome(), Outcome::DefiniteNo);
    }
    for tag in ["", "ABCDEFGHIJKLMNOPQRSTU", "has space", "ümlaut"] {
        assert!(PlaceParams { request: infy(), tag: tag.into() }.form().is_err(), "{tag}");
    }
}

#[test]
fn a_modification_names_the_whole_order_as_it_shall_be() {
    let resting = OrderRequest { kind: OrderKind::Limit, price: Price::from_rupees(100), ..infy() };
    let form = modify_form(&resting, &Change { quantity: Some(20), ..Change::default() }).unwrap();
    assert_eq!(field(&form, "quantity").as_deref(), Some("20"));
    assert_eq!(field(&form, "price").as_deref(), Some("100.00"));
    let to_market = Change { kind: Some(OrderKind::Market), ..Change::default() };
    let form = modify_form(&resting, &to_market).unwrap();
    assert_eq!((field(&form, "price"), field(&form, "market_protection")), (None, Some("-1".into())));
    assert!(modify_form(&resting, &Change { quantity: Some(0), ..Change::default() }).is_err());
}

#[test]
fn a_market_order_that_rests_is_not_sent_to_market_again() {
    let names = |form: &Form| form.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let form = modify_form(&infy(), &Change { quantity: Some(5), ..Change::default() }).unwrap();
    assert_eq!(names(&form), ["quantity", "validity"]);
    let price = Some(Price::from_rupees(101));
    assert!(modify_form(&infy(), &Change { price, ..Change::default() }).is_err());
    assert!(modify_form(&infy(), &Change { trigger: price, ..Change::default() }).is_err());
    let as_limit = Change { price, kind: Some(OrderKind::Limit), ..Change::default() };
    let form = modify_form(&infy(), &as_limit).unwrap();
    assert_eq!(names(&form), ["order_type", "quantity", "validity", "price"]);
    assert!(modify_form(&infy(), &Change::default()).is_err());
}

#[test]
fn a_refused_desk_says_what_to_do_instead() {
    for (variety, says) in [(Variety::Co, "a stop order"), (Variety::Amo, "when the market is open")] {
        let error = place(OrderRequest { variety, ..infy() }).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn order_numbers_are_plain_text() {
    assert!("1995000000000000001".parse::<BrokerOrderId>().is_ok());
    for text in ["", "../x", "a b", "1?2", "٣"] {
        assert!(text.parse::<BrokerOrderId>().is_err(), "{text}");
    }
}
