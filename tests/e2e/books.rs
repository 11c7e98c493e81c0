//! The exchange's own books beside the host's: trades, positions, profit and loss, daily stats. To the paisa.

use e2e::{Trader, World, eventually};
use serde_json::Value;
use std::collections::BTreeSet;

/// Everything the host books of the day is what the exchange booked. Prices are held still while both are read,
/// because they move twice a second.
pub(crate) async fn figures_equal_the_exchange(world: &World, trader: &Trader) {
    let user = trader.account.user_id;
    let books_path = format!("/sim/accounts/{user}/books");
    let books = world.sim_get(&books_path).await;
    for position in rows(&books["net"]) {
        world.sim_post("/sim/hold", serde_json::json!({ "symbol": position["symbol"], "price": true })).await;
    }
    eventually("the host's books equal the exchange's", || async {
        let books = world.sim_get(&books_path).await;
        let differences = differences(&books, trader).await;
        if !differences.is_empty() {
            println!("{user}: {}", differences.join("; "));
        }
        differences.is_empty().then_some(())
    })
    .await;
}

async fn differences(books: &Value, trader: &Trader) -> Vec<String> {
    let trades = trader.get("/api/trades").await.expect(200);
    let positions = trader.get("/api/positions").await.expect(200);
    let pnl = trader.get("/api/pnl").await.expect(200);
    let days = trader.get("/api/daily-stats").await.expect(200);
    let today = rows(&days).last().cloned().unwrap_or(Value::Null);
    let (realised, unrealised) = (paise(books, "realised"), paise(books, "unrealised"));
    let (gross, turnover) = (realised + unrealised, turnover(&books["trades"]));
    let mut found = Vec::new();
    let mut compare = |what: &str, theirs: String, ours: String| {
        if theirs != ours {
            found.push(format!("{what}: the exchange has {theirs}, the host {ours}"));
        }
    };
    compare("trades", format!("{:?}", ids(&books["trades"])), format!("{:?}", ids(&trades)));
    compare("positions", lines(&books["net"]), lines(&positions));
    compare("realised", realised.to_string(), sum_of_paise(&positions, "realised").to_string());
    compare("unrealised", unrealised.to_string(), sum_of_paise(&positions, "unrealised").to_string());
    if today.is_null() {
        compare("days", "today's".to_owned(), "none".to_owned());
        return found;
    }
    compare("gross of /api/pnl", gross.to_string(), paise(&pnl, "gross").to_string());
    let by_strategy = sum_of_paise(&pnl["byStrategy"], "gross");
    compare("gross of all strategies", gross.to_string(), by_strategy.to_string());
    let net = paise(&pnl, "gross") - paise(&pnl, "charges");
    compare("net of /api/pnl", net.to_string(), paise(&pnl, "net").to_string());
    compare("trades of the day", rows(&books["trades"]).len().to_string(), today["trades"].to_string());
    compare("turnover of the day", turnover.to_string(), paise(&today, "turnover").to_string());
    compare("realised of the day", realised.to_string(), paise(&today, "realised").to_string());
    compare("charges are charged", "true".to_owned(), (paise(&today, "charges") > 0).to_string());
    found
}

fn rows(list: &Value) -> Vec<Value> {
    list.as_array().unwrap_or_else(|| panic!("a list, not {list}")).clone()
}

/// The simulator's rows hold the trade beside what it was for.
fn trade(row: &Value) -> &Value {
    row.get("trade").unwrap_or(row)
}

fn ids(trades: &Value) -> BTreeSet<String> {
    let id = |row: &Value| trade(row)["tradeId"].as_str().expect("a trade has an id").to_owned();
    rows(trades).iter().map(id).collect()
}

fn turnover(trades: &Value) -> i64 {
    let value = |row: &Value| trade(row)["quantity"].as_i64().expect("units") * paise(trade(row), "price");
    rows(trades).iter().map(value).sum()
}

#[track_caller]
fn paise(row: &Value, field: &str) -> i64 {
    let amount = row[field].as_f64().unwrap_or_else(|| panic!("`{field}` is no number in {row}"));
    (amount * 100.0).round() as i64
}

fn sum_of_paise(list: &Value, field: &str) -> i64 {
    rows(list).iter().map(|row| paise(row, field)).sum()
}

/// What both sides must agree on for every position: what is left, and the values bought and sold.
fn lines(list: &Value) -> String {
    let line = |row: &Value| {
        let (symbol, product, quantity) = (&row["symbol"], &row["product"], &row["quantity"]);
        format!("{symbol} {product} {quantity} {} {}", paise(row, "buyValue"), paise(row, "sellValue"))
    };
    let lines: BTreeSet<String> = rows(list).iter().map(line).collect();
    lines.into_iter().collect::<Vec<_>>().join(", ")
}
