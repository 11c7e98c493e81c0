//! Packets of every length, written by hand.

use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_seconds(1_795_415_400);
const INFY: u32 = 408_065;
const NIFTY: u32 = 256_265;
const USDINR: u32 = 4_342 * 256 + 3;
const BSE_USDINR: u32 = 4_342 * 256 + 6;

fn packet(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn message(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = (packets.len() as u16).to_be_bytes().to_vec();
    for packet in packets {
        bytes.extend((packet.len() as u16).to_be_bytes());
        bytes.extend(packet);
    }
    bytes
}

fn one(packet: Vec<u8>) -> Tick {
    let frame = decode(&message(&[packet]), NOW);
    assert_eq!((frame.ticks.len(), frame.skipped), (1, 0));
    frame.ticks[0]
}

fn full_packet() -> Vec<u8> {
    let mut bytes = packet(&[
        INFY,
        141_295,
        7,
        141_200,
        900,
        50,
        60,
        140_000,
        142_000,
        139_000,
        140_500,
        1_795_415_390,
        11,
        12,
        13,
        1_795_415_391,
    ]);
    for level in 0..10_u32 {
        bytes.extend(packet(&[100 + level, 141_000 + level]));
        bytes.extend((level as u16 + 1).to_be_bytes());
        bytes.extend([0, 0]);
    }
    bytes
}

#[test]
fn an_ltp_packet_carries_a_price_alone() {
    let tick = one(packet(&[INFY, 141_295]));
    assert_eq!(tick, Tick::at(INFY, NOW, Price::from_paise(141_295)));
    assert_eq!(
        (tick.open, tick.high, tick.low, tick.close),
        (Price::ZERO, Price::ZERO, Price::ZERO, Price::ZERO)
    );
}

#[test]
fn a_quote_packet_names_open_first() {
    let tick = one(packet(&[INFY, 141_295, 7, 141_200, 900, 50, 60, 1, 4, 2, 3]));
    let paise = Price::from_paise;
    assert_eq!((tick.last_quantity, tick.average_price, tick.volume), (7, paise(141_200), 900));
    assert_eq!((tick.buy_quantity, tick.sell_quantity), (50, 60));
    assert_eq!((tick.open, tick.high, tick.low, tick.close), (paise(1), paise(4), paise(2), paise(3)));
    assert_eq!((tick.time, tick.depth), (NOW, None));
}

#[test]
fn an_index_packet_names_high_and_low_first() {
    let paise = Price::from_paise;
    let quote = one(packet(&[NIFTY, 2_400_015, 4, 2, 1, 3, 99]));
    assert_eq!((quote.open, quote.high, quote.low, quote.close), (paise(1), paise(4), paise(2), paise(3)));
    assert_eq!((quote.volume, quote.time), (0, NOW));
    let full = one(packet(&[NIFTY, 2_400_015, 4, 2, 1, 3, 99, 1_795_415_000]));
    assert_eq!(full.time, Timestamp::from_seconds(1_795_415_000));
    assert_eq!(full.high, paise(4));
}

#[test]
fn a_full_packet_carries_five_bids_then_five_offers() {
    let bytes = full_packet();
    assert_eq!(bytes.len(), 184);
    let tick = one(bytes);
    assert_eq!((tick.oi, tick.time), (11, Timestamp::from_seconds(1_795_415_391)));
    let depth = tick.depth.unwrap();
    let level = |n: u32| DepthLevel {
        quantity: 100 + n,
        price: Price::from_paise(141_000 + i64::from(n)),
        orders: n as u16 + 1,
    };
    assert_eq!((depth.buy[0], depth.buy[4]), (level(0), level(4)));
    assert_eq!((depth.sell[0], depth.sell[4]), (level(5), level(9)));
    assert_eq!(tick.bid(), Price::from_paise(141_000));
}

#[test]
fn each_segment_has_its_divisor() {
    for (token, number, units) in [
        (INFY, 141_295, 14_129_500),
        (USDINR, 832_525_000, 832_525),
        (BSE_USDINR, 832_525, 832_525),
        (5 * 256 + 12, 832_525, 832_525),
        (7 * 256 + 7, 100, 10_000),
    ] {
        assert_eq!(one(packet(&[token, number])).last_price.units(), units, "{token}");
    }
}

#[test]
fn several_packets_share_a_message_and_bad_ones_are_counted() {
    let bytes = message(&[packet(&[INFY, 1]), packet(&[INFY, 1, 2]), full_packet(), vec![]]);
    let frame = decode(&bytes, NOW);
    assert_eq!((frame.ticks.len(), frame.skipped), (2, 2));
    let cut = decode(&bytes[..bytes.len() - 3], NOW);
    assert_eq!((cut.ticks.len(), cut.skipped), (1, 3));
}

#[test]
fn a_packet_of_unknown_length_is_skipped_by_its_length_wherever_it_stands() {
    for length in [0, 1, 7, 9, 12, 27, 33, 45, 64, 183, 185, 300] {
        let unknown = vec![0xab; length];
        let bytes =
            message(&[unknown.clone(), packet(&[INFY, 7]), unknown, full_packet(), packet(&[USDINR, 9_000])]);
        let frame = decode(&bytes, NOW);
        let tokens: Vec<_> = frame.ticks.iter().map(|tick| tick.token).collect();
        assert_eq!((tokens, frame.skipped), (vec![INFY, INFY, USDINR], 2), "{length}");
        assert_eq!(frame.ticks[2].last_price.units(), 9);
    }
}

#[test]
fn a_time_from_the_future_is_no_time() {
    let index = |seconds: i64| packet(&[NIFTY, 2_400_015, 4, 2, 1, 3, 99, (NOW.seconds() + seconds) as u32]);
    let frame = decode(&message(&[index(60), index(61), index(86_400 * 365), index(-5)]), NOW);
    let times: Vec<_> = frame.ticks.iter().map(|tick| tick.time.micros_since(NOW) / 1_000_000).collect();
    assert_eq!((times, frame.odd_times, frame.skipped), (vec![60, 0, 0, -5], 2, 0));
    let never = packet(&[NIFTY, 2_400_015, 4, 2, 1, 3, 99, u32::MAX]);
    assert_eq!(one(never).time, NOW);
}

#[test]
fn a_heartbeat_holds_nothing() {
    for beat in [&[][..], &[0], &[255], &[0, 0]] {
        assert_eq!(decode(beat, NOW), Frame::default());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let frame = decode(&bytes, NOW);
        prop_assert!(frame.ticks.len() * 10 <= bytes.len());
    }

    #[test]
    fn no_packet_of_any_length_makes_it_panic(lengths in proptest::collection::vec(0usize..200, 0..8), cut in 0usize..50) {
        let packets: Vec<_> = lengths.iter().map(|length| vec![0xff; *length]).collect();
        let bytes = message(&packets);
        let frame = decode(&bytes[..bytes.len().saturating_sub(cut)], NOW);
        prop_assert!(frame.ticks.len() + frame.skipped <= packets.len());
    }
}
