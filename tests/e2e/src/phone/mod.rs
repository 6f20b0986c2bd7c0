//! A SIP phone for tests and the demo: registers, calls, answers, talks, holds.
//!
//! Written apart from the product's own signalling on purpose: two ends that
//! share code share mistakes.

pub mod audio;
mod digest;
mod message;

pub use audio::Audio;
pub use message::Message;

use anyhow::{Context as _, Result, anyhow, bail};
use message::{audio_address, uri_of};
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

/// A call of this phone that is not answered yet.
#[derive(Debug)]
pub struct Calling {
    dialog: Dialog,
    audio: Audio,
    account: Option<Account>,
    invite: Message,
}

impl Calling {
    async fn invite(&mut self, authorization: Option<(&str, String)>) -> Result<()> {
        self.dialog.cseq += 1;
        let mut invite = self
            .dialog
            .request("INVITE")
            .with("Contact", format!("<sip:phone@{}>", self.dialog.shared.local))
            .with("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO");
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
                status @ (401 | 407) if self.dialog.cseq == 1 && self.account.is_some() => {
                    self.dialog.ack_failure(&self.invite, &reply).await?;
                    let (ask, give) = if status == 401 {
                        ("WWW-Authenticate", "Authorization")
                    } else {
                        ("Proxy-Authenticate", "Proxy-Authorization")
                    };
                    let challenge = md5_challenge(&reply, ask).context("no MD5 challenge")?;
                    let account = self.account.clone().context("no account")?;
                    let value = digest::answer(
                        &challenge,
                        &account.user,
                        &account.password,
                        "INVITE",
                        &self.dialog.target,
                    );
                    self.invite(Some((give, value))).await?;
                }
                _ => {
                    self.dialog.ack_failure(&self.invite, &reply).await?;
                    bail!("the call was refused: {}", reply.start);
                }
            }
        }
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
        Ok(Talk { dialog: self.dialog, audio: self.audio, last_ack: Some(ack) })
    }
}

/// A call to this phone that is not answered yet.
#[derive(Debug)]
pub struct Ringing {
    dialog: Dialog,
    audio: Audio,
    invite: Message,
    tag: String,
}

impl Ringing {
    async fn new(shared: Arc<Shared>, invite: Message, inbox: Inbox) -> Result<Self> {
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
        Ok(Talk { dialog: self.dialog, audio: self.audio, last_ack: None })
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

/// An answered call.
#[derive(Debug)]
pub struct Talk {
    dialog: Dialog,
    /// What is heard and said.
    pub audio: Audio,
    last_ack: Option<Message>,
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
                Some("INVITE") => {
                    let ok = message
                        .response(200, "OK", "")
                        .with("Contact", format!("<sip:phone@{}>", self.dialog.shared.local))
                        .with_sdp(&self.audio.sdp("sendrecv"));
                    self.dialog.shared.send(&ok).await?;
                }
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

struct Dialog {
    shared: Arc<Shared>,
    call_id: String,
    local: String,
    remote: String,
    target: String,
    route: Vec<String>,
    cseq: u32,
    inbox: Inbox,
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
    fn request(&self, method: &str) -> Message {
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

    async fn transact(&mut self, method: &str, body: Option<(&str, String)>) -> Result<Message> {
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
    async fn ack_failure(&self, invite: &Message, reply: &Message) -> Result<()> {
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
        match (known, message.method()) {
            (Some(dialog), _) => {
                let _ = dialog.send(message);
            }
            (None, Some("INVITE")) => {
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
