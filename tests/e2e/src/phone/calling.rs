//! A call this phone makes, until it is answered.

use super::audio::Audio;
use super::dialog::Dialog;
use super::message::{Message, audio_address, uri_of};
use super::{Account, REPLY, T1, Talk, digest, md5_challenge};
use anyhow::{Context as _, Result, bail};
use std::time::Duration;
use tokio::time::timeout;

/// A call of this phone that is not answered yet.
#[derive(Debug)]
pub struct Calling {
    pub(super) dialog: Dialog,
    pub(super) audio: Audio,
    pub(super) account: Option<Account>,
    pub(super) invite: Message,
    /// The call whose place this one is to take.
    pub(super) replaces: Option<String>,
}

impl Calling {
    pub(super) async fn invite(&mut self, authorization: Option<(&str, String)>) -> Result<()> {
        self.dialog.cseq += 1;
        let mut invite = self
            .dialog
            .request("INVITE")
            .with("Contact", format!("<sip:phone@{}>", self.dialog.shared.local))
            .with("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO");
        if let Some(replaces) = &self.replaces {
            invite = invite.with("Require", "replaces").with("Replaces", replaces.clone());
        }
        if let Some((name, value)) = authorization {
            invite = invite.with(name, value);
        }
        self.invite = invite.with_sdp(&self.audio.sdp("sendrecv"));
        self.dialog.shared.send(&self.invite).await
    }

    /// Waits for the answer; a refusal is an error that names the status.
    pub async fn answered(mut self, within: Duration) -> Result<Talk> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let reply = self.reply(deadline).await?;
            match reply.status().unwrap_or(0) {
                100..=199 => {
                    if let Some(remote) = audio_address(&reply.body) {
                        self.audio.connect(remote);
                    }
                }
                200..=299 => return self.established(reply).await,
                401 | 407 if self.dialog.cseq == 1 && self.account.is_some() => {
                    self.authorize(&reply).await?;
                }
                _ => {
                    self.dialog.ack_failure(&self.invite, &reply).await?;
                    bail!("the call was refused: {}", reply.start);
                }
            }
        }
    }

    /// Calls again with the proof that was asked for.
    async fn authorize(&mut self, challenged: &Message) -> Result<()> {
        self.dialog.ack_failure(&self.invite, challenged).await?;
        let (ask, give) = if challenged.status() == Some(401) {
            ("WWW-Authenticate", "Authorization")
        } else {
            ("Proxy-Authenticate", "Proxy-Authorization")
        };
        let challenge = md5_challenge(challenged, ask).context("no MD5 challenge")?;
        let account = self.account.clone().context("no account")?;
        let (user, password) = (&account.user, &account.password);
        let value = digest::answer(&challenge, user, password, "INVITE", &self.dialog.target);
        self.invite(Some((give, value))).await
    }

    /// What is heard before the answer.
    pub fn audio(&self) -> &Audio {
        &self.audio
    }

    /// Waits until a provisional response above 100 arrives.
    pub async fn progress(&mut self, within: Duration) -> Result<u16> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let reply = self.reply(deadline).await?;
            match reply.status().unwrap_or(0) {
                100 => {}
                status @ 101..=199 => {
                    if let Some(remote) = audio_address(&reply.body) {
                        self.audio.connect(remote);
                    }
                    return Ok(status);
                }
                401 | 407 if self.dialog.cseq == 1 && self.account.is_some() => {
                    self.authorize(&reply).await?;
                }
                _ => bail!("answered {} before any progress", reply.start),
            }
        }
    }

    /// Gives up before the answer and waits for the 487.
    pub async fn cancel(mut self) -> Result<()> {
        let mut cancel = Message::new(format!("CANCEL {} SIP/2.0", self.dialog.target));
        for name in ["Via", "From", "To", "Call-ID", "Max-Forwards"] {
            if let Some(value) = self.invite.header(name) {
                cancel = cancel.with(name, value.to_owned());
            }
        }
        let cancel = cancel.with("CSeq", format!("{} CANCEL", self.dialog.cseq));
        self.dialog.shared.send(&cancel).await?;
        let deadline = tokio::time::Instant::now() + REPLY;
        loop {
            let reply = timeout(REPLY, self.dialog.inbox.recv())
                .await
                .context("no 487 to a cancelled INVITE")?
                .context("phone gone")?;
            let about_invite = reply.cseq().is_some_and(|(_, method)| method == "INVITE");
            match reply.status() {
                Some(487) if about_invite => {
                    return self.dialog.ack_failure(&self.invite, &reply).await;
                }
                Some(200..=299) if about_invite => bail!("answered in spite of CANCEL"),
                _ if tokio::time::Instant::now() > deadline => {
                    bail!("no 487 to a cancelled INVITE")
                }
                _ => {}
            }
        }
    }

    async fn reply(&mut self, deadline: tokio::time::Instant) -> Result<Message> {
        let mut wait = T1;
        loop {
            let until = deadline.min(tokio::time::Instant::now() + wait);
            match tokio::time::timeout_at(until, self.dialog.inbox.recv()).await {
                Ok(Some(message)) if message.status().is_some() => {
                    let current = message.cseq() == Some((self.dialog.cseq, "INVITE"));
                    if current {
                        return Ok(message);
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => bail!("the phone is gone"),
                Err(_) if until >= deadline => bail!("the call was not answered in time"),
                Err(_) => {
                    wait *= 2;
                    self.dialog.shared.send(&self.invite).await?;
                }
            }
        }
    }

    async fn established(mut self, reply: Message) -> Result<Talk> {
        self.dialog.remote = reply.header("To").context("200 without To")?.to_owned();
        self.dialog.target = uri_of(reply.header("Contact").context("200 without Contact")?).into();
        self.dialog.route = reply.all("Record-Route").map(str::to_owned).collect();
        self.dialog.route.reverse();
        let remote = audio_address(&reply.body).context("200 without audio")?;
        self.audio.connect(remote);
        let ack = self.dialog.request("ACK");
        self.dialog.shared.send(&ack).await?;
        Ok(Talk {
            dialog: self.dialog,
            audio: self.audio,
            last_ack: Some(ack),
            notified: Vec::new(),
        })
    }
}
