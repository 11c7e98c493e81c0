//! What others tell the order path: a session, an order on the ticker, something that stirred at the broker.

use super::desk::{Along, Desk};
use super::rows;
use crate::error::StoreError;
use ::orders::Event;
use kite::OrderRow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Desk {
    /// True when what stands was compared with the broker under the session that is in use.
    pub(crate) fn is_reconciled(&self) -> bool {
        let reconciled = self.reconciled.load(Ordering::SeqCst);
        self.line.session().is_some_and(|session| reconciled >= session.number())
    }

    /// A new session: what stands must be compared with the broker before anything is sent, and is now.
    pub(crate) fn must_reconcile(self: &Arc<Self>) {
        self.host.spawn(Arc::clone(self).heard_of(Event::SessionChanged));
        self.cash_stale.notify_one();
    }

    /// Reads the order book as soon as possible.
    pub(crate) fn read_order_book(self: &Arc<Self>) {
        self.host.spawn(Arc::clone(self).heard_of(Event::Stirred));
    }

    /// What the ticker says of one order. Fills are booked from the trade list, which is asked for at once.
    pub(crate) async fn heard_order(self: &Arc<Self>, row: &OrderRow) -> Result<(), StoreError> {
        let event = Event::Heard(Box::new(rows::book_order(row)));
        self.feed(event, Along::default()).await.map(drop)
    }

    async fn heard_of(self: Arc<Self>, event: Event) {
        if let Err(error) = self.feed(event, Along::default()).await {
            tracing::error!(broker_id = %self.id, "not taken note of: {error:#}");
        }
    }
}
