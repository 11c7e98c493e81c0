//! Strategies, their versions and what their manifests say.

#![allow(
    dead_code,
    reason = "manifests are stored JSON; their types stand here for the OpenAPI document alone"
)]

use super::When;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Something a tenant uploaded.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StrategyView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created_at: When,
    /// The newest version.
    pub(crate) version: u32,
    /// SHA-256 of the newest version's component, hexadecimal.
    pub(crate) sha256: String,
    pub(crate) size_bytes: u64,
    /// What the newest version says of itself.
    #[schema(value_type = ManifestView)]
    pub(crate) manifest: Value,
    /// All versions, oldest first. Versions never change.
    pub(crate) versions: Vec<VersionView>,
}

/// One immutable version.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionView {
    pub(crate) version: u32,
    pub(crate) sha256: String,
    pub(crate) size_bytes: u64,
    pub(crate) uploaded_at: When,
    #[schema(value_type = ManifestView)]
    pub(crate) manifest: Value,
}

/// What a strategy says of itself: the form and the subscriptions are made from it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManifestView {
    name: String,
    /// In the author's own counting.
    version: String,
    summary: String,
    parameters: Vec<ParameterView>,
    /// Instruments beside those named by parameters.
    instruments: Vec<String>,
    hears: HearsView,
    /// Intervals of candles beside those named by parameters.
    candles: Vec<String>,
    warm_up: Vec<WarmUpView>,
    #[schema(value_type = Object)]
    tags: Map<String, Value>,
}

/// One parameter. Without a default it must be given at every start.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParameterView {
    name: String,
    /// One line for the person who fills the form.
    doc: String,
    /// `integer`, `number`, `price`, `toggle`, `text`, `choice`, `instrument` or `interval`.
    kind: ParameterKindView,
    /// A number, a text or a truth value, as the kind has it.
    default: Option<Value>,
    /// Of `integer`, `number` and `price`.
    min: Option<f64>,
    /// Of `integer`, `number` and `price`.
    max: Option<f64>,
    /// Of `text`, in characters.
    max_length: Option<u32>,
    /// Of `choice`.
    choices: Option<Vec<String>>,
    /// Hints for a form, which may leave alone what it does not know.
    #[schema(value_type = Object)]
    tags: Map<String, Value>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ParameterKindView {
    Integer,
    Number,
    Price,
    Toggle,
    Text,
    Choice,
    Instrument,
    Interval,
}

/// Which events a strategy wants.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HearsView {
    ticks: bool,
    candles: bool,
    orders: bool,
    timers: bool,
    notices: bool,
}

/// Bars that must be there before the first event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WarmUpView {
    /// `5minute`; or an object whose `parameter` names the interval parameter that says it.
    interval: Value,
    /// A number; or an object: the value of the integer parameter `parameter`, times `times`, plus `plus`.
    count: Value,
}

/// One strategy of the gallery.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExampleView {
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) size_bytes: u64,
}
