//! What one update of each indicator costs, beside an addition as the baseline: `cargo bench -p sdk`.

use divan::{Bencher, black_box};
use sdk::indicators::{Atr, Bollinger, Ema, Rsi, Sma};

const VALUES: usize = 10_000;

fn main() {
    divan::main();
}

fn prices() -> Vec<f64> {
    (0..VALUES).map(|index| 1_500.0 + (index as f64 * 0.37).sin() * 20.0).collect()
}

fn feed(bencher: Bencher<'_, '_>, mut update: impl FnMut(f64)) {
    let prices = prices();
    bencher.counter(VALUES).bench_local(|| {
        for price in &prices {
            update(black_box(*price));
        }
    });
}

#[divan::bench]
fn baseline_sum(bencher: Bencher<'_, '_>) {
    let mut sum = 0.0;
    feed(bencher, |price| sum = black_box(sum + price));
}

#[divan::bench]
fn sma(bencher: Bencher<'_, '_>) {
    let mut sma = Sma::new(50);
    feed(bencher, |price| {
        black_box(sma.update(price));
    });
}

#[divan::bench]
fn ema(bencher: Bencher<'_, '_>) {
    let mut ema = Ema::new(50);
    feed(bencher, |price| {
        black_box(ema.update(price));
    });
}

#[divan::bench]
fn rsi(bencher: Bencher<'_, '_>) {
    let mut rsi = Rsi::new(14);
    feed(bencher, |price| {
        black_box(rsi.update(price));
    });
}

#[divan::bench]
fn atr(bencher: Bencher<'_, '_>) {
    let mut atr = Atr::new(14);
    feed(bencher, |price| {
        black_box(atr.update_with(price + 1.0, price - 1.0, price));
    });
}

#[divan::bench]
fn bollinger(bencher: Bencher<'_, '_>) {
    let mut bands = Bollinger::new(20, 2.0);
    feed(bencher, |price| {
        black_box(bands.update(price));
    });
}
