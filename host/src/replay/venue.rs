//! A paper exchange over a recorded market: what a version that never traded would have got.
//!
//! Orders fill whole, at recorded prices, by the very rule of the host's own paper exchange. Pure: time comes with what
//! happens. Knows no strategy and no database.

use market::{
    Change, Instrument, InstrumentToken, Intent, OrderRequest, Price, RunOrderId, Symbol, Tick, Timestamp,
    Trade, TradingDate,
};
use sandbox::{GuestOrderStatus, OrderUpdate, OrderView, RefusalCode};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use tenant::paper_fill;

/// One order from the wish to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperOrder {
    /// As its run sees it.
    pub view: OrderView,
    /// The market event it was asked for in, counted over the recording.
    pub event: u64,
    /// When it traded.
    pub filled_at: Option<Timestamp>,
}

/// The exchange of one version.
#[derive(Debug, Default)]
pub struct Venue {
    tokens: BTreeMap<Symbol, InstrumentToken>,
    marks: HashMap<InstrumentToken, Price>,
    orders: BTreeMap<RunOrderId, PaperOrder>,
    standing: BTreeSet<(InstrumentToken, RunOrderId)>,
    told: VecDeque<OrderUpdate>,
    trades: Vec<Trade>,
    event: u64,
    date: Option<TradingDate>,
}

impl Venue {
    /// Learns which instruments there are.
    pub fn list(&mut self, instruments: &[Instrument]) {
        self.tokens.extend(instruments.iter().map(|one| (one.symbol.clone(), one.token)));
    }

    /// The number of the market event at hand, and the time it is. Orders do not outlive their day.
    pub fn at(&mut self, event: u64, now: Timestamp) {
        self.event = event;
        let today = now.date();
        if self.date.is_some_and(|date| date < today) {
            let over: Vec<RunOrderId> = self.standing.iter().map(|(_, id)| *id).collect();
            over.into_iter().for_each(|id| self.end(id, now, "its day is over"));
        }
        self.date = self.date.max(Some(today));
    }

    /// The newest price of an instrument; standing orders that it reaches trade.
    pub fn mark(&mut self, tick: &Tick) {
        self.marks.insert(tick.token, tick.last_price);
    }

    /// Lets trade what the newest price of an instrument allows.
    pub fn trade(&mut self, token: InstrumentToken, now: Timestamp) {
        if self.standing.is_empty() {
            return;
        }
        let range = (token, RunOrderId::MIN)..=(token, RunOrderId::MAX);
        let ids: Vec<RunOrderId> = self.standing.range(range).map(|(_, id)| *id).collect();
        ids.into_iter().for_each(|id| self.try_fill(id, now));
    }

    /// Takes a wish.
    pub fn take(&mut self, intent: &Intent, now: Timestamp) {
        match intent {
            Intent::Place { id, request } => self.place(*id, request, now),
            Intent::Modify { id, change } => self.modify(*id, change, now),
            Intent::Cancel { id } => self.end(*id, now, "cancelled"),
        }
    }

    /// The next thing the run must hear, in the order it happened.
    pub fn next_told(&mut self) -> Option<OrderUpdate> {
        self.told.pop_front()
    }

    /// Fills since this was last asked.
    pub fn take_trades(&mut self) -> Vec<Trade> {
        std::mem::take(&mut self.trades)
    }

    /// How many orders it was given.
    pub fn orders_placed(&self) -> usize {
        self.orders.len()
    }

    /// Every order, oldest first.
    pub fn orders(&self) -> impl Iterator<Item = &PaperOrder> {
        self.orders.values()
    }

    fn place(&mut self, id: RunOrderId, request: &OrderRequest, now: Timestamp) {
        let order = PaperOrder { view: view(id, request, now), event: self.event, filled_at: None };
        self.orders.insert(id, order);
        let Some(&token) = self.tokens.get(&request.symbol) else {
            return self.refuse(id, now, "the instrument is not in the recording");
        };
        // The host's gate refuses a market order whose value nobody knows.
        if !request.kind.needs_price() && !self.marks.contains_key(&token) {
            return self.refuse(id, now, "no price of it was recorded before this order");
        }
        self.standing.insert((token, id));
        self.tell(id, now, 0, Price::ZERO);
        self.try_fill(id, now);
    }

    fn refuse(&mut self, id: RunOrderId, now: Timestamp, why: &str) {
        if let Some(order) = self.orders.get_mut(&id) {
            order.view.status = GuestOrderStatus::Refused;
            order.view.refusal = RefusalCode::ValueLimit;
            why.clone_into(&mut order.view.message);
        }
        self.tell(id, now, 0, Price::ZERO);
    }

    fn modify(&mut self, id: RunOrderId, change: &Change, now: Timestamp) {
        let Some(order) = self.orders.get_mut(&id).filter(|order| !order.view.status.is_final()) else {
            return;
        };
        let view = &mut order.view;
        view.kind = change.kind.unwrap_or(view.kind);
        view.quantity = change.quantity.unwrap_or(view.quantity);
        view.price = if view.kind.needs_price() { change.price.unwrap_or(view.price) } else { Price::ZERO };
        view.trigger =
            if view.kind.needs_trigger() { change.trigger.unwrap_or(view.trigger) } else { Price::ZERO };
        view.validity = change.validity.unwrap_or(view.validity);
        self.tell(id, now, 0, Price::ZERO);
        self.try_fill(id, now);
    }

    fn try_fill(&mut self, id: RunOrderId, now: Timestamp) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let view = &mut order.view;
        let Some(&token) = self.tokens.get(&view.symbol) else { return };
        let Some(&last) = self.marks.get(&token) else { return };
        let Some(price) = paper_fill(view.side, view.kind, view.price, view.trigger, last) else { return };
        (view.status, view.filled, view.average_price) = (GuestOrderStatus::Complete, view.quantity, price);
        order.filled_at = Some(now);
        let number = format!("P{id}");
        let trade = Trade {
            trade_id: number.clone(),
            order_id: number,
            symbol: view.symbol.clone(),
            token,
            side: view.side,
            product: view.product,
            quantity: view.quantity,
            price,
            time: now,
        };
        let quantity = view.quantity;
        self.trades.push(trade);
        self.standing.remove(&(token, id));
        self.tell(id, now, quantity, price);
    }

    fn end(&mut self, id: RunOrderId, now: Timestamp, why: &str) {
        let Some(order) = self.orders.get_mut(&id).filter(|order| !order.view.status.is_final()) else {
            return;
        };
        order.view.status = GuestOrderStatus::Cancelled;
        why.clone_into(&mut order.view.message);
        if let Some(token) = self.tokens.get(&order.view.symbol) {
            self.standing.remove(&(*token, id));
        }
        self.tell(id, now, 0, Price::ZERO);
    }

    fn tell(&mut self, id: RunOrderId, time: Timestamp, fill_quantity: u32, fill_price: Price) {
        if let Some(order) = self.orders.get(&id) {
            self.told.push_back(OrderUpdate { order: order.view.clone(), time, fill_quantity, fill_price });
        }
    }
}

fn view(id: RunOrderId, request: &OrderRequest, now: Timestamp) -> OrderView {
    OrderView {
        id,
        symbol: request.symbol.clone(),
        side: request.side,
        kind: request.kind,
        product: request.product,
        status: GuestOrderStatus::Open,
        quantity: request.quantity,
        filled: 0,
        price: request.price,
        trigger: request.trigger,
        average_price: Price::ZERO,
        refusal: RefusalCode::None,
        message: String::new(),
        validity: request.validity,
        market_protection: request.market_protection,
        placed_at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{InstrumentKind, OrderKind, Side};

    fn infy() -> Instrument {
        Instrument {
            token: 1,
            symbol: "NSE:INFY".parse().unwrap(),
            name: "INFOSYS".to_owned(),
            kind: InstrumentKind::Equity,
            tick_size: Price::from_paise(5),
            lot_size: 1,
            expiry: None,
            strike: Price::ZERO,
        }
    }

    fn at(second: i64) -> Timestamp {
        TradingDate::new(2026, 11, 23).unwrap().at_seconds(36_000 + second)
    }

    fn venue() -> Venue {
        let mut venue = Venue::default();
        venue.list(&[infy()]);
        venue.at(1, at(0));
        venue
    }

    fn price(venue: &mut Venue, rupees: i64, second: i64) {
        venue.at(2, at(second));
        venue.mark(&Tick::at(1, at(second), Price::from_rupees(rupees)));
        venue.trade(1, at(second));
    }

    fn place(venue: &mut Venue, id: RunOrderId, request: OrderRequest) {
        venue.take(&Intent::Place { id, request }, at(1));
    }

    fn limit(rupees: i64) -> OrderRequest {
        let market = OrderRequest::market(infy().symbol, Side::Buy, 10);
        OrderRequest { kind: OrderKind::Limit, price: Price::from_rupees(rupees), ..market }
    }

    fn told(venue: &mut Venue) -> Vec<(GuestOrderStatus, u32)> {
        std::iter::from_fn(|| venue.next_told()).map(|it| (it.order.status, it.fill_quantity)).collect()
    }

    #[test]
    fn a_market_order_fills_whole_at_the_price_at_hand_and_is_refused_without_one() {
        let mut venue = venue();
        place(&mut venue, 1, OrderRequest::market(infy().symbol, Side::Buy, 10));
        assert_eq!(told(&mut venue), [(GuestOrderStatus::Refused, 0)]);
        price(&mut venue, 100, 2);
        place(&mut venue, 2, OrderRequest::market(infy().symbol, Side::Sell, 4));
        assert_eq!(told(&mut venue), [(GuestOrderStatus::Open, 0), (GuestOrderStatus::Complete, 4)]);
        let trades = venue.take_trades();
        assert_eq!((trades.len(), trades[0].price, trades[0].quantity), (1, Price::from_rupees(100), 4));
        assert!(venue.take_trades().is_empty(), "handed out once");
    }

    #[test]
    fn a_limit_order_rests_until_the_price_reaches_it_or_it_is_changed_or_withdrawn() {
        let mut venue = venue();
        price(&mut venue, 100, 2);
        for id in 1..=3 {
            place(&mut venue, id, limit(90));
        }
        assert_eq!(told(&mut venue), [(GuestOrderStatus::Open, 0); 3]);
        venue.take(&Intent::Cancel { id: 1 }, at(3));
        let change = Change { price: Some(Price::from_rupees(101)), ..Change::default() };
        venue.take(&Intent::Modify { id: 2, change }, at(3));
        assert_eq!(
            told(&mut venue),
            [(GuestOrderStatus::Cancelled, 0), (GuestOrderStatus::Open, 0), (GuestOrderStatus::Complete, 10)]
        );
        price(&mut venue, 89, 4);
        assert_eq!(told(&mut venue), [(GuestOrderStatus::Complete, 10)]);
        let prices: Vec<_> = venue.orders().map(|order| order.view.average_price).collect();
        assert_eq!(prices, [0, 100, 89].map(Price::from_rupees));
        venue.take(&Intent::Cancel { id: 3 }, at(5));
        assert!(told(&mut venue).is_empty(), "what is final stays");
    }

    #[test]
    fn an_order_does_not_outlive_its_day() {
        let mut venue = venue();
        price(&mut venue, 100, 2);
        place(&mut venue, 1, limit(90));
        venue.at(3, at(86_400));
        assert_eq!(told(&mut venue), [(GuestOrderStatus::Open, 0), (GuestOrderStatus::Cancelled, 0)]);
        price(&mut venue, 80, 86_401);
        assert!(venue.take_trades().is_empty());
    }
}
