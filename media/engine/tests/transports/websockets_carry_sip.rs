//! WebSockets, open and secure, spoken to by tungstenite's client.

use crate::support::*;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use strowger_sip::*;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

type Shaken<S> = Result<WebSocketStream<S>, tokio_tungstenite::tungstenite::Error>;

async fn shake<S: AsyncRead + AsyncWrite + Unpin>(stream: S, protocol: Option<&str>) -> Shaken<S> {
    let mut request = "ws://sip.acme.test/".into_client_request().unwrap();
    if let Some(protocol) = protocol {
        let value = HeaderValue::from_str(protocol).unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", value);
    }
    let (socket, response) = tokio_tungstenite::client_async(request, stream).await?;
    assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "sip");
    Ok(socket)
}

async fn next<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) -> String {
    loop {
        match soon(socket.next()).await.unwrap().unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_comes_in_over_a_secure_websocket() {
    let authority = Authority::new();
    let files = authority.certify("a", "sip.acme.test");
    let (handle, mut events) = everything(&authority, vec![files]).await;
    let at = handle.listener(Transport::Wss).unwrap();
    let stream = authority.connect(at, "sip.acme.test").await.unwrap();
    let mut socket = shake(stream, Some("chat, sip")).await.unwrap();
    let invite = request("INVITE", "WSS", "w1", OFFER);
    socket.send(Message::text(invite.as_str())).await.unwrap();
    assert!(next(&mut socket).await.starts_with("SIP/2.0 100"));
    let Some(SipEvent::Incoming(incoming)) = soon(events.recv()).await else { panic!("no call") };
    handle.answer(incoming.dialog, media()).await.unwrap();
    let answer = next(&mut socket).await;
    assert!(answer.starts_with("SIP/2.0 200") && answer.contains(";transport=ws>"), "{answer}");
    // Binary frames carry SIP too (RFC 7118 §5).
    let options = request("OPTIONS", "WSS", "w2", "");
    socket.send(Message::Binary(Bytes::from(options))).await.unwrap();
    assert!(next(&mut socket).await.starts_with("SIP/2.0 200"));
    socket.send(Message::text("\r\n\r\n")).await.unwrap();
    assert_eq!(next(&mut socket).await, "\r\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_speak_sip_is_not_let_in() {
    let authority = Authority::new();
    let files = authority.certify("a", "sip.acme.test");
    let (handle, _events) = everything(&authority, vec![files]).await;
    let at = handle.listener(Transport::Ws).unwrap();
    for protocol in [None, Some("chat"), Some("sipx")] {
        let stream = TcpStream::connect(at).await.unwrap();
        let error = shake(stream, protocol).await.unwrap_err().to_string();
        assert!(error.contains("400"), "{error}");
    }
    let mut stream = TcpStream::connect(at).await.unwrap();
    say(&mut stream, &request("OPTIONS", "TCP", "o", "")).await;
    closed(&mut stream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_is_too_long_ends_the_connection() {
    let authority = Authority::new();
    let files = authority.certify("a", "sip.acme.test");
    let (handle, _events) = everything(&authority, vec![files]).await;
    let stream = TcpStream::connect(handle.listener(Transport::Ws).unwrap()).await.unwrap();
    let mut socket = shake(stream, Some("sip")).await.unwrap();
    let long = "x".repeat(limits::MAX_MESSAGE_BYTES + 1);
    let _ = socket.send(Message::text(long)).await;
    let end = soon(async {
        while let Some(Ok(frame)) = socket.next().await {
            assert!(!matches!(frame, Message::Text(_) | Message::Binary(_)));
        }
    });
    end.await;
}
