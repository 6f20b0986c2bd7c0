//! Who sends a request: a trunk by address, or an extension or trunk by digest.
//!
//! The tenant comes first: the domain that the request names, never the user
//! name, decides whose accounts are looked at. So an extension of one tenant
//! can never prove itself to another.

use super::Endpoint;
use crate::admission::Offence;
use crate::counters::Count;
use crate::digest::{Proof, challenges, find_credentials, verify};
use crate::directory::{Extension, Trunk, TrunkMatch};
use crate::event::Source;
use crate::hop::Hop;
use crate::message::host_of;
use sipx_sip::headers::{From, To};
use sipx_sip::{HeaderName, Method, Request, Uri};
use strowger_model::{AgentId, TenantId, Timestamp};

/// A proven extension.
pub(super) struct Phone {
    pub(super) agent: AgentId,
    pub(super) tenant: TenantId,
}

impl Endpoint {
    /// Who places a call. If nobody, the request has been answered.
    pub(super) fn identify_caller(
        &mut self,
        now: Timestamp,
        request: &Request,
        source: Hop,
    ) -> Option<Source> {
        let directory = self.directory.clone();
        let named = self.tenant_named(request);
        if let Some(tenant) = named
            && let Some(realm) = directory.realm(tenant)
            && find_credentials(request, realm).is_some()
        {
            return self.prove(now, request, source, tenant);
        }
        let found = directory
            .trunk_at(source.remote, named, |trunk| self.trunks.is_at(trunk.id, source.remote));
        match found {
            TrunkMatch::One(trunk) => Some(Source::Trunk { trunk: trunk.id, tenant: trunk.tenant }),
            TrunkMatch::Ambiguous => {
                self.counters.add(Count::AmbiguousSource);
                self.refuse(request, source, 403);
                None
            }
            TrunkMatch::None => match named {
                Some(tenant) => {
                    self.challenge(now, request, source, tenant, false);
                    None
                }
                None => {
                    self.counters.add(Count::UnknownSource);
                    self.offended(now, source, Offence::UnknownSource);
                    self.refuse_guess(now, request, source, 403, |reply| reply);
                    None
                }
            },
        }
    }

    /// The phone that registers. If none, the request has been answered.
    pub(super) fn identify_phone(
        &mut self,
        now: Timestamp,
        request: &Request,
        source: Hop,
    ) -> Option<Phone> {
        let to = request.headers.typed::<To>().and_then(Result::ok);
        let Some(tenant) = to.as_ref().and_then(|to| self.tenant_in(&to.uri)) else {
            self.counters.add(Count::UnknownSource);
            self.offended(now, source, Offence::UnknownSource);
            self.refuse_guess(now, request, source, 403, |reply| reply);
            return None;
        };
        let directory = self.directory.clone();
        let proven =
            directory.realm(tenant).is_some_and(|r| find_credentials(request, r).is_some());
        if !proven {
            self.challenge(now, request, source, tenant, false);
            return None;
        }
        match self.prove(now, request, source, tenant)? {
            Source::Extension { agent, tenant } => {
                let user = to.and_then(|to| crate::message::user_of(&to.uri));
                let own = directory.extension(agent).map(|e| e.username.as_str());
                if user.as_deref() == own {
                    return Some(Phone { agent, tenant });
                }
                // Nobody registers for somebody else (RFC 3261 §10.3 step 5).
                self.counters.add(Count::WrongCredentials);
                self.refuse(request, source, 403);
                None
            }
            Source::Trunk { .. } => {
                self.counters.add(Count::WrongCredentials);
                self.refuse(request, source, 403);
                None
            }
        }
    }

    fn prove(
        &mut self,
        now: Timestamp,
        request: &Request,
        source: Hop,
        tenant: TenantId,
    ) -> Option<Source> {
        let directory = self.directory.clone();
        let realm = directory.realm(tenant)?;
        let credentials = find_credentials(request, realm)?;
        let extension = directory.extension_named(tenant, &credentials.username);
        let trunk = directory.trunk_named(tenant, &credentials.username);
        let secret = extension
            .map(|extension: &Extension| &extension.secret)
            .or(trunk.and_then(|trunk: &Trunk| trunk.inbound.as_ref()).map(|login| &login.secret));
        let method = String::from_utf8_lossy(request.method.as_bytes());
        let order = self.config.challenge;
        match verify(order, &mut self.nonces, now, realm, &method, &credentials, secret) {
            Proof::Good => {
                self.guard.proven(now, source.remote.ip());
                match (extension, trunk) {
                    (Some(extension), _) => {
                        Some(Source::Extension { agent: extension.agent, tenant })
                    }
                    (None, Some(trunk)) => Some(Source::Trunk { trunk: trunk.id, tenant }),
                    (None, None) => None,
                }
            }
            Proof::Stale => {
                self.counters.add(Count::StaleNonce);
                self.challenge(now, request, source, tenant, true);
                None
            }
            Proof::Bad => {
                let unknown = extension.is_none() && trunk.is_none();
                let offence = if unknown {
                    self.counters.add(Count::UnknownUser);
                    Offence::UnknownExtension
                } else {
                    Offence::WrongPassword
                };
                self.counters.add(Count::WrongCredentials);
                self.offended(now, source, offence);
                self.refuse_guess(now, request, source, 403, |reply| reply);
                None
            }
        }
    }

    /// 401 to those who register, 407 to those who call through us.
    fn challenge(
        &mut self,
        now: Timestamp,
        request: &Request,
        source: Hop,
        tenant: TenantId,
        stale: bool,
    ) {
        let directory = self.directory.clone();
        let Some(realm) = directory.realm(tenant) else { return };
        let nonce = self.nonces.make(now, self.random.number(), realm.as_str());
        let (status, name) = match request.method {
            Method::Register => (401, HeaderName::WwwAuthenticate),
            _ => (407, HeaderName::ProxyAuthenticate),
        };
        self.counters.add(Count::Challenged);
        let offered = challenges(self.config.challenge, realm, &nonce, stale);
        self.refuse_guess(now, request, source, status, |reply| {
            offered.into_iter().fold(reply, |reply, value| reply.header(name.clone(), value))
        });
    }

    /// The tenant that an INVITE names: by its From, else by its Request-URI.
    fn tenant_named(&self, request: &Request) -> Option<TenantId> {
        let from = request.headers.typed::<From>().and_then(Result::ok);
        let by_from = from.and_then(|from| self.tenant_by_domain(&from.uri));
        by_from
            .or_else(|| self.tenant_by_domain(&request.uri))
            .or_else(|| self.tenant_in(&request.uri))
    }

    fn tenant_by_domain(&self, uri: &Uri) -> Option<TenantId> {
        self.directory.tenant_of(&host_of(uri)?, false)
    }

    fn tenant_in(&self, uri: &Uri) -> Option<TenantId> {
        let host = host_of(uri)?;
        self.directory.tenant_of(&host, self.is_ours(&host))
    }
}
