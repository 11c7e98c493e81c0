//! Orders, trades, positions and instruments: nothing is lost between what came and what is shown, and what was kept
//! reads back as it was.

use crate::instruments;
use crate::rows::book::{Book, Record, read_book};
use crate::rows::order::OrderRow;
use crate::rows::position::{Figures, PositionRow, Positions};
use crate::rows::trade::TradeRow;
use crate::wire::Word;
use market::{Instrument, InstrumentKind, Money, Price, Symbol, Timestamp};
use serde_json::{Map, Value, json};
use std::fmt::Display;

/// Some time of a trading day.
const NOW: Timestamp = Timestamp::from_seconds(1_795_415_400);

/// A list of orders as the order book's answer brings it.
pub fn orders(bytes: &[u8]) {
    let Some(book) = whole_list::<OrderRow>(bytes) else { return };
    for row in book.rows {
        let mut kept = written_order(&row);
        kept.extend(row.extra.clone());
        let again = OrderRow::read(Value::Object(kept)).expect("what was kept can be read");
        assert_eq!(again, OrderRow { odd: Vec::new(), ..row });
    }
}

/// A list of fills as the trade book's answer brings it.
pub fn trades(bytes: &[u8]) {
    let Some(book) = whole_list::<TradeRow>(bytes) else { return };
    let mut sum = Money::ZERO;
    for row in book.rows {
        assert!(row.quantity > 0 && row.price > Price::ZERO, "a fill of nothing");
        // A notional that does not fit is told, and a sum of them stops at the end of the range: it never turns around.
        let notional = row.price * i64::from(row.quantity);
        assert!(row.price.checked_notional(row.quantity.into()).is_none_or(|exact| exact == notional));
        let before = sum;
        sum += notional;
        assert!(notional > Money::ZERO && sum >= before && sum >= notional);
        assert_eq!(row.to_trade(NOW), row.to_trade(NOW));
        if let Some(trade) = row.to_trade(NOW) {
            assert_eq!((trade.quantity, trade.price), (row.quantity, row.price));
        }
        let mut kept = written_trade(&row);
        kept.extend(row.extra.clone());
        let again = TradeRow::read(Value::Object(kept)).expect("what was kept can be read");
        assert_eq!(again, TradeRow { odd: Vec::new(), ..row });
    }
}

/// The two lists of the positions' answer.
pub fn positions(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    let lists = ["net", "day"].map(|name| value.get(name).and_then(Value::as_array).cloned());
    let read = serde_json::from_value::<Positions>(value);
    let ([Some(net), Some(day)], Ok(positions)) = (&lists, &read) else {
        return assert!(read.is_err() || lists.iter().all(Option::is_some), "lists were made up");
    };
    for (records, book) in [(net, &positions.net), (day, &positions.day)] {
        assert_eq!(records.len(), book.rows.len() + book.unreadable.len());
        for row in &book.rows {
            assert!(!row.symbol.to_string().starts_with(':') && !row.symbol.to_string().ends_with(':'));
        }
        // Without what nobody asked for and what cannot be read, a record reads as the same row: nothing was made up of it.
        let plain = records.iter().filter_map(|record| plain_position(record.clone()));
        assert!(plain.eq(book.rows.iter().map(|row| Some(row.figures))));
    }
    assert_eq!(positions.net.clone().whole().is_ok(), positions.net.is_whole());
}

/// The day's instrument list.
pub fn instruments(bytes: &[u8]) {
    let Ok(list) = instruments::parse(bytes) else { return };
    assert!(!list.is_empty());
    let again = instruments::parse(&written_instruments(&list)).expect("what was kept can be read");
    assert_eq!(again, list);
}

/// The figures of a position read twice, the second time from the fields that counted.
fn plain_position(record: Value) -> Option<Option<Figures>> {
    let row = PositionRow::read(record.clone()).ok()?;
    let Value::Object(mut kept) = record else { return Some(None) };
    kept.retain(|name, _| !row.extra.contains_key(name) && !row.odd.contains(&name.as_str()));
    let again = PositionRow::read(Value::Object(kept)).ok();
    Some(again.filter(|again| again.extra.is_empty() && again.odd.is_empty()).map(|again| again.figures))
}

fn whole_list<T: Record>(bytes: &[u8]) -> Option<Book<T>> {
    let records: Vec<Value> = serde_json::from_slice(bytes).ok()?;
    let asked = records.len();
    let book = read_book::<T>(records);
    assert_eq!(book.rows.len() + book.unreadable.len(), asked, "a record was lost");
    assert_eq!(book.is_whole(), book.unreadable.is_empty());
    Some(book)
}

fn written_order(row: &OrderRow) -> Map<String, Value> {
    let time = |time: Option<Timestamp>| time.map(Timestamp::ist_text);
    let Value::Object(mut record) = json!({
        "order_id": row.order_id, "status": row.status.as_str(), "quantity": row.quantity,
        "filled_quantity": row.filled_quantity, "account_id": row.account_id, "placed_by": row.placed_by,
        "exchange_order_id": row.exchange_order_id, "parent_order_id": row.parent_order_id, "tag": row.tag, "tags": row.tags,
        "status_message": row.status_message, "status_message_raw": row.status_message_raw, "instrument_token": row.token,
        "transaction_type": text(&row.side), "order_type": text(&row.kind), "product": text(&row.product),
        "validity": text(&row.validity), "variety": text(&row.variety), "modified": row.modified,
        "pending_quantity": row.pending_quantity, "cancelled_quantity": row.cancelled_quantity,
        "disclosed_quantity": row.disclosed_quantity, "price": row.price.to_string(),
        "trigger_price": row.trigger.to_string(), "average_price": row.average_price.to_string(),
        "order_timestamp": time(row.order_timestamp), "exchange_timestamp": time(row.exchange_timestamp),
        "exchange_update_timestamp": time(row.exchange_update_timestamp),
    }) else {
        return Map::new();
    };
    name(&mut record, &row.symbol);
    record
}

fn written_trade(row: &TradeRow) -> Map<String, Value> {
    let time = |time: Option<Timestamp>| time.map(Timestamp::ist_text);
    let Value::Object(mut record) = json!({
        "trade_id": row.trade_id, "order_id": row.order_id, "quantity": row.quantity,
        "average_price": row.price.to_string(), "exchange_order_id": row.exchange_order_id, "instrument_token": row.token,
        "transaction_type": text(&row.side), "product": text(&row.product), "fill_timestamp": time(row.fill_timestamp),
        "exchange_timestamp": time(row.exchange_timestamp),
    }) else {
        return Map::new();
    };
    name(&mut record, &row.symbol);
    record
}

fn text(word: &impl Display) -> String {
    word.to_string()
}

fn name(record: &mut Map<String, Value>, symbol: &Word<Symbol>) {
    let written = symbol.to_string();
    let (exchange, name) = written.split_once(':').unwrap_or_default();
    record.insert("exchange".to_owned(), exchange.into());
    record.insert("tradingsymbol".to_owned(), name.into());
}

fn written_instruments(list: &[Instrument]) -> Vec<u8> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let columns = [
        "instrument_token",
        "tradingsymbol",
        "name",
        "expiry",
        "strike",
        "tick_size",
        "lot_size",
        "instrument_type",
        "segment",
        "exchange",
    ];
    csv.write_record(columns).expect("memory takes everything");
    for row in list {
        let (kind, segment) = match row.kind {
            InstrumentKind::Equity => ("EQ", ""),
            InstrumentKind::Index => ("EQ", "INDICES"),
            InstrumentKind::Future => ("FUT", ""),
            InstrumentKind::Call => ("CE", ""),
            InstrumentKind::Put => ("PE", ""),
        };
        let expiry = row.expiry.map(|date| date.to_string()).unwrap_or_default();
        let fields = [
            &row.token.to_string(),
            row.symbol.name(),
            &row.name,
            &expiry,
            &row.strike.to_string(),
            &row.tick_size.to_string(),
            &row.lot_size.to_string(),
            kind,
            segment,
            row.symbol.venue().as_str(),
        ];
        csv.write_record(fields).expect("memory takes everything");
    }
    csv.into_inner().expect("memory takes everything")
}
