//! Linphone's console (`linphonec`), with sound files in place of a sound card.

use super::process::Process;
use super::{Softphone, Voice, sound};
use crate::support::{AGENT_HZ, SOON, Scene, TENANT};
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::time::Duration;
use strowger_e2e::tenant::{self, DOMAIN, PASSWORD};
use tempfile::TempDir;

/// The codecs that it would offer by itself, and those that it is told to.
const CODECS: [(&str, u32); 8] = [
    ("PCMU", 8_000),
    ("PCMA", 8_000),
    ("G722", 8_000),
    ("opus", 48_000),
    ("speex", 16_000),
    ("speex", 8_000),
    ("speex", 32_000),
    ("G729", 8_000),
];

/// A running Linphone.
pub struct Linphone {
    process: Process,
    recording: PathBuf,
    rate: u32,
    _home: TempDir,
}

impl Softphone for Linphone {
    const CONFIG: &str = "";
    const RECORDS_AFTER_HOLD: bool = true;

    async fn start(scene: &Scene, extension: &str, voice: Voice) -> Result<Self> {
        tenant::add_agent(&scene.house, TENANT, extension).await?;
        let home = tempfile::tempdir()?;
        // It does not make the folder of its database, and does nothing without.
        std::fs::create_dir_all(home.path().join(".local/share/linphone"))?;
        std::fs::create_dir_all(home.path().join("linphone"))?;
        let settings = home.path().join("settings");
        std::fs::write(&settings, self::settings(scene, extension, voice))?;
        let said = home.path().join("said.wav");
        sound::write_tone(&said, AGENT_HZ, 8_000, 1)?;
        let recording = home.path().join("heard.wav");
        let mut events = scene.house.events(TENANT).await?;
        let mut process =
            Process::start("linphonec", &["-S", "-c", text(&settings)?], home.path())?;
        process.tell("soundcard use files").await?;
        process.until(&["Using wav files"], SOON).await?;
        process.tell(&format!("play {}", text(&said)?)).await?;
        process.tell(&format!("record {}", text(&recording)?)).await?;
        events.until("phone.registered", SOON).await?;
        Ok(Self { process, recording, rate: voice.rate(), _home: home })
    }

    async fn dial(&mut self, extension: &str) -> Result<()> {
        self.process.tell(&format!("call sip:{extension}@{DOMAIN}")).await
    }

    async fn rings(&mut self) -> Result<()> {
        self.process.until(&["Receiving new incoming call"], SOON).await.map(drop)
    }

    async fn answer(&mut self) -> Result<()> {
        self.process.tell("answer").await?;
        self.is_up().await
    }

    async fn is_up(&mut self) -> Result<()> {
        self.process.until(&["Media streams established"], SOON).await.map(drop)
    }

    async fn hold(&mut self) -> Result<()> {
        self.process.tell("pause").await?;
        self.process.until(&["is now paused"], SOON).await.map(drop)
    }

    async fn resume(&mut self) -> Result<()> {
        self.process.tell("resume").await?;
        self.is_up().await
    }

    async fn transfer(&mut self, extension: &str) -> Result<()> {
        self.process.tell(&format!("transfer sip:{extension}@{DOMAIN}")).await
    }

    async fn hang_up(&mut self) -> Result<()> {
        self.process.tell("terminate").await?;
        self.is_over().await
    }

    async fn is_over(&mut self) -> Result<()> {
        self.process.until(&[" ended ("], SOON).await.map(drop)
    }

    async fn hears(&mut self, hz: f32, within: Duration) -> Result<()> {
        sound::hears(&self.recording, self.rate, hz, within).await
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a folder whose name is not text")
}

fn settings(scene: &Scene, extension: &str, voice: Voice) -> String {
    let server = scene.house.sip;
    let encryption = if voice == Voice::Secured { "srtp" } else { "none" };
    let mut text = format!(
        "[sip]\nsip_port=-1\nsip_tcp_port=0\nsip_tls_port=0\nuse_ipv6=0\ndefault_proxy=0\n\
         bind_address=127.0.0.1\nguess_hostname=0\nregister_only_when_network_is_up=0\n\
         media_encryption={encryption}\n[rtp]\naudio_rtp_port=-1\n[video]\nenabled=0\n\
         [proxy_0]\nreg_proxy=<sip:{server};transport=udp>\n\
         reg_route=<sip:{server};transport=udp;lr>\nreg_identity=sip:{extension}@{DOMAIN}\n\
         reg_expires=600\nreg_sendregister=1\n\
         [auth_info_0]\nusername={extension}\npasswd={PASSWORD}\nrealm={DOMAIN}\ndomain={DOMAIN}\n"
    );
    for (number, (name, rate)) in CODECS.into_iter().enumerate() {
        let enabled = u8::from(name == voice.codec());
        let channels = if rate == 48_000 { 2 } else { 1 };
        text.push_str(&format!(
            "[audio_codec_{number}]\nmime={name}\nrate={rate}\nchannels={channels}\nenabled={enabled}\n"
        ));
    }
    text
}
