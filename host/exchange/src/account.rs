//! One account: its money, positions, shares and which orders are its own.

use crate::holding::{Holding, isin};
use crate::ledger::{Line, Shares, Units};
use crate::listing::Listing;
use crate::margin::{Available, Margins, Utilised};
use crate::order::TradeRecord;
use crate::pit::Pit;
use crate::position::Positions;
use crate::product::ShownProduct;
use crate::setup::AccountSetup;
use crate::summary::Books;
use crate::tape::Tape;
use market::{
    InstrumentKind, Money, Price, Product, Side, Symbol, Timestamp, Trade, TradingDate, VenueGroup,
};
use std::collections::BTreeMap;

/// Margin in percent of the value.
const MIS_PERCENT: i64 = 20;
/// Futures of their value, short options of the value at their strike.
const EQUITY_CONTRACT_PERCENT: i64 = 12;
const CURRENCY_CONTRACT_PERCENT: i64 = 3;
const COMMODITY_CONTRACT_PERCENT: i64 = 10;
const MTF_PERCENT: i64 = 50;
/// Part of the proceeds of sold holdings that may be used the same day.
const SALE_CREDIT_PERCENT: i64 = 80;

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) user_id: String,
    cash: Money,
    lines: BTreeMap<(usize, ShownProduct), Line>,
    shares: BTreeMap<usize, Shares>,
    /// The holder has signed for all sales from the depository.
    pub(crate) standing_consent: bool,
    /// Shares that the holder lets be sold today.
    authorised: BTreeMap<usize, u32>,
    pub(crate) trades: Vec<TradeRecord>,
    /// Today's orders, by their index on the desk.
    pub(crate) orders: Vec<usize>,
    /// Those among them that still stand.
    pub(crate) standing: Vec<usize>,
}

impl Account {
    pub(crate) fn new(setup: AccountSetup, tape: &Tape) -> Self {
        let shares = setup.holdings.iter().filter_map(|holding| {
            let slot = tape.slot_of(&holding.symbol)?;
            let cost = holding.average_price * i64::from(holding.quantity);
            Some((slot, Shares { quantity: holding.quantity, t1_quantity: 0, cost }))
        });
        Self {
            user_id: setup.user_id,
            cash: setup.cash,
            lines: BTreeMap::new(),
            shares: shares.collect(),
            standing_consent: true,
            authorised: BTreeMap::new(),
            trades: Vec::new(),
            orders: Vec::new(),
            standing: Vec::new(),
        }
    }

    /// Open units of one position.
    pub(crate) fn held(&self, slot: usize, product: ShownProduct) -> i64 {
        self.lines.get(&(slot, product)).map_or(0, Line::quantity)
    }

    /// Units of a delivery product that could be delivered: for CNC holdings and what was bought today less what was
    /// sold, for MTF the position. `None` for products that may be sold short.
    pub(crate) fn deliverable(&self, slot: usize, product: ShownProduct) -> Option<i64> {
        let held = self.held(slot, product);
        match product {
            ShownProduct::Cnc => {
                Some(self.shares.get(&slot).map_or(0, |shares| i64::from(shares.total())) + held)
            }
            ShownProduct::Mtf => Some(held),
            ShownProduct::Mis | ShownProduct::Nrml | ShownProduct::Co => None,
        }
    }

    /// The holder lets so many shares be sold today, in all.
    pub(crate) fn authorise(&mut self, slot: usize, quantity: u32) {
        self.authorised.insert(slot, quantity);
    }

    /// Shares that may be sold today by the holder's word, by slot.
    pub(crate) fn authorised(&self) -> impl Iterator<Item = (&usize, &u32)> {
        self.authorised.iter()
    }

    /// Units that can be delivered without asking the holder again: what was let go today, what has not come to the
    /// depository yet, and what was bought today, less what was sold.
    pub(crate) fn authorised_to_deliver(&self, slot: usize) -> i64 {
        let granted = self.authorised.get(&slot).copied().unwrap_or(0);
        let unsettled = self.shares.get(&slot).map_or(0, |shares| shares.t1_quantity);
        i64::from(granted) + i64::from(unsettled) + self.held(slot, ShownProduct::Cnc)
    }

    pub(crate) fn book(&mut self, slot: usize, trade: TradeRecord, multiplier: i64) {
        let fill = &trade.trade;
        let product = trade.product();
        let line = self
            .lines
            .entry((slot, product))
            .or_insert_with(|| Line::new((fill.symbol.clone(), fill.token), product, multiplier));
        line.fill(fill.side, fill.quantity, fill.price);
        self.trades.push(trade);
    }

    /// Moves open units from one product to another. False when there are not enough of that kind.
    pub(crate) fn convert(
        &mut self,
        slot: usize,
        (side, quantity, units): (Side, u32, Units),
        products: (ShownProduct, ShownProduct),
    ) -> bool {
        let quantity = i64::from(quantity);
        let Some(from) = self.lines.get_mut(&(slot, products.0)) else { return false };
        if from.quantity() * side.sign() <= 0 || from.open_units(units) < quantity {
            return false;
        }
        let empty = from.empty_as(products.1);
        let cost = from.give(quantity, units);
        let to = self.lines.entry((slot, products.1)).or_insert(empty);
        to.take(side, quantity, cost);
        true
    }

    /// The positions' books, to go back to.
    pub(crate) fn lines(&self) -> BTreeMap<(usize, ShownProduct), Line> {
        self.lines.clone()
    }

    /// Goes back to earlier books.
    pub(crate) fn restore(&mut self, lines: BTreeMap<(usize, ShownProduct), Line>) {
        self.lines = lines;
    }

    /// Money, positions and shares, to be written down.
    pub(crate) fn books_to_keep(
        &self,
    ) -> (Money, impl Iterator<Item = &Line>, impl Iterator<Item = (&usize, &Shares)>) {
        (self.cash, self.lines.values(), self.shares.iter())
    }

    /// Goes on with what was written down.
    pub(crate) fn keep_books(
        &mut self,
        cash: Money,
        lines: BTreeMap<(usize, ShownProduct), Line>,
        shares: BTreeMap<usize, Shares>,
    ) {
        (self.cash, self.lines, self.shares) = (cash, lines, shares);
    }

    pub(crate) fn positions(&self, last: impl Fn(usize) -> Price) -> Positions {
        let net = self.lines.iter().map(|((slot, _), line)| line.net(last(*slot))).collect();
        let day = self.lines.iter().filter_map(|((slot, _), line)| line.day(last(*slot))).collect();
        Positions { net, day }
    }

    pub(crate) fn holdings(&self, tape: &Tape) -> Vec<Holding> {
        self.shares
            .iter()
            .filter(|(_, shares)| shares.total() > 0)
            .map(|(slot, shares)| self.holding(*slot, shares, tape))
            .collect()
    }

    fn holding(&self, slot: usize, shares: &Shares, tape: &Tape) -> Holding {
        let listing = &tape.listings[slot];
        let board = &tape.boards[slot];
        let total = i64::from(shares.total());
        let day_change = board.last - board.close;
        let percent = day_change.units() as f64 * 100.0 / board.close.units().max(1) as f64;
        Holding {
            symbol: listing.instrument.symbol.clone(),
            token: listing.instrument.token,
            isin: isin(listing.exchange_token),
            quantity: shares.quantity,
            t1_quantity: shares.t1_quantity,
            authorised_quantity: self.authorised.get(&slot).copied().unwrap_or(0),
            used_quantity: (-self.held(slot, ShownProduct::Cnc)).clamp(0, total) as u32,
            opening_quantity: shares.total(),
            average_price: shares.cost.per_unit(total),
            last_price: board.last,
            close_price: board.close,
            pnl: board.last * total - shares.cost,
            day_change,
            day_change_percentage: Price::from_wire(percent).unwrap_or(Price::ZERO),
        }
    }

    /// Funds, with `blocked` bound by standing orders: (delivery, margin, premium).
    pub(crate) fn margins(&self, tape: &Tape, blocked: [Money; 3]) -> Margins {
        let [delivery, span, option_premium] = blocked;
        let mut used = Utilised { delivery, span, option_premium, ..Utilised::default() };
        for ((slot, product), line) in &self.lines {
            self.add_use(&mut used, tape, *slot, *product, line);
        }
        used.debits = used.span
            + used.exposure
            + used.m2m_realised
            + used.m2m_unrealised
            + used.option_premium
            + used.holding_sales
            + used.delivery;
        let net = self.cash - used.debits;
        let available = Available { cash: self.cash, opening_balance: self.cash, live_balance: net };
        Margins { net, available, utilised: used }
    }

    fn add_use(&self, used: &mut Utilised, tape: &Tape, slot: usize, product: ShownProduct, line: &Line) {
        let last = tape.boards[slot].last;
        let listing = &tape.listings[slot];
        if product == Product::Cnc {
            let outlay = line.day_outlay();
            if outlay >= Money::ZERO {
                used.delivery += outlay;
            } else {
                used.holding_sales += outlay.scaled(SALE_CREDIT_PERCENT, 100);
            }
            return;
        }
        let quantity = line.quantity();
        if listing.instrument.kind.is_option() {
            used.option_premium += line.day_outlay();
        } else {
            used.m2m_realised -= line.realised;
            used.m2m_unrealised += (-line.unrealised(last)).max(Money::ZERO);
        }
        let side = if quantity >= 0 { Side::Buy } else { Side::Sell };
        if !(listing.instrument.kind.is_option() && side == Side::Buy) {
            used.span += margin_of(tape, slot, product.rules(), side, quantity.abs(), last);
        }
    }

    /// The exchange's own sums of a day.
    pub(crate) fn books(&self, tape: &Tape, date: TradingDate) -> Books {
        let last = |slot: usize| tape.boards[slot].last;
        let Positions { net, day } = self.positions(last);
        let realised: Money = self.lines.values().map(|line| line.realised).sum();
        let unrealised: Money = self.lines.iter().map(|((slot, _), line)| line.unrealised(last(*slot))).sum();
        let trades: Vec<_> = self.trades.iter().filter(|t| t.trade.date() == date).cloned().collect();
        Books {
            user_id: self.user_id.clone(),
            turnover: trades.iter().map(|record| turnover(tape, &record.trade)).sum(),
            trades,
            net,
            day,
            realised,
            unrealised,
            pnl: realised + unrealised,
            orders: self.orders.len(),
        }
    }

    /// Open intraday positions of a pit.
    pub(crate) fn intraday(&self, pit: Pit) -> Vec<(Symbol, i64)> {
        let concerned = |line: &&Line| {
            let here = Pit::from(line.symbol.venue()) == pit;
            line.product == Product::Mis && line.quantity() != 0 && here
        };
        self.lines.values().filter(concerned).map(|line| (line.symbol.clone(), line.quantity())).collect()
    }

    /// Open positions of cover orders: slot, symbol and signed units.
    pub(crate) fn cover_positions(&self) -> Vec<(usize, Symbol, i64)> {
        let open = self
            .lines
            .iter()
            .filter(|((_, product), line)| *product == ShownProduct::Co && line.quantity() != 0);
        open.map(|((slot, _), line)| (*slot, line.symbol.clone(), line.quantity())).collect()
    }

    /// What has expired is settled in cash at the last price.
    pub(crate) fn settle_expired(&mut self, tape: &Tape, now: Timestamp) {
        for ((slot, _), line) in &mut self.lines {
            if tape.has_expired(*slot, now) && line.quantity() != 0 {
                line.settle_at(tape.boards[*slot].last);
            }
        }
    }

    /// The date changes: money and shares settle, open positions are carried.
    pub(crate) fn roll(&mut self, tape: &Tape) {
        for ((slot, product), line) in &mut self.lines {
            let option = tape.listings[*slot].instrument.kind.is_option();
            if *product == Product::Cnc {
                self.cash -= line.day_outlay();
                self.shares.entry(*slot).or_default().settle(line.quantity(), line.cost());
            } else if option {
                self.cash -= line.day_outlay();
            } else {
                self.cash += line.realised;
            }
        }
        for (slot, shares) in &mut self.shares {
            if !self.lines.contains_key(&(*slot, ShownProduct::Cnc)) {
                shares.settle(0, Money::ZERO);
            }
        }
        self.authorised.clear();
        self.lines.retain(|(_, product), line| *product != Product::Cnc && line.quantity() != 0);
        for ((slot, _), line) in &mut self.lines {
            line.carry(tape.boards[*slot].last);
        }
    }

    /// Trades from before an instant are listed no more.
    pub(crate) fn forget_trades_before(&mut self, instant: Timestamp) {
        self.trades.retain(|trade| trade.trade.time >= instant);
    }
}

/// What an order binds per class of money: (delivery, margin, premium).
pub(crate) fn binds(
    tape: &Tape,
    slot: usize,
    (product, side): (Product, Side),
    quantity: i64,
    price: Price,
) -> [Money; 3] {
    let listing: &Listing = &tape.listings[slot];
    let value = listing.value(price, quantity);
    match (product, side) {
        (Product::Cnc, Side::Buy) => [value, Money::ZERO, Money::ZERO],
        (Product::Cnc, Side::Sell) => [Money::ZERO; 3],
        (Product::Mis | Product::Nrml | Product::Mtf, Side::Buy) if listing.instrument.kind.is_option() => {
            [Money::ZERO, Money::ZERO, value]
        }
        (Product::Mis | Product::Nrml | Product::Mtf, Side::Buy | Side::Sell) => {
            [Money::ZERO, margin_of(tape, slot, product, side, quantity, price), Money::ZERO]
        }
    }
}

fn margin_of(tape: &Tape, slot: usize, product: Product, side: Side, quantity: i64, price: Price) -> Money {
    let listing = &tape.listings[slot];
    let value = listing.value(price, quantity);
    match (listing.instrument.kind, product) {
        (InstrumentKind::Call | InstrumentKind::Put, _) if side == Side::Buy => value,
        (InstrumentKind::Call | InstrumentKind::Put, _) => {
            let strikes = listing.value(listing.instrument.strike, quantity);
            strikes.scaled(contract_percent(listing.group()), 100)
        }
        (InstrumentKind::Future, _) => value.scaled(contract_percent(listing.group()), 100),
        (InstrumentKind::Equity | InstrumentKind::Index, Product::Mtf) => value.scaled(MTF_PERCENT, 100),
        (InstrumentKind::Equity | InstrumentKind::Index, Product::Cnc) => value,
        (InstrumentKind::Equity | InstrumentKind::Index, Product::Mis | Product::Nrml) => {
            value.scaled(MIS_PERCENT, 100)
        }
    }
}

/// What futures and short options bind, by whose contracts they are.
pub(crate) const fn contract_percent(group: VenueGroup) -> i64 {
    match group {
        VenueGroup::Equity => EQUITY_CONTRACT_PERCENT,
        VenueGroup::Currency => CURRENCY_CONTRACT_PERCENT,
        VenueGroup::Commodity => COMMODITY_CONTRACT_PERCENT,
    }
}

fn turnover(tape: &Tape, trade: &Trade) -> Money {
    let slot = tape.any_slot_of(&trade.symbol, trade.token);
    let multiplier = slot.map_or(1, |slot| tape.listings[slot].multiplier);
    trade.price * i64::from(trade.quantity) * multiplier
}
