//! The event stream: each tenant its own, bounded, and honest with slow readers.

mod support;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::net::SocketAddr;
use strowger_api::Event;
use strowger_model::{TenantId, Timestamp};
use support::TestApi;
use support::memory::EVENTS_KEPT;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

type Socket = WebSocketStream<TcpStream>;

async fn serve(api: &TestApi) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(strowger_api::serve(listener, api.router.clone(), std::future::pending()));
    address
}

async fn follow(address: SocketAddr, key: &str) -> Result<Socket, Error> {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut request = format!("ws://{address}/v1/events").into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    Ok(tokio_tungstenite::client_async(request, stream).await?.0)
}

fn event(name: &str, data: Value) -> Event {
    Event { at: Timestamp(7), name: name.to_owned(), data }
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("expected an event, got {other:?}"),
        }
    }
}

/// Waits until the server has taken notice of as many followers.
async fn followers(api: &TestApi, tenant: TenantId, count: usize) {
    while api.control.followers(tenant) != count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn each_tenant_hears_its_own_events_only() {
    let api = TestApi::start().await;
    let address = serve(&api).await;
    let (a, key_a) = api.tenant("a").await;
    let (b, key_b) = api.tenant("b").await;
    let mut of_a = follow(address, &key_a).await.unwrap();
    let mut of_b = follow(address, &key_b).await.unwrap();
    api.control.publish(a, event("call.started", json!({"secret": "of a"})));
    api.control.publish(b, event("call.ended", json!({})));
    assert_eq!(next(&mut of_a).await["data"]["secret"], "of a");
    // The first that B hears is B's own, though A's was earlier.
    assert_eq!(next(&mut of_b).await, json!({"at": 7, "name": "call.ended", "data": {}}));
}

#[tokio::test]
async fn nobody_follows_without_a_key() {
    let api = TestApi::start().await;
    let address = serve(&api).await;
    match follow(address, "sk_nonsense").await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 401),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn a_slow_follower_is_cut_off_with_a_reason() {
    let api = TestApi::start().await;
    let address = serve(&api).await;
    let (tenant, key) = api.tenant("a").await;
    let mut slow = follow(address, &key).await.unwrap();
    followers(&api, tenant, 1).await;
    // In one go, so that the stream's task cannot keep up: more than is kept.
    for number in 0..=EVENTS_KEPT {
        api.control.publish(tenant, event("n", json!(number)));
    }
    loop {
        match slow.next().await.unwrap().unwrap() {
            Message::Text(_) | Message::Ping(_) => {}
            Message::Close(Some(frame)) => {
                assert_eq!(u16::from(frame.code), 4008);
                assert!(frame.reason.contains("too slow"), "{}", frame.reason);
                break;
            }
            other => panic!("expected a close with a reason, got {other:?}"),
        }
    }
    followers(&api, tenant, 0).await;
}

#[tokio::test]
async fn a_follower_that_leaves_is_forgotten() {
    let api = TestApi::start().await;
    let address = serve(&api).await;
    let (tenant, key) = api.tenant("a").await;
    let mut polite = follow(address, &key).await.unwrap();
    let rude = follow(address, &key).await.unwrap();
    followers(&api, tenant, 2).await;
    polite.send(Message::Close(None)).await.unwrap();
    drop(rude);
    followers(&api, tenant, 0).await;
}

#[tokio::test]
async fn the_number_of_streams_is_bounded_per_tenant() {
    let api = TestApi::start().await;
    let address = serve(&api).await;
    let (tenant, key) = api.tenant("a").await;
    let (_, other) = api.tenant("b").await;
    let mut open = Vec::new();
    let refused = loop {
        match follow(address, &key).await {
            Ok(socket) => open.push(socket),
            Err(Error::Http(response)) => break response.status(),
            Err(error) => panic!("{error}"),
        }
        assert!(open.len() < 10_000, "there is no limit");
    };
    assert_eq!(refused, 429);
    // Another tenant is not held up, and a place that is given back is free again.
    follow(address, &other).await.unwrap();
    open.pop();
    followers(&api, tenant, open.len()).await;
    follow(address, &key).await.unwrap();
}
