//! The driver's sockets on loopback, against clients written by others
//! (rustls, tungstenite) or by hand.

mod support;

mod certificates_are_checked;
mod collectors_get_copies;
mod connections_are_limited;
mod names_in_dialogs_are_followed;
mod names_lead_to_servers;
mod new_calls_are_refused_under_load;
mod websockets_carry_sip;
