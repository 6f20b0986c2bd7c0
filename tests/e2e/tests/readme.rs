//! The page "Your own flow in five minutes" of the README, typed as it stands
//! into a shell in an empty folder; then a telephone call.

use anyhow::{Context as _, Result, bail, ensure};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use strowger_e2e::house::binary;
use strowger_e2e::phone::Phone;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const README: &str = include_str!("../../../README.md");
const PAGE: &str = "## Your own flow in five minutes";
/// What a shell says when a line is done.
const DONE: &str = "typed-line-ended-with";
/// Longest a line may take: one compiles the SDK on a busy machine.
const PATIENCE: Duration = Duration::from_secs(900);

#[tokio::test]
async fn from_an_empty_folder_to_a_call_answered_by_ones_own_flow() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (http, sip) = (free_tcp()?, free_udp()?);
    let mut shell = Shell::open(folder.path(), http, sip)?;
    for line in typed_lines()? {
        shell.type_line(&line).await?;
        if line.contains("flow new") {
            use_tested_versions(&folder.path().join("reception"))?;
        }
    }
    let phone = Phone::start(sip).await?;
    let to = dialled()?.replace("127.0.0.1", &sip.to_string());
    let talk = phone.call("+441632960999", &to, None).await?;
    talk.audio.hear_sound(Duration::from_secs(20)).await?;
    talk.hang_up().await
}

/// The page, without what comes after it.
fn page() -> Result<&'static str> {
    let from = README.find(PAGE).context("the page is gone from the README")?;
    let page = &README[from..];
    Ok(page[PAGE.len()..].find("\n## ").map_or(page, |to| &page[..PAGE.len() + to]))
}

/// The commands of the block that is typed: the first builds what is tested here.
fn typed_lines() -> Result<Vec<String>> {
    let mut blocks = page()?.split("```sh\n").skip(1);
    let built = blocks.next().context("no block of commands")?;
    ensure!(built.contains("cargo build"), "the first block is to build the program");
    let block = blocks.next().context("no second block of commands")?;
    let (block, _) = block.split_once("```").context("a block without an end")?;
    let lines = block.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}

/// What the reader is told to dial.
fn dialled() -> Result<&'static str> {
    let page = page()?;
    let from = page.find("`sip:").context("nothing to dial")? + 1;
    page[from..].split('`').next().context("nothing to dial")
}

/// A shell, and everything that was started in it.
struct Shell {
    bash: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Shell {
    /// The reader's shell, but for the ports (another server may run here) and
    /// the folders in which cargo keeps what it compiled before.
    fn open(folder: &Path, http: SocketAddr, sip: SocketAddr) -> Result<Self> {
        let program = binary()?;
        let bin = program.parent().context("the program is in a folder")?;
        let target = bin.parent().context("the program is in a target folder")?;
        let config = folder.join(".strowger.toml");
        std::fs::write(&config, format!("http = \"{http}\"\n[sip]\nlisten = \"{sip}\"\n"))?;
        let path = std::env::var("PATH").unwrap_or_default();
        let mut bash = Command::new("bash")
            .arg("--norc")
            .current_dir(folder)
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("STROWGER_CONFIG", &config)
            .env("STROWGER_URL", format!("http://{http}"))
            .env("XDG_CONFIG_HOME", folder)
            .env("RUST_LOG", "error")
            .env("STROWGER_GUEST_TARGET_DIR", target.join("guests"))
            .env("CARGO_TARGET_DIR", PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("projects"))
            .env_remove("STROWGER_API_KEY")
            .env_remove("STROWGER_TENANT")
            .env_remove("STROWGER_PROFILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let input = bash.stdin.take().context("the shell's input")?;
        let output = bash.stdout.take().context("the shell's output")?;
        Ok(Self { bash, input, output: BufReader::new(output).lines() })
    }

    /// Types a line and waits until it is done, or, in the background, ready.
    async fn type_line(&mut self, line: &str) -> Result<()> {
        eprintln!("$ {line}");
        let told = format!("{line}\necho; echo {DONE} $?\n");
        self.input.write_all(told.as_bytes()).await?;
        let command = line.split('#').next().unwrap_or(line).trim_end();
        let is_background = command.ends_with('&');
        let (mut done, mut ready) = (false, !is_background);
        let seen = async {
            while !(done && ready) {
                let said = self.output.next_line().await?.context("the shell has ended")?;
                eprintln!("  {said}");
                if let Some(status) = said.strip_prefix(DONE) {
                    ensure!(status.trim() == "0", "`{line}` ended with {status}");
                    done = true;
                }
                ready |= said.starts_with("strowger is ready");
            }
            Ok(())
        };
        match tokio::time::timeout(PATIENCE, seen).await {
            Ok(result) => result,
            Err(_) => bail!("`{line}` did not end within {PATIENCE:?}"),
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // The server is a child of the shell and would outlive it.
        if let Some(group) = self.bash.id() {
            let group = format!("-{group}");
            let _ = std::process::Command::new("kill").args(["-KILL", "--", &group]).status();
        }
    }
}

/// The versions that the examples are tested with, so that the test does not
/// depend on what was released this morning.
fn use_tested_versions(project: &Path) -> Result<()> {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-examples/Cargo.lock");
    std::fs::copy(lock, project.join("Cargo.lock"))?;
    Ok(())
}

fn free_tcp() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Free for TCP as well, where SIP listens too.
fn free_udp() -> Result<SocketAddr> {
    for _ in 0..100 {
        let address = UdpSocket::bind("127.0.0.1:0")?.local_addr()?;
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no port is free for both UDP and TCP")
}
