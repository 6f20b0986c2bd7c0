//! Who is asked about names: the system's name servers, or in tests nobody.

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::{RData, RecordType};
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use strowger_sip::{Answer, Naptr, Question, Srv};

/// Records kept, as long as they say they are good: a hundred trunks ask for
/// five or six names each.
const CACHE: u64 = 4_096;
/// However long a record says it is good, carriers that move are followed
/// within the hour, and names that did not exist are asked for again soon.
const LONGEST: Duration = Duration::from_secs(3_600);
const LONGEST_NEGATIVE: Duration = Duration::from_secs(300);
/// A name server that is slower than this is asked again next time.
const PATIENCE: Duration = Duration::from_secs(3);

/// A name server did not answer. (That there are no records is an answer.)
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; see whether the name server answers")]
pub struct LookupError(pub String);

/// A look-up under way.
pub type Looked<'a> = Pin<Box<dyn Future<Output = Result<Answer, LookupError>> + Send + 'a>>;

/// Answers questions about names.
pub trait Lookup: Debug + Send + Sync {
    /// Asks; no records is an answer, no answer is an error.
    fn look_up(&self, question: Question) -> Looked<'_>;
}

/// The system's way. Without a readable `/etc/resolv.conf` the C library is
/// asked for addresses, and nobody for NAPTR and SRV.
pub(super) fn system() -> Arc<dyn Lookup> {
    let built = TokioResolver::builder_tokio().and_then(|mut builder| {
        let options = builder.options_mut();
        options.cache_size = CACHE;
        options.timeout = PATIENCE;
        options.positive_max_ttl = Some(LONGEST);
        options.negative_max_ttl = Some(LONGEST_NEGATIVE);
        builder.build()
    });
    match built {
        Ok(resolver) => Arc::new(NameServers(resolver)),
        Err(error) => {
            tracing::warn!(%error, "no name servers are configured; SRV records are not looked up");
            Arc::new(Libc)
        }
    }
}

struct NameServers(TokioResolver);

impl Debug for NameServers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NameServers")
    }
}

impl Lookup for NameServers {
    fn look_up(&self, question: Question) -> Looked<'_> {
        Box::pin(self.ask(question))
    }
}

impl NameServers {
    async fn ask(&self, question: Question) -> Result<Answer, LookupError> {
        match question {
            Question::Naptr(name) => {
                let records = self.records(name, RecordType::NAPTR).await?;
                Ok(Answer::Naptr(records.iter().filter_map(naptr).collect()))
            }
            Question::Srv(name) => {
                let records = self.records(name, RecordType::SRV).await?;
                Ok(Answer::Srv(records.iter().filter_map(srv).collect()))
            }
            Question::Addresses(name) => match self.0.lookup_ip(absolute(name)).await {
                Ok(found) => Ok(Answer::Addresses(found.iter().collect())),
                Err(error) if error.is_no_records_found() => Ok(Answer::Addresses(Vec::new())),
                Err(error) => Err(LookupError(error.to_string())),
            },
        }
    }

    async fn records(&self, name: String, kind: RecordType) -> Result<Vec<RData>, LookupError> {
        match self.0.lookup(absolute(name), kind).await {
            Ok(found) => Ok(found.answers().iter().map(|record| record.data.clone()).collect()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(LookupError(error.to_string())),
        }
    }
}

/// Search domains are for people at keyboards, not for carriers' names; names
/// without a dot are the operator's own.
fn absolute(mut name: String) -> String {
    if name.contains('.') && !name.ends_with('.') {
        name.push('.');
    }
    name
}

fn naptr(data: &RData) -> Option<Naptr> {
    let RData::NAPTR(record) = data else { return None };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Naptr {
        order: record.order,
        preference: record.preference,
        flags: text(&record.flags),
        service: text(&record.services),
        replacement: record.replacement.to_utf8(),
    })
}

fn srv(data: &RData) -> Option<Srv> {
    let RData::SRV(record) = data else { return None };
    let (priority, weight, port) = (record.priority, record.weight, record.port);
    Some(Srv { priority, weight, port, target: record.target.to_utf8() })
}

#[derive(Debug)]
struct Libc;

impl Lookup for Libc {
    fn look_up(&self, question: Question) -> Looked<'_> {
        Box::pin(async move {
            match question {
                Question::Naptr(_) => Ok(Answer::Naptr(Vec::new())),
                Question::Srv(_) => Ok(Answer::Srv(Vec::new())),
                Question::Addresses(name) => {
                    let found = tokio::net::lookup_host((name.as_str(), 0)).await;
                    let found = found.map_err(|error| LookupError(error.to_string()))?;
                    Ok(Answer::Addresses(found.map(|address| address.ip()).collect()))
                }
            }
        })
    }
}
