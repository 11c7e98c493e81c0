//! Where the broker listens: REST, login page, ticker.
//!
//! Knows addresses only; who calls them and through which way out is decided elsewhere.

use url::Url;

/// The three addresses of one broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Base of all REST calls; a path in it is kept.
    pub rest: Url,
    /// The page where a trader signs in.
    pub login: Url,
    /// The live feed.
    pub ticker: Url,
}

impl Endpoints {
    /// Zerodha's own.
    pub fn zerodha() -> Self {
        let fixed = |text: &str| Url::parse(text).expect("a literal address that a test parses");
        Self {
            rest: fixed("https://api.kite.trade/"),
            login: fixed("https://kite.zerodha.com/connect/login"),
            ticker: fixed("wss://ws.kite.trade/"),
        }
    }

    /// One server that plays all three parts, such as a simulator: REST at `base`, login page under it, ticker at the
    /// same address by `ws` (or `wss` for an `https` base).
    pub fn at(base: Url) -> Self {
        let mut login = base.clone();
        if let Ok(mut path) = login.path_segments_mut() {
            path.pop_if_empty().extend(["connect", "login"]);
        }
        let ticker = base.as_str().replacen("http", "ws", 1);
        let ticker = Url::parse(&ticker).unwrap_or_else(|_| base.clone());
        Self { rest: base, login, ticker }
    }

    /// The address of a REST route given as path segments, each escaped.
    pub(crate) fn route(&self, segments: &[&str]) -> Url {
        let mut url = self.rest.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
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
    fn one_base_address_gives_all_three() {
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
