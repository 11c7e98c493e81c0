//! Orders that are taken and rejected only later, as when the exchange is slow to say no. For tests of clients.

use crate::exchange::Exchange;
use crate::lifecycle::Rejection;
use crate::order::OrderStatus;
use market::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What waits for orders to be taken, and the orders that wait to be rejected.
#[derive(Debug, Default)]
pub(crate) struct Late {
    /// By user: after how many milliseconds the next order is rejected, and in which words.
    next: BTreeMap<String, (i64, String)>,
    pub(crate) waiting: Vec<LateReject>,
}

/// An order that will be rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LateReject {
    at: Timestamp,
    user: String,
    order_id: String,
    message: String,
}

impl Exchange {
    /// The next order of a user is taken, stands in VALIDATION PENDING and is rejected after so many milliseconds.
    pub fn reject_next_late(&mut self, user: &str, after_ms: i64, message: &str) {
        self.late.next.insert(user.to_owned(), (after_ms, message.to_owned()));
    }

    /// Takes that back, where no order has come.
    pub fn reject_next_no_more(&mut self, user: &str) {
        self.late.next.remove(user);
    }

    /// Keeps an order that was just taken from going on, if that was asked for.
    pub(crate) fn is_kept_for_late_reject(&mut self, index: usize) -> bool {
        let order = &self.desk.entries[index].order;
        let Some((after_ms, message)) = self.late.next.remove(&order.user_id) else { return false };
        let (user, order_id) = (order.user_id.clone(), order.order_id.clone());
        let at = self.now.plus_micros(after_ms.saturating_mul(1_000));
        self.late.waiting.push(LateReject { at, user, order_id, message });
        self.record(index, OrderStatus::ValidationPending);
        true
    }

    /// When the next order is to be rejected.
    pub(crate) fn next_late_reject(&self) -> Option<Timestamp> {
        self.late.waiting.iter().map(|late| late.at).min()
    }

    /// Rejects the orders whose time has come, where nothing else has ended them.
    pub(crate) fn reject_late_orders(&mut self) {
        let now = self.now;
        let due: Vec<_> = self.late.waiting.extract_if(.., |late| late.at <= now).collect();
        for LateReject { user, order_id, message, .. } in due {
            let found = self.account(&user).and_then(|account| self.desk.find(account, &order_id));
            let standing = found.filter(|index| !self.desk.entries[*index].order.status.is_final());
            if let Some(index) = standing {
                self.reject(index, Rejection { raw: message.clone(), message });
            }
        }
    }
}
