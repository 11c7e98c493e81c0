//! Login, logout, profile and funds.

use super::cases;
use crate::desk::{Desk, Outcome, refused, same};
use kiteconnect::error::ErrorKind;
use kiteconnect::{AccessToken, ApiSecret};

cases![
    a_request_token_opens_a_typed_session,
    a_request_token_works_once,
    a_wrong_secret_is_a_token_exception,
    an_unknown_access_token_is_an_expired_session,
    a_newer_login_replaces_the_older_token,
    a_logout_ends_the_session,
    the_profile_names_the_user,
    the_full_profile_is_typed,
    margins_add_up,
    margins_of_one_segment_are_the_inner_object,
];

async fn a_request_token_opens_a_typed_session(desk: Desk) -> Outcome {
    let (_, session) = desk.site.session(&desk.account).await?;
    assert_eq!((&session.profile.user_id, &session.api_key), (&desk.account.user, &desk.account.key));
    assert_eq!(session.login_time.date(), desk.site.now().await?.date());
    assert!(session.refresh_token.is_none(), "an ordinary app gets no refresh token");
    Ok(())
}

async fn a_request_token_works_once(desk: Desk) -> Outcome {
    let kite = desk.site.client(&desk.account.key)?;
    let token = desk.site.request_token(&desk.account).await?;
    kite.generate_session(&token, &desk.account.secret()?).await?;
    let error = refused(kite.generate_session(&token, &desk.account.secret()?), ErrorKind::Token).await?;
    assert_eq!((error.status, error.message.as_str()), (403, "Token is invalid or has expired."));
    Ok(())
}

async fn a_wrong_secret_is_a_token_exception(desk: Desk) -> Outcome {
    let kite = desk.site.client(&desk.account.key)?;
    let token = desk.site.request_token(&desk.account).await?;
    let error = refused(kite.generate_session(&token, &ApiSecret::new("wrong")?), ErrorKind::Token).await?;
    assert_eq!(error.status, 403);
    Ok(())
}

async fn an_unknown_access_token_is_an_expired_session(desk: Desk) -> Outcome {
    let mut kite = desk.kite;
    kite.set_access_token(AccessToken::new("wrong")?);
    let error = kite.orders().await.expect_err("a wrong token opened the book");
    assert!(error.is_session_expired(), "{error}");
    Ok(())
}

async fn a_newer_login_replaces_the_older_token(desk: Desk) -> Outcome {
    let newer = desk.site.sign_in(&desk.account).await?;
    newer.kite.profile().await?;
    assert!(desk.kite.profile().await.is_err_and(|error| error.is_session_expired()));
    Ok(())
}

async fn a_logout_ends_the_session(desk: Desk) -> Outcome {
    assert!(desk.kite.invalidate_access_token().await?);
    assert!(desk.kite.profile().await.is_err_and(|error| error.is_session_expired()));
    Ok(())
}

async fn the_profile_names_the_user(desk: Desk) -> Outcome {
    let profile = desk.kite.profile().await?;
    assert_eq!((profile.user_id, profile.broker.as_str()), (desk.account.user, "ZERODHA"));
    assert!(profile.exchanges.contains(&"NSE".to_owned()) && profile.products.contains(&"CNC".to_owned()));
    assert!(profile.order_types.contains(&"SL-M".to_owned()) && !profile.meta.demat_consent.is_empty());
    Ok(())
}

async fn the_full_profile_is_typed(desk: Desk) -> Outcome {
    let profile = desk.kite.full_profile().await?;
    assert_eq!(profile.user_id, desk.account.user);
    assert!(profile.pan.starts_with('*') && !profile.dp_ids.is_empty() && !profile.bank_accounts.is_empty());
    assert!(profile.password_timestamp.is_some() && !profile.twofa_type.is_empty());
    Ok(())
}

async fn margins_add_up(desk: Desk) -> Outcome {
    let margins = desk.kite.margins().await?;
    let equity = margins.equity;
    assert!(same(equity.net, equity.available.live_balance.ok_or("no live balance")?));
    assert!(same(equity.net, equity.available.cash - equity.utilised.debits) && equity.net > 0.0);
    assert!(margins.commodity.is_some());
    Ok(())
}

async fn margins_of_one_segment_are_the_inner_object(desk: Desk) -> Outcome {
    assert!(desk.kite.segment_margins("equity").await?.enabled);
    assert!(same(desk.kite.segment_margins("commodity").await?.utilised.debits, 0.0));
    Ok(())
}
