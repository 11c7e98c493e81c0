//! Lists what has no expiry: the shares and indices of both exchanges.

use crate::catalog::{AT_BSE, BANK_NIFTY, BSE_INDICES, NIFTY, SHARES, share_tick_paise};
use crate::listing::{Listing, Segment};
use market::{Instrument, InstrumentKind, Price, Symbol, Venue};

const SHARE_FREEZE: u32 = 1_000_000;
/// Indices and shares with contracts have no band of their own; these are wide enough for any day.
const SHARE_BAND_PERCENT: i64 = 10;
const INDEX_BAND_PERCENT: i64 = 20;

/// Shares and indices of NSE.
pub(crate) fn nse_listings() -> Vec<Listing> {
    let shares = SHARES.iter().filter_map(|share| {
        let about = (share.symbol, share.name, share.rupees);
        self::share(Venue::Nse, about, share.exchange_token)
    });
    let indices = [("NIFTY 50", NIFTY), ("NIFTY BANK", BANK_NIFTY)];
    shares.chain(indices.into_iter().filter_map(|(name, token)| index(Venue::Nse, name, token))).collect()
}

/// Shares and indices of BSE; each share with the same one at NSE.
pub(crate) fn bse_listings() -> Vec<Listing> {
    let shares = AT_BSE.iter().filter_map(|(symbol, exchange_token)| {
        let at_nse = SHARES.iter().find(|share| share.symbol == *symbol)?;
        share(Venue::Bse, (symbol, at_nse.name, at_nse.rupees), *exchange_token)
    });
    shares.chain(BSE_INDICES.iter().filter_map(|known| index(Venue::Bse, known.name, known.token))).collect()
}

/// A line of the list that is not numbered yet.
pub(crate) fn instrument(
    venue: Venue,
    symbol: &str,
    name: &str,
    kind: InstrumentKind,
    tick_size: Price,
) -> Option<Instrument> {
    Some(Instrument {
        token: 0,
        symbol: Symbol::new(venue, symbol)?,
        name: name.to_owned(),
        kind,
        tick_size,
        lot_size: 1,
        expiry: None,
        strike: Price::ZERO,
    })
}

fn share(venue: Venue, (symbol, name, rupees): (&str, &str, f64), exchange_token: u32) -> Option<Listing> {
    let tick_size = Price::from_paise(share_tick_paise(rupees));
    let share = instrument(venue, symbol, name, InstrumentKind::Equity, tick_size)?;
    Some(listing(share, exchange_token, SHARE_FREEZE, SHARE_BAND_PERCENT))
}

fn index(venue: Venue, name: &str, token: u32) -> Option<Listing> {
    let index = instrument(venue, name, name, InstrumentKind::Index, Price::from_paise(5))?;
    Some(listing(index, token / 256, 0, INDEX_BAND_PERCENT))
}

fn listing(mut instrument: Instrument, exchange_token: u32, freeze: u32, percent: i64) -> Listing {
    let segment = Segment::of(instrument.symbol.venue(), instrument.kind);
    instrument.token = exchange_token * 256 + segment.code();
    Listing {
        instrument,
        exchange_token,
        segment,
        freeze_quantity: freeze,
        multiplier: 1,
        underlying: None,
        circuit_percent: percent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_tokens_are_the_real_ones() {
        let listings: Vec<_> = nse_listings().into_iter().chain(bse_listings()).collect();
        let token = |name: &str| {
            let symbol: Symbol = name.parse().unwrap();
            listings.iter().find(|listing| listing.instrument.symbol == symbol).unwrap().instrument.token
        };
        assert_eq!(token("NSE:INFY"), 408_065);
        assert_eq!(token("NSE:RELIANCE"), 738_561);
        assert_eq!(token("NSE:NIFTY 50"), 256_265);
        assert_eq!(token("NSE:NIFTY BANK"), 260_105);
        assert_eq!(token("BSE:RELIANCE"), 128_083_204);
        assert_eq!((token("BSE:SENSEX"), token("BSE:BANKEX")), (265, 274_441));
        assert_eq!((nse_listings().len(), bse_listings().len()), (52, AT_BSE.len() + BSE_INDICES.len()));
    }
}
