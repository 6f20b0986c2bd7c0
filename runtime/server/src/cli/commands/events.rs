//! `strowger events`

use super::super::CliError;
use super::super::client::Client;
use super::super::output::{Output, utc};
use clap::Subcommand;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// What happens, as it happens.
#[derive(Debug, Subcommand)]
pub enum Events {
    /// Print events until interrupted; with --json one JSON object a line.
    Follow {
        /// Only events whose name begins so: call, agent.changed.
        #[arg(long, default_value = "")]
        name: String,
        /// End after this many.
        #[arg(long)]
        count: Option<u64>,
    },
}

pub(crate) async fn run(
    client: &Client,
    command: Events,
    out: &mut Output,
) -> Result<(), CliError> {
    let Events::Follow { name, count } = command;
    let mut socket = connect(client).await?;
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        let message = match socket.next().await {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(CliError::Stream(error.to_string())),
            None => return Err(CliError::Stream("the server closed the connection".to_owned())),
        };
        match message {
            Message::Text(text) => {
                let event: Value = serde_json::from_str(&text).unwrap_or_default();
                let its_name = event["name"].as_str().unwrap_or_default();
                if its_name.starts_with(&name) {
                    print(&event, its_name, &text, out)?;
                    left -= 1;
                }
            }
            Message::Close(frame) => {
                let reason = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                return Err(CliError::Stream(reason));
            }
            // Pings are answered when the stream is next flushed.
            _ => socket.flush().await.map_err(|error| CliError::Stream(error.to_string()))?,
        }
    }
    Ok(())
}

/// The upgrade goes through the HTTP client, so that TLS is set up in one way only.
async fn connect(client: &Client) -> Result<WebSocketStream<reqwest::Upgraded>, CliError> {
    let nonce = generate_key();
    let response = client.upgrade("/v1/events", &nonce).await?;
    let accepted = response.headers().get("sec-websocket-accept");
    // RFC 6455 §4.1: an answer that does not prove it understood is no WebSocket.
    if accepted
        .is_none_or(|shown| shown.as_bytes() != derive_accept_key(nonce.as_bytes()).as_bytes())
    {
        return Err(CliError::Stream("the server's WebSocket answer is not valid".to_owned()));
    }
    let upgraded = response.upgrade().await.map_err(|error| CliError::Stream(error.to_string()))?;
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await)
}

fn print(event: &Value, name: &str, text: &str, out: &mut Output) -> Result<(), CliError> {
    if out.is_json() {
        return out.line(text);
    }
    let at = event["at"].as_u64().unwrap_or_default();
    out.line(&format!("{}.{:03}  {name:<24} {}", utc(at), at % 1_000, event["data"]))
}
