//! Lists the instruments of a day: shares, indices, and the contracts of the nearest expiries.

use crate::catalog::{BANK_NIFTY, NIFTY, SHARES, UNDERLYINGS, Underlying, share_tick_paise};
use crate::clock::{day_number, has_expired, weekday};
use crate::listing::{Listing, Segment};
use market::{
    Calendar, Instrument, InstrumentKind, InstrumentToken, Price, Symbol, Timestamp, TradingDate, Venue,
};

/// Months of futures listed.
const FUTURE_MONTHS: usize = 3;
/// Strikes on each side of the money.
const STRIKES_EACH_SIDE: i64 = 5;
/// NSE contracts expire on Tuesdays since September 2025.
const EXPIRY_WEEKDAY: i64 = 2;
/// Days after which the token of a contract may be another contract's, and strikes that are told apart on one day.
const TOKEN_DAYS: i64 = 512;
const TOKEN_STRIKES: i64 = 1_024;
/// Kinds of contracts in a token: futures, calls, puts.
const TOKEN_KINDS: i64 = 3;
/// The segment code of NFO in a token.
const NFO_CODE: u32 = 2;
const SHARE_FREEZE: u32 = 1_000_000;
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Shares and indices.
pub(crate) fn cash_listings() -> Vec<Listing> {
    let shares = SHARES.iter().filter_map(|share| {
        let tick = Price::from_paise(share_tick_paise(share.rupees));
        let instrument = instrument(Venue::Nse, share.symbol, share.name, InstrumentKind::Equity, tick)?;
        Some(listing(instrument, share.exchange_token, Segment::Nse, SHARE_FREEZE, 10))
    });
    let indices =
        [("NIFTY 50", NIFTY), ("NIFTY BANK", BANK_NIFTY)].into_iter().filter_map(|(name, token)| {
            let tick = Price::from_paise(5);
            let instrument = instrument(Venue::Nse, name, name, InstrumentKind::Index, tick)?;
            Some(listing(instrument, token / 256, Segment::Indices, 0, 20))
        });
    shares.chain(indices).collect()
}

/// Futures and options that live at `now`. `spot` gives an underlying's price, to choose the strikes.
pub(crate) fn contract_listings(
    calendar: &Calendar,
    now: Timestamp,
    spot: impl Fn(InstrumentToken) -> f64,
) -> Vec<Listing> {
    let mut listings = Vec::new();
    let months = monthly_expiries(calendar, now, FUTURE_MONTHS);
    for underlying in &UNDERLYINGS {
        listings.extend(months.iter().filter_map(|expiry| future(underlying, *expiry)));
        if underlying.strike_step > 0 {
            let nearest = if underlying.weekly { weekly_expiry(calendar, now) } else { months[0] };
            let monthly = months.contains(&nearest);
            listings.extend(options(underlying, nearest, monthly, spot(underlying.token)));
        }
    }
    listings
}

/// The listing of a contract that is known by its public line.
pub(crate) fn contract_listing(instrument: Instrument) -> Option<Listing> {
    let underlying = UNDERLYINGS.iter().find(|underlying| underlying.name == instrument.name)?;
    Some(contract(instrument, underlying))
}

fn future(underlying: &Underlying, expiry: TradingDate) -> Option<Listing> {
    let (year, month, _) = expiry.parts();
    let symbol = format!("{}{:02}{}FUT", underlying.name, year % 100, month_word(month));
    let tick = Price::from_paise(10);
    let mut contract = instrument(Venue::Nfo, &symbol, underlying.name, InstrumentKind::Future, tick)?;
    contract.expiry = Some(expiry);
    numbered(contract, underlying)
}

fn options(underlying: &Underlying, expiry: TradingDate, monthly: bool, spot: f64) -> Vec<Listing> {
    let step = underlying.strike_step;
    let middle = (spot / step as f64).round() as i64;
    let strikes = (middle - STRIKES_EACH_SIDE..=middle + STRIKES_EACH_SIDE).map(|n| n * step);
    let kinds = [(InstrumentKind::Call, "CE"), (InstrumentKind::Put, "PE")];
    let both = strikes.flat_map(|strike| kinds.map(|(kind, word)| (strike, kind, word)));
    both.filter_map(|(strike, kind, word)| {
        let symbol = format!("{}{}{strike}{word}", underlying.name, expiry_word(expiry, monthly));
        let mut contract = instrument(Venue::Nfo, &symbol, underlying.name, kind, Price::from_paise(5))?;
        contract.expiry = Some(expiry);
        contract.strike = Price::from_rupees(strike);
        numbered(contract, underlying)
    })
    .collect()
}

/// A new contract with the number that it has on every exchange and after every restart.
fn numbered(mut contract: Instrument, underlying: &Underlying) -> Option<Listing> {
    contract.lot_size = underlying.lot_size;
    contract.token = exchange_token(&contract, underlying)? * 256 + NFO_CODE;
    Some(self::contract(contract, underlying))
}

fn contract(instrument: Instrument, underlying: &Underlying) -> Listing {
    let (segment, circuit_percent) = match instrument.kind {
        InstrumentKind::Call | InstrumentKind::Put => (Segment::NfoOpt, 0),
        InstrumentKind::Future | InstrumentKind::Equity | InstrumentKind::Index => (Segment::NfoFut, 10),
    };
    Listing {
        exchange_token: instrument.token / 256,
        instrument,
        segment,
        freeze_quantity: underlying.freeze_quantity,
        underlying: Some(underlying.token),
        circuit_percent,
    }
}

/// Made from what the contract is, so that it does not depend on what else is listed.
fn exchange_token(contract: &Instrument, underlying: &Underlying) -> Option<u32> {
    let number = UNDERLYINGS.iter().position(|other| other.name == underlying.name)? as i64;
    let kind = match contract.kind {
        InstrumentKind::Future | InstrumentKind::Equity | InstrumentKind::Index => 0,
        InstrumentKind::Call => 1,
        InstrumentKind::Put => 2,
    };
    let day = day_number(contract.expiry?.midnight()).rem_euclid(TOKEN_DAYS);
    let step = Price::from_rupees(underlying.strike_step.max(1)).units();
    let strike = (contract.strike.units() / step).rem_euclid(TOKEN_STRIKES);
    u32::try_from(((number * TOKEN_KINDS + kind) * TOKEN_DAYS + day) * TOKEN_STRIKES + strike).ok()
}

fn instrument(
    venue: Venue,
    symbol: &str,
    name: &str,
    kind: InstrumentKind,
    tick_size: Price,
) -> Option<Instrument> {
    let symbol = Symbol::new(venue, symbol)?;
    let strike = Price::ZERO;
    Some(Instrument {
        token: 0,
        symbol,
        name: name.to_owned(),
        kind,
        tick_size,
        lot_size: 1,
        expiry: None,
        strike,
    })
}

fn listing(
    mut instrument: Instrument,
    exchange_token: u32,
    segment: Segment,
    freeze: u32,
    percent: i64,
) -> Listing {
    instrument.token = exchange_token * 256 + if segment == Segment::Indices { 9 } else { 1 };
    Listing {
        instrument,
        exchange_token,
        segment,
        freeze_quantity: freeze,
        underlying: None,
        circuit_percent: percent,
    }
}

/// `26NOV` for a monthly contract, `26N24` for a weekly one (months 1–9, O, N, D).
fn expiry_word(expiry: TradingDate, monthly: bool) -> String {
    let (year, month, day) = expiry.parts();
    if monthly {
        return format!("{:02}{}", year % 100, month_word(month));
    }
    let letter = match month {
        10 => "O".to_owned(),
        11 => "N".to_owned(),
        12 => "D".to_owned(),
        n => n.to_string(),
    };
    format!("{:02}{letter}{day:02}", year % 100)
}

fn month_word(month: u8) -> &'static str {
    MONTHS[usize::from(month.clamp(1, 12)) - 1]
}

/// The last Tuesday of this month and the next ones, moved before holidays, not yet expired at `now`.
fn monthly_expiries(calendar: &Calendar, now: Timestamp, count: usize) -> Vec<TradingDate> {
    let (mut year, mut month, _) = now.date().parts();
    let mut expiries = Vec::new();
    while expiries.len() < count {
        let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let first_of_next = TradingDate::new(next_year, next_month, 1).unwrap_or(now.date());
        let mut date = first_of_next.previous();
        while weekday(date) != EXPIRY_WEEKDAY {
            date = date.previous();
        }
        let expiry = on_or_before_session(calendar, date);
        if !has_expired(calendar, expiry, now) {
            expiries.push(expiry);
        }
        (year, month) = (next_year, next_month);
    }
    expiries
}

fn weekly_expiry(calendar: &Calendar, now: Timestamp) -> TradingDate {
    let mut date = now.date();
    loop {
        let expiry = on_or_before_session(calendar, date);
        if weekday(date) == EXPIRY_WEEKDAY && !has_expired(calendar, expiry, now) {
            return expiry;
        }
        date = date.next();
    }
}

fn on_or_before_session(calendar: &Calendar, date: TradingDate) -> TradingDate {
    let mut day = date;
    for _ in 0..30 {
        if calendar.session(day).is_some() {
            return day;
        }
        day = day.previous();
    }
    date
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_tokens_are_the_real_ones() {
        let listings = cash_listings();
        let token = |name: &str| {
            let symbol: Symbol = format!("NSE:{name}").parse().unwrap();
            listings.iter().find(|listing| listing.instrument.symbol == symbol).unwrap().instrument.token
        };
        assert_eq!(token("INFY"), 408_065);
        assert_eq!(token("RELIANCE"), 738_561);
        assert_eq!(token("NIFTY 50"), 256_265);
        assert_eq!(token("NIFTY BANK"), 260_105);
        assert_eq!(listings.len(), 52);
    }

    #[test]
    fn a_contracts_number_depends_on_nothing_but_the_contract() {
        let calendar = Calendar::nse([]);
        let monday = TradingDate::new(2026, 11, 23).unwrap();
        let tokens = |now: Timestamp, spot: f64| -> std::collections::BTreeMap<String, u32> {
            let listings = contract_listings(&calendar, now, |_| spot);
            let token = |listing: &Listing| (listing.instrument.symbol.to_string(), listing.instrument.token);
            listings.iter().map(token).collect()
        };
        let (first, later) =
            (tokens(monday.at_seconds(36_000), 25_912.0), tokens(monday.next().at_seconds(30_000), 26_080.0));
        let both: Vec<_> = first.keys().filter(|symbol| later.contains_key(*symbol)).collect();
        assert!(both.len() > 20, "{both:?}");
        assert!(both.iter().all(|symbol| first[*symbol] == later[*symbol]));
        let distinct: std::collections::BTreeSet<_> = first.values().collect();
        assert_eq!(distinct.len(), first.len());
        assert!(first.values().all(|token| *token < 1 << 31 && token % 256 == 2));
    }

    #[test]
    fn contracts_expire_on_tuesdays_and_before_holidays() {
        let holiday = TradingDate::new(2026, 11, 24).unwrap();
        let now = TradingDate::new(2026, 11, 19).unwrap().at_seconds(36_000);
        let spot = |_| 25_912.0;
        let names = |calendar: &Calendar| -> Vec<String> {
            let listings = contract_listings(calendar, now, spot);
            listings.iter().map(|listing| listing.instrument.symbol.name().to_owned()).collect()
        };
        let plain = names(&Calendar::nse([]));
        for name in
            ["NIFTY26NOVFUT", "BANKNIFTY27JANFUT", "INFY26DECFUT", "NIFTY26NOV25900CE", "NIFTY26NOV26150PE"]
        {
            assert!(plain.iter().any(|listed| listed == name), "{name} in {plain:?}");
        }
        let calendar = Calendar::nse([holiday]);
        let moved = contract_listings(&calendar, now, spot);
        assert_eq!(moved[0].instrument.expiry, TradingDate::new(2026, 11, 23));
        let next_week = contract_listings(&Calendar::nse([]), holiday.at_seconds(60_000), spot);
        assert!(next_week.iter().any(|listing| listing.instrument.symbol.name() == "NIFTY26D0125900CE"));
    }
}
