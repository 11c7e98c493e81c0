//! One run's task: from its start, through waiting for the broker, to its end.
//!
//! It makes the run ready, starts its machine, hands it to a shard and sees it out. What happens in between is
//! `running`'s, the way out of the market `ending`'s.

use super::begin::{Begun, anew, as_it_was, asked, not_to_run};
use super::cell::Opening;
use super::ending;
use super::prepare::{Made, NotReady, Ready, prepare, warm_up};
use super::rebuild::{Rebuilt, rebuild};
use super::running::{Ended, Running};
use super::said;
use super::shard::Command;
use super::subject::{PAUSE_FIRST, PAUSE_MAX, Subject};
use crate::programs::ProgramError;
use sandbox::LogLevel;
use std::sync::Arc;
use std::time::Duration;
use tenant::{RunState, StrategyError};
use tokio::sync::mpsc;

/// Messages from a shard that may wait for the run's task, in messages. Then the shard lets the run wait.
const TOLD_MAX: usize = 64;

/// Restarts nobody asked for, within [`RESTARTS_WITHIN_S`], before a run is left alone.
const RESTARTS_MAX: u32 = 5;

/// Over how long they are counted, in seconds.
const RESTARTS_WITHIN_S: i64 = 15 * 60;

/// The pause before the first such restart; each further one waits twice as long.
const BACKOFF_FIRST: Duration = Duration::from_secs(1);

/// Tries to compile a version that was compiled before. The compiler's limits are of time and memory, and a host that
/// comes back is short of both.
const COMPILES_MAX: u32 = 5;

/// Where a run's task begins.
pub(super) enum Begin {
    /// With a new run, whose component is ready.
    Fresh(Made),
    /// With a run that the host found active when it came back.
    Again,
    /// With its end: there is nothing left to run.
    Ending,
}

/// A run's task.
pub(super) struct Life {
    subject: Subject,
    made: Option<Made>,
    begin: Begin,
    /// True when the run may have missed something since it heard last.
    again: bool,
    /// Why it does not go on as it was, where it was to.
    anew_because: Option<String>,
    /// It goes on as it was, if it can.
    is_to_be_rebuilt: bool,
    compiles: u32,
}

/// What a run begins with.
enum Found {
    Anew(Box<Ready>),
    AsItWas(Box<Rebuilt>),
}

impl Life {
    pub(super) fn new(subject: Subject, begin: Begin) -> Self {
        Self {
            subject,
            made: None,
            begin,
            again: false,
            anew_because: None,
            is_to_be_rebuilt: false,
            compiles: 0,
        }
    }

    /// Lives the run to its end and writes the end down.
    pub(super) async fn live(mut self) {
        let mut pause = PAUSE_FIRST;
        loop {
            let ended = match std::mem::replace(&mut self.begin, Begin::Ending) {
                Begin::Fresh(made) => {
                    self.made = Some(made);
                    self.run().await
                }
                Begin::Again => {
                    (self.again, self.is_to_be_rebuilt, self.anew_because) = (true, true, None);
                    match self.come_back().await {
                        Ok(()) => self.run().await,
                        Err(ended) => ended,
                    }
                }
                Begin::Ending => Ended::Asked(Ok(())),
            };
            let squared_off = match ended {
                Ended::Suspended | Ended::RowClosed => return,
                Ended::ShardGone => {
                    self.begin = Begin::Again;
                    continue;
                }
                Ended::Retry(why) => {
                    self.subject.wait_as(RunState::Starting, &format!("waiting: {why}")).await;
                    if !self.subject.pause(&mut pause).await {
                        return;
                    }
                    if let Some(made) = self.made.take() {
                        self.begin = Begin::Fresh(made);
                    }
                    continue;
                }
                Ended::Failed(reason) => ending::end(&mut self.subject, RunState::Failed, Some(reason)).await,
                Ended::Quarantined(reason) => {
                    ending::end(&mut self.subject, RunState::Quarantined, Some(reason)).await
                }
                Ended::Asked(_) if self.subject.run.state.is_final() => {
                    ending::close_what_is_left(&mut self.subject).await
                }
                Ended::Asked(outcome) => {
                    let failed = outcome.err().map(|why| format!("its last words failed: {why}"));
                    ending::end(&mut self.subject, RunState::Stopped, failed).await
                }
            };
            let Some(squared_off) = squared_off else { return };
            // A square-off that was asked for at the last instant begins the round again, from its end.
            if self.subject.claim.give_up(squared_off) {
                return;
            }
            self.reread().await;
        }
    }

    /// Its row as it stands: somebody may have asked for its positions meanwhile.
    async fn reread(&mut self) {
        match self.subject.tenant.run(&self.subject.run.id).await {
            Ok(Some(run)) => self.subject.run = run,
            Ok(None) => {}
            Err(error) => self.subject.not_written("what became of the run was read, not", &error),
        }
    }

    /// Counts the restart; waits the longer the more there were, and gives up when there were too many.
    async fn come_back(&mut self) -> Result<(), Ended> {
        let mut pause = PAUSE_FIRST;
        let lately = loop {
            match self.subject.tenant.count_restart(&self.subject.run.id, RESTARTS_WITHIN_S).await {
                Ok(lately) => break lately,
                Err(error) => self.subject.not_written("a restart", &error),
            }
            self.subject.claim.unless_asked(self.subject.pause(&mut pause)).await.map_err(asked)?;
        };
        match backoff(lately) {
            None => Err(Ended::Quarantined(format!(
                "the host had to start it again more than {RESTARTS_MAX} times within {} minutes: \
                 start it anew when the cause is found",
                RESTARTS_WITHIN_S / 60
            ))),
            Some(Duration::ZERO) => Ok(()),
            Some(pause) => {
                let why = format!("starting again in {} s, for the {lately}. time lately", pause.as_secs());
                // Its state tells of it only while it waits, and the trader may look later.
                self.subject.say(LogLevel::Warn, &why);
                self.subject.wait_as(RunState::Starting, &why).await;
                self.subject.claim.unless_asked(tokio::time::sleep(pause)).await.map_err(asked)
            }
        }
    }

    async fn run(&mut self) -> Ended {
        match self.until_ready().await {
            Ok((made, found)) => {
                self.made = Some(made.clone());
                self.run_it(made, found).await
            }
            Err(ended) => ended,
        }
    }

    /// Tries until everything is there that the run starts from. A wish to stop or go down is heard at once.
    async fn until_ready(&mut self) -> Result<(Made, Found), Ended> {
        let mut pause = PAUSE_FIRST;
        let mut broker = self.subject.tenant.broker_state();
        loop {
            let getting = get_ready(&self.subject, self.made.clone(), self.is_to_be_rebuilt);
            let tried = self.subject.claim.unless_asked(getting).await.map_err(asked)?;
            let (state, why) = match tried {
                Ok(found) => return Ok(found),
                Err(NotReady::NeverBegan) => {
                    self.is_to_be_rebuilt = false;
                    continue;
                }
                Err(NotReady::Anew(why)) => {
                    self.is_to_be_rebuilt = false;
                    self.say_it_begins_anew(why);
                    continue;
                }
                Err(NotReady::Never(reason)) => return Err(Ended::Failed(reason)),
                Err(NotReady::Compile(reason)) if self.compiles >= COMPILES_MAX => {
                    return Err(Ended::Failed(reason));
                }
                Err(NotReady::Compile(reason)) => {
                    self.compiles += 1;
                    (RunState::Starting, format!("waiting to compile it again: {reason}"))
                }
                Err(NotReady::Host(why)) => (RunState::Starting, format!("waiting: {why}")),
                Err(NotReady::Broker(why)) => (RunState::WaitingForBroker, why),
            };
            self.subject.wait_as(state, &why).await;
            let waited = async {
                tokio::select! {
                    () = tokio::time::sleep(pause) => (pause * 2).min(PAUSE_MAX),
                    _ = broker.changed() => PAUSE_FIRST,
                }
            };
            pause = self.subject.claim.unless_asked(waited).await.map_err(asked)?;
        }
    }

    /// Loud, because whatever only its memory held is gone.
    fn say_it_begins_anew(&mut self, why: String) {
        let (broker_id, run) = (self.subject.tenant.broker_id(), &self.subject.run.id);
        tracing::error!(%broker_id, run, "a run begins anew and does not go on as it was: {why}");
        let text = format!(
            "it begins anew, with its stored state and new bars, instead of going on as it was: {why}"
        );
        self.subject.say(LogLevel::Error, &text);
        self.anew_because = Some(text);
    }

    async fn run_it(&mut self, (program, params): Made, found: Found) -> Ended {
        let begun = match found {
            Found::Anew(ready) => anew(&self.subject, &program, &params, *ready, self.again).await,
            Found::AsItWas(rebuilt) => Ok(as_it_was(&self.subject, *rebuilt)),
        };
        let begun = match begun {
            Ok(begun) => begun,
            Err(ended) => return ended,
        };
        match self.subject.stand(RunState::Running, self.anew_because.as_deref()).await {
            Ok(true) => {}
            Ok(false) => return not_to_run(&self.subject),
            Err(error) => return Ended::Retry(error.to_string()),
        }
        self.move_in(begun).await
    }

    /// Onto a shard, until it is over there.
    async fn move_in(&self, begun: Begun) -> Ended {
        let Begun { line, machine, tokens, heard_at, bars, timers, recorder, day, first, told } = begun;
        let Some((number, slot)) = self.subject.inner.place() else {
            return Ended::Failed("no thread of the host is left to run it: restart the host".to_owned());
        };
        let shard = self.subject.inner.shards[number].clone();
        let feed = self.subject.inner.feeds.of(&self.subject.tenant);
        let counters = self.subject.claim.counters();
        let _seat = feed.seat(slot, number, tokens.clone(), Arc::clone(counters)).await;
        let (outlet, said) = mpsc::channel(TOLD_MAX);
        let (feed, counters) = (feed.number(), Arc::clone(counters));
        let opening = Opening {
            slot,
            feed,
            tokens,
            machine,
            heard_at,
            bars,
            timers,
            recorder,
            counters,
            outlet,
            first: told,
        };
        let (subject, said_waits_at) = (&self.subject, None);
        let running = Running { subject, line, shard: shard.clone(), slot, told: said, day, said_waits_at };
        if let Some((step, tail)) = first
            && let Err(error) = running.write(step, tail).await
        {
            return Ended::Failed(format!("what it did could not be written down: {error}"));
        }
        if !shard.tell(Command::Open(Box::new(opening))).await {
            return Ended::ShardGone;
        }
        running.hear_out().await
    }
}

/// How long to wait before a restart, by how many there were lately with this one; none when there were too many.
fn backoff(lately: u32) -> Option<Duration> {
    match lately {
        0 => Some(Duration::ZERO),
        1..=RESTARTS_MAX => Some(BACKOFF_FIRST * 2_u32.pow(lately - 1)),
        _ => None,
    }
}

async fn get_ready(
    subject: &Subject,
    made: Option<Made>,
    is_to_be_rebuilt: bool,
) -> Result<(Made, Found), NotReady> {
    let made = match made {
        Some(made) => made,
        None => make(subject).await?,
    };
    if is_to_be_rebuilt {
        let rebuilt = rebuild(subject, &made).await?;
        return Ok((made, Found::AsItWas(Box::new(rebuilt))));
    }
    let (program, params) = &made;
    let (inner, tenant) = (&subject.inner, &subject.tenant);
    let session = inner.calendar.hours(inner.clock.now().date());
    let ready = prepare(tenant, &subject.run, program.manifest(), params, &inner.clock, session).await?;
    Ok((made, Found::Anew(Box::new(ready))))
}

/// Compiles a stored version and binds the parameters that the run was started with.
async fn make(subject: &Subject) -> Result<Made, NotReady> {
    let _turn = subject.inner.cores.acquire().await;
    let run = &subject.run;
    let found = subject.tenant.strategy(&run.strategy_id).await?;
    let deleted = || NotReady::Never("its strategy was deleted".to_owned());
    let strategy = found.ok_or_else(deleted)?;
    let program = subject.inner.programs.of_version(&strategy, run.version).await.map_err(not_compiled)?;
    let given = run.params.as_object().cloned().unwrap_or_default();
    let never = |errors: &[sandbox::ParamError]| NotReady::Never(said(errors));
    let params = program.manifest().bind(given).map_err(|errors| never(&errors))?;
    warm_up(program.manifest(), &params).map_err(|error| never(&[error]))?;
    Ok((program, params))
}

fn not_compiled(error: ProgramError) -> NotReady {
    match error {
        ProgramError::Strategy(StrategyError::Store(error)) => error.into(),
        ProgramError::Strategy(error) => NotReady::Never(error.to_string()),
        ProgramError::Refused(_) | ProgramError::Broken(_) | ProgramError::Busy => {
            NotReady::Compile(error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_restart_waits_twice_as_long_and_the_sixth_is_one_too_many() {
        let seconds: Vec<_> = (0..=6).map(|lately| backoff(lately).map(|pause| pause.as_secs())).collect();
        assert_eq!(seconds, [Some(0), Some(1), Some(2), Some(4), Some(8), Some(16), None]);
    }
}
