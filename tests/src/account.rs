//! The demo traders that the simulator knows, with their credentials. Knows no process and no network.

/// A trader the simulator knows.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// Zerodha user id.
    pub user_id: &'static str,
    /// Key of the trader's own Kite Connect app.
    pub api_key: &'static str,
    /// Its secret.
    pub api_secret: &'static str,
}

impl Account {
    /// The first demo trader.
    pub const UK9394: Self =
        Self { user_id: "UK9394", api_key: "demo-uk9394", api_secret: "demo-secret-uk9394" };
    /// The second.
    pub const UK1234: Self =
        Self { user_id: "UK1234", api_key: "demo-uk1234", api_secret: "demo-secret-uk1234" };
}
