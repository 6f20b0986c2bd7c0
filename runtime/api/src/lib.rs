//! The public API: REST, its OpenAPI document, and an event stream.
//!
//! It reads and writes what is stored through `strowger-store` and asks the
//! running server for what is live through [`Control`]. It holds no SQL and
//! decides nothing about calls. Who may do what is decided in `auth`.

mod auth;
mod control;
mod deployment;
mod extract;
mod limits;
mod openapi;
mod problem;
mod rate;
mod state;
mod v1;

pub use auth::TENANT_HEADER;
pub use control::{
    AgentOrder, AgentStatus, Alarm, Answer, Ban, CallTrace, Change, Changed, Control, ControlError,
    ConvertedPrompt, DecisionLatency, DisabledVersion, DrainOrder, DrainStatus, DrainThen, Event,
    GuestMemory, GuestRefused, GuestReport, LiveCall, PromptRefused, QueueStatus, SigningKey,
    TracedMessage, TrunkCalls, TrunkStatus,
};
pub use deployment::{
    Checked, DeploymentStep, Difference, DryRun, StepWatch, StockCalls, StockFinding,
};
pub use openapi::document;
pub use problem::Problem;
pub use rate::Rate;
pub use state::ApiConfig;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use state::Api;
use std::net::SocketAddr;
use std::sync::Arc;
use strowger_store::Store;
use tokio::net::TcpListener;

/// Every endpoint, ready to be served.
pub fn router(store: Store, control: Arc<dyn Control>, config: ApiConfig) -> Router {
    let api = Api::new(store, control, config);
    let (quick, _) = v1::quick().split_for_parts();
    let (uploads, _) = v1::uploads().split_for_parts();
    let (open, _) = v1::open().split_for_parts();
    let authenticated = quick
        .layer(middleware::from_fn(within_request_time))
        .merge(uploads.layer(middleware::from_fn(within_upload_time)))
        .route_layer(middleware::from_fn_with_state(api.clone(), auth::authenticate));
    authenticated
        .merge(open)
        .fallback(async || {
            Problem::not_found("there is nothing at this address; see /v1/openapi.json")
        })
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(DefaultBodyLimit::max(limits::JSON_BODY))
        .with_state(api)
}

/// Serves until `stop` completes; requests under way are finished.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stop)
        .await
}

async fn within_request_time(request: Request, next: Next) -> Result<Response, Problem> {
    tokio::time::timeout(limits::REQUEST_TIME, next.run(request))
        .await
        .map_err(|_| Problem::timeout())
}

async fn within_upload_time(request: Request, next: Next) -> Result<Response, Problem> {
    tokio::time::timeout(limits::UPLOAD_TIME, next.run(request))
        .await
        .map_err(|_| Problem::timeout())
}
