//! A SIP phone for tests and the demo: registers, calls, answers, talks, holds.
//!
//! Written apart from the product's own signalling on purpose: two ends that
//! share code share mistakes.

pub mod audio;
mod calling;
mod dialog;
mod digest;
mod message;
mod ringing;
mod talk;
mod transfer;

pub use audio::Audio;
pub use calling::Calling;
pub use message::Message;
pub use ringing::Ringing;
pub use talk::Talk;

use anyhow::{Context as _, Result, bail};
use dialog::Dialog;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// First retransmission interval (RFC 3261 §17.1.1.2, T1).
const T1: Duration = Duration::from_millis(500);
/// Longest wait for a response to anything but an INVITE.
const REPLY: Duration = Duration::from_secs(8);

type Inbox = mpsc::UnboundedReceiver<Message>;

struct Shared {
    socket: UdpSocket,
    local: SocketAddr,
    server: SocketAddr,
    dialogs: Mutex<HashMap<String, mpsc::UnboundedSender<Message>>>,
}

/// Who a phone is.
#[derive(Clone, Debug)]
pub struct Account {
    /// User part of the address.
    pub user: String,
    /// SIP domain of the tenant.
    pub domain: String,
    /// Password for digest authentication.
    pub password: String,
}

/// A phone on a socket of its own.
pub struct Phone {
    shared: Arc<Shared>,
    incoming: tokio::sync::Mutex<mpsc::UnboundedReceiver<(Message, Inbox)>>,
    reader: tokio::task::JoinHandle<()>,
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Phone").field("local", &self.shared.local).finish_non_exhaustive()
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Phone {
    /// A phone that sends everything to `server`.
    pub async fn start(server: SocketAddr) -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let local = socket.local_addr()?;
        let shared =
            Arc::new(Shared { socket, local, server, dialogs: Mutex::new(HashMap::new()) });
        let (offer, incoming) = mpsc::unbounded_channel();
        let reader = tokio::spawn(read(shared.clone(), offer));
        Ok(Self { shared, incoming: tokio::sync::Mutex::new(incoming), reader })
    }

    /// Where the phone is reached.
    pub fn local(&self) -> SocketAddr {
        self.shared.local
    }

    /// Registers for an hour, or with `expires` 0 takes the registration back.
    pub async fn register(&self, account: &Account, expires: u32) -> Result<()> {
        let uri = format!("sip:{}", account.domain);
        let own = format!("<sip:{}@{}>", account.user, account.domain);
        let call_id = fresh("reg");
        let tag = fresh("t");
        let mut inbox = self.shared.open(&call_id);
        let mut authorization = None;
        for cseq in 1..=3 {
            let mut request = Message::new(format!("REGISTER {uri} SIP/2.0"))
                .with("Via", self.shared.via())
                .with("Max-Forwards", "70")
                .with("From", format!("{own};tag={tag}"))
                .with("To", own.clone())
                .with("Call-ID", call_id.clone())
                .with("CSeq", format!("{cseq} REGISTER"))
                .with("Contact", format!("<sip:{}@{}>", account.user, self.shared.local))
                .with("Expires", expires.to_string());
            if let Some(value) = authorization.take() {
                request = request.with("Authorization", value);
            }
            let reply = self.shared.request(&request, &mut inbox, REPLY).await?;
            match reply.status() {
                Some(200) => return Ok(()),
                Some(401 | 407) => {
                    let challenge = md5_challenge(&reply, "WWW-Authenticate")
                        .context("a 401 without an MD5 challenge")?;
                    authorization = Some(digest::answer(
                        &challenge,
                        &account.user,
                        &account.password,
                        "REGISTER",
                        &uri,
                    ));
                }
                _ => bail!("registration was answered {:?}", reply.start),
            }
        }
        bail!("the registrar kept asking for credentials")
    }

    /// Calls and waits until the other side answers.
    pub async fn call(&self, from: &str, to: &str, account: Option<&Account>) -> Result<Talk> {
        self.ring(from, to, account).await?.answered(Duration::from_secs(30)).await
    }

    /// Calls and comes back at once, while it rings.
    pub async fn ring(&self, from: &str, to: &str, account: Option<&Account>) -> Result<Calling> {
        self.ring_in_place_of(from, to, account, None).await
    }

    /// The same, to take the place of another call (RFC 3891), named as
    /// [`Talk::replaces`] or [`Ringing::replaces`] does.
    pub async fn ring_in_place_of(
        &self,
        from: &str,
        to: &str,
        account: Option<&Account>,
        replaces: Option<String>,
    ) -> Result<Calling> {
        let audio = Audio::open().await?;
        let call_id = fresh("call");
        let inbox = self.shared.open(&call_id);
        let host = account.map_or_else(|| self.shared.local.to_string(), |a| a.domain.clone());
        let mut calling = Calling {
            dialog: Dialog {
                shared: self.shared.clone(),
                call_id,
                local: format!("<sip:{from}@{host}>;tag={}", fresh("t")),
                remote: format!("<{to}>"),
                target: to.to_owned(),
                route: Vec::new(),
                cseq: 0,
                inbox,
            },
            audio,
            account: account.cloned(),
            invite: Message::new(""),
            replaces,
        };
        calling.invite(None).await?;
        Ok(calling)
    }

    /// Waits for the next call to this phone.
    pub async fn next_call(&self, within: Duration) -> Result<Ringing> {
        let mut incoming = self.incoming.lock().await;
        let (invite, inbox) = timeout(within, incoming.recv())
            .await
            .with_context(|| format!("the phone did not ring within {within:?}"))?
            .context("the phone is gone")?;
        Ringing::new(self.shared.clone(), invite, inbox).await
    }
}

impl Shared {
    fn via(&self) -> String {
        format!("SIP/2.0/UDP {};rport;branch=z9hG4bK{}", self.local, fresh("b"))
    }

    fn open(&self, call_id: &str) -> Inbox {
        let (sender, inbox) = mpsc::unbounded_channel();
        self.dialogs.lock().expect("no panic while locked").insert(call_id.to_owned(), sender);
        inbox
    }

    async fn send(&self, message: &Message) -> Result<()> {
        self.socket.send_to(&message.encode(), self.server).await?;
        Ok(())
    }

    /// Sends a request, again and again (RFC 3261 §17.1.2), until a final response comes.
    async fn request(
        &self,
        request: &Message,
        inbox: &mut Inbox,
        within: Duration,
    ) -> Result<Message> {
        let deadline = tokio::time::Instant::now() + within;
        let mut wait = T1;
        self.send(request).await?;
        loop {
            let until = deadline.min(tokio::time::Instant::now() + wait);
            match tokio::time::timeout_at(until, inbox.recv()).await {
                Ok(Some(reply)) => {
                    let final_one = reply.status().is_some_and(|status| status >= 200);
                    if final_one && reply.cseq() == request.cseq() {
                        return Ok(reply);
                    }
                    // Crossing requests are answered so that nobody hangs.
                    if matches!(reply.method(), Some(method) if method != "ACK") {
                        self.send(&reply.response(200, "OK", "")).await?;
                    }
                }
                Ok(None) => bail!("the phone is gone"),
                Err(_) if until >= deadline => {
                    bail!("no response to {:?} within {within:?}", request.start)
                }
                Err(_) => {
                    wait *= 2;
                    self.send(request).await?;
                }
            }
        }
    }
}

async fn read(shared: Arc<Shared>, offer: mpsc::UnboundedSender<(Message, Inbox)>) {
    let mut datagram = vec![0u8; 65_535];
    while let Ok((length, _)) = shared.socket.recv_from(&mut datagram).await {
        let Some(message) = Message::parse(&datagram[..length]) else { continue };
        let known = {
            let dialogs = shared.dialogs.lock().expect("no panic while locked");
            dialogs.get(message.call_id()).cloned()
        };
        let in_dialog = message.header("To").is_some_and(|to| to.contains(";tag="));
        match (known, message.method()) {
            (Some(dialog), _) => {
                let _ = dialog.send(message);
            }
            (None, Some("INVITE")) if !in_dialog => {
                let inbox = shared.open(message.call_id());
                let _ = offer.send((message, inbox));
            }
            (None, Some("OPTIONS")) => {
                let _ = shared.send(&message.response(200, "OK", "options")).await;
            }
            (None, Some(method)) if method != "ACK" => {
                let _ = shared.send(&message.response(481, "No Such Call", "none")).await;
            }
            _ => {}
        }
    }
}

/// The challenge with MD5 among those offered: the phone is an old one.
fn md5_challenge(reply: &Message, header: &str) -> Option<String> {
    reply.all(header).find(|challenge| !challenge.contains("SHA-")).map(str::to_owned)
}

fn fresh(prefix: &str) -> String {
    format!("{prefix}{:016x}", rand::random::<u64>())
}
