//! Cash available for new orders: read after fills and logins, and told to the runs when it changed.

use super::desk::Desk;
use crate::error::BrokerError;
use crate::run::RunEvent;
use market::Money;
use std::sync::Arc;
use std::time::Duration;

/// Fills of one such time make one reading.
const CASH_EVERY: Duration = Duration::from_secs(1);
/// How long to wait after a reading that the broker did not answer.
const CASH_RETRY: Duration = Duration::from_secs(5);

impl Desk {
    /// Reads the cash whenever it may have changed, until the host stops.
    pub(crate) async fn follow_cash(self: Arc<Self>) {
        loop {
            let wait = match self.read_cash().await {
                Ok(_) => CASH_EVERY,
                // The next login asks again.
                Err(BrokerError::NoSession) => Duration::ZERO,
                Err(error) => {
                    tracing::warn!(broker_id = %self.id, "cash not read: {error:#}");
                    self.cash_stale.notify_one();
                    CASH_RETRY
                }
            };
            tokio::time::sleep(wait).await;
            self.cash_stale.notified().await;
        }
    }

    /// One reading. The lock keeps an older one from being told after a newer.
    pub(crate) async fn read_cash(&self) -> Result<Money, BrokerError> {
        let mut known = self.cash.lock().await;
        let session = self.line.need_session()?;
        let cash = self.line.heard(&session, session.kite.margins().await)?.equity.net;
        if known.replace(cash) != Some(cash) {
            self.tell_all(&RunEvent::Cash(cash));
        }
        Ok(cash)
    }
}
