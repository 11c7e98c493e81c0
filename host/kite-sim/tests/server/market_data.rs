//! Instruments, quotes, candles.

use super::desk::Desk;

const HEADER: &str = "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,\
    lot_size,instrument_type,segment,exchange";

#[tokio::test]
async fn trap_05_instruments_need_no_login_and_are_exactly_text_csv() {
    let desk = Desk::open().await;
    let answer = desk.http.get(format!("{}/instruments", desk.base)).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/csv");
    let text = answer.text().await.unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(HEADER));
    let infy = lines.find(|line| line.contains(",INFY,")).unwrap();
    assert!(infy.starts_with("408065,1594,INFY,"), "{infy}");
    assert!(infy.contains(",,0.0,") && infy.ends_with(",1,EQ,NSE,NSE"), "{infy}");
    let nfo = desk.http.get(format!("{}/instruments/NFO", desk.base)).send().await.unwrap();
    let nfo = nfo.text().await.unwrap();
    assert!(nfo.lines().skip(1).all(|line| line.ends_with(",NFO")) && nfo.lines().count() > 1);
}

#[tokio::test]
async fn trap_05_instruments_travel_gzipped() {
    let desk = Desk::open().await;
    let plain = reqwest::Client::builder().no_gzip().build().unwrap();
    let call = plain.get(format!("{}/instruments", desk.base)).header("Accept-Encoding", "gzip");
    let answer = call.send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(answer.headers()["content-type"], "text/csv");
    assert_eq!(answer.bytes().await.unwrap()[..2], [0x1f, 0x8b]);
}

#[tokio::test]
async fn trap_20_quotes_are_keyed_by_the_callers_own_strings() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let path = "/quote?i=NSE:INFY&i=NSE:NIFTY+50&i=408065&i=NSE:NOSUCH";
    let data = trader.get(path).await.data();
    let mut keys: Vec<_> = data.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(keys, ["408065", "NSE:INFY", "NSE:NIFTY 50"]);
    let infy = &data["NSE:INFY"];
    assert_eq!(infy["instrument_token"], 408_065);
    assert_eq!(infy["depth"]["buy"].as_array().unwrap().len(), 5);
    assert_eq!(infy["depth"]["sell"].as_array().unwrap().len(), 5);
    assert_eq!(infy["timestamp"].as_str().unwrap().len(), 19);
    assert!(data["NSE:NIFTY 50"].get("depth").is_none());
    let ohlc = trader.get("/quote/ohlc?i=NSE:INFY").await.data();
    assert!(ohlc["NSE:INFY"]["ohlc"]["close"].as_f64().unwrap() > 0.0);
    assert_eq!(trader.get("/quote/ltp?i=NSE:NOSUCH").await.data(), serde_json::json!({}));
    assert_eq!(trader.get("/quote").await.refusal(), (400, "InputException"));
    let many = "i=X&".repeat(501);
    assert_eq!(trader.get(&format!("/quote?{many}")).await.refusal(), (400, "InputException"));
}

#[tokio::test]
async fn trap_01_candles_carry_the_offset_without_a_colon() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let path = "/instruments/historical/408065/minute?from=2026-11-20+09:15:00&to=2026-11-20+09:20:00&oi=0";
    let candles = trader.get(path).await.data()["candles"].clone();
    let first = &candles[0];
    assert_eq!(first[0], "2026-11-20T09:15:00+0530");
    assert_eq!(first.as_array().unwrap().len(), 6);
    assert_eq!(candles.as_array().unwrap().len(), 6);
    let with_oi = trader.get(&path.replace("oi=0", "oi=1")).await.data();
    assert_eq!(with_oi["candles"][0].as_array().unwrap().len(), 7);
    let daily = "/instruments/historical/408065/day?from=2026-11-16&to=2026-11-20";
    assert_eq!(trader.get(daily).await.data()["candles"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn too_long_a_span_of_candles_is_refused_with_its_limit() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let path = "/instruments/historical/408065/minute?from=2026-01-01&to=2026-06-01";
    let answer = trader.get(path).await;
    assert_eq!(answer.refusal(), (400, "InputException"));
    assert_eq!(answer.body["message"], "interval exceeds max limit: 60 days");
}
