//! A dialog as a phone keeps it (RFC 3261 §12).

use super::message::Message;
use super::{Inbox, REPLY, Shared};
use anyhow::{Result, anyhow};
use std::sync::Arc;

pub(super) struct Dialog {
    pub(super) shared: Arc<Shared>,
    pub(super) call_id: String,
    pub(super) local: String,
    pub(super) remote: String,
    pub(super) target: String,
    pub(super) route: Vec<String>,
    pub(super) cseq: u32,
    pub(super) inbox: Inbox,
}

impl std::fmt::Debug for Dialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dialog").field("call_id", &self.call_id).finish_non_exhaustive()
    }
}

impl Drop for Dialog {
    fn drop(&mut self) {
        self.shared.dialogs.lock().expect("no panic while locked").remove(&self.call_id);
    }
}

impl Dialog {
    pub(super) fn request(&self, method: &str) -> Message {
        let mut request = Message::new(format!("{method} {} SIP/2.0", self.target))
            .with("Via", self.shared.via())
            .with("Max-Forwards", "70");
        for route in &self.route {
            request = request.with("Route", route.clone());
        }
        request
            .with("From", self.local.clone())
            .with("To", self.remote.clone())
            .with("Call-ID", self.call_id.clone())
            .with("CSeq", format!("{} {method}", self.cseq))
    }

    pub(super) async fn transact(
        &mut self,
        method: &str,
        body: Option<(&str, String)>,
    ) -> Result<Message> {
        self.cseq += 1;
        let mut request = self.request(method);
        if method == "INVITE" {
            request = request.with("Contact", format!("<sip:phone@{}>", self.shared.local));
        }
        if let Some((kind, text)) = body {
            request = request.with("Content-Type", kind);
            request.body = text;
        }
        let shared = self.shared.clone();
        shared.request(&request, &mut self.inbox, REPLY).await
    }

    /// ACK to a failure: part of the INVITE's transaction (RFC 3261 §17.1.1.3).
    pub(super) async fn ack_failure(&self, invite: &Message, reply: &Message) -> Result<()> {
        let via = invite.header("Via").ok_or_else(|| anyhow!("INVITE without Via"))?;
        let ack = Message::new(format!("ACK {} SIP/2.0", self.target))
            .with("Via", via.to_owned())
            .with("Max-Forwards", "70")
            .with("From", self.local.clone())
            .with("To", reply.header("To").unwrap_or(&self.remote).to_owned())
            .with("Call-ID", self.call_id.clone())
            .with("CSeq", format!("{} ACK", self.cseq));
        self.shared.send(&ack).await
    }
}
