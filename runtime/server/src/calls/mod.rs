//! Calls: one task each. Start reading at [`task`].

pub mod conference;
pub mod kept;
mod legs;
pub mod message;
pub mod notices;
pub mod parcel;
pub mod pressure;
pub mod referral;
pub mod registry;
pub mod signalling;
pub mod signalling_thread;
pub mod sound;
pub mod speech;
pub mod task;
