//! `GET /v1/events`

use crate::auth::InTenant;
use crate::control::Event;
use crate::limits;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt as _, StreamExt as _};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Follows what happens to the tenant, over a WebSocket.
///
/// A client that does not keep up is cut off with close code 4008; it should
/// connect again and read the present state.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "events",
    responses((status = 101, description = "A text message for each event, as JSON.", body = Event))
)]
pub(crate) async fn follow_events(
    State(api): State<Api>,
    InTenant { tenant, .. }: InTenant,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response> {
    let upgrade = upgrade.map_err(|_| {
        Problem::bad_request("events are followed over a WebSocket; ask for an upgrade")
    })?;
    let place = api.stream_place(tenant).ok_or_else(|| Problem::too_many_requests(30))?;
    let events = api.control.subscribe(tenant);
    Ok(upgrade
        .max_message_size(MAX_FROM_CLIENT)
        .on_upgrade(async move |socket| stream(socket, events, place).await))
}

/// Clients have nothing to say but pings and a close.
const MAX_FROM_CLIENT: usize = 4 * 1024;
/// Close code for a client that does not keep up; from the range for
/// applications (RFC 6455 §7.4.2).
const TOO_SLOW: u16 = 4008;

async fn stream(
    socket: WebSocket,
    mut events: broadcast::Receiver<Arc<Event>>,
    _place: OwnedSemaphorePermit,
) {
    let (mut out, mut incoming) = socket.split();
    let mut pings = tokio::time::interval(limits::PING_EVERY);
    pings.tick().await;
    loop {
        let message = tokio::select! {
            event = events.recv() => match event {
                Ok(event) => match serde_json::to_string(&*event) {
                    Ok(text) => Message::text(text),
                    Err(_) => continue,
                },
                Err(RecvError::Lagged(missed)) => {
                    let reason = format!(
                        "too slow: {missed} events were missed; connect again and read the present state"
                    );
                    return close(out, TOO_SLOW, &reason).await;
                }
                Err(RecvError::Closed) => {
                    return close(out, close_code::AWAY, "the server is stopping").await;
                }
            },
            _ = pings.tick() => Message::Ping(Bytes::new()),
            said = incoming.next() => match said {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
        };
        // A client that takes nothing off the wire would hold this task for ever.
        match tokio::time::timeout(limits::EVENT_SEND_TIME, out.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

async fn close(mut out: SplitSink<WebSocket, Message>, code: u16, reason: &str) {
    let frame = CloseFrame { code, reason: reason.into() };
    let sending = out.send(Message::Close(Some(frame)));
    // Whoever does not even take the reason is simply cut off.
    let _ = tokio::time::timeout(limits::EVENT_SEND_TIME, sending).await;
}
