//! What waits at the broker: good-till-triggered orders and alerts.
//!
//! Writes are sent at most once; what became of one shows in the list.

use super::Session;
use crate::alert_params::AlertParams;
use crate::connection::{Fields, Size};
use crate::error::Error;
use crate::gtt_params::GttParams;
use crate::order_params::Form;
use crate::rows::alert::{AlertEvent, AlertRow};
use crate::rows::book::Book;
use crate::rows::gtt::{GttRow, TriggerId};
use crate::throttle::Lane;
use crate::wire::fields;
use reqwest::Method;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

impl Session {
    /// Leaves a trigger with the broker. It places a real order later, when nobody may be watching.
    ///
    /// # Errors
    /// As every call: see [`Error`]. With an unknown outcome look it up in [`Session::gtts`]; never send it again.
    pub async fn place_gtt(&self, params: &GttParams) -> Result<TriggerId, Error> {
        self.gtt_call(Method::POST, &["gtt", "triggers"], params.form()?).await
    }

    /// Changes a trigger that waits: it shall be as `params` say, whole.
    ///
    /// # Errors
    /// As [`Session::place_gtt`].
    pub async fn modify_gtt(&self, id: TriggerId, params: &GttParams) -> Result<TriggerId, Error> {
        self.gtt_call(Method::PUT, &["gtt", "triggers", &id.to_string()], params.form()?).await
    }

    /// Takes a trigger back.
    ///
    /// # Errors
    /// As [`Session::place_gtt`].
    pub async fn delete_gtt(&self, id: TriggerId) -> Result<TriggerId, Error> {
        self.gtt_call(Method::DELETE, &["gtt", "triggers", &id.to_string()], vec![]).await
    }

    /// One trigger.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn gtt(&self, id: TriggerId) -> Result<GttRow, Error> {
        self.read(&["gtt", "triggers", &id.to_string()]).await
    }

    /// The triggers that wait, and those of the last week.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn gtts(&self) -> Result<Book<GttRow>, Error> {
        self.read_book(&["gtt", "triggers"], Size::Small).await
    }

    /// Has the broker watch a price.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn create_alert(&self, params: &AlertParams) -> Result<AlertRow, Error> {
        self.write(Method::POST, &["alerts"], params.form()?).await
    }

    /// Changes an alert: it shall be as `params` say, whole.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn modify_alert(&self, uuid: &str, params: &AlertParams) -> Result<AlertRow, Error> {
        self.write(Method::PUT, &["alerts", uuid], params.form()?).await
    }

    /// Takes alerts back.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn delete_alerts(&self, uuids: &[&str]) -> Result<(), Error> {
        if uuids.is_empty() {
            return Err(Error::invalid("no alert is named"));
        }
        let form = uuids.iter().map(|uuid| ("uuid", (*uuid).to_owned())).collect();
        self.write::<IgnoredAny>(Method::DELETE, &["alerts"], form).await.map(|_| ())
    }

    /// One alert.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn alert(&self, uuid: &str) -> Result<AlertRow, Error> {
        self.read(&["alerts", uuid]).await
    }

    /// All alerts.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn alerts(&self) -> Result<Book<AlertRow>, Error> {
        self.read_book(&["alerts"], Size::Small).await
    }

    /// When an alert went off.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn alert_history(&self, uuid: &str) -> Result<Book<AlertEvent>, Error> {
        self.read_book(&["alerts", uuid, "history"], Size::Small).await
    }

    async fn gtt_call(&self, method: Method, route: &[&str], form: Form) -> Result<TriggerId, Error> {
        let fields = owned(form);
        let answer = self.send(method, route, fields, Lane::Other, Size::Small).await?;
        let mut record =
            fields::Fields::of(answer.data::<Value>()?).map_err(|reason| answer.unreadable(reason))?;
        record.needed_count("trigger_id").map_err(|reason| answer.unreadable(reason))
    }

    /// One write, sent at most once.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        method: Method,
        route: &[&str],
        form: Form,
    ) -> Result<T, Error> {
        self.send(method, route, owned(form), Lane::Other, Size::Small).await?.data()
    }
}

fn owned(form: Form) -> Fields<'static> {
    form.into_iter().map(|(name, value)| (name, value.into())).collect()
}
