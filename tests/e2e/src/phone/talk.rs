//! An answered call: hold, resume, digits by INFO, hang-up.

use super::audio::Audio;
use super::dialog::Dialog;
use super::message::{Message, audio_address};
use anyhow::{Context as _, Result, bail};
use std::time::Duration;

/// An answered call.
#[derive(Debug)]
pub struct Talk {
    pub(super) dialog: Dialog,
    /// What is heard and said.
    pub audio: Audio,
    pub(super) last_ack: Option<Message>,
    /// Statuses told by NOTIFY so far.
    pub(super) notified: Vec<u16>,
}

impl Talk {
    /// The Call-ID of this end's dialog.
    pub fn call_id(&self) -> &str {
        &self.dialog.call_id
    }

    /// Hangs up and waits until the other side has confirmed.
    pub async fn hang_up(mut self) -> Result<()> {
        let reply = self.dialog.transact("BYE", None).await?;
        match reply.status() {
            Some(200) => Ok(()),
            _ => bail!("BYE was answered {:?}", reply.start),
        }
    }

    /// Puts the other side on hold.
    pub async fn hold(&mut self) -> Result<()> {
        self.renegotiate("sendonly").await
    }

    /// Takes the other side back.
    pub async fn resume(&mut self) -> Result<()> {
        self.renegotiate("sendrecv").await
    }

    /// Sends a digit by SIP INFO.
    pub async fn press_by_info(&mut self, digit: char) -> Result<()> {
        let body = format!("Signal={digit}\r\nDuration=160\r\n");
        let reply = self.dialog.transact("INFO", Some(("application/dtmf-relay", body))).await?;
        if reply.status() == Some(200) {
            Ok(())
        } else {
            bail!("INFO was answered {}", reply.start)
        }
    }

    async fn renegotiate(&mut self, direction: &str) -> Result<()> {
        let sdp = self.audio.sdp(direction);
        let reply = self.dialog.transact("INVITE", Some(("application/sdp", sdp))).await?;
        let ack = self.dialog.request("ACK");
        self.dialog.shared.send(&ack).await?;
        self.last_ack = Some(ack);
        if reply.status() == Some(200) {
            Ok(())
        } else {
            bail!("re-INVITE was answered {}", reply.start)
        }
    }

    /// Waits until the other side asks for the session anew, agrees, and sends
    /// media to where it says.
    pub async fn asked_anew(&mut self, within: Duration) -> Result<()> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let message = tokio::time::timeout_at(deadline, self.dialog.inbox.recv())
                .await
                .with_context(|| format!("no re-INVITE within {within:?}"))?
                .context("the phone is gone")?;
            match message.method() {
                Some("INVITE") => return self.agree(&message).await,
                Some("BYE") => {
                    self.dialog.shared.send(&message.response(200, "OK", "")).await?;
                    bail!("hung up instead: {:?}", message.header("Reason"));
                }
                _ => {}
            }
        }
    }

    async fn agree(&self, invite: &Message) -> Result<()> {
        if let Some(remote) = audio_address(&invite.body) {
            self.audio.connect(remote);
        }
        let ok = invite
            .response(200, "OK", "")
            .with("Contact", format!("<sip:phone@{}>", self.dialog.shared.local))
            .with_sdp(&self.audio.sdp("sendrecv"));
        self.dialog.shared.send(&ok).await
    }

    /// Waits until the other side hangs up. Answers re-INVITEs on the way.
    pub async fn ended(mut self, within: Duration) -> Result<()> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let message = tokio::time::timeout_at(deadline, self.dialog.inbox.recv())
                .await
                .with_context(|| format!("nobody hung up within {within:?}"))?
                .context("the phone is gone")?;
            match message.method() {
                Some("BYE") => {
                    return self.dialog.shared.send(&message.response(200, "OK", "")).await;
                }
                Some("INVITE") => self.agree(&message).await?,
                None if message.cseq().is_some_and(|(_, method)| method == "INVITE") => {
                    if let Some(ack) = &self.last_ack {
                        self.dialog.shared.send(ack).await?;
                    }
                }
                _ => {}
            }
        }
    }

    /// Lets the phone vanish: it never answers anything any more.
    pub fn vanish(self) -> Audio {
        self.audio
    }
}
