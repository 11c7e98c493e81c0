//! Asking for orders: drafts with defaults instead of a row of arguments. How to come to a position stands in `exits`.

use super::Context;
use crate::amounts::{Price, Quantity};
use crate::order::{Change, OrderError, OrderId, OrderKind, OrderRequest, Product, Side, Validity};
use crate::{batch, door};

/// The exchange's own band, in Kite's words.
const EXCHANGE_BAND: i32 = -1;
/// A protection that no host takes: what an unusable percentage becomes, so that it is refused and not reinterpreted.
const NO_PROTECTION: i32 = 0;

impl Context {
    /// Begins an order to buy. Options first, the kind last: `ctx.buy("NSE:INFY", 10).limit(1500.0)?`.
    pub fn buy(&mut self, symbol: impl AsRef<str>, quantity: impl Into<Quantity>) -> OrderDraft<'_> {
        OrderDraft::new(self, Side::Buy, symbol.as_ref(), quantity.into())
    }

    /// Begins an order to sell.
    pub fn sell(&mut self, symbol: impl AsRef<str>, quantity: impl Into<Quantity>) -> OrderDraft<'_> {
        OrderDraft::new(self, Side::Sell, symbol.as_ref(), quantity.into())
    }

    /// Begins an order on either side.
    pub fn order_for(
        &mut self,
        side: Side,
        symbol: impl AsRef<str>,
        quantity: impl Into<Quantity>,
    ) -> OrderDraft<'_> {
        OrderDraft::new(self, side, symbol.as_ref(), quantity.into())
    }

    /// Begins a change of a standing order: `ctx.modify(id).price(1501.0).send()?`.
    pub fn modify(&mut self, id: OrderId) -> Modification<'_> {
        Modification { ctx: self, id, change: Change::default() }
    }

    /// Asks to withdraw a standing order. Until its next update, [`Context::target`] counts on its being gone.
    pub fn cancel(&mut self, id: OrderId) -> Result<(), OrderError> {
        batch::trace();
        door::cancel(id)?;
        self.asked += 1;
        self.withdrawing.insert(id);
        Ok(())
    }

    /// The product of every order from here on that names none. It is [`Product::Mis`] at first: intraday, closed by the
    /// broker itself before the session ends.
    pub fn use_product(&mut self, product: Product) {
        self.product = product;
    }
}

/// An order in the making. Nothing happens until its kind is said: [`market`](Self::market),
/// [`limit`](Self::limit), [`stop`](Self::stop) or [`stop_market`](Self::stop_market).
#[derive(Debug)]
#[must_use = "say the kind to send it: .market()?, .limit(price)?, .stop(trigger, price)? or .stop_market(trigger)?"]
pub struct OrderDraft<'a> {
    ctx: &'a mut Context,
    request: OrderRequest,
}

impl<'a> OrderDraft<'a> {
    fn new(ctx: &'a mut Context, side: Side, symbol: &str, quantity: Quantity) -> Self {
        let request = OrderRequest {
            symbol: symbol.to_owned(),
            side,
            quantity,
            kind: OrderKind::Market,
            price: Price::ZERO,
            trigger: Price::ZERO,
            product: ctx.product,
            validity: Validity::Day,
            market_protection: EXCHANGE_BAND,
        };
        Self { ctx, request }
    }

    /// How the position is held, instead of the run's default.
    pub fn product(mut self, product: Product) -> Self {
        self.request.product = product;
        self
    }

    /// Fill at once what can be filled, drop the rest.
    pub fn ioc(mut self) -> Self {
        self.request.validity = Validity::Ioc;
        self
    }

    /// How far from the last price a market order may trade, in percent from 0.01 to 100, instead of the exchange's own
    /// band. Anything else makes a market order that is refused.
    pub fn protection_percent(mut self, percent: f64) -> Self {
        let hundredths = (percent * 100.0).round();
        self.request.market_protection = if hundredths >= 1.0 { hundredths as i32 } else { NO_PROTECTION };
        self
    }

    /// Sends it at what the market gives.
    pub fn market(self) -> Result<OrderId, OrderError> {
        self.send(OrderKind::Market, Price::ZERO, Price::ZERO)
    }

    /// Sends it at this price or better.
    pub fn limit(self, price: impl Into<Price>) -> Result<OrderId, OrderError> {
        self.send(OrderKind::Limit, price.into(), Price::ZERO)
    }

    /// Sends a limit order that sleeps until the trigger is touched.
    pub fn stop(self, trigger: impl Into<Price>, price: impl Into<Price>) -> Result<OrderId, OrderError> {
        self.send(OrderKind::Stop, price.into(), trigger.into())
    }

    /// Sends a market order that sleeps until the trigger is touched.
    pub fn stop_market(self, trigger: impl Into<Price>) -> Result<OrderId, OrderError> {
        self.send(OrderKind::StopMarket, Price::ZERO, trigger.into())
    }

    fn send(self, kind: OrderKind, price: Price, trigger: Price) -> Result<OrderId, OrderError> {
        batch::trace();
        let id = door::place(&OrderRequest { kind, price, trigger, ..self.request })?;
        self.ctx.asked += 1;
        Ok(id)
    }
}

/// A change of a standing order in the making; [`send`](Self::send) sends it.
#[derive(Debug)]
#[must_use = "nothing changes until .send()"]
pub struct Modification<'a> {
    ctx: &'a mut Context,
    id: OrderId,
    change: Change,
}

impl Modification<'_> {
    /// The new total quantity, including what has traded.
    pub fn quantity(mut self, quantity: impl Into<Quantity>) -> Self {
        self.change.quantity = Some(quantity.into());
        self
    }

    /// The new limit.
    pub fn price(mut self, price: impl Into<Price>) -> Self {
        self.change.price = Some(price.into());
        self
    }

    /// The new trigger.
    pub fn trigger(mut self, trigger: impl Into<Price>) -> Self {
        self.change.trigger = Some(trigger.into());
        self
    }

    /// The new kind.
    pub fn kind(mut self, kind: OrderKind) -> Self {
        self.change.kind = Some(kind);
        self
    }

    /// The new validity.
    pub fn validity(mut self, validity: Validity) -> Self {
        self.change.validity = Some(validity);
        self
    }

    /// Asks for the change. Whether it came about is told by the order's next update; see
    /// [`OrderUpdate::refused_change`](crate::OrderUpdate::refused_change).
    pub fn send(self) -> Result<(), OrderError> {
        batch::trace();
        door::modify(self.id, &self.change)?;
        self.ctx.asked += 1;
        Ok(())
    }
}
