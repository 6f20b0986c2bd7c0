//! The same decision outside: a program of the tenant's that is asked over HTTP
//! (kept alive) or a WebSocket, with JSON both ways. The peer is compiled Rust
//! on a thread of its own, asked by one caller at a time; the answer is parsed
//! and validated as a guest's is. This is as good as such a peer gets: real
//! ones add a network, TLS and an interpreter.

use super::menu::{GATHER, Views, key, moment, pressed};
use super::{Cost, usage};
use anyhow::{Context, bail};
use axum::extract::State;
use axum::extract::ws::{Message as WsMessage, WebSocketUpgrade};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use strowger_call::{Action, CommandId, GatherOptions, GuestEvent, TurnResult};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// What a peer is told: the event and what an IVR usually needs to know.
#[derive(Serialize, Deserialize)]
struct Question {
    call: u32,
    now_ms: u64,
    event: GuestEvent,
    from: String,
    to: String,
    language: String,
}

/// What it answers.
#[derive(Serialize, Deserialize)]
struct Answer {
    actions: Vec<Action>,
}

/// Which menu each call is in.
type Menus = Arc<Mutex<HashMap<u32, bool>>>;

pub(super) struct Webhook {
    runtime: Runtime,
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
    views: Views,
}

pub(super) struct WebSocket {
    runtime: Runtime,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    views: Views,
}

impl Webhook {
    pub(super) fn start() -> anyhow::Result<Self> {
        let address = serve()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let sender = runtime.block_on(connect(address))?;
        Ok(Self { runtime, sender, address, views: Views::new() })
    }

    pub(super) fn ask(&mut self, requests: usize) -> anyhow::Result<Cost> {
        let Self { runtime, sender, address, views } = self;
        runtime.block_on(measure(requests, async |step| {
            over_connection(sender, *address, 1, step, views).await
        }))
    }

    /// The same over many connections at once, one request under way on each.
    /// Microseconds of processor time per request, both sides together.
    pub(super) fn busy(&mut self, requests: usize, at_once: usize) -> anyhow::Result<f64> {
        let Self { runtime, address, views, .. } = self;
        let (address, views) = (*address, &*views);
        runtime.block_on(async {
            let mut senders = Vec::with_capacity(at_once);
            for _ in 0..at_once {
                senders.push(connect(address).await?);
            }
            let before = usage::cpu();
            let calls = senders.iter_mut().enumerate().map(async |(call, sender)| {
                for step in 0..requests / at_once {
                    over_connection(sender, address, call as u32, step, views).await?;
                }
                anyhow::Ok(())
            });
            futures_util::future::try_join_all(calls).await?;
            let cpu = usage::cpu() - before;
            Ok(cpu.as_secs_f64() * 1e6 / (requests / at_once * at_once) as f64)
        })
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends when the sender is dropped; an error shows at the sender.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

async fn over_connection(
    sender: &mut SendRequest<Full<Bytes>>,
    address: SocketAddr,
    call: u32,
    step: usize,
    views: &Views,
) -> anyhow::Result<TurnResult> {
    let request = hyper::Request::post("/decide")
        .header("host", address.to_string())
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(question(call, step)?)))?;
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    if !response.status().is_success() {
        bail!("the webhook answered {}", response.status());
    }
    let body = response.into_body().collect().await?.to_bytes();
    validated(&body, views)
}

impl WebSocket {
    pub(super) fn start() -> anyhow::Result<Self> {
        let address = serve()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let socket = runtime.block_on(async {
            let (mut socket, _) =
                tokio_tungstenite::connect_async(format!("ws://{address}/decisions")).await?;
            if let MaybeTlsStream::Plain(stream) = socket.get_mut() {
                stream.set_nodelay(true)?;
            }
            anyhow::Ok(socket)
        })?;
        Ok(Self { runtime, socket, views: Views::new() })
    }

    pub(super) fn ask(&mut self, requests: usize) -> anyhow::Result<Cost> {
        let Self { runtime, socket, views } = self;
        runtime.block_on(async {
            measure(requests, async |step| {
                let body = String::from_utf8(question(1, step)?)?;
                socket.send(Message::text(body)).await?;
                let answer = socket.next().await.context("the peer has gone")??;
                validated(answer.into_text()?.as_bytes(), views)
            })
            .await
        })
    }
}

async fn measure(
    requests: usize,
    mut ask: impl AsyncFnMut(usize) -> anyhow::Result<TurnResult>,
) -> anyhow::Result<Cost> {
    for step in 0..requests / 10 * 2 {
        ask(step).await?;
    }
    let mut latency_us = Vec::with_capacity(requests);
    let before = usage::cpu();
    for step in 0..requests {
        let began = Instant::now();
        let result = ask(step).await?;
        latency_us.push(began.elapsed().as_secs_f64() * 1e6);
        if !result.outcome.is_ok_and(|actions| actions.len() == 1) {
            bail!("the peer decided something else");
        }
    }
    Ok(Cost { latency_us, cpu: usage::cpu() - before })
}

fn question(call: u32, step: usize) -> anyhow::Result<Vec<u8>> {
    Ok(serde_json::to_vec(&Question {
        call,
        now_ms: moment().now.0,
        event: pressed(GATHER, key(step)),
        from: "+441632960001".into(),
        to: "+441632960000".into(),
        language: "en".into(),
    })?)
}

/// Parses and checks an answer as the server would have to.
fn validated(body: &[u8], views: &Views) -> anyhow::Result<TurnResult> {
    let answer: Answer = serde_json::from_slice(body)?;
    let mut view = views.answered.clone();
    for action in answer.actions {
        if let Err(reason) = view.admit(action) {
            bail!("the peer's action was refused: {reason}");
        }
    }
    Ok(view.finish(None, 0, 0))
}

/// A peer on a thread of its own, for both ways of asking.
fn serve() -> anyhow::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("peer".into()).spawn(move || {
        runtime.block_on(async move {
            use axum::serve::ListenerExt;
            let app = Router::new()
                .route("/decide", post(over_http))
                .route("/decisions", get(over_websocket))
                .with_state(Menus::default());
            let listener = match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => listener.tap_io(|stream| drop(stream.set_nodelay(true))),
                Err(error) => return eprintln!("the peer cannot listen: {error}"),
            };
            if let Err(error) = axum::serve(listener, app).await {
                eprintln!("the peer stopped: {error}");
            }
        });
    })?;
    Ok(address)
}

async fn over_http(State(menus): State<Menus>, Json(question): Json<Question>) -> Json<Answer> {
    Json(decide(&menus, &question))
}

async fn over_websocket(
    State(menus): State<Menus>,
    upgrade: WebSocketUpgrade,
) -> axum::response::Response {
    upgrade.on_upgrade(async move |mut socket| {
        while let Some(Ok(WsMessage::Text(text))) = socket.recv().await {
            let Ok(question) = serde_json::from_str(&text) else { return };
            let Ok(answer) = serde_json::to_string(&decide(&menus, &question)) else { return };
            if socket.send(WsMessage::text(answer)).await.is_err() {
                return;
            }
        }
    })
}

/// What `ivr-menu` does at this place, in plain Rust.
fn decide(menus: &Menus, question: &Question) -> Answer {
    let mut menus = menus.lock().unwrap_or_else(PoisonError::into_inner);
    let inner = menus.entry(question.call).or_insert(false);
    if let GuestEvent::Completed { command: CommandId(_), outcome, value } = &question.event
        && outcome == "digits"
    {
        match value.as_str() {
            "2" => *inner = true,
            "*" => *inner = false,
            _ => {}
        }
    }
    let words = if *inner {
        "For our address press 1. For our opening hours press 2. To go back press star."
    } else {
        "For sales press 1. To find out how to visit us press 2. For the operator press 0."
    };
    Answer {
        actions: vec![Action::Gather {
            prompt: vec![format!("text:{}:{words}", question.language)],
            options: GatherOptions {
                max_digits: 1,
                terminators: String::new(),
                first_digit_ms: 5_000,
                inter_digit_ms: 5_000,
                barge_in: true,
                secret: false,
            },
        }],
    }
}
