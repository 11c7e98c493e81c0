//! Good-till-triggered orders: made, changed, withdrawn, fired once in market hours, ended after a year (reference §10).

use crate::exchange::{Exchange, unknown_account};
use crate::gtt::{Gtt, GttLeg, GttOrder, GttResult, GttStatus, PlaceGtt};
use crate::order::PlaceOrder;
use crate::refusal::{Refusal, RefusalKind};
use crate::validate::{check_product, check_quantity, check_tick};
use market::{OrderKind, OrderRequest, Price, Product, Timestamp, Validity, Variety};

/// Active triggers of one account.
const MOST_ACTIVE: usize = 250;
/// How long a trigger waits, and how long a finished one is still listed, in seconds.
const LIFE_SECONDS: i64 = 365 * 86_400;
const LISTED_SECONDS: i64 = 7 * 86_400;
/// A trigger must lie at least one part in this many from the last price: a quarter of a percent.
const NEAREST_PART: i64 = 400;
/// Ids are seconds since this instant, or the next free one.
const ID_EPOCH_SECONDS: i64 = 1_600_000_000;

impl Exchange {
    /// Makes a trigger; its id.
    ///
    /// # Errors
    /// When it makes no sense, lies too near, or there are too many.
    pub fn place_gtt(&mut self, user: &str, wish: PlaceGtt) -> Result<u64, Refusal> {
        self.account(user).ok_or_else(|| unknown_account(user))?;
        let active = |gtt: &&Gtt| gtt.user == user && gtt.status == GttStatus::Active;
        if self.gtts.iter().filter(active).count() >= MOST_ACTIVE {
            return Err(Refusal::input(format!("Maximum of {MOST_ACTIVE} active triggers exceeded.")));
        }
        let now = self.now;
        let id = self.next_gtt_id();
        let mut gtt = self.made(user, id, wish)?;
        gtt.created = now;
        self.gtts.push(gtt);
        self.touched.gtts = true;
        Ok(id)
    }

    /// Gives an active trigger new values.
    ///
    /// # Errors
    /// When there is no such active trigger or the new values make no sense.
    pub fn modify_gtt(&mut self, user: &str, id: u64, wish: PlaceGtt) -> Result<(), Refusal> {
        let index = self.active_gtt(user, id)?;
        let made = self.made(user, id, wish)?;
        let old = &self.gtts[index];
        self.gtts[index] = Gtt { created: old.created, expires: old.expires, ..made };
        self.touched.gtts = true;
        Ok(())
    }

    /// Withdraws an active trigger.
    ///
    /// # Errors
    /// When there is none.
    pub fn delete_gtt(&mut self, user: &str, id: u64) -> Result<(), Refusal> {
        let index = self.active_gtt(user, id)?;
        self.end_gtt(index, GttStatus::Deleted);
        Ok(())
    }

    /// Active triggers and those that ended within a week, oldest first.
    pub fn gtts(&self, user: &str) -> Vec<&Gtt> {
        self.gtts.iter().filter(|gtt| gtt.user == user).collect()
    }

    /// One of them.
    pub fn gtt(&self, user: &str, id: u64) -> Option<&Gtt> {
        self.gtts.iter().find(|gtt| gtt.user == user && gtt.id == id)
    }

    /// A trade took place: triggers that it reaches place their orders, and then alerts fire.
    pub(crate) fn fire_gtts(&mut self, slot: usize) {
        if !self.is_trading(slot) {
            return;
        }
        let (token, last) = (self.tape.listings[slot].instrument.token, self.tape.boards[slot].last);
        for index in 0..self.gtts.len() {
            let gtt = &self.gtts[index];
            if gtt.token != token || gtt.status != GttStatus::Active {
                continue;
            }
            let Some(leg) = gtt.fired_by(last) else { continue };
            let (user, request) = (gtt.user.clone(), request_of(gtt, &gtt.legs[leg].order));
            // Ended before its order is placed, whose own trade may come by here again.
            self.end_gtt(index, GttStatus::Triggered);
            let order = self.place(&user, PlaceOrder::new(request)).map_err(|refusal| refusal.message);
            self.gtts[index].legs[leg].result = Some(GttResult { time: self.now, price: last, order });
        }
        self.fire_alerts(slot);
    }

    /// The date changes: years end, what is listed no more is watched no more, old ones are forgotten.
    pub(crate) fn end_gtts(&mut self) {
        for index in 0..self.gtts.len() {
            let gtt = &self.gtts[index];
            if gtt.status == GttStatus::Active && gtt.expires <= self.now {
                self.end_gtt(index, GttStatus::Expired);
            } else if gtt.status == GttStatus::Active && self.tape.slot(gtt.token).is_none() {
                self.end_gtt(index, GttStatus::Disabled);
            }
        }
        let listed_since = self.now.plus_seconds(-LISTED_SECONDS);
        self.gtts.retain(|gtt| gtt.status == GttStatus::Active || gtt.updated >= listed_since);
    }

    fn end_gtt(&mut self, index: usize, status: GttStatus) {
        let now = self.now;
        let gtt = &mut self.gtts[index];
        (gtt.status, gtt.updated) = (status, now);
        self.touched.gtts = true;
    }

    fn active_gtt(&self, user: &str, id: u64) -> Result<usize, Refusal> {
        let own = |gtt: &Gtt| gtt.user == user && gtt.id == id;
        let unknown = || Refusal::of(RefusalKind::General, "Couldn't find that `trigger_id`.");
        let index = self.gtts.iter().position(own).ok_or_else(unknown)?;
        if self.gtts[index].status != GttStatus::Active {
            return Err(Refusal::input("The trigger is not active any more."));
        }
        Ok(index)
    }

    fn next_gtt_id(&self) -> u64 {
        let by_time = (self.now.seconds() - ID_EPOCH_SECONDS).unsigned_abs();
        self.gtts.iter().map(|gtt| gtt.id + 1).max().map_or(by_time, |next| next.max(by_time))
    }

    fn made(&self, user: &str, id: u64, wish: PlaceGtt) -> Result<Gtt, Refusal> {
        let slot = self.tradable_slot(&wish.symbol)?;
        let listing = &self.tape.listings[slot];
        if !listing.instrument.kind.is_tradable() {
            return Err(Refusal::input("Index instruments cannot be traded."));
        }
        if wish.last_price <= Price::ZERO {
            return Err(Refusal::input("Invalid `last_price`. It should be greater than 0."));
        }
        // The client's last price says from which side the market will come (reference §10).
        check_triggers(&wish.triggers, wish.last_price)?;
        if wish.orders.len() != wish.triggers.len() {
            return Err(Refusal::input("Invalid `orders`. There must be one order for each trigger value."));
        }
        for trigger in &wish.triggers {
            check_tick("trigger_values", "trigger price", *trigger, listing.instrument.tick_size)?;
        }
        for order in &wish.orders {
            if order.kind != OrderKind::Limit || order.product == Product::Mis {
                return Err(Refusal::input(
                    "Triggers place LIMIT orders with product CNC, NRML or MTF alone.",
                ));
            }
            check_product(order.product, listing)?;
            check_quantity(order.quantity, listing)?;
            check_tick("price", "price", order.price, listing.instrument.tick_size)?;
        }
        Ok(Gtt {
            id,
            user: user.to_owned(),
            symbol: wish.symbol,
            token: listing.instrument.token,
            triggers: wish.triggers,
            last_price: wish.last_price,
            legs: wish.orders.into_iter().map(|order| GttLeg { order, result: None }).collect(),
            status: GttStatus::Active,
            created: Timestamp::EPOCH,
            updated: self.now,
            expires: self.now.plus_seconds(LIFE_SECONDS),
        })
    }
}

/// Triggers around the market: none at it or next to it, and of two one on each side.
fn check_triggers(triggers: &[Price], last: Price) -> Result<(), Refusal> {
    match triggers {
        [_] => {}
        [first, second] if *first < last && last < *second => {}
        [first, second] if *first != last && *second != last => {
            return Err(Refusal::input(
                "Trigger cannot be created with the first trigger price more than the last price or the second trigger price less than the last price.",
            ));
        }
        [_, _] => {}
        _ => {
            return Err(Refusal::input(
                "Invalid `trigger_values`. A single takes one value, a two-leg takes two.",
            ));
        }
    }
    if triggers.contains(&last) {
        return Err(Refusal::input(
            "Trigger cannot be created with one of the trigger values equal to the last price.",
        ));
    }
    let is_near =
        |trigger: &Price| (*trigger - last).abs().units().saturating_mul(NEAREST_PART) < last.units();
    if triggers.iter().any(is_near) {
        return Err(Refusal::input("Trigger price must be at least 0.25% away from the last price."));
    }
    Ok(())
}

fn request_of(gtt: &Gtt, order: &GttOrder) -> OrderRequest {
    OrderRequest {
        symbol: gtt.symbol.clone(),
        side: order.side,
        quantity: order.quantity,
        kind: order.kind,
        price: order.price,
        trigger: Price::ZERO,
        product: order.product,
        validity: Validity::Day,
        variety: Variety::Regular,
        market_protection: 0,
    }
}
