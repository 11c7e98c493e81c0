//! One operation of the OpenAPI file, and how to call it with somebody's ids in every place that takes one.
//!
//! Knows the document and nothing of the host: what a body or a query holds is read from its schema.

use e2e::{Answer, Trader};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Ids by the name of the thing they stand for: `run`, `strategy`, `order`, `token`, `session`, `date`.
pub(super) type Ids = BTreeMap<&'static str, String>;

/// A method on a path.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: String,
    query: Vec<String>,
    content: Option<(String, Value)>,
}

impl Operation {
    /// Every operation of the document.
    pub(super) fn all(document: &Value) -> Vec<Self> {
        let paths = document["paths"].as_object().expect("an OpenAPI document has paths");
        let of_path = |(path, item): (&String, &Value)| {
            let item = item.as_object().expect("a path has operations");
            let methods = item.iter().filter(|(name, _)| !["parameters", "summary"].contains(&name.as_str()));
            methods.map(|(name, body)| Self::read(document, name, path, body)).collect::<Vec<_>>()
        };
        paths.iter().flat_map(of_path).collect()
    }

    fn read(document: &Value, method: &str, path: &str, body: &Value) -> Self {
        let parameters = body["parameters"].as_array().cloned().unwrap_or_default();
        let in_query = parameters.iter().filter(|parameter| parameter["in"] == "query");
        let content = body["requestBody"]["content"].as_object().cloned().unwrap_or_default();
        let first = content.into_iter().next();
        Self {
            method: method.to_uppercase().parse().expect("OpenAPI names methods"),
            path: path.to_owned(),
            query: in_query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect(),
            content: first.map(|(kind, media)| (kind, resolved(document, &media["schema"]))),
        }
    }

    /// True when the path or the body names an id, so that a stranger must get what a missing id gets.
    pub(super) fn names_an_id(&self) -> bool {
        let in_path = self.path.contains("{id}");
        let body = self.content.iter().flat_map(|(_, schema)| schema["properties"].as_object());
        in_path || body.flat_map(Map::keys).any(|name| thing(name).is_some())
    }

    /// True for a stream, which does not end by itself.
    pub(super) fn is_stream(&self) -> bool {
        self.method == Method::GET && self.path.ends_with("stream")
    }

    /// Calls it as `trader` with these ids wherever one fits.
    pub(super) async fn call(&self, trader: &Trader, ids: &Ids) -> Answer {
        let filled: Vec<_> =
            self.query.iter().filter_map(|name| Some((name, ids.get(thing(name)?)?))).collect();
        let mut request = trader.request(self.method.clone(), &self.path_with(ids)).query(&filled);
        if let Some((kind, schema)) = &self.content {
            request = match kind.as_str() {
                "application/json" => request.json(&example(schema, ids)),
                // Uploads name what they bring, so that a stranger's strategy is refused for its id and nothing else.
                _ => request
                    .query(&[("name", "a-strangers")])
                    .header("content-type", "application/wasm")
                    .body(guests::SCALPER.to_vec()),
            };
        }
        trader.send(request).await
    }

    fn path_with(&self, ids: &Ids) -> String {
        let id = match self.path.as_str() {
            path if path.contains("/strategies/") => "strategy",
            path if path.contains("/runs/") => "run",
            path if path.contains("/orders/") => "order",
            path if path.contains("/tokens/") => "token",
            path if path.contains("/sessions/") => "session",
            _ => "strategy",
        };
        let path = self.path.replace("{date}", &ids["date"]).replace("{order}", &ids["order"]);
        path.replace("{id}", &ids[id]).replace("{name}", &ids[id])
    }
}

/// What a parameter or a field of this name holds the id of.
fn thing(name: &str) -> Option<&'static str> {
    match name {
        "run" | "runId" => Some("run"),
        "strategy" | "strategyId" => Some("strategy"),
        "order" | "orderId" => Some("order"),
        "token" | "tokenId" => Some("token"),
        "session" | "sessionId" => Some("session"),
        "date" | "from" | "to" => Some("date"),
        _ => None,
    }
}

/// A body that the schema allows: the fields it requires and every field that takes an id.
fn example(schema: &Value, ids: &Ids) -> Value {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut body = Map::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        match thing(name).and_then(|thing| ids.get(thing)) {
            Some(id) => body.insert(name.clone(), json!(id)),
            None if required.contains(&json!(name)) => body.insert(name.clone(), value_of(field)),
            None => None,
        };
    }
    Value::Object(body)
}

fn value_of(field: &Value) -> Value {
    let first = field["enum"].as_array().and_then(|values| values.first());
    let kind = field["type"].as_str().or_else(|| field["type"][0].as_str());
    match (first, kind) {
        (Some(value), _) => value.clone(),
        (None, Some("boolean")) => json!(true),
        (None, Some("integer" | "number")) => json!(1),
        (None, Some("array")) => json!([]),
        (None, Some("string")) => json!("a-strangers"),
        (None, _) => json!({}),
    }
}

/// The schema with its references followed, fields too.
fn resolved(document: &Value, schema: &Value) -> Value {
    let follow = |schema: &Value| match schema["$ref"].as_str() {
        Some(name) => {
            document.pointer(name.trim_start_matches('#')).cloned().expect("a reference leads somewhere")
        }
        None => schema.clone(),
    };
    let mut whole = follow(schema);
    if let Some(fields) = whole["properties"].as_object_mut() {
        for field in fields.values_mut() {
            *field = follow(field);
        }
    }
    whole
}
