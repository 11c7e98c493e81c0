//! The fields of every row of the books, none missing and none too many.

use super::desk::Desk;
use serde_json::{Value, json};

/// The order record's fields (reference §7.4); `tags` comes with tags alone.
const ORDER: [&str; 36] = [
    "account_id",
    "placed_by",
    "terminal_id",
    "order_id",
    "exchange_order_id",
    "parent_order_id",
    "status",
    "status_message",
    "status_message_raw",
    "order_timestamp",
    "exchange_update_timestamp",
    "exchange_timestamp",
    "variety",
    "modified",
    "exchange",
    "tradingsymbol",
    "instrument_token",
    "order_type",
    "transaction_type",
    "validity",
    "validity_ttl",
    "product",
    "quantity",
    "disclosed_quantity",
    "price",
    "trigger_price",
    "auction_number",
    "average_price",
    "filled_quantity",
    "pending_quantity",
    "cancelled_quantity",
    "market_protection",
    "meta",
    "tag",
    "tags",
    "guid",
];
const TRADE: [&str; 13] = [
    "trade_id",
    "order_id",
    "exchange",
    "tradingsymbol",
    "instrument_token",
    "product",
    "average_price",
    "quantity",
    "exchange_order_id",
    "transaction_type",
    "fill_timestamp",
    "order_timestamp",
    "exchange_timestamp",
];
/// What is told of an order beside its record: to the ticker, which names no app.
const PUSHED_TOO: [&str; 2] = ["checksum", "unfilled_quantity"];

fn fields(row: &Value) -> Vec<String> {
    let mut names: Vec<_> = row.as_object().unwrap().keys().cloned().collect();
    names.sort_unstable();
    names
}

fn sorted(names: &[&str], left_out: &[&str]) -> Vec<String> {
    let mut names: Vec<_> =
        names.iter().filter(|name| !left_out.contains(name)).map(|name| (*name).to_owned()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn order_rows_trade_rows_and_pushed_orders_have_kites_fields_and_no_others() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = trader.ticker().await.unwrap();
    let form = [
        ("exchange", "NSE"),
        ("tradingsymbol", "INFY"),
        ("transaction_type", "BUY"),
        ("quantity", "1"),
        ("product", "CNC"),
        ("order_type", "MARKET"),
        ("market_protection", "2"),
    ];
    let id = trader.place(&form).await;
    let row = trader.order_reading(&id, "COMPLETE").await;
    assert_eq!(fields(&row), sorted(&ORDER, &[]));
    assert_eq!((&row["account_id"], &row["placed_by"]), (&json!("UK9394"), &json!("UK9394")));
    assert!(row["auction_number"].is_null() && row["validity_ttl"] == 0 && row["meta"] == json!({}), "{row}");
    assert!(row["terminal_id"].is_string() && row["guid"].is_string());
    let history = trader.get(&format!("/orders/{id}")).await.data();
    assert_eq!(fields(&history[0]), sorted(&ORDER, &["tags"]));
    assert_eq!(fields(&trader.get("/trades").await.data()[0]), sorted(&TRADE, &[]));
    let pushed = super::desk::next(&mut socket, |frame| frame.is_text()).await.into_text().unwrap();
    let pushed: Value = serde_json::from_str(&pushed).unwrap();
    let all = [ORDER.as_slice(), PUSHED_TOO.as_slice()].concat();
    assert_eq!((&pushed["type"], fields(&pushed["data"])), (&json!("order"), sorted(&all, &[])));
}
