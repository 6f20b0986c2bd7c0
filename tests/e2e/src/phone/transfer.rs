//! What a phone does to give its part in a call to somebody else: REFER and the
//! NOTIFYs that follow (RFC 3515), and Replaces (RFC 3891).

use super::Talk;
use super::dialog::Dialog;
use super::message::Message;
use anyhow::{Context as _, Result, bail};
use std::time::Duration;

impl Talk {
    /// Asks for a blind transfer to a user of the phone's domain; the status of
    /// the answer.
    pub async fn refer(&mut self, user: &str, domain: &str) -> Result<u16> {
        self.refer_to(format!("<sip:{user}@{domain}>")).await
    }

    /// Asks that whom this phone talks with here and there are joined.
    pub async fn refer_to_other(&mut self, user: &str, domain: &str, other: &Talk) -> Result<u16> {
        let replaces =
            other.replaces()?.replace(';', "%3B").replace('=', "%3D").replace('@', "%40");
        self.refer_to(format!("<sip:{user}@{domain}?Replaces={replaces}>")).await
    }

    /// Names this call to whoever is at its other end.
    pub fn replaces(&self) -> Result<String> {
        let (ours, theirs) = (tag(&self.dialog.local)?, tag(&self.dialog.remote)?);
        Ok(format!("{};to-tag={theirs};from-tag={ours}", self.dialog.call_id))
    }

    async fn refer_to(&mut self, refer_to: String) -> Result<u16> {
        self.dialog.cseq += 1;
        let request = self
            .dialog
            .request("REFER")
            .with("Contact", format!("<sip:phone@{}>", self.dialog.shared.local))
            .with("Refer-To", refer_to);
        let shared = self.dialog.shared.clone();
        let deadline = tokio::time::Instant::now() + super::REPLY;
        shared.send(&request).await?;
        loop {
            let message = next(&mut self.dialog, deadline).await?;
            match message.status() {
                Some(status) if status >= 200 && message.cseq() == request.cseq() => {
                    return Ok(status);
                }
                // A NOTIFY may overtake the 202 on its way.
                None => self.keep(message).await?,
                Some(_) => {}
            }
        }
    }

    async fn keep(&mut self, message: Message) -> Result<()> {
        if let Some(status) = fragment(&message) {
            self.notified.push(status);
        }
        if message.method().is_some_and(|method| method != "ACK") {
            self.dialog.shared.send(&message.response(200, "OK", "")).await?;
        }
        Ok(())
    }

    /// Waits for the last NOTIFY; every status that was told, in order.
    pub async fn transferred(&mut self, within: Duration) -> Result<Vec<u16>> {
        let deadline = tokio::time::Instant::now() + within;
        while self.notified.last().is_none_or(|status| *status < 200) {
            let message = next(&mut self.dialog, deadline).await?;
            if message.method() == Some("BYE") {
                bail!("hung up after {:?}, before the outcome was told", self.notified);
            }
            self.keep(message).await?;
        }
        Ok(std::mem::take(&mut self.notified))
    }
}

async fn next(dialog: &mut Dialog, deadline: tokio::time::Instant) -> Result<Message> {
    tokio::time::timeout_at(deadline, dialog.inbox.recv())
        .await
        .context("nothing more was said about the transfer")?
        .context("the phone is gone")
}

/// The status that a NOTIFY tells of.
fn fragment(message: &Message) -> Option<u16> {
    if message.method() != Some("NOTIFY") {
        return None;
    }
    message.body.strip_prefix("SIP/2.0 ")?.split(' ').next()?.parse().ok()
}

fn tag(header: &str) -> Result<&str> {
    let after = header.split(";tag=").nth(1).context("no tag")?;
    Ok(after.split(';').next().unwrap_or(after))
}
