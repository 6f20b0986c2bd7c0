//! Prompts.

mod audio;
mod delete;
mod get;
mod list;
mod upload;

use crate::state::Api;
use serde::Serialize;
use strowger_model::{PromptId, Timestamp};
use strowger_store as store;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_prompts))
        .routes(routes!(get::get_prompt))
        .routes(routes!(audio::download_prompt))
        .routes(routes!(delete::delete_prompt))
}

pub(crate) fn uploads() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(upload::upload_prompt))
}

/// A prompt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Prompt {
    pub id: PromptId,
    /// Unique within the tenant; flows say `file:NAME`.
    pub name: String,
    /// Media type of the upload.
    pub content_type: String,
    /// SHA-256 of the upload.
    pub digest: String,
    pub duration_ms: u64,
    pub created_at: Timestamp,
}

impl From<store::Prompt> for Prompt {
    fn from(prompt: store::Prompt) -> Self {
        Self {
            id: prompt.id,
            name: prompt.name,
            content_type: prompt.content_type,
            digest: prompt.digest,
            duration_ms: prompt.duration_ms,
            created_at: prompt.created_at,
        }
    }
}
