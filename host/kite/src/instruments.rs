//! The day's instrument list, read from Kite's CSV.
//!
//! Columns are found by name, so that new ones do no harm. Rows of exchanges, kinds or shapes that we do not know are
//! left out: what is not in the list cannot be traded, and that is said where somebody asks for it.

use crate::error::Error;
use csv::{ByteRecord, ReaderBuilder, StringRecord};
use market::{Instrument, InstrumentKind, Price, Symbol, Venue};
use std::str::{FromStr, from_utf8};

/// Where each column stands.
struct Columns {
    token: usize,
    symbol: usize,
    name: usize,
    expiry: usize,
    strike: usize,
    tick_size: usize,
    lot_size: usize,
    kind: usize,
    segment: usize,
    exchange: usize,
}

/// Reads the whole list.
pub(crate) fn parse(csv: &[u8]) -> Result<Vec<Instrument>, Error> {
    let mut reader = ReaderBuilder::new().from_reader(csv);
    let unreadable = |reason: String| Error::unreadable(200, format!("the instrument list: {reason}"));
    let columns = reader.headers().map_err(|e| unreadable(e.to_string())).and_then(|headers| {
        Columns::find(headers).map_err(|missing| unreadable(format!("column `{missing}` is missing")))
    })?;
    let mut instruments = Vec::new();
    let (mut row, mut skipped) = (ByteRecord::new(), 0_u32);
    while reader.read_byte_record(&mut row).map_err(|e| unreadable(e.to_string()))? {
        match columns.instrument(&row) {
            Some(instrument) => instruments.push(instrument),
            None => skipped += 1,
        }
    }
    if skipped > 0 {
        tracing::debug!(skipped, read = instruments.len(), "instrument rows left out");
    }
    Ok(instruments)
}

impl Columns {
    fn find(headers: &StringRecord) -> Result<Self, &'static str> {
        let at = |name: &'static str| headers.iter().position(|header| header.trim() == name).ok_or(name);
        Ok(Self {
            token: at("instrument_token")?,
            symbol: at("tradingsymbol")?,
            name: at("name")?,
            expiry: at("expiry")?,
            strike: at("strike")?,
            tick_size: at("tick_size")?,
            lot_size: at("lot_size")?,
            kind: at("instrument_type")?,
            segment: at("segment")?,
            exchange: at("exchange")?,
        })
    }

    fn instrument(&self, row: &ByteRecord) -> Option<Instrument> {
        let text = |column: usize| row.get(column).and_then(|bytes| from_utf8(bytes).ok());
        let expiry = text(self.expiry)?;
        Some(Instrument {
            token: number(text(self.token)?)?,
            symbol: Symbol::new(Venue::from_str(text(self.exchange)?).ok()?, text(self.symbol)?)?,
            name: text(self.name)?.to_owned(),
            kind: kind(text(self.segment)?, text(self.kind)?)?,
            tick_size: price(text(self.tick_size)?)?,
            lot_size: number(text(self.lot_size)?)?,
            expiry: if expiry.is_empty() { None } else { Some(expiry.parse().ok()?) },
            strike: price(text(self.strike)?)?,
        })
    }
}

fn kind(segment: &str, kind: &str) -> Option<InstrumentKind> {
    match (segment, kind) {
        ("INDICES", _) => Some(InstrumentKind::Index),
        (_, "EQ") => Some(InstrumentKind::Equity),
        (_, "FUT") => Some(InstrumentKind::Future),
        (_, "CE") => Some(InstrumentKind::Call),
        (_, "PE") => Some(InstrumentKind::Put),
        _ => None,
    }
}

fn price(text: &str) -> Option<Price> {
    if text.is_empty() { Some(Price::ZERO) } else { text.parse().ok() }
}

fn number(text: &str) -> Option<u32> {
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: &str = "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,\
                          instrument_type,segment,exchange\n";

    fn read(rows: &str) -> Vec<Instrument> {
        parse(format!("{HEADER}{rows}").as_bytes()).unwrap()
    }

    #[test]
    fn shares_indices_futures_and_options_are_read() {
        let list = read(
            "408065,1594,INFY,INFOSYS,0.0,,0.0,0.1,1,EQ,NSE,NSE\n\
             256265,1001,NIFTY 50,NIFTY 50,0.0,,0.0,0.0,0,EQ,INDICES,NSE\n\
             12345602,48225,NIFTY26NOVFUT,\"NIFTY\",0.0,2026-11-24,0.0,0.1,65,FUT,NFO-FUT,NFO\n\
             12345858,48226,NIFTY26NOV24000CE,NIFTY,0.0,2026-11-24,24000.0,0.05,65,CE,NFO-OPT,NFO\n\
             1111555,4342,USDINR26NOVFUT,USDINR,0.0,2026-11-26,0.0,0.0025,1,FUT,CDS-FUT,CDS\n",
        );
        assert_eq!(list.len(), 5);
        assert_eq!(list[0].symbol.to_string(), "NSE:INFY");
        assert_eq!(list[0].tick_size, Price::from_paise(10));
        assert_eq!(list[1].kind, InstrumentKind::Index);
        assert_eq!(list[2].expiry.unwrap().to_string(), "2026-11-24");
        assert_eq!(
            (list[3].kind, list[3].strike, list[3].lot_size),
            (InstrumentKind::Call, Price::from_rupees(24_000), 65)
        );
        assert_eq!(list[4].tick_size.units(), 25);
    }

    #[test]
    fn rows_we_cannot_use_are_left_out() {
        let list = read(
            "1,1,GIFT,X,0,,0,0.1,1,EQ,NSEIX,NSEIX\nx,1,A,X,0,,0,0.1,1,EQ,NSE,NSE\n2,1,B,X,0,2026-13-01,0,0.1,1,EQ,NSE,NSE\n\
             3,1,C,X,0,,0,0.1,1,WEATHER,NSE,NSE\n4,1,D,X,0,,0,0.1,1,EQ,NSE,NSE\n",
        );
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].token, 4);
    }

    #[test]
    fn what_is_no_instrument_list_is_an_error() {
        let html = "<html><body>busy</body></html>".to_owned();
        let cut = format!("{HEADER}408065,1594,INF");
        for text in [html, String::new(), cut] {
            assert!(matches!(parse(text.as_bytes()), Err(Error::Unreadable { .. })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), header in any::<bool>()) {
            let mut text = if header { HEADER.as_bytes().to_vec() } else { vec![] };
            text.extend(bytes);
            let _ = parse(&text);
        }
    }
}
