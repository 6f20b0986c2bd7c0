//! A call to this phone, until it is answered.

use super::audio::Audio;
use super::dialog::Dialog;
use super::message::{Message, audio_address, uri_of};
use super::{Inbox, REPLY, Shared, T1, Talk, fresh};
use anyhow::{Context as _, Result, bail};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A call to this phone that is not answered yet.
#[derive(Debug)]
pub struct Ringing {
    dialog: Dialog,
    audio: Audio,
    invite: Message,
    tag: String,
}

impl Ringing {
    pub(super) async fn new(shared: Arc<Shared>, invite: Message, inbox: Inbox) -> Result<Self> {
        let tag = fresh("t");
        let audio = Audio::open().await?;
        let to = invite.header("To").context("INVITE without To")?;
        let dialog = Dialog {
            call_id: invite.call_id().to_owned(),
            local: format!("{to};tag={tag}"),
            remote: invite.header("From").context("INVITE without From")?.to_owned(),
            target: uri_of(invite.header("Contact").context("INVITE without Contact")?).to_owned(),
            route: invite.all("Record-Route").map(str::to_owned).collect(),
            cseq: 1000,
            inbox,
            shared,
        };
        let ringing = Self { dialog, audio, invite, tag };
        ringing.dialog.shared.send(&ringing.invite.response(180, "Ringing", &ringing.tag)).await?;
        Ok(ringing)
    }

    /// The caller as shown.
    pub fn from(&self) -> &str {
        self.invite.header("From").unwrap_or_default()
    }

    /// The INVITE as it came.
    pub fn invite(&self) -> &Message {
        &self.invite
    }

    /// Names this call so that another phone can take it: as the caller knows it.
    pub fn replaces(&self) -> Result<String> {
        let remote = self.dialog.remote.split(";tag=").nth(1).context("no tag in From")?;
        let remote = remote.split(';').next().unwrap_or(remote);
        Ok(format!("{};to-tag={remote};from-tag={}", self.dialog.call_id, self.tag))
    }

    /// Lets the caller hear this phone before it is answered (183 with SDP).
    pub async fn early_media(&self) -> Result<&Audio> {
        let progress = self
            .invite
            .response(183, "Session Progress", &self.tag)
            .with("Contact", format!("<sip:phone@{}>", self.dialog.shared.local))
            .with_sdp(&self.audio.sdp("sendrecv"));
        if let Some(remote) = audio_address(&self.invite.body) {
            self.audio.connect(remote);
        }
        self.dialog.shared.send(&progress).await?;
        Ok(&self.audio)
    }

    /// Picks up.
    pub async fn answer(mut self) -> Result<Talk> {
        let contact = format!("<sip:phone@{}>", self.dialog.shared.local);
        let ok = self
            .invite
            .response(200, "OK", &self.tag)
            .with("Contact", contact)
            .with_sdp(&self.audio.sdp("sendrecv"));
        if let Some(remote) = audio_address(&self.invite.body) {
            self.audio.connect(remote);
        }
        let mut wait = T1;
        loop {
            self.dialog.shared.send(&ok).await?;
            match timeout(wait, self.dialog.inbox.recv()).await {
                Ok(Some(message)) if message.method() == Some("ACK") => break,
                Ok(Some(message)) if message.method() == Some("CANCEL") => {
                    bail!("the caller gave up while the phone was being answered")
                }
                Ok(Some(_)) => {}
                Ok(None) => bail!("the phone is gone"),
                Err(_) if wait > REPLY => bail!("no ACK"),
                Err(_) => wait *= 2,
            }
        }
        Ok(Talk { dialog: self.dialog, audio: self.audio, last_ack: None, notified: Vec::new() })
    }

    /// Refuses.
    pub async fn refuse(self, status: u16, reason: &str) -> Result<()> {
        self.dialog.shared.send(&self.invite.response(status, reason, &self.tag)).await
    }

    /// Waits until the caller gives up (CANCEL) and answers it properly.
    pub async fn cancelled(mut self, within: Duration) -> Result<()> {
        loop {
            let message = timeout(within, self.dialog.inbox.recv())
                .await
                .context("the call was not taken back")?
                .context("the phone is gone")?;
            if message.method() == Some("CANCEL") {
                self.dialog.shared.send(&message.response(200, "OK", &self.tag)).await?;
                let gone = self.invite.response(487, "Request Terminated", &self.tag);
                return self.dialog.shared.send(&gone).await;
            }
        }
    }
}
