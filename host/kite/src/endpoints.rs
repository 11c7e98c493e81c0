//! Where the broker listens: REST, login page, ticker.
//!
//! Knows addresses only; who calls them and through which way out is decided elsewhere.

use url::Url;

/// The addresses of one broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Base of all REST calls but those below; a path in it is kept.
    pub rest: Url,
    /// Base of everything under `/instruments`.
    pub instruments: Url,
    /// The page where a trader signs in.
    pub login: Url,
    /// The live feed. A query in it is kept.
    pub ticker: Url,
}

impl Endpoints {
    /// Zerodha's own.
    pub fn zerodha() -> Self {
        Self {
            rest: fixed("https://api.kite.trade/"),
            instruments: fixed("https://api.kite.trade/"),
            login: fixed("https://kite.zerodha.com/connect/login"),
            ticker: fixed("wss://ws.kite.trade/"),
        }
    }

    /// Zerodha's own place to practise: limit orders only, no triggers and no calculators. Its feed wants to know the user:
    /// see [`Endpoints::with_ticker_user`].
    pub fn sandbox() -> Self {
        Self {
            rest: fixed("https://sandbox.kite.trade/oms/"),
            instruments: fixed("https://sandbox.kite.trade/"),
            login: fixed("https://sandbox.kite.trade/connect/login"),
            ticker: fixed("wss://ws-sandbox.kite.trade/"),
        }
    }

    /// The same, with the trader's Zerodha id told to the live feed.
    #[must_use]
    pub fn with_ticker_user(mut self, user_id: &str) -> Self {
        self.ticker.query_pairs_mut().append_pair("user_id", user_id);
        self
    }

    /// One server that plays all parts, such as a simulator: REST at `base`, login page under it, ticker at the
    /// same address by `ws` (or `wss` for an `https` base).
    pub fn at(base: Url) -> Self {
        let mut login = base.clone();
        if let Ok(mut path) = login.path_segments_mut() {
            path.pop_if_empty().extend(["connect", "login"]);
        }
        let ticker = base.as_str().replacen("http", "ws", 1);
        let ticker = Url::parse(&ticker).unwrap_or_else(|_| base.clone());
        Self { instruments: base.clone(), rest: base, login, ticker }
    }

    /// The address of a REST route given as path segments, each escaped.
    pub(crate) fn route(&self, segments: &[&str]) -> Url {
        let base = if segments.first() == Some(&"instruments") { &self.instruments } else { &self.rest };
        let mut url = base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// The page beside the login page where a trader gives leave to sell holdings.
    pub(crate) fn authorisation_page(&self, api_key: &str, request_id: &str) -> Url {
        let mut url = self.login.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().pop().extend(["portfolio", "authorise", "holdings", api_key, request_id]);
        }
        url
    }
}

fn fixed(text: &str) -> Url {
    Url::parse(text).expect("a literal address that a test parses")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brokers_own_addresses_are_well_formed() {
        assert_eq!(
            Endpoints::zerodha().route(&["user", "profile"]).as_str(),
            "https://api.kite.trade/user/profile"
        );
    }

    #[test]
    fn the_sandbox_keeps_instruments_outside_its_path_and_names_the_user_to_its_feed() {
        let sandbox = Endpoints::sandbox();
        let route = |segments: &[&str]| sandbox.route(segments).to_string();
        assert_eq!(route(&["orders", "regular"]), "https://sandbox.kite.trade/oms/orders/regular");
        assert_eq!(route(&["instruments", "NSE"]), "https://sandbox.kite.trade/instruments/NSE");
        assert_eq!(sandbox.login.as_str(), "https://sandbox.kite.trade/connect/login");
        let ticker = sandbox.with_ticker_user("UK 9394").ticker;
        assert_eq!(ticker.as_str(), "wss://ws-sandbox.kite.trade/?user_id=UK+9394");
    }

    #[test]
    fn the_page_to_authorise_holdings_stands_beside_the_login_page() {
        let page = Endpoints::zerodha().authorisation_page("key", "na8/x");
        assert_eq!(
            page.as_str(),
            "https://kite.zerodha.com/connect/portfolio/authorise/holdings/key/na8%2Fx"
        );
    }

    #[test]
    fn one_base_address_gives_all() {
        let at = Endpoints::at(Url::parse("http://127.0.0.1:8081").unwrap());
        assert_eq!(at.login.as_str(), "http://127.0.0.1:8081/connect/login");
        assert_eq!(at.ticker.as_str(), "ws://127.0.0.1:8081/");
        let tls = Endpoints::at(Url::parse("https://sim.example/oms/").unwrap());
        assert_eq!(tls.ticker.as_str(), "wss://sim.example/oms/");
        assert_eq!(tls.route(&["orders"]).as_str(), "https://sim.example/oms/orders");
    }

    #[test]
    fn an_id_cannot_climb_out_of_its_route() {
        let at = Endpoints::at(Url::parse("http://h").unwrap());
        assert_eq!(
            at.route(&["orders", "regular", "../../user?x"]).as_str(),
            "http://h/orders/regular/..%2F..%2Fuser%3Fx"
        );
    }
}
