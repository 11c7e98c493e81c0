//! The official Rust client against a running simulator: the witness that nobody here wrote.
//!
//! usage: witness BASE_URL      (the simulator as `tests/run` starts it)
//! Prints `ok|FAIL name` for each case and `N passed, N failed`; exit code 1 when one failed.

mod cases;
mod desk;

use cases::Case;
use desk::{Fault, Site};

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let base = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:8081".to_owned());
    let site = Site::new(base)?;
    let accounts = site.accounts().await?;
    let all = cases::all();
    let mut failed = 0;
    for (number, (name, case)) in all.iter().enumerate() {
        match run(&site, &accounts[number % accounts.len()], *case).await {
            Ok(()) => println!("ok {name}"),
            Err(fault) => {
                failed += 1;
                println!("FAIL {name}\n{fault}");
            }
        }
    }
    println!("{} passed, {failed} failed", all.len() - failed);
    std::process::exit(i32::from(failed > 0));
}

/// Each case has a task of its own, so that what it breaks is its own too.
async fn run(site: &Site, account: &desk::Account, case: Case) -> Result<(), Fault> {
    let desk = site.sign_in(account).await?;
    tokio::spawn(case(desk)).await?
}
