//! One child process whose output goes to a file, killed when dropped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running child.
pub struct Process {
    child: Child,
    output: PathBuf,
    name: String,
}

impl Process {
    /// Builds the binary under test, so that what follows is not timed with it.
    pub fn ready() {
        crate::binary::bulkhead();
    }

    /// The path of the binary under test, for verbs that end by themselves.
    pub fn binary() -> &'static Path {
        crate::binary::bulkhead()
    }

    /// Starts `bulkhead` with the arguments; standard output and error go to `folder/name.out`.
    pub fn bulkhead(name: &str, folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = Command::new(crate::binary::bulkhead());
        // What whoever runs the tests has set for a host of their own must not reach this one.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BULKHEAD_"))
        {
            command.env_remove(name);
        }
        command.args(args).envs(env.iter().copied()).current_dir(folder);
        Self::spawn(name, folder, command)
    }

    /// Starts any command the same way.
    pub fn spawn(name: &str, folder: &Path, mut command: Command) -> Self {
        let output = folder.join(format!("{name}.out"));
        let file = File::options().create(true).append(true).open(&output).expect("the output file opens");
        let errors = file.try_clone().expect("a file handle can be cloned");
        command.stdin(Stdio::null()).stdout(file).stderr(errors);
        let child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        Self { child, output, name: name.to_owned() }
    }

    /// What it has printed so far.
    pub fn output(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would: nothing is flushed, nobody is told.
    pub fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }

    /// Sends it a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", name]).arg(self.child.id().to_string()).status().expect("kill runs");
    }

    /// Asks it to end (SIGTERM) and waits.
    pub fn terminate(&mut self, deadline: Duration) -> ExitStatus {
        self.signal("TERM");
        self.ended_within(deadline)
    }

    /// Waits until it has ended by itself.
    pub fn ended_within(&mut self, deadline: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(start.elapsed() < deadline, "{} did not end in time:\n{}", self.name, self.output());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Panics with the output when it has ended by itself.
    pub fn assert_running(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("{} ended by itself with {status}:\n{}", self.name, self.output());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- output of {} ---\n{}", self.name, last_lines(&self.output(), 60));
        }
        self.kill();
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
