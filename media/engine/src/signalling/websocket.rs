//! One WebSocket: a SIP message per frame, both ways (RFC 7118).

use super::connection::{HANDSHAKE, Line, StreamEvent, WRITE};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use std::io;
use std::time::Duration;
use strowger_sip::limits::MAX_MESSAGE_BYTES;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// How often a browser is asked for a sign of life; proxies on the way forget
/// silent connections after a minute.
const PING_EVERY: Duration = Duration::from_secs(25);
/// Pings that may go unanswered before it counts as gone.
const MISSED_PINGS: u32 = 2;
/// Read at once, and held for every open connection.
const READ_BYTES: usize = 4 * 1024;
/// What may wait inside for a slow browser: a few messages.
const WRITE_BYTES: usize = 4 * MAX_MESSAGE_BYTES;
const SUBPROTOCOL: &str = "sip";
const PROTOCOL_HEADER: &str = "Sec-WebSocket-Protocol";

/// Shakes hands, then carries messages until either side ends it. `Err` if
/// hands could not be shaken.
pub(super) async fn carry<S: AsyncRead + AsyncWrite + Unpin>(
    line: Line,
    stream: S,
    mut outgoing: mpsc::Receiver<Bytes>,
    events: &mpsc::Sender<StreamEvent>,
) -> io::Result<()> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let accepted =
        tokio_tungstenite::accept_hdr_async_with_config(stream, speaks_sip, Some(config));
    let mut socket = timeout(HANDSHAKE, accepted).await?.map_err(io::Error::other)?;
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent = 0;
    loop {
        let sent = tokio::select! {
            frame = socket.next() => {
                silent = 0;
                let bytes = match frame {
                    Some(Ok(Message::Text(text))) => Bytes::from(text),
                    Some(Ok(Message::Binary(bytes))) => bytes,
                    // A ping is answered by the library with the next write or read.
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                };
                if events.send(StreamEvent::Data(line.hop(), bytes)).await.is_err() {
                    return Ok(());
                }
                continue;
            }
            message = outgoing.recv() => match message {
                Some(message) => timeout(WRITE, socket.send(frame_of(message))).await,
                // The task let go.
                None => {
                    let _ = timeout(WRITE, socket.close(None)).await;
                    return Ok(());
                }
            },
            _ = pings.tick() => {
                if silent > MISSED_PINGS {
                    return Ok(());
                }
                silent += 1;
                timeout(WRITE, socket.send(Message::Ping(Bytes::new()))).await
            }
        };
        if !matches!(sent, Ok(Ok(()))) {
            return Ok(());
        }
    }
}

/// SIP is text, except for what a stranger put into a header.
fn frame_of(message: Bytes) -> Message {
    match message.clone().try_into() {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(message),
    }
}

/// Only who says that it speaks SIP is let in (RFC 7118 §4).
#[allow(clippy::result_large_err, reason = "the library's own signature")]
fn speaks_sip(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let offered = request.headers().get_all(PROTOCOL_HEADER).iter();
    let speaks = offered
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case(SUBPROTOCOL));
    if speaks {
        let headers = response.headers_mut();
        headers.insert(PROTOCOL_HEADER, HeaderValue::from_static(SUBPROTOCOL));
        return Ok(response);
    }
    let mut refusal = ErrorResponse::new(Some("subprotocol \"sip\" is spoken here".to_owned()));
    *refusal.status_mut() = StatusCode::BAD_REQUEST;
    Err(refusal)
}
