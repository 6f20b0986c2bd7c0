//! A program under test: what it prints is kept line by line and waited for.

use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Notify;

/// A running program, ended with the value.
pub struct Process {
    name: &'static str,
    _child: Child,
    stdin: ChildStdin,
    lines: Arc<Mutex<Vec<String>>>,
    printed: Arc<Notify>,
    /// Lines before this one have been waited for.
    seen: usize,
}

impl Process {
    /// Starts `name` with a home folder of its own.
    pub fn start(name: &'static str, args: &[&str], home: &Path) -> Result<Self> {
        let mut child = Command::new(name)
            .args(args)
            .env("HOME", home)
            .env("XDG_DATA_HOME", home)
            .env("XDG_CONFIG_HOME", home)
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{name} does not start; install it: cargo xtask setup"))?;
        let stdin = child.stdin.take().context("no way to speak to it")?;
        let stdout = child.stdout.take().context("no way to hear it")?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let printed = Arc::new(Notify::new());
        let (kept, told) = (lines.clone(), printed.clone());
        tokio::spawn(async move {
            let mut reader = BufReader::new(stdout);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line).trim().to_owned();
                kept.lock().expect("no panic while locked").push(text);
                told.notify_waiters();
                line.clear();
            }
        });
        Ok(Self { name, _child: child, stdin, lines, printed, seen: 0 })
    }

    /// Types a line.
    pub async fn tell(&mut self, line: &str) -> Result<()> {
        self.stdin.write_all(format!("{line}\n").as_bytes()).await?;
        self.stdin.flush().await.with_context(|| format!("{} does not listen", self.name))
    }

    /// Waits for a line that was not waited for yet and has one of these texts
    /// in it; the lines up to it count as seen.
    pub async fn until(&mut self, texts: &[&str], within: Duration) -> Result<String> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let printed = self.printed.notified();
            {
                let lines = self.lines.lock().expect("no panic while locked");
                let fresh = lines.iter().enumerate().skip(self.seen);
                let found = fresh.into_iter().find(|(_, l)| texts.iter().any(|t| l.contains(t)));
                if let Some((at, line)) = found {
                    self.seen = at + 1;
                    return Ok(line.clone());
                }
            }
            if tokio::time::timeout_at(deadline, printed).await.is_err() {
                let lines = self.lines.lock().expect("no panic while locked");
                let said = lines.iter().skip(self.seen).cloned().collect::<Vec<_>>().join("\n");
                bail!("{}: none of {texts:?} within {within:?}; it said\n{said}", self.name);
            }
        }
    }
}
