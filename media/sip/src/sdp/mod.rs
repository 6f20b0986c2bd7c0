//! Sessions: what is offered, what is answered, what holds (RFC 3264).
//!
//! [`Session`] is the pure machine of one dialog's offers and answers. Nothing
//! here knows SIP; nothing outside writes a line of SDP.

mod answer;
mod lines;
mod remote;
mod session;
mod words;

pub(crate) use session::KeptSession;
pub use session::{Session, SessionError};
pub use words::{
    Codec, CodecOrder, Direction, LocalMedia, MediaOptions, Negotiated, RemoteMedia, Security,
    Srtp, SrtpKey,
};
