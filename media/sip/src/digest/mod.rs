//! Digest authentication, both ways (RFC 7616, RFC 8760, RFC 3261 §22).
//!
//! The server side challenges with SHA-256 and MD5, accepts either, and never
//! accepts the same nonce and count twice.

mod client;
mod credentials;
mod nonce;
mod secret;
mod server;

pub use secret::{Algorithm, Realm, Secret};
pub use server::ChallengeOrder;

pub(crate) use client::answer;
pub(crate) use nonce::Nonces;
pub(crate) use server::{Proof, challenges, find_credentials, verify};
