//! Answering a challenge to one of our requests.

use crate::directory::Login;
use sipx_sip::auth::{Challenge, Credentials, respond, strongest};
use sipx_sip::{HeaderName, Response};

/// The header that answers the strongest challenge of a 401 or 407 that we
/// can answer; `None` if there is none.
pub(crate) fn answer(
    response: &Response,
    login: &Login,
    method: &str,
    uri: &str,
    cnonce: &str,
) -> Option<(HeaderName, String)> {
    let (name, from_proxy) = match response.status.code() {
        401 => (HeaderName::WwwAuthenticate, false),
        407 => (HeaderName::ProxyAuthenticate, true),
        _ => return None,
    };
    let challenges = response
        .headers
        .get_all(&name)
        .filter_map(|header| Challenge::parse(&header.value(), from_proxy))
        .collect();
    let challenge = strongest(challenges)?;
    let credentials = Credentials::new(login.username.as_str(), login.password.as_str());
    let value = respond(&challenge, &credentials, method, uri, 1, cnonce);
    Some((challenge.response_header(), value))
}
