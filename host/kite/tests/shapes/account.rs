//! Who the trader is, what they can spend, and how a session begins and ends.

use crate::{answered_with, asked, body, money};
use kite::Secret;

#[tokio::test]
async fn a_profile_keeps_what_nobody_asked_for() {
    let (session, server) = answered_with("profile").await;
    let profile = session.profile().await.unwrap();
    assert_eq!((profile.user_id.as_str(), profile.user_shortname.as_deref()), ("UK9394", Some("Asha")));
    assert_eq!(profile.exchanges, ["NSE", "NFO", "NCO", "MF"]);
    assert_eq!(profile.avatar_url, None);
    assert_eq!(profile.extra["meta"]["demat_consent"], "consent");
    assert_eq!(asked(&server), "GET /user/profile");
}

#[tokio::test]
async fn a_full_profile_names_bank_and_depository_accounts() {
    let (session, server) = answered_with("full_profile").await;
    let full = session.full_profile().await.unwrap();
    assert_eq!((full.pan.as_deref(), full.phone.as_deref()), (Some("*567K"), Some("*4321")));
    assert_eq!(full.bank_accounts.len(), 2);
    assert_eq!(
        (full.bank_accounts[0].branch.as_deref(), full.bank_accounts[1].branch.as_deref()),
        (None, Some("FORT"))
    );
    assert_eq!((full.dp_ids.len(), full.tags), (1, vec!["nri".to_owned()]));
    assert_eq!(full.password_timestamp.unwrap().ist_text(), "2026-01-05 09:00:00");
    assert_eq!(full.profile.extra["meta"]["poa"], "ddpi");
    assert_eq!(asked(&server), "GET /user/profile/full");
}

#[tokio::test]
async fn funds_come_for_both_segments_or_for_one() {
    let (session, _) = answered_with("margins").await;
    let margins = session.margins().await.unwrap();
    assert_eq!((margins.equity.net, margins.commodity.unwrap().net), (money(500_001_000), money(10_005_000)));
    let (session, server) = answered_with("margins_equity").await;
    let equity = session.equity_margins().await.unwrap();
    assert_eq!(
        (equity.available.cash, equity.utilised.span),
        (Some(money(750_003_000)), Some(money(1_019_890_000)))
    );
    assert_eq!(asked(&server), "GET /user/margins/equity");
    let (session, server) = answered_with("margins_commodity").await;
    assert_eq!(session.commodity_margins().await.unwrap().net, money(9_999_900));
    assert_eq!(asked(&server), "GET /user/margins/commodity");
}

#[tokio::test]
async fn a_session_begins_with_a_grant_and_ends_with_a_logout() {
    let (session, server) = answered_with("grant").await;
    let grant = session.connection().exchange_token("key", &Secret::new("s"), "rt").await.unwrap();
    assert_eq!((grant.access_token.expose(), grant.refresh_token), ("at-of-uk9394", None));
    assert_eq!(grant.login_time.unwrap().ist_text(), "2026-11-23 08:15:14");
    assert_eq!(asked(&server), "POST /session/token");
    let (session, server) = answered_with("logout").await;
    session.logout().await.unwrap();
    assert_eq!(asked(&server), "DELETE /session/token?api_key=key&access_token=t0ken");
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_and_ended() {
    let (session, server) = answered_with("grant").await;
    let line = session.connection();
    let grant = line.refresh_token("a", &Secret::new("c"), &Secret::new("b")).await.unwrap();
    assert_eq!(grant.user_id, "UK9394");
    assert_eq!(asked(&server), "POST /session/refresh_token");
    // sha256("a" + "b" + "c")
    let checksum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(body(&server), format!("api_key=a&refresh_token=b&checksum={checksum}"));
    let (session, server) = answered_with("logout").await;
    session.connection().drop_refresh_token("a", &Secret::new("b")).await.unwrap();
    assert_eq!(asked(&server), "DELETE /session/token?api_key=a&refresh_token=b");
}
