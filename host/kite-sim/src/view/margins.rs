//! What orders would bind and cost (reference §12): the calculators' rows, and the JSON that asks for them.
//!
//! The rates of charges are those of the house's dated table; the numbers of the wire are written here.

use ledger::{Charges, OrderCharge, RateTable};
use market::{Money, OrderKind, Price, Product, Side, Symbol, TradingDate, Variety, Venue, VenueGroup};
use serde::{Deserialize, Serialize};

/// One order of a request.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct OrderQuestion {
    exchange: Venue,
    tradingsymbol: String,
    pub(crate) transaction_type: Side,
    variety: Variety,
    pub(crate) product: Product,
    order_type: OrderKind,
    pub(crate) quantity: u32,
    /// Of a calculator for margins; 0 for a market order.
    #[serde(default)]
    pub(crate) price: Price,
    /// Of a calculator for charges.
    #[serde(default)]
    pub(crate) average_price: Price,
}

/// One order's margin, or that of a basket.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct MarginRow {
    r#type: &'static str,
    tradingsymbol: String,
    exchange: &'static str,
    pub(crate) span: Money,
    exposure: Money,
    option_premium: Money,
    additional: Money,
    bo: Money,
    cash: Money,
    var: Money,
    pnl: Pnl,
    leverage: u32,
    charges: ChargeRow,
    pub(crate) total: Money,
}

/// The same with `mode=compact`: the total alone.
#[derive(Serialize)]
pub(crate) struct CompactRow<'a> {
    r#type: &'static str,
    tradingsymbol: &'a str,
    exchange: &'static str,
    total: Money,
}

/// `POST /margins/basket?mode=compact`.
#[derive(Serialize)]
pub(crate) struct CompactBasket<'a> {
    initial: CompactRow<'a>,
    r#final: CompactRow<'a>,
    orders: Vec<CompactRow<'a>>,
}

/// `POST /margins/basket`.
#[derive(Serialize)]
pub(crate) struct BasketRow {
    pub(crate) initial: MarginRow,
    pub(crate) r#final: MarginRow,
    pub(crate) orders: Vec<MarginRow>,
    pub(crate) charges: ChargeRow,
}

/// One order of `POST /charges/orders`.
#[derive(Serialize)]
pub(crate) struct ContractNoteRow {
    transaction_type: Side,
    tradingsymbol: String,
    exchange: Venue,
    variety: Variety,
    product: Product,
    order_type: OrderKind,
    quantity: u32,
    price: Price,
    charges: ChargeRow,
}

/// What an order costs.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct ChargeRow {
    transaction_tax: Money,
    transaction_tax_type: &'static str,
    exchange_turnover_charge: Money,
    sebi_turnover_charge: Money,
    brokerage: Money,
    stamp_duty: Money,
    gst: Gst,
    total: Money,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Pnl {
    realised: Money,
    unrealised: Money,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Gst {
    igst: Money,
    cgst: Money,
    sgst: Money,
    total: Money,
}

impl OrderQuestion {
    /// What it is about. `None` for a name that is none.
    pub(crate) fn symbol(&self) -> Option<Symbol> {
        Symbol::new(self.exchange, &self.tradingsymbol)
    }

    /// The same on a side.
    pub(crate) fn on(self, side: Side) -> Self {
        Self { transaction_type: side, ..self }
    }

    /// Signed units, in quantities of the instrument.
    pub(crate) fn signed_quantity(&self) -> i64 {
        i64::from(self.quantity) * self.transaction_type.sign()
    }

    /// What it would cost on a date, at a price, with as many units in one of quantity.
    pub(crate) fn charges(
        &self,
        symbol: &Symbol,
        (price, multiplier): (Price, i64),
        date: TradingDate,
    ) -> ChargeRow {
        let order = OrderCharge {
            symbol,
            product: self.product,
            side: self.transaction_type,
            date,
            turnover: price * i64::from(self.quantity) * multiplier,
        };
        ChargeRow::of(Charges::of_order(&order, &RateTable::default()), self.exchange)
    }

    /// Its row, with what it would bind: (delivery, margin, premium).
    pub(crate) fn margin(&self, binds: [Money; 3], leverage: u32, charges: ChargeRow) -> MarginRow {
        let [delivery, margin, option_premium] = binds;
        let derivative = self.exchange.is_derivatives();
        MarginRow {
            r#type: if is_commodity(self.exchange) { "commodity" } else { "equity" },
            tradingsymbol: self.tradingsymbol.clone(),
            exchange: self.exchange.as_str(),
            span: if derivative { margin } else { Money::ZERO },
            option_premium,
            var: if derivative { Money::ZERO } else { delivery + margin },
            leverage,
            charges,
            total: delivery + margin + option_premium,
            ..MarginRow::default()
        }
    }

    pub(crate) fn note(&self, charges: ChargeRow) -> ContractNoteRow {
        ContractNoteRow {
            transaction_type: self.transaction_type,
            tradingsymbol: self.tradingsymbol.clone(),
            exchange: self.exchange,
            variety: self.variety,
            product: self.product,
            order_type: self.order_type,
            quantity: self.quantity,
            price: self.average_price,
            charges,
        }
    }
}

impl MarginRow {
    /// The same with another part bound as margin, and with premiums received counted against those paid. What is
    /// received beyond everything else is not lent.
    pub(crate) fn hedged(self, span: Money, option_premium: Money) -> Self {
        let total = (self.var + span + option_premium).max(Money::ZERO);
        Self { span, option_premium, total, ..self }
    }

    /// Several together, under no name.
    pub(crate) fn sum<'a>(rows: impl IntoIterator<Item = &'a Self>) -> Self {
        rows.into_iter().fold(Self::default(), |sum, row| Self {
            span: sum.span + row.span,
            option_premium: sum.option_premium + row.option_premium,
            var: sum.var + row.var,
            total: sum.total + row.total,
            ..sum
        })
    }
}

impl ChargeRow {
    pub(crate) fn sum(rows: impl IntoIterator<Item = Self>) -> Self {
        rows.into_iter().fold(Self::default(), |sum, row| Self {
            transaction_tax: sum.transaction_tax + row.transaction_tax,
            transaction_tax_type: row.transaction_tax_type,
            exchange_turnover_charge: sum.exchange_turnover_charge + row.exchange_turnover_charge,
            sebi_turnover_charge: sum.sebi_turnover_charge + row.sebi_turnover_charge,
            brokerage: sum.brokerage + row.brokerage,
            stamp_duty: sum.stamp_duty + row.stamp_duty,
            gst: Gst { igst: sum.gst.igst + row.gst.igst, total: sum.gst.total + row.gst.total, ..sum.gst },
            total: sum.total + row.total,
        })
    }
}

impl ChargeRow {
    fn of(charges: Charges, venue: Venue) -> Self {
        Self {
            transaction_tax: charges.transaction_tax,
            transaction_tax_type: if is_commodity(venue) { "ctt" } else { "stt" },
            exchange_turnover_charge: charges.exchange,
            sebi_turnover_charge: charges.sebi,
            brokerage: charges.brokerage,
            stamp_duty: charges.stamp_duty,
            gst: Gst { igst: charges.gst, total: charges.gst, ..Gst::default() },
            total: charges.total(),
        }
    }
}

impl<'a> CompactBasket<'a> {
    pub(crate) fn of(basket: &'a BasketRow) -> Self {
        Self {
            initial: CompactRow::from(&basket.initial),
            r#final: CompactRow::from(&basket.r#final),
            orders: basket.orders.iter().map(CompactRow::from).collect(),
        }
    }
}

impl<'a> From<&'a MarginRow> for CompactRow<'a> {
    fn from(row: &'a MarginRow) -> Self {
        Self {
            r#type: row.r#type,
            tradingsymbol: &row.tradingsymbol,
            exchange: row.exchange,
            total: row.total,
        }
    }
}

fn is_commodity(venue: Venue) -> bool {
    VenueGroup::from(venue) == VenueGroup::Commodity
}
