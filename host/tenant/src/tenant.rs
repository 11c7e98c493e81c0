//! The handle: one trader's compartment.

mod audit;
mod books;
mod halt;
mod journal;
mod market_data;
mod runs;
mod settling;
mod way_out;

pub use books::Cut;
pub use halt::SquareOff;
pub use journal::JournalReading;

use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::broker::{BrokerState, Line};
use crate::broker_id::BrokerId;
use crate::egress::unreadable;
use crate::error::{OpenError, StoreError};
use crate::feed::{Feed, Hub};
use crate::gate::RiskLimits;
use crate::host::Host;
use crate::log::{Level, TenantLog};
use crate::marks::Marks;
use crate::news::News;
use crate::orders::{Desk, KillSwitch, OrderRecord, Parts};
use crate::pnl::Figures;
use crate::proof::{Prover, read_setting};
use crate::run::RunEvent;
use crate::sessions::{ApiToken, NewApiToken, SessionInfo, new_token};
use crate::store::{Book, SecretKind, StoredTenant};
use crate::vault::Place;
use ::orders::{ForeignOrder, SwitchScope, Switches, TradingState};
use market::{OrderState, Timestamp, TradingDate};
use serde_json::json;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{broadcast, watch};
use zeroize::Zeroizing;

/// News that may wait for a watcher; who lags more reads the rows again.
const NEWS_MAX: usize = 1_024;

/// One trader's compartment: broker line, rows, log, limits. Cheap to clone; clones are the same compartment.
///
/// A handle also says who acts by it, for the audit: see [`Tenant::acting_as`].
#[derive(Clone)]
pub struct Tenant {
    inner: Arc<Inner>,
    actor: Actor,
}

struct Inner {
    id: BrokerId,
    user_name: Mutex<String>,
    host: Arc<Host>,
    book: Book,
    log: TenantLog,
    line: Arc<Line>,
    desk: Arc<Desk>,
    hub: Arc<Hub>,
    figures: Arc<Figures>,
    news: broadcast::Sender<News>,
    prover: Arc<Prover>,
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tenant({})", self.inner.id)
    }
}

type Stored<T> = Result<T, StoreError>;

impl Tenant {
    /// The trader's id at the broker, for printing.
    pub fn broker_id(&self) -> &BrokerId {
        &self.inner.id
    }

    /// What the broker calls the trader.
    pub fn user_name(&self) -> String {
        self.inner.user_name.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Browser sessions that have not ended.
    ///
    /// # Errors
    /// When the database fails; so with every method here.
    pub async fn sessions(&self) -> Stored<Vec<SessionInfo>> {
        self.book().sessions(self.now()).await
    }

    /// Ends a session. False when there is no such session.
    pub async fn revoke_session(&self, id: &str) -> Stored<bool> {
        self.book().revoke(SecretKind::Session, id, &[self.did(AuditAction::Logout, id, json!({}))]).await
    }

    /// Tokens for scripts.
    pub async fn tokens(&self) -> Stored<Vec<ApiToken>> {
        self.book().tokens(self.now()).await
    }

    /// A new token for scripts; its secret is shown once.
    pub async fn new_token(&self, name: &str) -> Stored<NewApiToken> {
        let (token, kept) = new_token(name, self.now());
        let details = json!({ "name": token.info.name, "expiresAt": token.info.expires_at });
        let entry = self.did(AuditAction::TokenMade, &token.info.id, details);
        self.book().save_token(&token.info, &kept, &[entry]).await?;
        Ok(token)
    }

    /// Ends a token. False when there is no such token.
    pub async fn revoke_token(&self, id: &str) -> Stored<bool> {
        self.book()
            .revoke(SecretKind::ApiToken, id, &[self.did(AuditAction::TokenRevoked, id, json!({}))])
            .await
    }

    /// A new listener on the tenant's ticker.
    pub fn feed(&self) -> Feed {
        self.inner.hub.listen()
    }

    /// How the line to the broker stands, now and from now on.
    pub fn broker_state(&self) -> watch::Receiver<BrokerState> {
        self.inner.line.state()
    }

    /// False until what stood before has been compared with the broker; no order leaves before.
    pub fn is_reconciled(&self) -> bool {
        self.inner.desk.is_reconciled()
    }

    /// The tenant's log.
    pub fn log(&self) -> &TenantLog {
        &self.inner.log
    }

    /// What changes from now on, for watchers.
    pub fn news(&self) -> broadcast::Receiver<News> {
        self.inner.news.subscribe()
    }

    /// Newest first.
    pub async fn orders(&self, date: Option<TradingDate>) -> Stored<Vec<OrderRecord>> {
        self.book().orders(date).await
    }

    /// Those of one state, newest first.
    pub async fn orders_in_state(
        &self,
        state: OrderState,
        date: Option<TradingDate>,
    ) -> Stored<Vec<OrderRecord>> {
        self.book().orders_in_state(state, date).await
    }

    /// The limits in force.
    pub async fn risk_limits(&self) -> Stored<RiskLimits> {
        Ok(self.inner.desk.risk_limits().await)
    }

    /// Puts new limits in force; clears a latched daily loss. The caller has checked them.
    pub async fn set_risk_limits(&self, limits: RiskLimits) -> Stored<()> {
        let entry = self.did(AuditAction::LimitsChanged, "limits", json!(limits));
        self.inner.desk.set_risk_limits(limits, vec![entry]).await
    }

    /// How the account's own kill switch stands.
    pub async fn kill_switch(&self) -> Stored<KillSwitch> {
        Ok(self.inner.desk.kill_switch(&SwitchScope::Tenant).await)
    }

    /// Every kill switch that can stop the account's orders.
    pub async fn kill_switches(&self) -> Switches {
        self.inner.desk.kill_switches().await
    }

    /// On: stops sends of the scope at once and cancels what stands. The host's own scope is moved for all tenants, by
    /// [`Tenants::set_kill_switch`](crate::Tenants::set_kill_switch).
    pub async fn set_kill_switch(
        &self,
        scope: SwitchScope,
        on: bool,
        reason: Option<String>,
    ) -> Stored<KillSwitch> {
        let action = if on { AuditAction::KillSwitchOn } else { AuditAction::KillSwitchOff };
        let entry = self.did(action, &scope.to_string(), json!({ "reason": reason }));
        self.inner.desk.set_kill_switch(scope, on, reason, vec![entry]).await
    }

    /// What the account may do, and why not more.
    pub async fn trading_state(&self) -> TradingState {
        self.inner.desk.trading_state().await
    }

    /// Orders of the broker's with this host's mark that no row knows of and nobody has accepted: while there are any,
    /// nothing but withdrawals leaves.
    pub async fn foreign_orders(&self) -> Vec<ForeignOrder> {
        self.inner.desk.foreign_orders().await
    }

    /// A person has looked at these of them, by their marks, and takes them as they are. Trading goes on when there are no
    /// others.
    pub async fn accept_foreign_orders(&self, seen: &[String], reason: &str) -> Stored<()> {
        let mut tags: Vec<String> = self.foreign_orders().await.into_iter().map(|order| order.tag).collect();
        tags.retain(|tag| seen.contains(tag));
        if tags.is_empty() {
            return Ok(());
        }
        let entry =
            self.did(AuditAction::LatchCleared, "account", json!({ "accepted": tags, "reason": reason }));
        self.inner.desk.accept_foreign_orders(tags, vec![entry]).await
    }

    /// The compartment of a tenant, with its tasks running.
    pub(crate) async fn open(host: Arc<Host>, stored: &StoredTenant) -> Result<Self, OpenError> {
        let id = stored.id.clone();
        let book = host.store.book(id.clone());
        let log =
            TenantLog::new(id.as_str(), &host.log_writer).map_err(|e| OpenError::Address(e.to_string()))?;
        let setting = read_setting(&stored.egress, stored.egress_expected.as_deref());
        let setting = setting.ok_or_else(unreadable)?;
        let connection = kite::Connection::new(host.endpoints(), setting.egress.clone())
            .map_err(|error| OpenError::Address(error.to_string()))?;
        let line = Arc::new(Line::new(connection, host.config.clock.clone()));
        let (news, _) = broadcast::channel(NEWS_MAX);
        let marks = Arc::new(Marks::default());
        let hub = Hub::new(
            id.clone(),
            Arc::clone(&line),
            log.clone(),
            Arc::clone(&marks),
            host.config.limits.feed_ticks_max,
        );
        let figures = Arc::new(Figures::new(book.clone(), Arc::clone(&host), Arc::clone(&marks)));
        let prover = Arc::new(Prover::new(setting));
        let desk = Desk::open(Parts {
            id: id.clone(),
            host: Arc::clone(&host),
            book: book.clone(),
            line: Arc::clone(&line),
            log: log.clone(),
            news: news.clone(),
            marks,
            figures: Arc::clone(&figures),
            prover: Arc::clone(&prover),
        })
        .await?;
        let user_name = Mutex::new(stored.user_name.clone());
        let inner = Inner { id, user_name, host, book, log, line, desk, hub, figures, news, prover };
        Ok(Self { inner: Arc::new(inner), actor: Actor::Host })
    }

    /// Starts what runs by itself. Called once, by whoever put this compartment into the map.
    pub(crate) fn start(&self) {
        let (inner, host) = (&self.inner, &self.inner.host);
        host.spawn(Arc::clone(&inner.desk).follow());
        host.spawn(Arc::clone(&inner.desk).follow_cash());
        host.spawn(Arc::clone(&inner.line).watch(host.config.limits.session_probe_s));
        host.spawn(Arc::clone(&inner.hub).run(Arc::clone(&inner.desk)));
        // Ends by itself when the host stops, because it writes once more then.
        host.tasks.spawn(self.clone().keep_figures());
        host.spawn(self.clone().tell_broker_state());
        host.spawn(self.clone().prove_way_out());
        host.spawn(self.clone().look_after_journals());
    }

    /// The session of the last login, as the rows have it.
    pub(crate) async fn revive_from_rows(&self) -> Result<(), OpenError> {
        let Some(kept) = self.book().credentials().await? else { return Ok(()) };
        let Some(sealed) = &kept.access_token else { return Ok(()) };
        let place = Place::credential("access_token", &self.inner.id);
        let Some(token) = self.inner.host.vault.unseal_text(place, sealed) else {
            // The key was proven before, so it is this row that is damaged: as good as expired.
            tracing::error!(broker_id = %self.inner.id, "the access token's row does not open: signed out");
            self.inner.log.write(
                Level::Error,
                None,
                "the stored broker session cannot be read: sign in again",
            );
            return Ok(());
        };
        self.inner.line.revive(&kept.api_key, &token, sealed);
        Ok(())
    }

    /// A login brought a new session to the same compartment.
    pub(crate) fn revive(&self, user_name: &str, api_key: &str, access_token: &str, sealed: &[u8]) {
        user_name.clone_into(&mut self.inner.user_name.lock().unwrap_or_else(PoisonError::into_inner));
        self.inner.line.revive(api_key, access_token, sealed);
        self.inner.desk.must_reconcile();
        self.inner.prover.prove_again();
        self.inner.hub.renew();
        self.inner.log.write(Level::Info, None, "signed in: the broker session is live");
    }

    pub(crate) async fn api_secret(&self) -> Stored<Option<Zeroizing<String>>> {
        let Some(kept) = self.book().credentials().await? else { return Ok(None) };
        let place = Place::credential("api_secret", &self.inner.id);
        Ok(self.inner.host.vault.unseal_text(place, &kept.api_secret))
    }

    pub(crate) fn read_order_book(&self) {
        self.inner.desk.read_order_book();
    }

    pub(crate) fn book(&self) -> &Book {
        &self.inner.book
    }

    pub(crate) fn host(&self) -> &Host {
        &self.inner.host
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.host.now()
    }

    pub(crate) fn publish(&self, news: News) {
        let _ = self.inner.news.send(news);
    }

    /// Runs hear how the line stands; a dead token is forgotten.
    async fn tell_broker_state(self) {
        let mut state = self.inner.line.state();
        while state.changed().await.is_ok() {
            let now = state.borrow_and_update().clone();
            self.inner.log.write(Level::Warn, None, &now.to_string());
            if let BrokerState::Expired { since } = &now {
                let details = json!({ "noticed": since.rfc3339_ist() });
                let entry =
                    AuditEntry::new(self.now(), Actor::Broker, AuditAction::BrokerSessionEnded, "", details);
                if let Err(error) = self.book().audit(&[entry]).await {
                    tracing::error!(broker_id = %self.inner.id, "its end is not in the audit: {error:#}");
                }
            }
            for dead in self.inner.line.take_dead() {
                if let Err(error) = self.book().forget_access_token(&dead).await {
                    tracing::error!(broker_id = %self.inner.id, "dead token not forgotten: {error:#}");
                }
            }
            self.inner.desk.tell_all(&RunEvent::Broker(now));
            self.inner.desk.read_order_book();
        }
    }
}
