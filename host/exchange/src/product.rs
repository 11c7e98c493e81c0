//! What an order, a trade and a position are shown as: Kite's four products, and CO for what a cover order brings.
//!
//! Knows words alone. What is asked for is always one of `market`'s products; CO is only ever shown.

use market::Product;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A product as Kite shows it. Positions of each are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ShownProduct {
    /// Delivery.
    #[serde(rename = "CNC")]
    Cnc,
    /// Intraday.
    #[serde(rename = "MIS")]
    Mis,
    /// Overnight derivatives.
    #[serde(rename = "NRML")]
    Nrml,
    /// Funded delivery.
    #[serde(rename = "MTF")]
    Mtf,
    /// A cover order's: intraday, with a stop of its own.
    #[serde(rename = "CO")]
    Co,
}

impl ShownProduct {
    /// Kite's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cnc => "CNC",
            Self::Mis => "MIS",
            Self::Nrml => "NRML",
            Self::Mtf => "MTF",
            Self::Co => "CO",
        }
    }

    /// The product whose rules hold: a cover order is held, margined and squared off like MIS.
    pub const fn rules(self) -> Product {
        match self {
            Self::Cnc => Product::Cnc,
            Self::Mis | Self::Co => Product::Mis,
            Self::Nrml => Product::Nrml,
            Self::Mtf => Product::Mtf,
        }
    }
}

impl From<Product> for ShownProduct {
    fn from(product: Product) -> Self {
        match product {
            Product::Cnc => Self::Cnc,
            Product::Mis => Self::Mis,
            Product::Nrml => Self::Nrml,
            Product::Mtf => Self::Mtf,
        }
    }
}

impl PartialEq<Product> for ShownProduct {
    fn eq(&self, other: &Product) -> bool {
        *self == Self::from(*other)
    }
}

impl fmt::Display for ShownProduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
