//! The day's instrument list, read from Kite's CSV.
//!
//! Columns are found by name, so that new ones do no harm. Rows of exchanges and kinds that we do not know are left out: what is not in the list cannot be traded, and that is said where somebody asks for it.

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
    /// Of all columns.
    count: usize,
}

/// More odd rows than this mean that the format has changed, in percent of all rows.
const ODD_ROWS_MAX_PERCENT: usize = 5;

/// One row.
enum Row {
    /// One we can trade.
    Read(Instrument),
    /// Of an exchange or kind that we do not trade.
    Foreign,
    /// One that should be readable and is not.
    Odd,
}

/// Reads the whole list. One odd row does no harm; a list without rows, with too many odd ones or cut short is none.
pub(crate) fn parse(csv: &[u8]) -> Result<Vec<Instrument>, Error> {
    let unreadable = |reason: String| Error::unreadable(200, format!("the instrument list: {reason}"));
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(csv);
    let columns = reader.headers().map_err(|e| unreadable(e.to_string())).and_then(|headers| {
        Columns::find(headers).map_err(|missing| unreadable(format!("column `{missing}` is missing")))
    })?;
    let mut instruments = Vec::new();
    let (mut row, mut last, mut foreign, mut odd) = (ByteRecord::new(), 0, 0_usize, 0_usize);
    while reader.read_byte_record(&mut row).map_err(|e| unreadable(e.to_string()))? {
        last = row.len();
        match columns.row(&row) {
            Row::Read(instrument) => instruments.push(instrument),
            Row::Foreign => foreign += 1,
            Row::Odd => odd += 1,
        }
    }
    if last < columns.count && !csv.ends_with(b"\n") {
        return Err(unreadable("it is cut short".to_owned()));
    }
    if instruments.is_empty() {
        return Err(unreadable(format!(
            "it has no instruments ({foreign} of other markets, {odd} odd rows)"
        )));
    }
    let rows = instruments.len() + foreign + odd;
    if odd * 100 > rows * ODD_ROWS_MAX_PERCENT {
        return Err(unreadable(format!("{odd} of {rows} rows cannot be read")));
    }
    if odd > 0 {
        tracing::warn!(
            odd,
            foreign,
            read = instruments.len(),
            "instrument rows that cannot be read are left out"
        );
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
            count: headers.len(),
        })
    }

    fn row(&self, row: &ByteRecord) -> Row {
        if self.is_foreign(row) {
            return Row::Foreign;
        }
        self.instrument(row).map_or(Row::Odd, Row::Read)
    }

    fn is_foreign(&self, row: &ByteRecord) -> bool {
        let word = |column: usize| row.get(column).and_then(|bytes| from_utf8(bytes).ok());
        let market =
            word(self.exchange).is_some_and(|name| !name.is_empty() && Venue::from_str(name).is_err());
        let is_kind = |(segment, name): (&str, &str)| !name.is_empty() && kind(segment, name).is_none();
        market || word(self.segment).zip(word(self.kind)).is_some_and(is_kind)
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

    const GOOD: &str = "4,1,D,X,0,,0,0.1,1,EQ,NSE,NSE\n";

    #[test]
    fn rows_of_other_markets_and_kinds_are_left_out_however_many_they_are() {
        let foreign = "1,1,GIFT,X,0,,0,0.1,1,EQ,NSEIX,NSEIX\n3,1,C,X,0,,0,0.1,1,WEATHER,NSE,NSE\n".repeat(50);
        let list = read(&format!("{foreign}{GOOD}"));
        assert_eq!((list.len(), list[0].token), (1, 4));
    }

    #[test]
    fn one_odd_row_does_not_fail_the_list_and_many_do() {
        let odd_rows = [
            "x,1,A,X,0,,0,0.1,1,EQ,NSE,NSE\n",
            "2,1,B,X,0,2026-13-01,0,0.1,1,EQ,NSE,NSE\n",
            "2,1,B\n",
            "2,1,B,X,0,,0,cheap,1,EQ,NSE,NSE\n",
            "2,1,B,X,0,,0,0.1,1,,,NSE\n",
        ];
        for odd in odd_rows {
            assert_eq!(read(&format!("{odd}{}", GOOD.repeat(19))).len(), 19, "{odd}");
            let many = format!("{HEADER}{odd}{}", GOOD.repeat(18));
            let error = parse(many.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("1 of 19 rows cannot be read"), "{odd}: {error}");
        }
    }

    #[test]
    fn what_is_no_instrument_list_is_an_error() {
        let html = "<html><body>busy</body></html>".to_owned();
        let cut = format!("{HEADER}{}408065,1594,INF", GOOD.repeat(100));
        let foreign = format!("{HEADER}1,1,GIFT,X,0,,0,0.1,1,EQ,NSEIX,NSEIX\n");
        for text in [html, String::new(), HEADER.to_owned(), cut, foreign] {
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
