//! What the host checks of a request before anything leaves: pure over the instrument.

use super::book::Book;
use crate::amounts::Price;
use crate::market_data::{Instrument, InstrumentKind};
use crate::order::{OrderError, OrderKind, OrderRequest};

impl Book {
    pub(super) fn check(&self, request: &OrderRequest) -> Result<(), OrderError> {
        let symbol = &request.symbol;
        let instrument = self.find(symbol).ok_or_else(|| {
            OrderError::UnknownInstrument(format!("{symbol} is not one of the run's instruments"))
        })?;
        if instrument.kind == InstrumentKind::Index {
            return Err(OrderError::NotTradable(format!("{symbol} is an index")));
        }
        let (quantity, lot) = (request.quantity.get(), instrument.lot_size.max(1));
        if quantity == 0 || !quantity.is_multiple_of(lot) {
            let text = format!("{quantity} of {symbol}: a quantity is a multiple of {lot} above zero");
            return Err(OrderError::InvalidQuantity(text));
        }
        let (price, trigger) = match request.kind {
            OrderKind::Market => (false, false),
            OrderKind::Limit => (true, false),
            OrderKind::Stop => (true, true),
            OrderKind::StopMarket => (false, true),
        };
        check_price(instrument, "price", request.price, price)?;
        check_price(instrument, "trigger", request.trigger, trigger)
    }
}

fn check_price(instrument: &Instrument, what: &str, price: Price, needed: bool) -> Result<(), OrderError> {
    let Instrument { symbol, tick_size, .. } = instrument;
    if needed && (price <= Price::ZERO || price.round_to(*tick_size) != price) {
        let text = format!("{what} {price} of {symbol}: it is a multiple of {tick_size} above zero");
        return Err(OrderError::InvalidPrice(text));
    }
    Ok(())
}
