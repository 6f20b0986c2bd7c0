//! `strowger flow simulate --sip`: a phone without an account calls the flow at
//! any number, and a new build of it is taken up.

use crate::support::SOON;
use anyhow::{Context as _, Result};
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;
use strowger_e2e::house::binary;
use strowger_e2e::phone::Phone;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{ChildStdout, Command};

/// A server starts and compiles its routers meanwhile.
const START: Duration = Duration::from_secs(60);

async fn until(
    lines: &mut Lines<BufReader<ChildStdout>>,
    what: &str,
    within: Duration,
) -> Result<String> {
    let found = async {
        loop {
            let line = lines.next_line().await?.context("the simulation has ended")?;
            if line.contains(what) {
                return Ok(line);
            }
        }
    };
    tokio::time::timeout(within, found).await.with_context(|| format!("no line says {what:?}"))?
}

#[tokio::test]
async fn a_phone_calls_whatever_number_and_hears_the_flow() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("flow.wasm");
    std::fs::write(&file, strowger_stock::guest("ivr-menu").context("a stock flow")?)?;
    let mut child = Command::new(binary()?)
        .args(["flow", "simulate"])
        .arg(&file)
        .arg("--sip=127.0.0.1:0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().context("its output")?;
    let mut lines = BufReader::new(output).lines();
    let line = until(&mut lines, "call sip:", START).await?;
    let (_, rest) = line.split_once('@').context("an address")?;
    let server: SocketAddr = rest.split(' ').next().context("an address")?.parse()?;

    let phone = Phone::start(server).await?;
    for number in ["flow", "+4930123456", "0"] {
        let talk = phone.call("me", &format!("sip:{number}@{server}"), None).await?;
        talk.audio.hear_sound(SOON).await?;
        talk.hang_up().await?;
    }

    std::fs::write(&file, strowger_stock::guest("voicemail").context("a stock flow")?)?;
    until(&mut lines, "new calls get version 2", START).await?;
    std::fs::write(&file, b"not wasm at all")?;
    until(&mut lines, "not taken", SOON).await?;
    let talk = phone.call("me", &format!("sip:flow@{server}"), None).await?;
    talk.hang_up().await
}
