//! Who a call is from, as it is heard and as it is said (RFC 3323, RFC 3325),
//! and which headers pass from one leg to another: none that is not named.
//!
//! Every outgoing request is written anew; nothing of another leg's Via,
//! Contact, Call-ID, routes or product ever gets here.

use super::{Caller, Endpoint};
use crate::directory::Trunk;
use crate::event::Source;
use crate::message::{Ask, escape_user, host_text, quote_name, user_of};
use crate::policy::{Assertion, LegPolicy};
use crate::trunk::TrunkPolicy;
use bytes::Bytes;
use sipx_sip::headers::From;
use sipx_sip::{Address, Header, HeaderName, Request};

/// Where nobody is (RFC 3323 §4.1.1.3).
const ANONYMOUS: &str = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
/// Headers passed on per call; a carrier adds a handful at most.
const MAX_PASSED: usize = 16;
/// Longest value passed on.
const MAX_PASSED_BYTES: usize = 1_024;

/// What a request says of its caller.
pub(super) struct CallerShown {
    /// Number or name; `None`: nothing usable.
    pub(super) user: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) withheld: bool,
}

/// Reads who calls. An asserted identity counts only from those who are
/// trusted, and not for showing if it is for the network only (RFC 3325 §9.3).
pub(super) fn read_caller(request: &Request, source: &Source, policy: &LegPolicy) -> CallerShown {
    let from = request.headers.typed::<From>().and_then(Result::ok).map(|from| from.0);
    let trusted = matches!(source, Source::Trunk { .. }) && policy.identity.trusted;
    let withheld = wants_privacy(request) || from.as_ref().is_some_and(is_anonymous);
    let asserted = request
        .headers
        .value(&HeaderName::PAssertedIdentity)
        .filter(|_| trusted && !wants_privacy(request))
        .and_then(|value| Address::parse_list(&value, "P-Asserted-Identity").ok())
        .and_then(|list| list.into_iter().next());
    let user = asserted.as_ref().and_then(|address| user_of(&address.uri));
    let by_from = from.as_ref().and_then(|from| user_of(&from.uri));
    let display_name = from
        .and_then(|from| from.display_name)
        .map(|name| String::from_utf8_lossy(&name).into_owned())
        .filter(|name| !name.is_empty());
    CallerShown { user: user.or(by_from), display_name, withheld }
}

fn is_anonymous(from: &Address) -> bool {
    let host = crate::message::host_of(&from.uri);
    host.as_deref() == Some("anonymous.invalid")
}

/// Whether any of the wishes that hide a caller is named (RFC 3323 §4.2).
fn wants_privacy(request: &Request) -> bool {
    request.headers.get_all(&HeaderName::Privacy).any(|header| {
        let value = header.value();
        value.split(|b| matches!(b, b';' | b',')).any(|word| {
            let word = word.trim_ascii();
            [&b"id"[..], b"user", b"header"].iter().any(|wish| word.eq_ignore_ascii_case(wish))
        })
    })
}

/// The headers of an incoming call that its policy lets pass.
pub(super) fn passed(request: &Request, policy: &LegPolicy) -> Vec<(String, String)> {
    let named = policy.pass_headers.iter().filter_map(|name| passable(name).map(|key| (name, key)));
    named
        .flat_map(|(name, key)| {
            let values: Vec<_> = request
                .headers
                .get_all(&key)
                .filter(|header| header.value().len() <= MAX_PASSED_BYTES)
                .map(|header| (name.clone(), String::from_utf8_lossy(&header.value()).into_owned()))
                .collect();
            values
        })
        .take(MAX_PASSED)
        .collect()
}

/// The name of a header that may pass: one that nothing of ours depends on and
/// that names no dialog, route or host of another leg.
fn passable(name: &str) -> Option<HeaderName> {
    let parsed = HeaderName::parse(&Bytes::from(name.to_owned()));
    let free = matches!(
        parsed,
        HeaderName::Other(_)
            | HeaderName::AlertInfo
            | HeaderName::CallInfo
            | HeaderName::Organization
            | HeaderName::Priority
            | HeaderName::Subject
            | HeaderName::HistoryInfo
    );
    free.then_some(parsed)
}

/// What the other side of a placed call is told of its caller. The trunk's
/// [`TrunkPolicy`] chooses the number and writes it; whether it is asserted too
/// is the affair of [`crate::IdentityPolicy`].
#[derive(Clone, Debug)]
pub(crate) struct CallerTold {
    /// Our address in From, without a tag.
    pub(crate) from: String,
    /// The user part of our Contact, which the called party sees too.
    pub(crate) contact_user: String,
    /// Who calls, for carriers that are told.
    pub(crate) identity: String,
    /// Whether the called party must not know.
    pub(crate) hidden: bool,
}

impl CallerTold {
    /// For a call whose INVITE is long past.
    pub(super) fn nobody() -> Self {
        let (from, contact_user, identity) = (String::new(), String::new(), String::new());
        Self { from, contact_user, identity, hidden: false }
    }

    pub(super) fn to_phone(caller: &Caller, withhold: bool, domain: &str) -> Self {
        Self::new(caller, withhold, None, domain)
    }

    pub(super) fn over_trunk(
        caller: &Caller,
        withhold: bool,
        trunk: &Trunk,
        policy: &TrunkPolicy,
    ) -> Self {
        let shown = policy.caller.show(&caller.number, caller.name.as_deref());
        let (number, name) = match shown.hidden {
            // Hidden from the called party; a carrier that is told gets the call's own.
            true => (caller.number.clone(), caller.name.clone()),
            false => (shown.number, shown.name),
        };
        let caller = Caller { number: policy.caller_out.apply(&number), name };
        // Carriers that route by registration know us by this name only.
        let login = trunk.outbound.as_ref().map(|login| login.username.as_str());
        Self::new(&caller, withhold || shown.hidden, login, trunk.domain())
    }

    fn new(caller: &Caller, hidden: bool, login: Option<&str>, domain: &str) -> Self {
        let identity = named_address(caller, domain);
        let from = if hidden { ANONYMOUS.to_owned() } else { identity.clone() };
        let contact_user = match login {
            Some(login) => login,
            None if hidden => "anonymous",
            None => &caller.number,
        };
        Self { from, contact_user: contact_user.to_owned(), identity, hidden }
    }
}

impl Endpoint {
    /// What a placed call says of its caller besides From.
    pub(super) fn assert_identity(&self, ask: Ask, source: &Source, told: &CallerTold) -> Ask {
        let identity = || told.identity.clone();
        let ask = match self.policies.of(source).identity.assertion {
            Assertion::None => ask,
            Assertion::Asserted => ask.header(HeaderName::PAssertedIdentity, identity()),
            Assertion::Preferred => ask.header(HeaderName::PPreferredIdentity, identity()),
        };
        if told.hidden { ask.header(HeaderName::Privacy, "id") } else { ask }
    }

    /// Adds what may pass of the headers that the server wants sent.
    pub(super) fn pass_headers(
        &self,
        mut ask: Ask,
        source: &Source,
        headers: &[(String, String)],
    ) -> Ask {
        let allowed = &self.policies.of(source).pass_headers;
        for (name, value) in headers.iter().take(MAX_PASSED) {
            let custom = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"));
            let named = custom || allowed.iter().any(|known| known.eq_ignore_ascii_case(name));
            let Some(key) = passable(name).filter(|_| named) else { continue };
            // A name or value that cannot stand in a header is left out, not sent broken.
            if Header::build(key.clone(), value.clone()).is_ok() {
                ask = ask.header(key, value.clone());
            }
        }
        ask
    }
}

/// Name and number as they stand in an address.
fn named_address(caller: &Caller, domain: &str) -> String {
    let name = caller.name.as_deref().map(quote_name).unwrap_or_default();
    format!("{name}<sip:{}@{}>", escape_user(&caller.number), host_text(domain))
}
