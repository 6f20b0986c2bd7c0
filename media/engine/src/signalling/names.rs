//! Looks up where the names of trunks' proxies lead, again and again: carriers
//! move. What the records mean is decided by [`Location`].

use super::command::Command;
use super::resolver::Lookup;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use strowger_sip::{Directory, Located, Location, Proxy, Trunk, Trunking};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// How often names are looked up again. The resolver keeps records as long as
/// they say, so most rounds ask nobody.
const EVERY: Duration = Duration::from_secs(30);
/// Names looked up at a time: one slow zone must not hold up the others.
const AT_ONCE: usize = 16;

/// What there is to look up.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) directory: Arc<Directory>,
    pub(super) trunking: Arc<Trunking>,
}

/// The task that looks names up, and where it is told of a new directory. It
/// ends with the signalling task.
pub(super) fn start(
    commands: mpsc::WeakSender<Command>,
    lookup: Arc<dyn Lookup>,
) -> (impl Future<Output = ()>, watch::Sender<Known>) {
    let (sender, mut known) = watch::channel(Known::default());
    let work = async move {
        loop {
            let now = known.borrow_and_update().clone();
            if look_up(&now, &commands, &lookup).await.is_err() {
                return;
            }
            // Either it is time again or there is a new directory.
            if let Ok(Err(_)) = tokio::time::timeout(EVERY, known.changed()).await {
                return;
            }
        }
    };
    (work, sender)
}

async fn look_up(
    known: &Known,
    commands: &mpsc::WeakSender<Command>,
    lookup: &Arc<dyn Lookup>,
) -> Result<(), ()> {
    let mut under_way = JoinSet::new();
    for trunk in known.directory.trunks() {
        let Some(location) = location_of(trunk, &known.trunking) else { continue };
        while under_way.len() >= AT_ONCE {
            under_way.join_next().await;
        }
        let (id, commands, lookup) = (trunk.id, commands.clone(), lookup.clone());
        under_way.spawn(async move {
            match find(location, lookup.as_ref()).await {
                Ok(found) => {
                    if let Some(commands) = commands.upgrade() {
                        let _ = commands.send(Command::Located(id, found)).await;
                    }
                }
                // What was known stays known: a name server's trouble ends no calls.
                Err(error) => {
                    tracing::warn!(trunk = %id, %error, "cannot look up a trunk's proxy");
                }
            }
        });
    }
    while under_way.join_next().await.is_some() {}
    commands.upgrade().map(drop).ok_or(())
}

fn location_of(trunk: &Trunk, trunking: &Trunking) -> Option<Location> {
    let Proxy { host, port, transport } = trunk.proxy.as_ref()?;
    let choose = trunking.trunks.get(&trunk.id).is_some_and(|policy| policy.choose_transport);
    let location = Location::new(host, *port, *transport, choose);
    // An address leaves nothing to ask.
    location.question().is_some().then_some(location)
}

async fn find(
    mut location: Location,
    lookup: &dyn Lookup,
) -> Result<Vec<Located>, super::resolver::LookupError> {
    while let Some(question) = location.question() {
        let answer = lookup.look_up(question).await?;
        location.answer(answer);
    }
    Ok(location.into_found())
}
