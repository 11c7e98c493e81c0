//! The mint: the only place tenants come from.

use crate::clock::Clock;
use crate::config::TenantsConfig;
use crate::error::{LoginError, NotSignedIn, OpenError, StoreError};
use crate::sessions::{Login, NewSession, PendingLogin, SecretText, SessionInfo};
use crate::tenant::Tenant;

/// All tenants of this host. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tenants {}

#[allow(unused_variables, reason = "signatures land before bodies")]
#[allow(missing_docs, reason = "signatures land before bodies")]
impl Tenants {
    pub async fn open(config: TenantsConfig) -> Result<Self, OpenError> {
        unimplemented!()
    }
    pub async fn login(&self, login: Login) -> Result<(Tenant, NewSession), LoginError> {
        unimplemented!()
    }
    pub async fn begin_login(&self, api_key: &str, api_secret: SecretText) -> Result<PendingLogin, LoginError> {
        unimplemented!()
    }
    pub async fn finish_login(
        &self,
        state: &str,
        request_token: SecretText,
        device: &str,
    ) -> Result<(Tenant, NewSession), LoginError> {
        unimplemented!()
    }
    pub async fn resume(&self, secret: &str) -> Result<(Tenant, SessionInfo), NotSignedIn> {
        unimplemented!()
    }
    pub async fn resume_token(&self, bearer: &str) -> Result<(Tenant, ApiToken), NotSignedIn> {
        unimplemented!()
    }
    /// Every tenant: for boot and operators.
    pub fn all(&self) -> Vec<Tenant> {
        unimplemented!()
    }
    pub fn clock(&self) -> &Clock {
        unimplemented!()
    }
    /// A postback: verifies the checksum against the secret of every tenant it may belong to, and only ever makes that tenant read its order book.
    /// False when the checksum fits nobody.
    pub async fn postback(&self, order_id: &str, order_timestamp: &str, checksum: &str, user_id: &str) -> Result<bool, StoreError> {
        unimplemented!()
    }
    /// Stops every line, writes what is left, closes the database.
    pub async fn close(&self) {
        unimplemented!()
    }
}
use crate::sessions::ApiToken;
