//! Looks up where names lead: those of trunks' proxies again and again, since
//! carriers move; those that peers write into their messages when the endpoint
//! asks. What the records mean is decided by [`Location`].

use super::command::Command;
use super::resolver::Lookup;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use strowger_sip::{Directory, Located, Location, NameLookup, Proxy, Trunk, Trunking};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How often names are looked up again. The resolver keeps records as long as
/// they say, so most rounds ask nobody.
const EVERY: Duration = Duration::from_secs(30);
/// Names looked up at a time: one slow zone must not hold up the others.
const AT_ONCE: usize = 16;

/// A call's answer waits for its name; a zone that is slower than this costs
/// the caller more than a detour by the neighbour.
const PATIENCE: Duration = Duration::from_secs(3);

/// Looks names up for the endpoint, each in a task of its own; the endpoint
/// bounds how many there are.
#[derive(Debug)]
pub(super) struct Names {
    commands: mpsc::WeakSender<Command>,
    lookup: Arc<dyn Lookup>,
}

impl Names {
    pub(super) fn new(commands: mpsc::WeakSender<Command>, lookup: Arc<dyn Lookup>) -> Self {
        Self { commands, lookup }
    }

    pub(super) fn look_up(&self, NameLookup { id, location }: NameLookup) {
        let (commands, lookup) = (self.commands.clone(), self.lookup.clone());
        tokio::spawn(async move {
            let found = match timeout(PATIENCE, find(location, lookup.as_ref())).await {
                Ok(Ok(found)) => Some(found),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "cannot look up the name in a dialog");
                    None
                }
                Err(_) => None,
            };
            if let Some(commands) = commands.upgrade() {
                let _ = commands.send(Command::NameLocated(id, found)).await;
            }
        });
    }
}

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
