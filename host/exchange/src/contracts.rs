//! Lists the futures and options of the nearest expiries, with the numbers and names that they have everywhere.

use crate::cash::instrument;
use crate::clock::day_number;
use crate::expiries;
use crate::listing::{Listing, Segment};
use crate::underlyings::{Options, SpotSource, UNDERLYINGS, Underlying};
use market::{Calendar, Instrument, InstrumentKind, Price, Timestamp, TradingDate, Venue};

/// Days after which the token of a contract may be another contract's, and strikes that are told apart on one day.
const TOKEN_DAYS: i64 = 512;
const TOKEN_STRIKES: i64 = 1_024;
/// Kinds of contracts in a token: futures, calls, puts.
const TOKEN_KINDS: i64 = 3;
/// Where the numbers of futures and of options begin at every exchange but NFO.
const FIRST_FUTURE: i64 = 200_000;
const FIRST_OPTION: i64 = 1_000_000;
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Futures and options that live at `now`. `spot` gives an underlying's price, to choose the strikes.
pub(crate) fn contract_listings(
    calendar: &Calendar,
    now: Timestamp,
    spot: impl Fn(&Underlying) -> f64,
) -> Vec<Listing> {
    let mut listings = Vec::new();
    for underlying in &UNDERLYINGS {
        let months = expiries::monthly(underlying, calendar, now, underlying.listed_months);
        listings.extend(months.iter().filter_map(|expiry| future(underlying, *expiry)));
        let Some(of) = &underlying.options else { continue };
        let weekly = if of.weekly { expiries::weekly(underlying, calendar, now) } else { None };
        if let Some(nearest) = weekly.or_else(|| months.first().copied()) {
            let word = expiry_word(nearest, months.contains(&nearest));
            listings.extend(options(underlying, of, (nearest, &word), spot(underlying)));
        }
    }
    listings
}

/// The listing of a contract that is known by its public line.
pub(crate) fn contract_listing(instrument: Instrument) -> Option<Listing> {
    let underlying = Underlying::of(&instrument)?;
    Some(contract(instrument, underlying))
}

fn future(underlying: &Underlying, expiry: TradingDate) -> Option<Listing> {
    let symbol = format!("{}{}FUT", underlying.name, expiry_word(expiry, true));
    let kind = InstrumentKind::Future;
    let mut contract = instrument(underlying.venue, &symbol, underlying.name, kind, underlying.future_tick)?;
    contract.expiry = Some(expiry);
    numbered(contract, underlying)
}

fn options(
    underlying: &Underlying,
    of: &Options,
    (expiry, word): (TradingDate, &str),
    spot: f64,
) -> Vec<Listing> {
    let middle = (spot / of.step.to_wire()).round() as i64;
    let strikes =
        (middle - of.each_side..=middle + of.each_side).map(|n| Price::from_units(of.step.units() * n));
    let kinds = [(InstrumentKind::Call, "CE"), (InstrumentKind::Put, "PE")];
    let both = strikes.flat_map(|strike| kinds.map(|(kind, letters)| (strike, kind, letters)));
    both.filter_map(|(strike, kind, letters)| {
        // As Kite writes strikes in symbols: 25900, 89.5, 89.25.
        let symbol = format!("{}{word}{}{letters}", underlying.name, strike.to_wire());
        let mut contract =
            instrument(underlying.venue, &symbol, underlying.name, kind, underlying.option_tick)?;
        contract.expiry = Some(expiry);
        contract.strike = strike;
        numbered(contract, underlying)
    })
    .collect()
}

/// A new contract with the number that it has on every exchange and after every restart.
fn numbered(mut contract: Instrument, underlying: &Underlying) -> Option<Listing> {
    contract.lot_size = underlying.lot_size;
    let code = Segment::of(underlying.venue, contract.kind).code();
    contract.token = exchange_token(&contract, underlying)? * 256 + code;
    Some(self::contract(contract, underlying))
}

fn contract(instrument: Instrument, underlying: &Underlying) -> Listing {
    let option = instrument.kind.is_option();
    Listing {
        exchange_token: instrument.token / 256,
        segment: Segment::of(underlying.venue, instrument.kind),
        freeze_quantity: underlying.freeze_quantity,
        multiplier: underlying.multiplier,
        underlying: match underlying.spot {
            SpotSource::Listed(token) => Some(token),
            SpotSource::Unlisted { .. } => None,
        },
        circuit_percent: if option { 0 } else { underlying.circuit_percent },
        instrument,
    }
}

/// Made from what the contract is, so that it does not depend on what else is listed.
fn exchange_token(contract: &Instrument, underlying: &Underlying) -> Option<u32> {
    let number = i64::from(underlying.number());
    let kind = match contract.kind {
        InstrumentKind::Future | InstrumentKind::Equity | InstrumentKind::Index => 0,
        InstrumentKind::Call => 1,
        InstrumentKind::Put => 2,
    };
    let day = day_number(contract.expiry?.midnight()).rem_euclid(TOKEN_DAYS);
    let step = underlying.options.as_ref().map_or(Price::from_rupees(1), |options| options.step);
    let strike = (contract.strike.units() / step.units()).rem_euclid(TOKEN_STRIKES);
    let token = if underlying.venue == Venue::Nfo {
        ((number * TOKEN_KINDS + kind) * TOKEN_DAYS + day) * TOKEN_STRIKES + strike
    } else if kind == 0 {
        FIRST_FUTURE + number * TOKEN_DAYS + day
    } else {
        FIRST_OPTION + ((number * 2 + kind - 1) * TOKEN_DAYS + day) * TOKEN_STRIKES + strike
    };
    u32::try_from(token).ok()
}

/// `26NOV` for a monthly contract, `26N24` for a weekly one (months 1–9, O, N, D).
fn expiry_word(expiry: TradingDate, monthly: bool) -> String {
    let (year, month, day) = expiry.parts();
    let year = year % 100;
    if monthly {
        return format!("{year:02}{}", MONTHS[usize::from(month.clamp(1, 12)) - 1]);
    }
    let letter = match month {
        10 => "O".to_owned(),
        11 => "N".to_owned(),
        12 => "D".to_owned(),
        n => n.to_string(),
    };
    format!("{year:02}{letter}{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn spot(underlying: &Underlying) -> f64 {
        match underlying.spot {
            SpotSource::Listed(265) => 84_612.0,
            SpotSource::Listed(_) => 25_912.0,
            SpotSource::Unlisted { rupees, .. } => rupees,
        }
    }

    fn named(calendar: &Calendar, now: Timestamp) -> BTreeMap<String, Listing> {
        let listings = contract_listings(calendar, now, spot).into_iter();
        listings.map(|listing| (listing.instrument.symbol.to_string(), listing)).collect()
    }

    #[test]
    fn a_contracts_number_depends_on_nothing_but_the_contract() {
        let calendar = Calendar::nse([]);
        let monday = TradingDate::new(2026, 11, 23).unwrap();
        let tokens = |now: Timestamp, moved: f64| -> BTreeMap<String, u32> {
            let listings = contract_listings(&calendar, now, |underlying| spot(underlying) + moved);
            let token = |listing: &Listing| (listing.instrument.symbol.to_string(), listing.instrument.token);
            listings.iter().map(token).collect()
        };
        let (first, later) =
            (tokens(monday.at_seconds(36_000), 0.0), tokens(monday.next().at_seconds(30_000), 0.6));
        let both: Vec<_> = first.keys().filter(|symbol| later.contains_key(*symbol)).collect();
        assert!(both.len() > 80, "{both:?}");
        assert!(both.iter().all(|symbol| first[*symbol] == later[*symbol]));
        let distinct: BTreeSet<_> = first.values().collect();
        assert_eq!(distinct.len(), first.len());
        assert!(first.values().all(|token| *token < 1 << 31));
    }

    #[test]
    fn the_last_byte_of_a_token_is_the_segment() {
        let listings = named(&Calendar::nse([]), TradingDate::new(2026, 11, 23).unwrap().at_seconds(36_000));
        let codes = [("NFO", 2), ("CDS", 3), ("BFO", 5), ("BCD", 6), ("MCX", 7), ("NCO", 12)];
        for (venue, code) in codes {
            let of_venue: Vec<_> = listings
                .values()
                .filter(|listing| listing.instrument.symbol.venue().as_str() == venue)
                .collect();
            assert!(
                !of_venue.is_empty()
                    && of_venue.iter().all(|listing| listing.instrument.token & 0xff == code)
            );
        }
    }

    #[test]
    fn every_exchange_has_its_names_segments_and_sizes() {
        let listings = named(&Calendar::nse([]), TradingDate::new(2026, 11, 23).unwrap().at_seconds(36_000));
        // Symbol, segment, lot size, multiplier, tick size, freeze quantity.
        for (symbol, segment, lot, multiplier, tick, freeze) in [
            ("NFO:NIFTY26NOVFUT", "NFO-FUT", 65, 1, "0.10", 1_800),
            ("BFO:SENSEX26NOVFUT", "BFO-FUT", 20, 1, "0.10", 1_000),
            ("BFO:SENSEX26NOV84600CE", "BFO-OPT", 20, 1, "0.05", 1_000),
            ("BFO:BANKEX26NOVFUT", "BFO-FUT", 30, 1, "0.10", 900),
            ("CDS:USDINR26NOVFUT", "CDS-FUT", 1, 1_000, "0.0025", 10_000),
            ("CDS:USDINR26NOV89.5CE", "CDS-OPT", 1, 1_000, "0.0025", 10_000),
            ("CDS:USDINR26NOV89.25PE", "CDS-OPT", 1, 1_000, "0.0025", 10_000),
            ("BCD:USDINR26DECFUT", "BCD-FUT", 1, 1_000, "0.0025", 10_000),
            ("MCX:GOLD26DECFUT", "MCX-FUT", 1, 100, "1.00", 10),
            ("MCX:GOLDGUINEA26NOVFUT", "MCX-FUT", 1, 1, "1.00", 1_250),
            ("MCX:LEADMINI26NOVFUT", "MCX-FUT", 1, 1_000, "0.05", 100),
            ("MCX:CRUDEOIL26DEC5650PE", "MCX-OPT", 1, 100, "0.05", 100),
            ("NCO:NATURALGAS26NOVFUT", "NCO-FUT", 1, 1_250, "0.10", 48),
        ] {
            let listing = listings.get(symbol).unwrap_or_else(|| panic!("{symbol} in {:?}", listings.keys()));
            let instrument = &listing.instrument;
            assert_eq!((listing.segment.as_str(), instrument.lot_size), (segment, lot), "{symbol}");
            assert_eq!((listing.multiplier, listing.freeze_quantity), (multiplier, freeze), "{symbol}");
            assert_eq!(instrument.tick_size.to_string(), tick, "{symbol}");
        }
    }

    #[test]
    fn contracts_expire_on_tuesdays_and_before_holidays() {
        let holiday = TradingDate::new(2026, 11, 24).unwrap();
        let now = TradingDate::new(2026, 11, 19).unwrap().at_seconds(36_000);
        let plain = named(&Calendar::nse([]), now);
        for name in
            ["NIFTY26NOVFUT", "BANKNIFTY27JANFUT", "INFY26DECFUT", "NIFTY26NOV25900CE", "NIFTY26NOV26150PE"]
        {
            assert!(plain.contains_key(&format!("NFO:{name}")), "{name} in {plain:?}");
        }
        let moved = &named(&Calendar::nse([holiday]), now)["NFO:NIFTY26NOVFUT"];
        assert_eq!(moved.instrument.expiry, TradingDate::new(2026, 11, 23));
        let next_week = named(&Calendar::nse([]), holiday.at_seconds(60_000));
        assert!(next_week.contains_key("NFO:NIFTY26D0125900CE"));
    }
}
