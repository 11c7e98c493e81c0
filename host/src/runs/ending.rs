//! The end of a run: what it holds is closed where somebody wants that, and what is left in the market is said.
//!
//! Knows the run's row and its tenant's way out of the market; no shard, no machine.

use super::subject::Subject;
use std::time::Duration;
use tenant::{Leftover, RunState};

/// The first pause between two looks at what is still in the market. They grow longer while nothing changes.
const LOOK_FIRST: Duration = Duration::from_millis(250);

/// Ends the run in this state. Whether its positions were wanted closed, and are as far as can be; none when the host
/// goes down first: the next start goes on with it.
pub(super) async fn end(subject: &mut Subject, state: RunState, failed: Option<String>) -> Option<bool> {
    let squares_off = subject.run.square_off || subject.claim.wish().square_off;
    if state == RunState::Stopped && squares_off {
        let left = square_off(subject, failed.as_deref()).await?;
        subject.end_as(state, joined([failed, left.words()]).as_deref()).await.then_some(())?;
        return square_off_is_over(subject).await.then_some(true);
    }
    let left = left_behind(subject).await;
    let way_out = left.is_some().then(|| "a stop with squareOff withdraws and closes".to_owned());
    subject.end_as(state, joined([failed, left, way_out]).as_deref()).await.then_some(())?;
    // What fails is over at once; what it holds is closed behind it.
    if squares_off { close_what_is_left(subject).await } else { Some(false) }
}

/// Closes what a run holds that has ended already. None when the host goes down first.
pub(super) async fn close_what_is_left(subject: &mut Subject) -> Option<bool> {
    // A reason of an earlier try ends where that try began to speak.
    let before = subject.run.reason.clone().map(|reason| match reason.split_once(CLOSING) {
        Some((before, _)) => before.trim_end_matches("; ").to_owned(),
        None => reason,
    });
    let before = before.filter(|reason| !reason.is_empty());
    let left = square_off(subject, before.as_deref()).await?;
    let became = left.words().unwrap_or_else(|| "what it held was closed".to_owned());
    explain(subject, joined([before, Some(format!("{CLOSING}{became}"))])).await;
    square_off_is_over(subject).await.then_some(true)
}

/// Said before what becomes of the positions of a run that has ended.
const CLOSING: &str = "square-off: ";

/// Looks until nothing is left or nothing more can be done. None when the host goes down first.
async fn square_off(subject: &mut Subject, before: Option<&str>) -> Option<Leftover> {
    let mut closing = None;
    let mut pause = LOOK_FIRST;
    let mut last = None;
    loop {
        if closing.is_none() {
            closing = subject.tenant.close_out(&subject.run.id).await.ok().flatten();
        }
        let why = match &mut closing {
            Some(closing) => match closing.look().await {
                Ok(left) if left.is_final() => return Some(left),
                Ok(left) => left.words().unwrap_or_default(),
                Err(error) => error.to_string(),
            },
            None => "the database does not answer".to_owned(),
        };
        let said = format!("{CLOSING}waiting for broker to close: {why}");
        explain(subject, joined([before.map(str::to_owned), Some(said)])).await;
        if last.as_ref() != Some(&why) {
            pause = LOOK_FIRST;
            last = Some(why);
        }
        if !wait(subject, &mut pause).await {
            return None;
        }
    }
}

/// A line that comes back is a reason to look at once. False when the host goes down.
async fn wait(subject: &Subject, pause: &mut Duration) -> bool {
    let mut broker = subject.tenant.broker_state();
    tokio::select! {
        goes_on = subject.pause(pause) => goes_on,
        _ = broker.changed() => {
            *pause = LOOK_FIRST;
            !subject.claim.wish().suspend
        }
    }
}

async fn explain(subject: &mut Subject, reason: Option<String>) {
    let reason = reason.unwrap_or_default();
    match subject.tenant.explain_run(&subject.run.id, &reason).await {
        Ok(()) => subject.run.reason = Some(reason),
        Err(error) => subject.not_written("why it waits", &error),
    }
}

/// The wish is fulfilled, as far as it can be. False when the host goes down before that is written.
async fn square_off_is_over(subject: &mut Subject) -> bool {
    let mut pause = LOOK_FIRST;
    loop {
        let Err(error) = subject.tenant.set_square_off(&subject.run.id, false).await else {
            subject.run.square_off = false;
            return true;
        };
        subject.not_written("the end of the square-off", &error);
        if !subject.pause(&mut pause).await {
            return false;
        }
    }
}

/// What the run leaves in the market, in words.
async fn left_behind(subject: &Subject) -> Option<String> {
    match subject.tenant.left_by(&subject.run.id).await {
        Ok(left) => left.words(),
        Err(error) => Some(format!("what it leaves in the market is not known: {error}")),
    }
}

fn joined(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
