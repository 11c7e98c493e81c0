//! What one connection listens to, and what it was sent last.
//!
//! Pure: commands and boards in, packets out.

use crate::ticker::frame::Mode;
use crate::ticker::hub::{Board, Shown};
use bytes::Bytes;
use market::InstrumentToken;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many instruments one connection may listen to.
pub(crate) const INSTRUMENT_LIMIT: usize = 3_000;

/// The subscriptions of one connection.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions(BTreeMap<InstrumentToken, Subscription>);

#[derive(Debug)]
struct Subscription {
    mode: Mode,
    sent: Bytes,
    seen: Option<Arc<Shown>>,
}

impl Subscriptions {
    /// Takes one text message; the error is for the client to read and changes nothing that came before it.
    pub(crate) fn take(&mut self, text: &str) -> Result<(), String> {
        let message: Value =
            serde_json::from_str(text).map_err(|_| "Invalid message: not JSON.".to_owned())?;
        match message["a"].as_str() {
            Some("subscribe") => tokens(&message["v"]).try_for_each(|token| self.add(token, None)),
            Some("unsubscribe") => {
                for token in tokens(&message["v"]) {
                    self.0.remove(&token);
                }
                Ok(())
            }
            Some("mode") => {
                let mode = serde_json::from_value(message["v"][0].clone())
                    .map_err(|_| "Invalid mode: use ltp, quote or full.".to_owned())?;
                tokens(&message["v"][1]).try_for_each(|token| self.add(token, Some(mode)))
            }
            _ => Err("Invalid message: `a` must be subscribe, unsubscribe or mode.".to_owned()),
        }
    }

    /// Packets for everything that changed, within its mode, since it was last sent.
    pub(crate) fn packets(&mut self, board: &Board) -> Vec<Bytes> {
        let changed = self.0.iter_mut().filter_map(|(token, subscription)| {
            let shown = board.get(token)?;
            subscription.next_packet(shown)
        });
        changed.collect()
    }

    /// The last command wins; without a mode a new subscription is `quote`, and every command brings a snapshot.
    fn add(&mut self, token: InstrumentToken, mode: Option<Mode>) -> Result<(), String> {
        if self.0.len() >= INSTRUMENT_LIMIT && !self.0.contains_key(&token) {
            return Err(format!("Instrument limit of {INSTRUMENT_LIMIT} per connection exceeded."));
        }
        let mode = mode.unwrap_or(Mode::Quote);
        self.0.insert(token, Subscription { mode, sent: Bytes::new(), seen: None });
        Ok(())
    }
}

impl Subscription {
    fn next_packet(&mut self, shown: &Arc<Shown>) -> Option<Bytes> {
        if self.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, shown)) {
            return None;
        }
        self.seen = Some(Arc::clone(shown));
        let packet = shown.packet(self.mode);
        if *packet == self.sent {
            return None;
        }
        self.sent.clone_from(packet);
        Some(packet.clone())
    }
}

/// Tokens are numbers; anything else in the list is passed over.
fn tokens(list: &Value) -> impl Iterator<Item = InstrumentToken> {
    let numbers = list.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    numbers.filter_map(|value| InstrumentToken::try_from(value.as_u64()?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use exchange::Quote;
    use market::{Depth, DepthLevel, Price, Tick, Timestamp};

    fn board(last_price: Price, bid: Price) -> Board {
        let mut tick = Tick::at(408_065, Timestamp::EPOCH, last_price);
        let mut depth = Depth::default();
        depth.buy[0] = DepthLevel { price: bid, quantity: 1, orders: 1 };
        tick.depth = Some(depth);
        let (lower_circuit_limit, upper_circuit_limit) = (Price::ZERO, Price::ZERO);
        let quote = Quote {
            tick,
            last_trade_time: None,
            lower_circuit_limit,
            upper_circuit_limit,
            oi_day_high: 0,
            oi_day_low: 0,
        };
        Board::from([(408_065, Arc::new(Shown::new(quote)))])
    }

    fn rupees(amount: i64) -> Price {
        Price::from_rupees(amount)
    }

    #[test]
    fn trap_13_subscribe_means_quote_mode_with_a_snapshot_and_then_only_changes() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.take(r#"{"a":"subscribe","v":[408065,"5633",1]}"#).unwrap();
        let lengths = |packets: Vec<Bytes>| packets.iter().map(Bytes::len).collect::<Vec<_>>();
        assert_eq!(lengths(subscriptions.packets(&board(rupees(100), rupees(99)))), [44]);
        assert!(subscriptions.packets(&board(rupees(100), rupees(99))).is_empty());
        assert_eq!(lengths(subscriptions.packets(&board(rupees(101), rupees(99)))), [44]);
    }

    #[test]
    fn trap_13_an_ltp_listener_gets_no_packet_for_a_depth_change_and_a_full_listener_does() {
        for (mode, packets_after_depth_change) in [("ltp", 0), ("full", 1)] {
            let mut subscriptions = Subscriptions::default();
            subscriptions.take(&format!(r#"{{"a":"mode","v":["{mode}",[408065]]}}"#)).unwrap();
            assert_eq!(subscriptions.packets(&board(rupees(100), rupees(99))).len(), 1);
            let after = subscriptions.packets(&board(rupees(100), rupees(98))).len();
            assert_eq!(after, packets_after_depth_change, "{mode}");
        }
    }

    #[test]
    fn what_is_unsubscribed_stays_silent_and_nonsense_is_answered_in_words() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.take(r#"{"a":"subscribe","v":[408065]}"#).unwrap();
        subscriptions.take(r#"{"a":"unsubscribe","v":[408065]}"#).unwrap();
        assert!(subscriptions.packets(&board(rupees(100), rupees(99))).is_empty());
        for nonsense in ["", "{}", "[1]", r#"{"a":"mode","v":["loud",[1]]}"#, r#"{"a":"dance"}"#] {
            assert!(subscriptions.take(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn the_instrument_over_the_limit_is_refused() {
        let mut subscriptions = Subscriptions::default();
        let all: Vec<u32> = (1..=3_001).collect();
        let text = format!(r#"{{"a":"subscribe","v":{all:?}}}"#);
        assert!(subscriptions.take(&text).unwrap_err().contains("3000"));
        assert_eq!(subscriptions.0.len(), INSTRUMENT_LIMIT);
    }
}
