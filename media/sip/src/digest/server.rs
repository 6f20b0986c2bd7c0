//! Challenging, and checking the proof.

use super::credentials::Credentials;
use super::nonce::{NonceState, Nonces};
use super::secret::{Algorithm, Realm, Secret};
use sipx_sip::{HeaderName, Request};
use strowger_model::Timestamp;
use subtle::ConstantTimeEq;

/// Longest count parameter: eight hexadecimal digits (RFC 7616 §3.4).
const COUNT_DIGITS: usize = 8;

/// What a proof turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Right.
    Good,
    /// Right secret, but the nonce was used or is none of ours, as after a
    /// restart: challenge again with `stale=true` (RFC 7616 §3.3).
    Stale,
    /// Wrong.
    Bad,
}

/// Which algorithms phones are challenged with, in the order of the headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChallengeOrder {
    /// SHA-256, then MD5 (RFC 8760 §2.3).
    #[default]
    StrongFirst,
    /// MD5, then SHA-256: for old phones that look at the first header only
    /// and give up if they do not know its algorithm.
    WeakFirst,
    /// SHA-256 alone; phones that do not know it cannot register.
    StrongOnly,
    /// MD5 alone: for old phones that give up at any header that names another
    /// algorithm, wherever it stands.
    WeakOnly,
}

impl ChallengeOrder {
    fn algorithms(self) -> &'static [Algorithm] {
        match self {
            Self::StrongFirst => &[Algorithm::Sha256, Algorithm::Md5],
            Self::WeakFirst => &[Algorithm::Md5, Algorithm::Sha256],
            Self::StrongOnly => &[Algorithm::Sha256],
            Self::WeakOnly => &[Algorithm::Md5],
        }
    }

    pub(crate) fn allows(self, algorithm: Algorithm) -> bool {
        self.algorithms().contains(&algorithm)
    }
}

/// The challenges for `realm`.
pub(crate) fn challenges(
    order: ChallengeOrder,
    realm: &Realm,
    nonce: &str,
    stale: bool,
) -> Vec<String> {
    let stale = if stale { ", stale=true" } else { "" };
    let realm = realm.as_str();
    let challenge = |algorithm: &Algorithm| {
        format!(
            "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={}, qop=\"auth\"{stale}",
            algorithm.name()
        )
    };
    order.algorithms().iter().map(challenge).collect()
}

/// The credentials that a request carries for `realm`, in either header: a
/// phone may take us for a proxy or for the far end.
pub(crate) fn find_credentials(request: &Request, realm: &Realm) -> Option<Credentials> {
    [HeaderName::Authorization, HeaderName::ProxyAuthorization].iter().find_map(|name| {
        request
            .headers
            .get_all(name)
            .filter_map(|header| Credentials::parse(&header.value()))
            .find(|credentials| credentials.realm.eq_ignore_ascii_case(realm.as_str()))
    })
}

/// Checks a proof against an account's secret; `None` is an account that does
/// not exist, which takes as long and fails the same way.
pub(crate) fn verify(
    order: ChallengeOrder,
    nonces: &mut Nonces,
    now: Timestamp,
    realm: &Realm,
    method: &str,
    credentials: &Credentials,
    secret: Option<&Secret>,
) -> Proof {
    let algorithm = credentials.algorithm.as_deref().unwrap_or("MD5");
    let Some(algorithm) = Algorithm::parse(algorithm) else { return Proof::Bad };
    let nobody = Secret::from_password("", realm, "");
    let secret = secret.filter(|_| order.allows(algorithm));
    let known = secret.and_then(|secret| secret.hash(algorithm));
    let ha1 = known.or(nobody.hash(algorithm)).unwrap_or_default();
    let Some((expected, count)) = response(algorithm, ha1, method, credentials) else {
        return Proof::Bad;
    };
    let given = credentials.response.to_ascii_lowercase();
    let right = bool::from(expected.as_bytes().ct_eq(given.as_bytes()));
    if known.is_none() || !right {
        return Proof::Bad;
    }
    match nonces.take(now, &credentials.nonce, realm.as_str(), count) {
        NonceState::Good => Proof::Good,
        NonceState::Stale | NonceState::Foreign => Proof::Stale,
    }
}

/// The response that these credentials must carry, and their count. Without
/// `qop` (RFC 2069 phones) the count is 1: such a nonce is good once.
fn response(
    algorithm: Algorithm,
    ha1: &str,
    method: &str,
    credentials: &Credentials,
) -> Option<(String, u32)> {
    let ha2 = algorithm.hash(&[method, &credentials.uri]);
    let nonce = credentials.nonce.as_str();
    let Some(qop) = credentials.qop.as_deref() else {
        return Some((algorithm.hash(&[ha1, nonce, &ha2]), 1));
    };
    if !qop.eq_ignore_ascii_case("auth") {
        return None;
    }
    let nc = credentials.nc.as_deref().filter(|nc| nc.len() <= COUNT_DIGITS)?;
    let cnonce = credentials.cnonce.as_deref()?;
    let count = u32::from_str_radix(nc, 16).ok()?;
    Some((algorithm.hash(&[ha1, nonce, nc, cnonce, qop, &ha2]), count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 §3.9.1, with SIP's words for HTTP's: the formula is the same.
    fn example(algorithm: &str, response: &str) -> Credentials {
        Credentials {
            username: "Mufasa".into(),
            realm: "http-auth@example.org".into(),
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v".into(),
            uri: "/dir/index.html".into(),
            response: response.into(),
            algorithm: Some(algorithm.into()),
            qop: Some("auth".into()),
            nc: Some("00000001".into()),
            cnonce: Some("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".into()),
        }
    }

    #[test]
    fn the_examples_of_rfc_7616_come_out() {
        let realm = Realm::new("http-auth@example.org");
        let secret = Secret::from_password("Mufasa", &realm, "Circle of Life");
        for (name, expected) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let algorithm = Algorithm::parse(name).unwrap();
            let ha1 = secret.hash(algorithm).unwrap();
            let (made, count) = response(algorithm, ha1, "GET", &example(name, "")).unwrap();
            assert_eq!(made, expected);
            assert_eq!(count, 1);
        }
    }

    fn proven(
        algorithm: &str,
        change: impl FnOnce(&mut Credentials),
        secret: Option<&Secret>,
    ) -> Proof {
        let now = Timestamp(1_700_000_000_000);
        let realm = Realm::new("Example.org");
        let mut nonces = Nonces::new([1; 32]);
        let mut credentials = example(algorithm, "");
        credentials.username = "201".into();
        credentials.nonce = nonces.make(now, 5, realm.as_str());
        let known = Secret::from_password("201", &realm, "s3cret");
        let hash = Algorithm::parse(algorithm).unwrap();
        let made = response(hash, known.hash(hash).unwrap(), "REGISTER", &credentials).unwrap();
        credentials.response = made.0;
        change(&mut credentials);
        let order = ChallengeOrder::StrongFirst;
        verify(order, &mut nonces, now, &realm, "REGISTER", &credentials, secret)
    }

    #[test]
    fn both_algorithms_prove_and_every_changed_field_does_not() {
        let realm = Realm::new("example.org");
        let secret = Secret::from_password("201", &realm, "s3cret");
        for algorithm in ["MD5", "SHA-256"] {
            assert_eq!(proven(algorithm, |_| {}, Some(&secret)), Proof::Good);
            assert_eq!(proven(algorithm, |_| {}, None), Proof::Bad, "no such account");
            let changes: [fn(&mut Credentials); 7] = [
                |c| c.response.replace_range(0..1, "x"),
                |c| c.uri.push('x'),
                |c| c.nc = Some("00000002".into()),
                |c| c.nc = None,
                |c| c.cnonce = Some("other".into()),
                |c| c.qop = Some("auth-int".into()),
                |c| c.nonce.replace_range(0..1, "f"),
            ];
            for change in changes {
                assert_eq!(proven(algorithm, change, Some(&secret)), Proof::Bad);
            }
        }
    }

    #[test]
    fn an_account_without_md5_cannot_be_proven_with_it() {
        let realm = Realm::new("example.org");
        let full = Secret::from_password("201", &realm, "s3cret");
        let strong = Secret::from_hashes(None, full.hash(Algorithm::Sha256).map(str::to_owned));
        assert_eq!(proven("MD5", |_| {}, Some(&strong)), Proof::Bad);
        assert_eq!(proven("SHA-256", |_| {}, Some(&strong)), Proof::Good);
    }
}
