//! Waits for the compile child, and no longer than it may take. Whatever happens here, the child is gone afterwards.

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::io;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(5);
/// In the line of `/proc/PID/stat`, counted from the word after the name.
const USER_TICKS: usize = 11;
const SYSTEM_TICKS: usize = 12;

/// How a child ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Nothing when it had to be killed for its time on the wall.
    pub(super) status: Option<ExitStatus>,
    /// The processor time it used.
    pub(super) cpu: Duration,
}

/// Waits for the end. The child is killed when its time is over, and when nobody can tell how it is.
pub(super) fn wait(child: &mut Child, wall: Duration) -> io::Result<Ended> {
    let ended = watch(child, wall);
    if !matches!(ended, Ok(Ended { status: Some(_), .. })) {
        // It may be gone already, which is what is wanted.
        let _ = child.kill();
        let _ = child.wait();
    }
    ended
}

fn watch(child: &mut Child, wall: Duration) -> io::Result<Ended> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::other("the child has no process id"))?;
    let deadline = Instant::now() + wall;
    loop {
        // Looked at without taking it away, because its times can be read only until then.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if waitid(WaitId::Pid(pid), options)?.is_some() {
            let cpu = cpu_of(child.id()).unwrap_or_default();
            return Ok(Ended { status: Some(child.wait()?), cpu });
        }
        if Instant::now() >= deadline {
            return Ok(Ended { status: None, cpu: cpu_of(child.id()).unwrap_or_default() });
        }
        thread::sleep(POLL);
    }
}

/// The processor time of a process that was not taken away yet.
fn cpu_of(pid: u32) -> Option<Duration> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before may hold anything, brackets too.
    let words: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| words.get(at)?.parse::<u64>().ok();
    let all = ticks(USER_TICKS)? + ticks(SYSTEM_TICKS)?;
    Some(Duration::from_millis(all * 1_000 / rustix::param::clock_ticks_per_second().max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    fn shell(script: &str) -> Child {
        Command::new("sh").args(["-c", script]).spawn().unwrap()
    }

    #[test]
    fn a_child_that_somebody_killed_is_told_from_one_that_used_its_time() {
        let ended = wait(&mut shell("kill -9 $$"), Duration::from_secs(60)).unwrap();
        assert_eq!(ended.status.and_then(|status| status.signal()), Some(9));
        assert!(ended.cpu < Duration::from_millis(500), "{ended:?}");
        let busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        let ended = wait(&mut shell(busy), Duration::from_secs(60)).unwrap();
        assert!(
            ended.status.is_some_and(|status| status.success()) && ended.cpu >= Duration::from_millis(20),
            "{ended:?}"
        );
    }

    #[test]
    fn a_child_is_gone_after_its_time_and_after_an_error() {
        let mut late = shell("exec sleep 60");
        assert!(wait(&mut late, Duration::from_millis(20)).unwrap().status.is_none());
        assert!(late.try_wait().unwrap().is_some(), "it was killed and taken away");
        let mut taken = shell("exit 0");
        taken.wait().unwrap();
        wait(&mut taken, Duration::from_secs(60)).expect_err("somebody else took it away");
    }
}
