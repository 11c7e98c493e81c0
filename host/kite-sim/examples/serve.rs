//! The demo's simulator alone, for trying clients by hand: `cargo run -p kite-sim --example serve [ADDRESS]`.

use kite_sim::{SimConfig, Simulator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8081".to_owned()).parse()?;
    let simulator = Simulator::start(SimConfig::demo(listen)).await?;
    println!("http://{}/sim/", simulator.address());
    tokio::signal::ctrl_c().await?;
    simulator.stop().await;
    Ok(())
}
