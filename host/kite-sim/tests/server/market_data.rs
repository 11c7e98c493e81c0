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

#[tokio::test]
async fn every_interval_says_how_long_a_span_it_allows() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let limits = [
        ("minute", 60),
        ("3minute", 100),
        ("5minute", 100),
        ("10minute", 100),
        ("15minute", 200),
        ("30minute", 200),
        ("60minute", 400),
        ("day", 2_000),
    ];
    for (interval, days) in limits {
        let path = |seconds: i64| {
            let from: market::TradingDate = "2030-01-01".parse().unwrap();
            let to = from.at_seconds(days * 86_400 + seconds).ist_text().replace(' ', "+");
            format!("/instruments/historical/408065/{interval}?from=2030-01-01+00:00:00&to={to}")
        };
        assert_eq!(trader.get(&path(0)).await.status, 200, "{interval}");
        let answer = trader.get(&path(1)).await;
        assert_eq!(answer.refusal(), (400, "InputException"), "{interval}");
        assert_eq!(answer.body["message"], format!("interval exceeds max limit: {days} days"));
    }
}

#[tokio::test]
async fn candles_are_refused_for_a_span_that_runs_backwards_and_a_token_that_names_nothing() {
    // Two seconds before November's contracts trade for the last time.
    let start = market::Timestamp::parse_ist("2026-11-24 15:29:58").unwrap();
    let desk = Desk::with(|config| config.clock = kite_sim::ClockSetup::Virtual { start, speed: 1.0 }).await;
    let trader = desk.sign_in("uk9394").await;
    let expired = desk.control("GET", "/sim/instruments", serde_json::Value::Null).await;
    let find = |name: &str| {
        let rows = expired.as_array().unwrap();
        rows.iter().find(|row| row["symbol"] == name).unwrap()["token"].clone()
    };
    let november = find("NFO:NIFTY26NOVFUT");
    let path = |token: &str| format!("/instruments/historical/{token}/day?from=2026-11-20&to=2026-11-23");
    assert_eq!(trader.get(&path(&november.to_string())).await.data()["candles"].as_array().unwrap().len(), 2);
    desk.control("PUT", "/sim/clock", serde_json::json!({"now": "2026-11-25 00:00:05"})).await;
    for (path, message) in [
        (path(&november.to_string()), "invalid token"),
        (path("4294967295"), "invalid token"),
        (path("INFY"), "Invalid `instrument_token`."),
        (path("408065").replace("/day", "/2minute"), "Invalid `interval`."),
        (path("408065").replace("to=2026-11-23", "to=2026-11-19"), "`from` cannot be after `to`."),
        (path("408065").replace("&to=2026-11-23", ""), "Missing or empty field `to`"),
    ] {
        let answer = trader.get(&path).await;
        assert_eq!(answer.refusal(), (400, "InputException"), "{path}");
        assert_eq!(answer.body["message"], message, "{path}");
    }
    let early = trader.get("/instruments/historical/408065/day?from=1998-01-01&to=1998-12-31").await.data();
    assert_eq!(early, serde_json::json!({"candles": []}));
}

#[tokio::test]
async fn continuous_candles_are_for_days_of_nfo_and_mcx_futures_alone() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let rows = desk.control("GET", "/sim/instruments", serde_json::Value::Null).await;
    let token = |name: &str| {
        let row = rows.as_array().unwrap().iter().find(|row| row["symbol"] == name);
        row.unwrap()["token"].to_string()
    };
    let path = |name: &str, interval: &str, continuous: &str| {
        let token = token(name);
        format!(
            "/instruments/historical/{token}/{interval}?from=2026-01-01&to=2026-02-01&continuous={continuous}&oi=1"
        )
    };
    for name in ["NFO:NIFTY26DECFUT", "MCX:GOLDM26DECFUT"] {
        let count = |data: serde_json::Value| data["candles"].as_array().unwrap().len();
        let own = trader.get(&path(name, "day", "0")).await.data();
        let chain = trader.get(&path(name, "day", "1")).await.data();
        assert_eq!((count(own), count(chain.clone())), (0, 22), "{name}");
        assert_eq!(chain["candles"][0].as_array().unwrap().len(), 7);
        assert!(chain["candles"][0][6].as_u64().unwrap() > 0);
    }
    for (name, interval) in
        [("NFO:NIFTY26DECFUT", "60minute"), ("NSE:INFY", "day"), ("CDS:USDINR26DECFUT", "day")]
    {
        let answer = trader.get(&path(name, interval, "1")).await;
        assert_eq!(answer.refusal(), (400, "InputException"), "{name}");
        assert!(answer.body["message"].as_str().unwrap().contains("NFO and MCX futures"));
    }
}

#[tokio::test]
async fn a_trigger_range_is_keyed_by_the_callers_strings_and_bounded_by_the_last_price() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    desk.control("POST", "/sim/hold", serde_json::json!({"symbol": "NSE:INFY", "price": true})).await;
    desk.control("POST", "/sim/price", serde_json::json!({"symbol": "NSE:INFY", "price": 1500.0})).await;
    let keys = "i=NSE:INFY&i=408065&i=NSE:NOSUCH";
    let data = trader.get(&format!("/instruments/trigger_range/buy?{keys}")).await.data();
    assert_eq!(data.as_object().unwrap().len(), 2);
    let row = serde_json::json!({"instrument_token": 408_065, "lower": 1417.5, "upper": 1500.0});
    assert_eq!((&data["NSE:INFY"], &data["408065"]), (&row, &row));
    let sell = trader.get(&format!("/instruments/trigger_range/sell?{keys}")).await.data();
    assert_eq!((&sell["NSE:INFY"]["lower"], &sell["NSE:INFY"]["upper"]), (&1500.0.into(), &1582.5.into()));
    for path in ["/instruments/trigger_range/hold?i=NSE:INFY", "/instruments/trigger_range/buy"] {
        assert_eq!(trader.get(path).await.refusal(), (400, "InputException"), "{path}");
    }
}

#[tokio::test]
async fn a_calendar_of_ones_own_has_its_holidays() {
    let holiday = market::TradingDate::new(2026, 11, 23).unwrap();
    let desk = Desk::with(|config| config.calendar = Some(market::Calendar::nse([holiday]))).await;
    let trader = desk.sign_in("uk9394").await;
    let form = [
        ("exchange", "NSE"),
        ("tradingsymbol", "INFY"),
        ("transaction_type", "BUY"),
        ("quantity", "1"),
        ("product", "CNC"),
        ("order_type", "MARKET"),
        ("market_protection", "-1"),
    ];
    let answer = trader.send("POST", "/orders/regular", &form).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body["message"].as_str().unwrap().starts_with("Markets are closed"), "{}", answer.body);
}
