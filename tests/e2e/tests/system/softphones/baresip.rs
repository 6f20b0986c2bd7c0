//! baresip without a screen: it says what is in a file, writes down what it hears,
//! and is told what to do over its TCP control socket (netstrings of JSON).

use super::process::Process;
use super::{Softphone, Voice, sound};
use crate::support::{AGENT_HZ, SOON, Scene, TENANT};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;
use strowger_e2e::tenant::{self, DOMAIN, PASSWORD};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Where distributions install its modules; the second is Debian's old place.
const MODULES: [&str; 4] = [
    "/usr/lib/baresip/modules",
    "/usr/lib/x86_64-linux-gnu/baresip/modules",
    "/usr/lib/aarch64-linux-gnu/baresip/modules",
    "/usr/local/lib/baresip/modules",
];
/// Longest message of its control socket.
const MAX_MESSAGE: usize = 64 * 1024;

/// A running baresip.
pub struct Baresip {
    control: TcpStream,
    /// What happened while it carried out a command.
    passed: VecDeque<Value>,
    _process: Process,
    home: TempDir,
    rate: u32,
}

impl Softphone for Baresip {
    /// The baresip that distributions ship gives up when any challenge names
    /// something else than MD5.
    const CONFIG: &str = "[sip]\nchallenge = \"weak-only\"\n";
    /// Its recorder, once stopped, is not started again.
    const RECORDS_AFTER_HOLD: bool = false;

    async fn start(scene: &Scene, extension: &str, voice: Voice) -> Result<Self> {
        tenant::add_agent(&scene.house, TENANT, extension).await?;
        let home = tempfile::tempdir()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let channels = if voice == Voice::Opus { 2 } else { 1 };
        sound::write_tone(&home.path().join("said.wav"), AGENT_HZ, voice.rate(), channels)?;
        std::fs::write(home.path().join("config"), config(port, home.path())?)?;
        std::fs::write(home.path().join("accounts"), account(scene, extension, voice))?;
        std::fs::write(home.path().join("contacts"), "")?;
        let mut events = scene.house.events(TENANT).await?;
        let folder = home.path().to_str().context("a folder whose name is not text")?;
        let mut process = Process::start("baresip", &["-4", "-v", "-f", folder], home.path())?;
        process.until(&["baresip is ready"], SOON).await?;
        let control = TcpStream::connect(("127.0.0.1", port)).await?;
        events.until("phone.registered", SOON).await?;
        Ok(Self { control, passed: VecDeque::new(), _process: process, home, rate: voice.rate() })
    }

    async fn dial(&mut self, extension: &str) -> Result<()> {
        self.tell("dial", &format!("sip:{extension}@{DOMAIN}")).await
    }

    async fn rings(&mut self) -> Result<()> {
        self.until("CALL_INCOMING").await
    }

    async fn answer(&mut self) -> Result<()> {
        self.tell("accept", "").await?;
        self.is_up().await
    }

    async fn is_up(&mut self) -> Result<()> {
        self.until("CALL_ESTABLISHED").await
    }

    async fn hold(&mut self) -> Result<()> {
        self.tell("hold", "").await
    }

    async fn resume(&mut self) -> Result<()> {
        self.tell("resume", "").await
    }

    async fn transfer(&mut self, extension: &str) -> Result<()> {
        self.tell("transfer", &format!("sip:{extension}@{DOMAIN}")).await
    }

    async fn hang_up(&mut self) -> Result<()> {
        self.tell("hangup", "").await?;
        self.is_over().await
    }

    async fn is_over(&mut self) -> Result<()> {
        self.until("CALL_CLOSED").await
    }

    async fn hears(&mut self, hz: f32, within: Duration) -> Result<()> {
        sound::hears(&self.recording()?, self.rate, hz, within).await
    }
}

impl Baresip {
    /// The file with what it decodes; it names it by the time of the call.
    fn recording(&self) -> Result<PathBuf> {
        let files =
            std::fs::read_dir(self.home.path())?.filter_map(|entry| Some(entry.ok()?.path()));
        let heard = files.filter(|path| path.to_string_lossy().ends_with("dec.wav"));
        heard.max().context("baresip writes down nothing that it hears")
    }

    async fn tell(&mut self, command: &str, params: &str) -> Result<()> {
        let message = json!({"command": command, "params": params, "token": command}).to_string();
        let framed = format!("{}:{message},", message.len());
        self.control.write_all(framed.as_bytes()).await?;
        let answer = async {
            loop {
                let message = self.message().await?;
                if message["token"] == command {
                    return anyhow::Ok(message);
                }
                self.passed.push_back(message);
            }
        };
        let answer = tokio::time::timeout(SOON, answer).await;
        let answer = answer.with_context(|| format!("baresip does not answer {command}"))??;
        if answer["ok"] == true { Ok(()) } else { bail!("{command}: baresip says {answer}") }
    }

    async fn until(&mut self, event: &str) -> Result<()> {
        let mut others = Vec::new();
        let found = async {
            loop {
                let message = match self.passed.pop_front() {
                    Some(message) => message,
                    None => self.message().await?,
                };
                if message["type"] == event {
                    return anyhow::Ok(());
                }
                others.push(message);
            }
        };
        match tokio::time::timeout(SOON, found).await {
            Ok(found) => found,
            Err(_) => bail!("baresip: no {event} within {SOON:?}, but {others:?}"),
        }
    }

    /// The next netstring (`length:text,`).
    async fn message(&mut self) -> Result<Value> {
        let mut length = 0;
        loop {
            match self.control.read_u8().await? {
                digit @ b'0'..=b'9' if length < MAX_MESSAGE => {
                    length = length * 10 + usize::from(digit - b'0');
                }
                b':' => break,
                other => bail!("{other:#x} in a length from baresip"),
            }
        }
        let mut text = vec![0; length + 1];
        self.control.read_exact(&mut text).await?;
        Ok(serde_json::from_slice(&text[..length])?)
    }
}

fn account(scene: &Scene, extension: &str, voice: Voice) -> String {
    let codec = match voice {
        Voice::Mu => "pcmu",
        Voice::A => "pcma",
        Voice::Secured => "pcma;mediaenc=srtp-mand",
        Voice::G722 => "g722/16000/1",
        Voice::Opus => "opus/48000/2",
    };
    format!(
        "<sip:{extension}@{DOMAIN}>;auth_user={extension};auth_pass={PASSWORD};regint=600;\
         outbound=\"sip:{};transport=udp\";audio_codecs={codec}\n",
        scene.house.sip
    )
}

fn config(control_port: u16, home: &Path) -> Result<String> {
    let modules = MODULES.into_iter().find(|path| Path::new(path).is_dir());
    let modules = modules.context("baresip's modules are not there; run cargo xtask setup")?;
    let home = home.display();
    Ok(format!(
        "sip_listen 127.0.0.1:0\nnet_interface 127.0.0.1\nrtp_ports 40000-49000\n\
         audio_source aufile,{home}/said.wav\naudio_player aubridge,heard\n\
         module_path {modules}\nmodule g711.so\nmodule g722.so\nmodule opus.so\nmodule srtp.so\nmodule aufile.so\nmodule aubridge.so\n\
         module sndfile.so\nsnd_path {home}\nmodule_tmp account.so\nmodule_app menu.so\n\
         module_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control_port}\n"
    ))
}
