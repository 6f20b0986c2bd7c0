//! From the tenants' configurations to the one directory that signalling uses.

use crate::node::Node;
use anyhow::{Context as _, Result};
use std::sync::Arc;
use strowger_sip::{
    Directory, Extension, InboundLogin, Login, Proxy, Secret, TenantDomains, Transport, Trunk,
};
use strowger_store::{Trunk as StoredTrunk, TrunkTransport};

/// Builds the directory anew and hands it to signalling.
pub async fn publish(node: &Node) -> Result<()> {
    let mut domains = Vec::new();
    let mut extensions = Vec::new();
    let mut trunks = Vec::new();
    let tenants = node.tenants.all();
    for tenant in &tenants {
        let config = tenant.config();
        domains.push(TenantDomains { tenant: tenant.id, domains: vec![config.sip_domain.clone()] });
        for agent in &config.agents {
            let hashes = (Some(agent.ha1.md5.clone()), Some(agent.ha1.sha256.clone()));
            extensions.push(Extension {
                agent: agent.id,
                tenant: tenant.id,
                username: agent.settings.extension.to_string(),
                secret: Secret::from_hashes(hashes.0, hashes.1),
            });
        }
        for stored in &config.trunks {
            match trunk(tenant.id, stored) {
                Ok(trunk) => trunks.push(trunk),
                Err(error) => {
                    tracing::error!(trunk = %stored.id, %error, "trunk left out of the directory");
                }
            }
        }
    }
    // Phones that were told an address instead of a domain can only mean the one tenant.
    let only = match tenants.as_slice() {
        [one] => Some(one.id),
        _ => None,
    };
    let directory = Directory::new(domains, extensions, trunks, only)?;
    node.sip.set_directory(Arc::new(directory)).await?;
    super::trunking::publish(node).await?;
    // Commands are taken in order: an answer to a later one says that the
    // directory is in force, which whoever changed it relies on.
    node.sip.figures().await?;
    Ok(())
}

fn trunk(tenant: strowger_model::TenantId, stored: &StoredTrunk) -> Result<Trunk> {
    let settings = &stored.settings;
    let sources = settings
        .addresses
        .iter()
        .map(|text| text.parse().map_err(anyhow::Error::from))
        .collect::<Result<_>>()?;
    let inbound = match (&settings.in_user, &stored.in_ha1) {
        (Some(user), Some(ha1)) => Some(InboundLogin {
            username: user.clone(),
            secret: Secret::from_hashes(Some(ha1.md5.clone()), Some(ha1.sha256.clone())),
        }),
        _ => None,
    };
    let outbound = match (&settings.out_user, &stored.out_secret) {
        (Some(user), Some(secret)) => {
            Some(Login { username: user.clone(), password: secret.expose().to_owned() })
        }
        _ => None,
    };
    let proxy =
        settings.proxy.as_deref().map(|text| proxy(text, settings.transport)).transpose()?;
    Ok(Trunk {
        id: stored.id,
        tenant,
        sources,
        inbound,
        proxy,
        domain: settings.from_domain.clone(),
        outbound,
        register: settings.register,
    })
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn proxy(text: &str, transport: TrunkTransport) -> Result<Proxy> {
    let after_bracket = text.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match text[after_bracket..].rfind(':') {
        Some(at) => {
            let at = after_bracket + at;
            let port = text[at + 1..].parse().with_context(|| format!("{text:?} has no port"))?;
            (&text[..at], Some(port))
        }
        None => (text, None),
    };
    Ok(Proxy {
        host: host.to_owned(),
        port,
        transport: match transport {
            TrunkTransport::Udp => Transport::Udp,
            TrunkTransport::Tcp => Transport::Tcp,
            TrunkTransport::Tls => Transport::Tls,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_written_as_people_write_them() {
        let parsed = |text| {
            let proxy = proxy(text, TrunkTransport::Udp).unwrap();
            (proxy.host, proxy.port)
        };
        assert_eq!(parsed("sip.example.com"), ("sip.example.com".into(), None));
        assert_eq!(parsed("192.0.2.1:5070"), ("192.0.2.1".into(), Some(5070)));
        assert_eq!(parsed("[2001:db8::1]:5060"), ("[2001:db8::1]".into(), Some(5060)));
        assert_eq!(parsed("[2001:db8::1]"), ("[2001:db8::1]".into(), None));
        assert!(proxy("host:x", TrunkTransport::Udp).is_err());
    }
}
