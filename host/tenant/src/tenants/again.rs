//! A browser's sign-in for a trader who has typed key and secret before: the host still holds them, sealed.

use super::Tenants;
use crate::error::{LoginError, StoreError};
use crate::sessions::{PendingLogin, SecretText};

impl Tenants {
    /// Begins a browser's sign-in with the secret that the last one left here; nothing when no trader of this host has
    /// signed in with this key. Whoever asks gets no further than the broker's login page, which decides whom it lets in.
    ///
    /// # Errors
    /// As [`Tenants::begin_login`].
    pub async fn begin_login_again(&self, api_key: &str) -> Result<Option<PendingLogin>, LoginError> {
        match self.kept_secret(api_key).await? {
            Some(secret) => self.begin_login(api_key, secret).await.map(Some),
            None => Ok(None),
        }
    }

    async fn kept_secret(&self, api_key: &str) -> Result<Option<SecretText>, StoreError> {
        for tenant in self.all() {
            let kept = tenant.book().credentials().await?;
            if kept.is_some_and(|kept| kept.api_key == api_key) {
                return Ok(tenant.api_secret().await?.map(|secret| SecretText::new(secret.as_str())));
            }
        }
        Ok(None)
    }
}
