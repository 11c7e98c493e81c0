//! Alerts at work: made, changed, withdrawn, fired in market hours, ended with what they watch (reference §11).

use crate::alert::{
    Alert, AlertEvent, AlertKind, AlertOrder, AlertQuote, AlertStatus, BasketChange, BasketItem, BasketWish,
    ComparandWish, OperandWish, PlaceAlert,
};
use crate::condition::{Comparand, Condition, Operand};
use crate::exchange::{Exchange, unknown_account};
use crate::listing::Segment;
use crate::noise::mix;
use crate::refusal::{Refusal, RefusalKind};
use market::Symbol;

/// Enabled alerts of one account.
const MOST_ENABLED: usize = 500;
/// Characters of an alert's name.
const NAME_LIMIT: usize = 100;
/// Orders in one basket.
const BASKET_LIMIT: usize = 20;
/// How many firings of one alert are remembered; the oldest go first.
const HISTORY_KEPT: usize = 50;
/// How long a deleted alert can still be asked for, in seconds.
const DELETED_SECONDS: i64 = 7 * 86_400;
/// Kite's name for the exchange of indices.
const INDICES: &str = "INDICES";

impl Exchange {
    /// Makes an alert. It watches from the next tick on.
    ///
    /// # Errors
    /// When it names nothing, makes no sense, or there are too many.
    pub fn place_alert(&mut self, user: &str, wish: PlaceAlert) -> Result<&Alert, Refusal> {
        self.account(user).ok_or_else(|| unknown_account(user))?;
        self.check_room(user, wish.status, None)?;
        let alert = self.made_alert(user, wish, Vec::new())?;
        let index = self.alerts.len();
        self.alerts.push(alert);
        self.touched.alerts.insert(index);
        Ok(&self.alerts[index])
    }

    /// Gives an alert new values. What it counted and when it fired stays.
    ///
    /// # Errors
    /// When there is no such alert or the new values make no sense; the old ones then stand.
    pub fn modify_alert(&mut self, user: &str, uuid: &str, wish: PlaceAlert) -> Result<&Alert, Refusal> {
        let index = self.alert_index(user, uuid)?;
        self.check_room(user, wish.status, Some(index))?;
        let made = self.made_alert(user, wish, self.alerts[index].basket.clone())?;
        let old = &mut self.alerts[index];
        let history = std::mem::take(&mut old.history);
        let (uuid, count, created) = (std::mem::take(&mut old.uuid), old.count, old.created);
        // One that is met already, and still means the same, does not come true once more.
        let same = old.status == AlertStatus::Enabled && old.condition == made.condition;
        let met = old.met && same;
        *old = Alert { uuid, count, created, history, met, ..made };
        self.touched.alerts.insert(index);
        Ok(&self.alerts[index])
    }

    /// Withdraws alerts: all of them, or none when one is not there.
    ///
    /// # Errors
    /// When one is not there.
    pub fn delete_alerts(&mut self, user: &str, uuids: &[&str]) -> Result<(), Refusal> {
        let found: Result<Vec<_>, _> = uuids.iter().map(|uuid| self.alert_index(user, uuid)).collect();
        for index in found? {
            self.end_alert(index, AlertStatus::Deleted, "");
        }
        Ok(())
    }

    /// An account's alerts, oldest first, and those that it deleted within a week.
    pub fn alerts(&self, user: &str) -> impl Iterator<Item = &Alert> {
        self.alerts.iter().filter(move |alert| alert.user == user)
    }

    /// One of them.
    pub fn alert(&self, user: &str, uuid: &str) -> Option<&Alert> {
        self.alerts(user).find(|alert| alert.uuid == uuid)
    }

    /// An instrument moved: alerts whose condition comes true by it fire, oldest first.
    pub(crate) fn fire_alerts(&mut self, slot: usize) {
        if !self.is_trading(slot) {
            return;
        }
        let token = self.tape.listings[slot].instrument.token;
        for index in 0..self.alerts.len() {
            let alert = &self.alerts[index];
            if alert.status != AlertStatus::Enabled || !alert.condition.watches(token) {
                continue;
            }
            let Some(met) = alert.condition.is_met(|token| self.quote(token)) else { continue };
            if met != alert.met {
                self.alerts[index].met = met;
                self.touched.alerts.insert(index);
                if met {
                    self.fire_alert(index);
                }
            }
        }
    }

    /// The date changes: what is listed no more is watched no more, and what was deleted long ago is forgotten.
    pub(crate) fn end_alerts(&mut self) {
        for index in 0..self.alerts.len() {
            let alert = &self.alerts[index];
            let gone = alert.condition.operands().any(|operand| self.tape.slot(operand.token).is_none());
            if alert.status == AlertStatus::Enabled && gone {
                self.end_alert(index, AlertStatus::Disabled, "The instrument has expired.");
            }
        }
        let known_since = self.now.plus_seconds(-DELETED_SECONDS);
        self.alerts.retain(|alert| alert.status != AlertStatus::Deleted || alert.updated >= known_since);
    }

    fn fire_alert(&mut self, index: usize) {
        let alert = &self.alerts[index];
        let quote = |operand: &Operand| {
            let mut quote = self.quote(operand.token)?;
            quote.tick.depth = None;
            Some(AlertQuote { exchange: operand.exchange.clone(), name: operand.name.clone(), quote })
        };
        let quotes = alert.condition.operands().filter_map(quote).collect();
        let condition = alert.condition.text();
        let basket = alert.basket.clone();
        // Ended before its orders are placed, whose own trades may come by here again.
        if alert.kind == AlertKind::Ato {
            self.end_alert(index, AlertStatus::Disabled, "");
        }
        let user = self.alerts[index].user.clone();
        let place = |item: &BasketItem| AlertOrder {
            symbol: item.symbol.clone(),
            order: self.place(&user, item.command()).map_err(|refusal| refusal.message),
        };
        let orders = basket.iter().map(place).collect();
        let event = AlertEvent { time: self.now, condition, quotes, orders };
        let alert = &mut self.alerts[index];
        alert.count += 1;
        alert.updated = event.time;
        if alert.history.len() == HISTORY_KEPT {
            alert.history.remove(0);
        }
        alert.history.push(event);
    }

    fn end_alert(&mut self, index: usize, status: AlertStatus, reason: &str) {
        let now = self.now;
        let alert = &mut self.alerts[index];
        (alert.status, alert.updated, alert.disabled_reason) = (status, now, reason.to_owned());
        self.touched.alerts.insert(index);
    }

    fn alert_index(&self, user: &str, uuid: &str) -> Result<usize, Refusal> {
        let own =
            |alert: &Alert| alert.user == user && alert.uuid == uuid && alert.status != AlertStatus::Deleted;
        let unknown = || Refusal::of(RefusalKind::General, format!("Couldn't find the alert `{uuid}`."));
        self.alerts.iter().position(own).ok_or_else(unknown)
    }

    /// One more may be enabled; the alert that is changed counts as it will stand.
    fn check_room(&self, user: &str, status: AlertStatus, changed: Option<usize>) -> Result<(), Refusal> {
        let enabled = self.alerts.iter().enumerate().filter(|(index, alert)| {
            alert.user == user && alert.status == AlertStatus::Enabled && Some(*index) != changed
        });
        if status == AlertStatus::Enabled && enabled.count() >= MOST_ENABLED {
            return Err(Refusal::input(format!("Maximum of {MOST_ENABLED} active alerts exceeded.")));
        }
        Ok(())
    }

    fn made_alert(
        &mut self,
        user: &str,
        wish: PlaceAlert,
        basket: Vec<BasketItem>,
    ) -> Result<Alert, Refusal> {
        if wish.name.chars().count() > NAME_LIMIT {
            return Err(Refusal::input(format!(
                "Invalid `name`. It may have {NAME_LIMIT} characters at most."
            )));
        }
        let left = self.operand(wish.left, "lhs")?;
        let right = match wish.right {
            ComparandWish::Constant(number) => Comparand::Constant(number),
            ComparandWish::Instrument(operand) => Comparand::Instrument(self.operand(operand, "rhs")?),
        };
        let basket = match wish.kind {
            AlertKind::Simple => Vec::new(),
            AlertKind::Ato => self.changed_basket(basket, wish.basket.unwrap_or_default())?,
        };
        let number = self.desk.count();
        Ok(Alert {
            uuid: uuid(number),
            user: user.to_owned(),
            name: wish.name,
            kind: wish.kind,
            status: wish.status,
            disabled_reason: String::new(),
            condition: Condition { left, operator: wish.operator, right },
            basket,
            count: 0,
            met: false,
            history: Vec::new(),
            created: self.now,
            updated: self.now,
        })
    }

    /// A listed instrument under the name that the client gave it.
    fn operand(&self, wish: OperandWish, side: &str) -> Result<Operand, Refusal> {
        let slot = if wish.exchange == INDICES {
            let index = |slot: &usize| {
                let listing = &self.tape.listings[*slot];
                listing.segment == Segment::Indices && listing.instrument.symbol.name() == wish.name
            };
            self.tape.listed().find(index)
        } else {
            let venue = wish.exchange.parse().map_err(|_| {
                Refusal::input(format!(
                    "Invalid `{side}_exchange`. Use an exchange such as NSE, or {INDICES}."
                ))
            })?;
            Symbol::new(venue, &wish.name).and_then(|symbol| self.tape.slot_of(&symbol))
        };
        let slot = slot.filter(|slot| !self.tape.has_expired(*slot, self.now)).ok_or_else(|| {
            let OperandWish { exchange, name, .. } = &wish;
            Refusal::input(format!("Invalid `{side}_tradingsymbol`. {exchange}:{name} is not listed."))
        })?;
        let token = self.tape.listings[slot].instrument.token;
        Ok(Operand { exchange: wish.exchange, name: wish.name, token, attribute: wish.attribute })
    }

    fn changed_basket(
        &mut self,
        mut basket: Vec<BasketItem>,
        changes: Vec<BasketChange>,
    ) -> Result<Vec<BasketItem>, Refusal> {
        let unknown = |id: u64| Refusal::input(format!("Invalid `basket`. It has no item with the id {id}."));
        for change in changes {
            match change {
                BasketChange::Insert(wish) => {
                    let id = self.desk.count();
                    basket.push(self.basket_item(id, wish)?);
                }
                BasketChange::Update(id, wish) => {
                    let item = self.basket_item(id, wish)?;
                    let old = basket.iter_mut().find(|old| old.id == id).ok_or_else(|| unknown(id))?;
                    *old = item;
                }
                BasketChange::Delete(id) => {
                    let index = basket.iter().position(|old| old.id == id).ok_or_else(|| unknown(id))?;
                    basket.remove(index);
                }
            }
        }
        if basket.is_empty() || basket.len() > BASKET_LIMIT {
            return Err(Refusal::input(format!(
                "Invalid `basket`. An ato alert places 1 to {BASKET_LIMIT} orders."
            )));
        }
        basket.sort_by_key(|item| item.weight);
        Ok(basket)
    }

    fn basket_item(&self, id: u64, wish: BasketWish) -> Result<BasketItem, Refusal> {
        let slot = self.tradable_slot(&wish.symbol)?;
        let token = self.tape.listings[slot].instrument.token;
        Ok(BasketItem { id, symbol: wish.symbol, token, weight: wish.weight, order: wish.order })
    }
}

/// A number spread over a UUID, with the marks of a random one.
fn uuid(number: u64) -> String {
    let (high, low) = (mix(number, 1), mix(number, 2));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_random_and_come_again_for_the_same_number() {
        let id = uuid(7);
        assert_eq!(id, uuid(7));
        assert_ne!(id, uuid(8));
        let parts: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!((&id[14..15], "89ab".contains(&id[19..20])), ("4", true));
    }
}
