//! What flows may use besides telephony.

pub mod http;
