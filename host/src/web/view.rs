//! The JSON of the API, as types: what the OpenAPI document and the page's TypeScript are generated from.
//!
//! Shapes only. How they are filled from a tenant's records stands with the handlers that answer with them.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod books;
pub(crate) mod halt;
pub(crate) mod live;
pub(crate) mod risk;
pub(crate) mod runs;
pub(crate) mod strategies;

use market::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// An instant as people and browsers read it: RFC 3339 in IST, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-23T09:15:00.123+05:30")]
pub(crate) struct When(pub(crate) Timestamp);

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.rfc3339_ist())
    }
}

impl From<Timestamp> for When {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}
