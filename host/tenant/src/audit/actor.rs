//! Who did something. Names a session, a token or a person; opens nothing.

use std::fmt;
use std::net::IpAddr;

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The host itself.
    Host,
    /// Whoever operates the host, from its command line.
    Operator,
    /// A trader's browser.
    Session {
        /// The session's id, as lists show it.
        id: String,
        /// Where the request came from.
        address: Option<IpAddr>,
    },
    /// A trader's script.
    Token {
        /// The token's id, as lists show it.
        id: String,
        /// Where the request came from.
        address: Option<IpAddr>,
    },
    /// A run of a strategy.
    Run(String),
    /// The broker or the exchange.
    Broker,
}

/// In words: `session 8xk… from 203.0.113.9`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, id, address) = match self {
            Self::Host => return f.write_str("host"),
            Self::Operator => return f.write_str("operator"),
            Self::Broker => return f.write_str("broker"),
            Self::Run(id) => return write!(f, "run {id}"),
            Self::Session { id, address } => ("session", id, address),
            Self::Token { id, address } => ("token", id, address),
        };
        write!(f, "{what} {id}")?;
        address.map_or(Ok(()), |address| write!(f, " from {address}"))
    }
}
