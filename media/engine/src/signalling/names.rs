//! Looks up the names of trunks' proxies, again and again: carriers move.

use super::command::Command;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use strowger_sip::Directory;
use tokio::sync::{mpsc, watch};

/// How often names are looked up again.
const EVERY: Duration = Duration::from_secs(60);
/// Addresses kept per name.
const MAX_ADDRESSES: usize = 8;

/// The task that looks names up, and where it is told of a new directory. It
/// ends with the signalling task.
pub(super) fn start(
    commands: mpsc::WeakSender<Command>,
) -> (impl Future<Output = ()>, watch::Sender<Arc<Directory>>) {
    let (sender, mut directories) = watch::channel(Arc::new(Directory::default()));
    let work = async move {
        loop {
            let directory = directories.borrow_and_update().clone();
            if look_up(&directory, &commands).await.is_err() {
                return;
            }
            // Either it is time again or there is a new directory.
            if let Ok(Err(_)) = tokio::time::timeout(EVERY, directories.changed()).await {
                return;
            }
        }
    };
    (work, sender)
}

async fn look_up(directory: &Directory, commands: &mpsc::WeakSender<Command>) -> Result<(), ()> {
    for trunk in directory.trunks() {
        let Some(proxy) = &trunk.proxy else { continue };
        let host = proxy.host.trim_start_matches('[').trim_end_matches(']');
        if host.parse::<std::net::IpAddr>().is_ok() {
            continue;
        }
        match tokio::net::lookup_host((host, proxy.port.unwrap_or(proxy.transport.default_port())))
            .await
        {
            Ok(found) => {
                let mut addresses: Vec<_> = found.take(MAX_ADDRESSES).collect();
                // An order that does not change from look-up to look-up, v4 first.
                addresses.sort_by_key(|address| (address.is_ipv6(), *address));
                addresses.dedup();
                let commands = commands.upgrade().ok_or(())?;
                let resolved = Command::Resolved(trunk.id, addresses);
                commands.send(resolved).await.map_err(|_| ())?;
            }
            // What was known stays known: a name server's trouble ends no calls.
            Err(error) => {
                tracing::warn!(trunk = %trunk.id, %error, "cannot look up a trunk's proxy");
            }
        }
    }
    Ok(())
}
