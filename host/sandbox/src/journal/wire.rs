//! Everything beside ticks and bars as bytes: each type's fields in their order, numbers exact.
//!
//! Fields are never reordered, and cases keep their numbers: a change of this list is another version of the frame.

use super::bytes::{Bytes, Malformed, malformed, put_number, put_signed, put_slice};
use super::{Beginning, Entry};
use crate::event::{Event, GuestOrderStatus, HeldPosition, NoticeKind, OrderUpdate, OrderView, RefusalCode};
use crate::manifest::Value;
use crate::step::{LogLevel, Trace};
use market::{
    Change, Instrument, InstrumentKind, Intent, Interval, Money, OrderKind, OrderRequest, Price, Product,
    Side, Symbol, Timestamp, TradingDate, Validity, Variety, Venue,
};
use std::collections::BTreeMap;

/// Something that can be written to a journal and read back as it was.
pub(super) trait Wire: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed>;
}

/// Structs: field after field.
macro_rules! fields {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                let Self { $($field),+ } = self;
                $($field.put(out);)+
            }

            fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
                $(let $field = Wire::take(from)?;)+
                Ok(Self { $($field),+ })
            }
        }
    };
}

/// Enums: the number of the case, then its fields.
macro_rules! cases {
    ($name:ident { $($number:literal = $case:ident $({ $($field:ident),+ })? $(($inner:ident))?),+ $(,)? }) => {
        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$case $({ $($field),+ })? $(($inner))? => {
                        out.push($number);
                        $($($field.put(out);)+)?
                        $($inner.put(out);)?
                    })+
                }
            }

            fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
                match from.byte()? {
                    $($number => {
                        $($(let $field = Wire::take(from)?;)+)?
                        $(let $inner = Wire::take(from)?;)?
                        Ok(Self::$case $({ $($field),+ })? $(($inner))?)
                    })+
                    _ => Err(malformed(concat!("there is no such ", stringify!($name)))),
                }
            }
        }
    };
}

macro_rules! unsigned {
    ($($name:ident)+) => {
        $(impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                put_number(out, u64::from(*self));
            }

            fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
                Self::try_from(from.number()?).map_err(|_| malformed("a number leaves its range"))
            }
        })+
    };
}

macro_rules! signed {
    ($($name:ident)+) => {
        $(impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                put_signed(out, i64::from(*self));
            }

            fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
                Self::try_from(from.signed()?).map_err(|_| malformed("a number leaves its range"))
            }
        })+
    };
}

macro_rules! amounts {
    ($($name:ident: $to:ident, $of:ident;)+) => {
        $(impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                put_signed(out, self.$to());
            }

            fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
                Ok(Self::$of(from.signed()?))
            }
        })+
    };
}

unsigned!(u32 u64);
signed!(i32 i64);
amounts!(Price: units, from_units; Money: units, from_units; Timestamp: micros, from_micros;);

cases!(Side { 0 = Buy, 1 = Sell });
cases!(OrderKind { 0 = Market, 1 = Limit, 2 = Stop, 3 = StopMarket });
cases!(Product { 0 = Cnc, 1 = Mis, 2 = Nrml, 3 = Mtf });
cases!(Validity { 0 = Day, 1 = Ioc });
cases!(Variety { 0 = Regular, 1 = Amo, 2 = Co, 3 = Iceberg, 4 = Auction });
cases!(Venue { 0 = Nse, 1 = Bse, 2 = Nfo, 3 = Bfo, 4 = Cds, 5 = Bcd, 6 = Mcx, 7 = Nco });
cases!(InstrumentKind { 0 = Equity, 1 = Index, 2 = Future, 3 = Call, 4 = Put });
cases!(Interval {
    0 = Minute, 1 = Minute3, 2 = Minute5, 3 = Minute10, 4 = Minute15, 5 = Minute30, 6 = Minute60, 7 = Day,
});
cases!(LogLevel { 0 = Debug, 1 = Info, 2 = Warn, 3 = Error });
cases!(GuestOrderStatus {
    0 = Pending, 1 = Refused, 2 = Rejected, 3 = Unknown, 4 = TriggerPending, 5 = Open, 6 = Partial, 7 = Complete,
    8 = Cancelled, 9 = Abandoned,
});
cases!(RefusalCode {
    0 = None, 1 = RateLimit, 2 = OrderCount, 3 = QuantityLimit, 4 = ValueLimit, 5 = OpenOrders, 6 = DailyLoss,
    7 = PriceBand, 8 = MarketClosed, 9 = InstrumentNotAllowed, 10 = KillSwitch, 11 = NoSession, 12 = Margin,
    13 = Exchange, 14 = Other,
});
cases!(NoticeKind {
    0 = FeedLost, 1 = FeedBack, 2 = BrokerSessionExpired, 3 = BrokerSessionBack, 4 = MarketOpen, 5 = MarketClose,
    6 = HostRestarted, 7 = Other,
});
cases!(Value {
    0 = Integer(value), 1 = Number(value), 2 = Price(value), 3 = Toggle(value), 4 = Text(value), 5 = Choice(value),
    6 = Instrument(value), 7 = Interval(value),
});
cases!(Event {
    0 = Order(update), 1 = Timer { id, now }, 2 = Notice { kind, now, text }, 3 = Cash { amount },
    4 = Session { now, hours }, 5 = Stop { now },
});
cases!(Intent { 0 = Place { id, request }, 1 = Modify { id, change }, 2 = Cancel { id } });
cases!(Trace {
    0 = Intent(intent), 1 = Log { level, text }, 2 = Pnl { label, amount }, 3 = StateSet { key, value },
    4 = StateDelete { key }, 5 = TimerSet { id, at }, 6 = TimerCancel { id },
});

fields!(Instrument { token, symbol, name, kind, tick_size, lot_size, expiry, strike });
fields!(OrderRequest {
    symbol,
    side,
    quantity,
    kind,
    price,
    trigger,
    product,
    validity,
    variety,
    market_protection
});
fields!(Change { quantity, price, trigger, kind, validity });
fields!(OrderUpdate { order, time, fill_quantity, fill_price });
fields!(OrderView {
    id,
    symbol,
    side,
    kind,
    product,
    status,
    quantity,
    filled,
    price,
    trigger,
    average_price,
    refusal,
    message,
    validity,
    market_protection,
    placed_at
});
fields!(HeldPosition { symbol, product, quantity, average_price, cost, realised });

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(malformed("neither yes nor no")),
        }
    }
}

impl Wire for f64 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_bits().to_le_bytes());
    }

    fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
        let mut bits = [0; 8];
        bits.copy_from_slice(from.take(8)?);
        Ok(Self::from_bits(u64::from_le_bytes(bits)))
    }
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_slice(out, self.as_bytes());
    }

    fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(from.slice()?).map_err(|_| malformed("text that is no text"))?;
        Ok(text.to_owned())
    }
}

impl Wire for u8 {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
        from.byte()
    }
}

impl Wire for Symbol {
    fn put(&self, out: &mut Vec<u8>) {
        self.venue().put(out);
        put_slice(out, self.name().as_bytes());
    }

    fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
        let venue = Venue::take(from)?;
        Self::new(venue, &String::take(from)?).ok_or_else(|| malformed("a symbol that names nothing"))
    }
}

impl Wire for TradingDate {
    fn put(&self, out: &mut Vec<u8>) {
        let (year, month, day) = self.parts();
        year.put(out);
        out.extend_from_slice(&[month, day]);
    }

    fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
        let year = i32::take(from)?;
        Self::new(year, from.byte()?, from.byte()?).ok_or_else(|| malformed("a day that is on no calendar"))
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
        Ok(if bool::take(from)? { Some(T::take(from)?) } else { None })
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(out, self.len() as u64);
        self.iter().for_each(|item| item.put(out));
    }

    fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
        let count = from.count()?;
        // No room is reserved by a number alone: an item may be larger here than its bytes there.
        let mut items = Self::new();
        for _ in 0..count {
            items.push(T::take(from)?);
        }
        Ok(items)
    }
}

impl<V: Wire> Wire for BTreeMap<String, V> {
    fn put(&self, out: &mut Vec<u8>) {
        put_number(out, self.len() as u64);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn take(from: &mut Bytes<'_>) -> Result<Self, Malformed> {
        let count = from.count()?;
        let mut map = Self::new();
        for _ in 0..count {
            map.insert(String::take(from)?, V::take(from)?);
        }
        Ok(map)
    }
}

/// What stands before an entry: its kind in the low bits and, for a batch, how many there are where that is few.
pub(super) mod kind {
    pub(in crate::journal) const START: u8 = 0;
    pub(in crate::journal) const TICKS: u8 = 1;
    pub(in crate::journal) const CANDLES: u8 = 2;
    pub(in crate::journal) const EVENT: u8 = 3;
    pub(in crate::journal) const TRACES: u8 = 4;
    pub(in crate::journal) const BITS: u32 = 3;
}

impl Entry {
    /// The entries that need no memory of the market.
    pub(super) fn take_plain(kind: u8, from: &mut Bytes<'_>) -> Result<Self, Malformed> {
        match kind {
            kind::EVENT => Ok(Self::Event(Event::take(from)?)),
            kind::TRACES => Ok(Self::Traces(Vec::take(from)?)),
            _ => Err(malformed("an entry of a kind that nobody knows")),
        }
    }
}

/// What a beginning is made of, apart from its bars.
pub(super) fn put_beginning(out: &mut Vec<u8>, beginning: &Beginning) {
    let Beginning { component, engine, build, architecture, start } = beginning;
    [component, engine, build, architecture].into_iter().for_each(|text| text.put(out));
    start.params.put(out);
    start.instruments.put(out);
    start.now.put(out);
    start.session.put(out);
    start.cash.put(out);
    start.positions.put(out);
    start.orders.put(out);
    start.next_order_id.put(out);
    start.state.put(out);
    start.seed.put(out);
    start.today_realised.put(out);
}

pub(super) fn take_beginning(from: &mut Bytes<'_>) -> Result<Beginning, Malformed> {
    let (component, engine, build) = (String::take(from)?, String::take(from)?, String::take(from)?);
    let architecture = String::take(from)?;
    let start = crate::event::Start {
        params: Wire::take(from)?,
        instruments: Wire::take(from)?,
        now: Wire::take(from)?,
        session: Wire::take(from)?,
        cash: Wire::take(from)?,
        positions: Wire::take(from)?,
        orders: Wire::take(from)?,
        next_order_id: Wire::take(from)?,
        state: Wire::take(from)?,
        seed: Wire::take(from)?,
        today_realised: Wire::take(from)?,
        warm_up: Vec::new(),
    };
    Ok(Beginning { component, engine, build, architecture, start })
}
