//! Exchanges beside NSE, through the server: lists, quotes and frames of every segment.

use super::desk::{Desk, Trader, next, say};
use serde_json::json;
use std::collections::BTreeMap;
use tokio_tungstenite::tungstenite::Message;

/// Exchange, last byte of its tokens, what a price is divided by in ticker packets.
const VENUES: [(&str, u32, f64); 8] = [
    ("NSE", 1, 100.0),
    ("NFO", 2, 100.0),
    ("CDS", 3, 1e7),
    ("BSE", 4, 100.0),
    ("BFO", 5, 100.0),
    ("BCD", 6, 1e4),
    ("MCX", 7, 100.0),
    ("NCO", 12, 1e4),
];
const INDEX_CODE: u32 = 9;

/// The instrument list of one exchange, by column.
async fn list(desk: &Desk, venue: &str) -> Vec<BTreeMap<String, String>> {
    let text = desk.http.get(format!("{}/instruments/{venue}", desk.base)).send().await.unwrap();
    let mut rows = csv::Reader::from_reader(std::io::Cursor::new(text.bytes().await.unwrap()));
    rows.deserialize().map(Result::unwrap).collect()
}

async fn last_price(trader: &Trader<'_>, key: &str) -> f64 {
    trader.get(&format!("/quote/ltp?i={key}")).await.data()[key]["last_price"].as_f64().unwrap()
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// The first packet of a message that is of one token and length.
fn packet(message: &Message, token: u32, length: usize) -> Option<Vec<u8>> {
    let Message::Binary(bytes) = message else { return None };
    let mut rest = bytes.get(2..)?;
    while rest.len() > 2 {
        let size = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
        let (packet, after) = rest[2..].split_at(size);
        if size == length && word(packet, 0) == token {
            return Some(packet.to_vec());
        }
        rest = after;
    }
    None
}

#[tokio::test]
async fn every_exchange_has_a_list_of_its_own_with_tokens_of_its_segment() {
    let desk = Desk::open().await;
    let mut sum = 0;
    for (venue, code, _) in VENUES {
        let rows = list(&desk, venue).await;
        assert!(!rows.is_empty(), "{venue}");
        sum += rows.len();
        for row in rows {
            let token: u32 = row["instrument_token"].parse().unwrap();
            let index = row["segment"] == "INDICES";
            assert_eq!(token & 0xff, if index { INDEX_CODE } else { code }, "{row:?}");
            assert_eq!((token >> 8).to_string(), row["exchange_token"], "{row:?}");
            assert_eq!(row["exchange"], venue);
            let segment = match row["instrument_type"].as_str() {
                "FUT" => format!("{venue}-FUT"),
                "CE" | "PE" => format!("{venue}-OPT"),
                "EQ" if index => "INDICES".to_owned(),
                "EQ" => venue.to_owned(),
                other => panic!("{other}"),
            };
            assert_eq!(row["segment"], segment);
            let expires = row["segment"].contains('-');
            assert_eq!(row["expiry"].len(), if expires { 10 } else { 0 }, "{row:?}");
            assert!(["strike", "tick_size", "last_price"].iter().all(|name| row[*name].contains('.')));
            if ["MCX", "NCO", "CDS", "BCD"].contains(&venue) {
                assert_eq!(row["lot_size"], "1", "{row:?}");
            }
        }
    }
    let all = desk.http.get(format!("{}/instruments", desk.base)).send().await.unwrap().text().await.unwrap();
    assert_eq!(all.lines().count(), sum + 1);
    let wrong = desk.http.get(format!("{}/instruments/NYSE", desk.base)).send().await.unwrap();
    let wrong = super::desk::Answer::read(wrong).await;
    assert_eq!(wrong.refusal(), (400, "InputException"));
}

#[tokio::test]
async fn trap_16_every_segments_frames_carry_the_price_of_its_quote() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = trader.ticker().await.unwrap();
    for (venue, _, divisor) in VENUES {
        let rows = list(&desk, venue).await;
        let row = rows.iter().rfind(|row| row["instrument_type"] != "CE").unwrap();
        let row = rows.iter().find(|row| row["instrument_type"] == "FUT").unwrap_or(row);
        let row = if venue == "BSE" { &rows[0] } else { row };
        let (token, key) =
            (row["instrument_token"].parse::<u32>().unwrap(), format!("{venue}:{}", row["tradingsymbol"]));
        if row["segment"] == "INDICES" {
            continue;
        }
        desk.control("POST", "/sim/hold", json!({"symbol": key, "price": true})).await;
        say(&mut socket, json!({"a": "mode", "v": ["full", [token]]})).await;
        let frame = next(&mut socket, |frame| packet(frame, token, 184).is_some()).await;
        let bytes = packet(&frame, token, 184).unwrap();
        let last = last_price(&trader, &key).await;
        assert!((f64::from(word(&bytes, 4)) / divisor - last).abs() < 1e-9, "{key} {last}");
        let quote = trader.get(&format!("/quote?i={key}")).await.data()[&key].clone();
        let open = quote["ohlc"]["open"].as_f64().unwrap();
        assert!((f64::from(word(&bytes, 28)) / divisor - open).abs() < 1e-9, "{key} {open}");
    }
}

#[tokio::test]
async fn trap_15_an_index_of_bse_sends_32_bytes_and_its_quote_has_no_depth() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut socket = trader.ticker().await.unwrap();
    say(&mut socket, json!({"a": "mode", "v": ["full", [265]]})).await;
    next(&mut socket, |frame| packet(frame, 265, 32).is_some()).await;
    let data = trader.get("/quote?i=BSE:SENSEX&i=265").await.data();
    let fields = data["BSE:SENSEX"].as_object().unwrap();
    assert!(["depth", "volume", "average_price"].iter().all(|field| !fields.contains_key(*field)));
    assert_eq!(data["265"]["instrument_token"], 265);
}

#[tokio::test]
async fn trap_20_quotes_of_every_exchange_have_five_levels_a_side_on_the_instruments_tick() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let keys = [
        ("BSE:RELIANCE", 10),
        ("CDS:USDINR26DECFUT", 0),
        ("MCX:GOLDM26DECFUT", 100),
        ("BFO:SENSEX26DECFUT", 10),
    ];
    let asked: Vec<String> = keys.iter().map(|(key, _)| format!("i={key}")).collect();
    let data = trader.get(&format!("/quote?{}", asked.join("&"))).await.data();
    for (key, tick_paise) in keys {
        let quote = &data[key];
        for side in ["buy", "sell"] {
            let levels = quote["depth"][side].as_array().unwrap();
            assert_eq!(levels.len(), 5, "{key}");
            for level in levels {
                let units = (level["price"].as_f64().unwrap() * 10_000.0).round() as i64;
                assert_eq!(units % if tick_paise == 0 { 25 } else { tick_paise * 100 }, 0, "{key} {level}");
            }
        }
        assert!(quote["lower_circuit_limit"].as_f64() < quote["last_price"].as_f64(), "{key}");
    }
    let nowhere = trader.get("/quote?i=MCX:RELIANCE&i=CDS:NOSUCH").await.data();
    assert_eq!(nowhere, json!({}));
    for (path, limit) in [("/quote", 500), ("/quote/ohlc", 1_000), ("/quote/ltp", 1_000)] {
        let at_limit = "i=BSE:SENSEX&".repeat(limit);
        assert_eq!(trader.get(&format!("{path}?{at_limit}")).await.status, 200, "{path}");
        let over = format!("{path}?{at_limit}i=BSE:INFY");
        assert_eq!(trader.get(&over).await.refusal(), (400, "InputException"), "{path}");
    }
}

#[tokio::test]
async fn a_commodity_lot_shows_its_multiplier_and_its_value_over_the_wire() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let form = [
        ("exchange", "MCX"),
        ("tradingsymbol", "LEADMINI26DECFUT"),
        ("transaction_type", "BUY"),
        ("quantity", "1"),
        ("product", "NRML"),
        ("order_type", "MARKET"),
        ("market_protection", "-1"),
    ];
    let id = trader.place(&form).await;
    let order = trader.order_reading(&id, "COMPLETE").await;
    let price = order["average_price"].as_f64().unwrap();
    let rows = trader.get("/portfolio/positions").await.data();
    let row = &rows["net"][0];
    assert_eq!(
        (&row["multiplier"], &row["quantity"], &row["exchange"]),
        (&json!(1_000), &json!(1), &json!("MCX"))
    );
    assert!((row["buy_value"].as_f64().unwrap() - price * 1_000.0).abs() < 1e-6);
    assert_eq!(row["buy_price"].as_f64().unwrap(), price);
}
