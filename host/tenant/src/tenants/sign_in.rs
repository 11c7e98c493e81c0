//! Signing in: the broker names the trader, the compartment is made or revived, a session begins.

use super::Tenants;
use crate::audit::{Actor, AuditAction, AuditEntry};
use crate::broker_id::BrokerId;
use crate::chance;
use crate::error::LoginError;
use crate::sessions::{Login, NewSession, PendingLogin, SecretText, hash, new_session};
use crate::store::StoredCredentials;
use crate::tenant::Tenant;
use crate::vault::Place;
use serde_json::json;
use std::net::IpAddr;

const CREDENTIAL_CHARACTERS_MAX: usize = 256;

impl Tenants {
    /// Signs a trader in: the broker names them, the compartment is made or revived, a session begins.
    ///
    /// # Errors
    /// In words for the trader: see [`LoginError`].
    pub async fn login(&self, login: Login) -> Result<(Tenant, NewSession), LoginError> {
        let Login { api_key, api_secret, request_token, device, address } = login;
        for (what, text) in [
            ("apiKey", api_key.as_str()),
            ("apiSecret", api_secret.expose()),
            ("requestToken", request_token.expose()),
        ] {
            check_credential(what, text)?;
        }
        let grant = self.exchange(&api_key, &api_secret, &request_token).await?;
        let id =
            BrokerId::named(&grant.user_id).ok_or_else(|| LoginError::StrangeUser(grant.user_id.clone()))?;
        let now = self.host().now();
        let book = self.host().store.book(id.clone());
        book.save_tenant(&grant.user_name, now).await?;
        let seal =
            |column, text: &str| self.host().vault.seal(Place::credential(column, &id), text.as_bytes());
        let sealed = seal("access_token", grant.access_token.expose());
        let api_secret = seal("api_secret", api_secret.expose());
        let access_token = Some(sealed.clone());
        let (session, kept) = new_session(&device, now, self.host().config.limits.session_ttl_s);
        let actor = Actor::Session { id: session.info.id.clone(), address };
        let did = |action, details| AuditEntry::new(now, actor.clone(), action, &*session.info.id, details);
        let credentials = StoredCredentials { api_key: api_key.clone(), api_secret, access_token };
        book.save_credentials(credentials, now, &[did(AuditAction::CredentialsStored, json!({}))]).await?;
        let tenant = self.compartment(id, &grant.user_name).await?.acting_as(actor.clone());
        tenant.revive(&grant.user_name, &api_key, grant.access_token.expose(), &sealed);
        let details = json!({ "device": session.info.device, "expiresAt": session.info.expires_at });
        book.save_session(&session.info, &kept, &[did(AuditAction::Login, details)]).await?;
        Ok((tenant, session))
    }

    /// Begins a browser's sign-in: keeps the credentials sealed until the browser comes back.
    ///
    /// # Errors
    /// When a credential is empty or far too long.
    pub async fn begin_login(
        &self,
        api_key: &str,
        api_secret: SecretText,
    ) -> Result<PendingLogin, LoginError> {
        check_credential("apiKey", api_key)?;
        check_credential("apiSecret", api_secret.expose())?;
        let state = chance::secret();
        let kept = hash(&state);
        let sealed =
            self.host().vault.seal(pending_place(&hex::encode(kept)), api_secret.expose().as_bytes());
        let now = self.host().now();
        let expires_at = now.plus_seconds(self.host().config.limits.pending_login_ttl_s);
        self.host().store.save_pending(&kept, api_key, &sealed, now, expires_at).await?;
        let connection = self.connection()?;
        let url = connection.login_url(api_key, &format!("state={}", state.as_str()));
        Ok(PendingLogin { url, state: state.as_str().to_owned() })
    }

    /// Ends a browser's sign-in with what the broker's page sent along.
    ///
    /// # Errors
    /// As [`Tenants::login`], and when it was not begun here, was used already or took too long.
    pub async fn finish_login(
        &self,
        state: &str,
        request_token: SecretText,
        device: &str,
        address: Option<IpAddr>,
    ) -> Result<(Tenant, NewSession), LoginError> {
        let kept = hash(state);
        let taken = self.host().store.take_pending(&kept, self.host().now()).await?;
        let (api_key, sealed) = taken.ok_or(LoginError::UnknownState)?;
        let place_row = hex::encode(kept);
        let secret = self.host().vault.unseal_text(pending_place(&place_row), &sealed);
        let secret = secret.ok_or(LoginError::UnknownState)?;
        let api_secret = SecretText::new(secret.as_str());
        self.login(Login { api_key, api_secret, request_token, device: device.to_owned(), address }).await
    }

    async fn exchange(
        &self,
        api_key: &str,
        api_secret: &SecretText,
        request_token: &SecretText,
    ) -> Result<kite::Grant, LoginError> {
        let secret = kite::Secret::new(api_secret.expose());
        let answer = self.connection()?.exchange_token(api_key, &secret, request_token.expose()).await;
        answer.map_err(|error| refused_login(&error))
    }
}

fn pending_place(row: &str) -> Place<'_> {
    Place { table: "pending_logins", column: "api_secret", broker_id: "", row }
}

fn check_credential(what: &str, text: &str) -> Result<(), LoginError> {
    let fine = !text.is_empty()
        && text.len() <= CREDENTIAL_CHARACTERS_MAX
        && text.bytes().all(|b| b.is_ascii_graphic());
    if fine {
        return Ok(());
    }
    let text =
        format!("{what} must have 1 to {CREDENTIAL_CHARACTERS_MAX} letters, digits or signs, without blanks");
    Err(LoginError::BadInput(text))
}

/// Kite words its refusals; these are the ones a trader can act on.
fn refused_login(error: &kite::Error) -> LoginError {
    let text = error.to_string();
    let words = text.to_lowercase();
    if error.is_transport() {
        LoginError::BrokerDown(text)
    } else if words.contains("checksum") {
        LoginError::WrongSecret
    } else if words.contains("api_key") || words.contains("api key") {
        LoginError::UnknownApiKey
    } else if words.contains("token") {
        LoginError::UsedToken
    } else {
        LoginError::Refused(text)
    }
}
