//! What orders would bind and cost.

use super::desk::{Answer, Desk, Trader};
use serde_json::{Value, json};

async fn ask(trader: &Trader<'_>, path: &str, body: &Value) -> Answer {
    Answer::read(trader.request("POST", path).json(body).send().await.unwrap()).await
}

fn order(exchange: &str, symbol: &str, side: &str, product: &str, quantity: u32, price: f64) -> Value {
    json!({
        "exchange": exchange, "tradingsymbol": symbol, "transaction_type": side, "variety": "regular",
        "product": product, "order_type": "LIMIT", "quantity": quantity, "price": price, "average_price": price,
        "trigger_price": 0, "order_id": "1",
    })
}

#[tokio::test]
async fn a_margin_is_what_the_order_would_bind() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let asked = json!([
        order("NSE", "INFY", "BUY", "CNC", 10, 1_500.0),
        order("NSE", "INFY", "BUY", "MIS", 10, 1_500.0),
        order("NFO", "NIFTY26DECFUT", "SELL", "NRML", 65, 26_000.0),
    ]);
    let rows = ask(&trader, "/margins/orders", &asked).await.data();
    let totals: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["total"].as_f64().unwrap()).collect();
    assert_eq!(totals, [15_000.0, 3_000.0, 202_800.0]);
    assert_eq!((&rows[0]["var"], &rows[0]["leverage"]), (&json!(15_000.0), &json!(1)));
    assert_eq!((&rows[1]["leverage"], &rows[2]["span"]), (&json!(5), &json!(202_800.0)));
    assert_eq!(rows[0]["charges"]["transaction_tax"], 15.0);
    let fields = rows[0].as_object().unwrap().len();
    assert_eq!(fields, 14);
}

#[tokio::test]
async fn a_basket_of_opposites_binds_less_than_its_parts_and_positions_count_on_demand() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let asked = json!([
        order("NFO", "NIFTY26DECFUT", "SELL", "NRML", 130, 26_000.0),
        order("NFO", "NIFTY26DECFUT", "BUY", "NRML", 65, 26_000.0),
    ]);
    let basket = ask(&trader, "/margins/basket?consider_positions=true", &asked).await.data();
    let total = |part: &str| basket[part]["total"].as_f64().unwrap();
    assert_eq!((total("initial"), basket["orders"].as_array().unwrap().len()), (608_400.0, 2));
    assert_eq!(total("final"), 202_800.0);
    let form = [
        ("exchange", "NFO"),
        ("tradingsymbol", "NIFTY26DECFUT"),
        ("transaction_type", "BUY"),
        ("quantity", "65"),
        ("product", "NRML"),
        ("order_type", "MARKET"),
        ("market_protection", "-1"),
    ];
    let id = trader.place(&form).await;
    trader.order_reading(&id, "COMPLETE").await;
    let sale = json!([order("NFO", "NIFTY26DECFUT", "SELL", "NRML", 65, 26_000.0)]);
    for (path, total) in [("/margins/basket", 202_800.0), ("/margins/basket?consider_positions=true", 0.0)] {
        assert_eq!(ask(&trader, path, &sale).await.data()["final"]["total"], total, "{path}");
    }
}

#[tokio::test]
async fn charges_add_up_to_their_total() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let asked = json!([
        order("NSE", "SBIN", "BUY", "CNC", 1, 560.0),
        order("NFO", "NIFTY26DECFUT", "SELL", "NRML", 65, 26_000.0),
    ]);
    let rows = ask(&trader, "/charges/orders", &asked).await.data();
    for row in rows.as_array().unwrap() {
        let charges = &row["charges"];
        let number = |field: &str| charges[field].as_f64().unwrap();
        let parts = [
            "transaction_tax",
            "exchange_turnover_charge",
            "sebi_turnover_charge",
            "brokerage",
            "stamp_duty",
        ];
        let sum =
            parts.iter().map(|part| number(part)).sum::<f64>() + charges["gst"]["total"].as_f64().unwrap();
        assert!((number("total") - sum).abs() < 0.001 && sum > 0.0, "{row}");
    }
    assert_eq!(
        (&rows[0]["charges"]["brokerage"], &rows[1]["charges"]["brokerage"]),
        (&json!(0.0), &json!(20.0))
    );
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let many = Value::Array(vec![order("NSE", "SBIN", "BUY", "CNC", 1, 560.0); 201]);
    let unknown = json!([order("NSE", "NOSUCH", "BUY", "CNC", 1, 560.0)]);
    for (path, body) in [
        ("/margins/orders", &json!({})),
        ("/margins/orders", &many),
        ("/margins/orders", &unknown),
        ("/margins/orders", &json!([order("NSE", "NIFTY 50", "BUY", "MIS", 1, 560.0)])),
        ("/margins/orders", &json!([order("NSE", "SBIN", "BUY", "CNC", 0, 560.0)])),
        ("/margins/basket", &json!("orders")),
        ("/margins/basket", &unknown),
        ("/charges/orders", &json!([{"exchange": "NSE"}])),
        ("/charges/orders", &unknown),
        ("/charges/orders", &many),
    ] {
        assert_eq!(ask(&trader, path, body).await.refusal(), (400, "InputException"), "{path}");
    }
    for path in ["/margins/orders", "/margins/basket", "/charges/orders"] {
        let broken = trader.request("POST", path).body("[{\"exchange\":").send().await.unwrap();
        assert_eq!(Answer::read(broken).await.refusal(), (400, "InputException"), "{path}");
    }
}

#[tokio::test]
async fn margins_of_every_exchange_count_the_units_of_a_lot() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let asked = json!([
        order("MCX", "LEADMINI26DECFUT", "BUY", "NRML", 2, 180.0),
        order("CDS", "USDINR26DECFUT", "SELL", "NRML", 10, 90.0),
        order("BFO", "SENSEX26DECFUT", "BUY", "NRML", 20, 84_000.0),
        order("BSE", "RELIANCE", "BUY", "MIS", 10, 1_500.0),
        order("NCO", "CRUDEOIL26DECFUT", "SELL", "MIS", 1, 5_600.0),
    ]);
    let rows = ask(&trader, "/margins/orders", &asked).await.data();
    let seen = |field: &str| -> Vec<Value> {
        rows.as_array().unwrap().iter().map(|row| row[field].clone()).collect()
    };
    assert_eq!(seen("total"), [36_000.0, 27_000.0, 201_600.0, 3_000.0, 56_000.0].map(Value::from));
    assert_eq!(seen("type"), ["commodity", "equity", "equity", "equity", "commodity"].map(Value::from));
    assert_eq!(seen("leverage"), [1, 1, 1, 5, 1].map(Value::from));
    // A crore's worth of lead would pay 1 000 rupees of tax when sold; these 3.6 lakh are bought.
    assert_eq!(rows[0]["charges"]["transaction_tax_type"], "ctt");
    assert_eq!(rows[4]["charges"]["transaction_tax"], 56.0);
}

#[tokio::test]
async fn every_variety_can_be_asked_for_and_compact_answers_hold_the_total() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let mut asked = Vec::new();
    for variety in ["regular", "amo", "co", "iceberg", "auction"] {
        let mut order = order("NSE", "SBIN", "BUY", "MIS", 10, 900.0);
        order["variety"] = variety.into();
        asked.push(order);
    }
    let rows = ask(&trader, "/margins/orders?mode=compact", &json!(asked)).await.data();
    let expected = json!({"type": "equity", "tradingsymbol": "SBIN", "exchange": "NSE", "total": 1_800.0});
    assert_eq!(rows.as_array().unwrap().len(), 5);
    assert!(rows.as_array().unwrap().iter().all(|row| *row == expected), "{rows}");
    let basket = ask(&trader, "/margins/basket?mode=compact", &json!(asked)).await.data();
    assert_eq!(basket["initial"]["total"], 9_000.0);
    assert_eq!((basket["final"]["total"].as_f64(), basket["orders"][4].clone()), (Some(9_000.0), expected));
    asked[0]["variety"] = "bo".into();
    assert_eq!(ask(&trader, "/margins/orders", &json!(asked)).await.refusal(), (400, "InputException"));
}

#[tokio::test]
async fn a_sold_option_with_a_bought_one_behind_it_binds_what_can_be_lost() {
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let rows = desk.control("GET", "/sim/instruments", Value::Null).await;
    let mut calls: Vec<(f64, String)> = rows
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| {
            let symbol = row["symbol"].as_str()?;
            let call = symbol.starts_with("NFO:NIFTY26") && symbol.ends_with("CE");
            call.then(|| (row["strike"].as_f64().unwrap(), symbol[4..].to_owned()))
        })
        .collect();
    calls.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (sold, bought) = (&calls[5], &calls[7]);
    let asked = json!([
        order("NFO", &sold.1, "SELL", "NRML", 65, 120.0),
        order("NFO", &bought.1, "BUY", "NRML", 65, 80.0),
    ]);
    let basket = ask(&trader, "/margins/basket", &asked).await.data();
    let number = |part: &str, field: &str| basket[part][field].as_f64().unwrap();
    assert_eq!(number("initial", "option_premium"), 5_200.0);
    assert_eq!(number("final", "option_premium"), 5_200.0 - 7_800.0);
    assert!(number("final", "span") < number("initial", "span") / 5.0, "{basket}");
    assert_eq!(number("final", "total"), number("final", "span") + number("final", "option_premium"));
    // Months against each other keep a tenth.
    let months = json!([
        order("MCX", "GOLDM26DECFUT", "BUY", "NRML", 1, 126_000.0),
        order("MCX", "GOLDM27JANFUT", "SELL", "NRML", 1, 126_000.0),
    ]);
    let basket = ask(&trader, "/margins/basket", &months).await.data();
    assert_eq!(
        (&basket["initial"]["total"], &basket["final"]["total"]),
        (&json!(252_000.0), &json!(25_200.0))
    );
}

#[tokio::test]
async fn a_contract_note_of_every_segment_is_what_the_houses_table_says() {
    use ledger::{Charges, OrderCharge, RateTable};
    use market::{Money, Price, Product, Side, Symbol, TradingDate};
    let desk = Desk::open().await;
    let trader = desk.sign_in("uk9394").await;
    let date: TradingDate = "2026-11-23".parse().unwrap();
    // Symbol, product, quantity, price, units in one of quantity.
    let table = [
        ("NSE", "INFY", "CNC", 10, 1_500.0, 1),
        ("NSE", "INFY", "MIS", 10, 1_500.0, 1),
        ("BSE", "RELIANCE", "CNC", 10, 1_500.0, 1),
        ("NFO", "NIFTY26DECFUT", "NRML", 65, 26_000.0, 1),
        ("NFO", "NIFTY2371317900PE", "NRML", 100, 1.5, 1),
        ("BFO", "SENSEX26DECFUT", "NRML", 20, 84_000.0, 1),
        ("BFO", "SENSEX26NOV84600CE", "NRML", 20, 300.0, 1),
        ("CDS", "USDINR26DECFUT", "NRML", 10, 89.4025, 1_000),
        ("CDS", "USDINR26NOV89.5CE", "NRML", 10, 0.25, 1_000),
        ("BCD", "USDINR26DECFUT", "NRML", 10, 89.4025, 1_000),
        ("MCX", "GOLDPETAL23JULFUT", "NRML", 1, 5_862.0, 1),
        ("MCX", "CRUDEOIL26DEC5650CE", "NRML", 1, 210.0, 100),
        ("NCO", "NATURALGAS26NOVFUT", "NRML", 1, 400.0, 1_250),
    ];
    for (exchange, name, product, quantity, price, units) in table {
        for (word, side) in [("BUY", Side::Buy), ("SELL", Side::Sell)] {
            let asked = json!([order(exchange, name, word, product, quantity, price)]);
            let note = ask(&trader, "/charges/orders", &asked).await.data()[0]["charges"].clone();
            let symbol: Symbol = format!("{exchange}:{name}").parse().unwrap();
            let turnover = Price::from_wire(price).unwrap() * i64::from(quantity) * units;
            let product: Product = serde_json::from_value(json!(product)).unwrap();
            let order = OrderCharge { symbol: &symbol, product, side, date, turnover };
            let expected = Charges::of_order(&order, &RateTable::default());
            let read = |field: &str| Money::from_wire(note[field].as_f64().unwrap()).unwrap();
            assert_eq!(read("total"), expected.total(), "{symbol} {word}");
            assert_eq!(read("transaction_tax"), expected.transaction_tax, "{symbol} {word}");
            assert_eq!(read("exchange_turnover_charge"), expected.exchange, "{symbol} {word}");
            assert_eq!((expected.unrated, read("brokerage")), (0, expected.brokerage), "{symbol} {word}");
            let commodity = exchange == "MCX" || exchange == "NCO";
            assert_eq!(note["transaction_tax_type"], if commodity { "ctt" } else { "stt" });
            let taxed = !(["CDS", "BCD"].contains(&exchange));
            assert_eq!(
                taxed && side == Side::Sell,
                side == Side::Sell && expected.transaction_tax > Money::ZERO
            );
        }
    }
}
