//! Order records as REST and ticker write them.

use super::*;
use serde_json::json;

const REST: &str = r#"{
    "placed_by":"UK9394","order_id":"1995000000000000001","exchange_order_id":"1300000000000042","parent_order_id":null,
    "status":"COMPLETE","status_message":null,"status_message_raw":null,"order_timestamp":"2026-11-23 10:00:01",
    "exchange_update_timestamp":"2026-11-23 10:00:02","exchange_timestamp":"2026-11-23 10:00:02","variety":"regular",
    "modified":false,"exchange":"NSE","tradingsymbol":"INFY","instrument_token":408065,"order_type":"LIMIT",
    "transaction_type":"BUY","validity":"DAY","product":"MIS","quantity":10,"disclosed_quantity":0,"price":1412.95,
    "trigger_price":0,"average_price":1412.9,"filled_quantity":10,"pending_quantity":0,"cancelled_quantity":0,
    "market_protection":0,"meta":{},"tag":"BH7Q2","tags":["BH7Q2","mktp","mktp:2.00"],"guid":"01AbC","account_id":"UK9394"}"#;

const TICKER: &str = r#"{
    "account_id":"UK9394","unfilled_quantity":0,"checksum":"","placed_by":"UK9394","order_id":"261123000000001",
    "exchange_order_id":"","parent_order_id":"","status":"FROZEN BY REGULATOR","status_message":"","status_message_raw":"",
    "order_timestamp":"2026-11-23 10:00:01","exchange_timestamp":"","variety":"flash","exchange":"XYZ","tradingsymbol":"ABC",
    "order_type":"PEGGED","transaction_type":"BUY","validity":"TTL","product":"BO","quantity":5.0,"price":"1,100.50",
    "filled_quantity":0,"tag":"","meta":{"a":1}}"#;

#[test]
fn a_rest_record_is_read_whole() {
    let row: OrderRow = serde_json::from_str(REST).unwrap();
    assert_eq!(row.order_id.as_str(), "1995000000000000001");
    assert_eq!(row.status, BrokerStatus::Complete);
    assert_eq!(row.symbol.to_string(), "NSE:INFY");
    assert_eq!(row.symbol.known().unwrap().name(), "INFY");
    assert_eq!((row.quantity, row.filled_quantity), (10, 10));
    assert_eq!((row.price, row.average_price), (Price::from_paise(141_295), Price::from_paise(141_290)));
    assert_eq!(row.tag.as_deref(), Some("BH7Q2"));
    assert_eq!(row.tags.len(), 3);
    assert_eq!(row.order_timestamp.unwrap().ist_text(), "2026-11-23 10:00:01");
    assert_eq!(row.account_id.as_deref(), Some("UK9394"));
    assert_eq!(row.odd, [""; 0]);
    let kept: Vec<_> = row.extra.keys().map(String::as_str).collect();
    assert_eq!(kept, ["guid", "market_protection", "meta"]);
    assert_eq!(row.extra["guid"], "01AbC");
}

#[test]
fn a_ticker_record_with_empty_texts_and_unknown_words_is_kept() {
    let row: OrderRow = serde_json::from_str(TICKER).unwrap();
    assert_eq!((row.exchange_order_id, row.tag, row.status_message), (None, None, None));
    assert_eq!(row.status, BrokerStatus::Other("FROZEN BY REGULATOR".into()));
    assert!(!row.status.is_final());
    assert_eq!(row.symbol, Word::Other("XYZ:ABC".into()));
    assert_eq!(row.kind, Word::Other("PEGGED".into()));
    assert_eq!(row.variety.to_string(), "flash");
    assert_eq!((row.quantity, row.price), (5, Price::from_paise(110_050)));
    assert_eq!((row.exchange_timestamp, row.filled_quantity), (None, 0));
}

#[test]
fn a_record_without_number_state_quantity_or_units_filled_is_none() {
    for broken in [
        r#"{"status":"OPEN","quantity":1,"filled_quantity":0}"#,
        r#"{"order_id":"","status":"OPEN","quantity":1,"filled_quantity":0}"#,
        r#"{"order_id":1.9e18,"status":"OPEN","quantity":1,"filled_quantity":0}"#,
        r#"{"order_id":"../x","status":"OPEN","quantity":1,"filled_quantity":0}"#,
        r#"{"order_id":"1","quantity":1,"filled_quantity":0}"#,
        r#"{"order_id":"1","status":null,"quantity":1,"filled_quantity":0}"#,
        r#"{"order_id":"1","status":"OPEN","filled_quantity":0}"#,
        r#"{"order_id":"1","status":"OPEN","quantity":null,"filled_quantity":0}"#,
        r#"{"order_id":"1","status":"OPEN","quantity":"","filled_quantity":0}"#,
        r#"{"order_id":"1","status":"OPEN","quantity":-1,"filled_quantity":0}"#,
        r#"{"order_id":"1","status":"OPEN","quantity":1.5,"filled_quantity":0}"#,
        r#"{"order_id":"1","status":"COMPLETE","quantity":1}"#,
        r#"{"order_id":"1","status":"COMPLETE","quantity":1,"filled_quantity":null}"#,
        r#"{"order_id":"1","status":"COMPLETE","quantity":1,"filled_quantity":""}"#,
        r#"{"order_id":"1","status":"COMPLETE","quantity":1,"filled_quantity":{}}"#,
        "[]",
        "null",
    ] {
        assert!(serde_json::from_str::<OrderRow>(broken).is_err(), "{broken}");
    }
}

#[test]
fn no_other_field_can_hide_an_order() {
    let odd_values = [
        json!({}),
        json!([null]),
        json!([{}]),
        json!(-1),
        json!(1.5),
        json!(true),
        json!("odd"),
        json!(1e300),
        json!(""),
        json!(null),
    ];
    let whole: Value = serde_json::from_str(REST).unwrap();
    let strict = ["order_id", "status", "quantity", "filled_quantity"];
    for name in whole.as_object().unwrap().keys().filter(|name| !strict.contains(&name.as_str())) {
        for odd in &odd_values {
            let mut record = whole.clone();
            record[name] = odd.clone();
            let row = OrderRow::read(record).unwrap_or_else(|error| panic!("{name}: {odd}: {error}"));
            assert_eq!((row.order_id.as_str(), row.filled_quantity), ("1995000000000000001", 10));
        }
    }
}

#[test]
fn a_field_that_cannot_be_read_is_named_and_left_at_its_default() {
    let mut record: Value = serde_json::from_str(REST).unwrap();
    record["tags"] = json!([null, {}, "BH7Q2"]);
    record["pending_quantity"] = json!(-3);
    record["disclosed_quantity"] = json!(2.5);
    record["tag"] = json!({"a": 1});
    record["status_message"] = json!([1]);
    record["exchange_timestamp"] = json!("soon");
    let row = OrderRow::read(record).unwrap();
    assert_eq!((row.tags, row.tag, row.pending_quantity), (vec!["BH7Q2".to_owned()], None, 0));
    let odd =
        ["tag", "tags", "status_message", "pending_quantity", "disclosed_quantity", "exchange_timestamp"];
    assert_eq!(row.odd, odd);
    for (given, read) in [(json!(""), vec![]), (json!("one"), vec!["one"]), (json!(null), vec![])] {
        let mut record: Value = serde_json::from_str(REST).unwrap();
        record["tags"] = given;
        let row = OrderRow::read(record).unwrap();
        assert_eq!((row.tags, row.odd.len()), (read.into_iter().map(str::to_owned).collect(), 0));
    }
}

#[test]
fn every_status_word_reads_back_as_it_is_written() {
    for word in [
        "PUT ORDER REQ RECEIVED",
        "VALIDATION PENDING",
        "OPEN PENDING",
        "OPEN",
        "TRIGGER PENDING",
        "MODIFY VALIDATION PENDING",
        "MODIFY PENDING",
        "MODIFIED",
        "CANCEL PENDING",
        "AMO REQ RECEIVED",
        "COMPLETE",
        "CANCELLED",
        "REJECTED",
        "LAPSED",
        "SOMETHING NEW",
    ] {
        assert_eq!(BrokerStatus::read(word).as_str(), word);
    }
}
