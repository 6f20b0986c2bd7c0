//! The host as the SDK sees it: one function for each import of `wit/`.
//!
//! Inside Wasm they are the imports themselves, so that a program imports only
//! what it uses; natively they go to a [`FlowHost`], [`DistributionHost`] or
//! [`CampaignHost`] that a test puts in place.

#[cfg(target_arch = "wasm32")]
mod wasm;
#[cfg(target_arch = "wasm32")]
pub use wasm::*;

#[cfg(not(target_arch = "wasm32"))]
mod action;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
pub use action::*;
#[cfg(not(target_arch = "wasm32"))]
pub use native::*;
