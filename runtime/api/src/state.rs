//! What every endpoint shares.

use crate::control::{Change, Changed, Control};
use crate::deployment::Deployments;
use crate::limits;
use crate::problem::Problem;
use crate::rate::{Buckets, Rate};
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use strowger_model::guest_limits::GuestLimits;
use strowger_model::{ApiKeyId, TenantId, Timestamp};
use strowger_store::{Store, Tenant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How the API behaves.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Folder that recordings' files are in.
    pub recordings: PathBuf,
    /// How often one key may ask.
    pub rate_per_key: Rate,
    /// How often one address may show a wrong key.
    pub rate_of_failures: Rate,
}

impl ApiConfig {
    /// Usual rates.
    pub fn new(recordings: PathBuf) -> Self {
        Self {
            recordings,
            rate_per_key: Rate { per_second: 100.0, burst: 400.0 },
            rate_of_failures: Rate { per_second: 1.0, burst: 20.0 },
        }
    }
}

/// Shared by all endpoints; cheap to clone.
#[derive(Clone)]
pub(crate) struct Api(Arc<Shared>);

pub(crate) struct Shared {
    pub store: Store,
    pub control: Arc<dyn Control>,
    pub recordings: PathBuf,
    pub key_rate: Buckets<ApiKeyId>,
    pub failure_rate: Buckets<IpAddr>,
    upload_rate: Buckets<TenantId>,
    pub uploads: Arc<Semaphore>,
    pub deployments: Deployments,
    streams: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
    uploading: Mutex<HashMap<TenantId, u32>>,
}

impl std::ops::Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Api {
    pub(crate) fn new(store: Store, control: Arc<dyn Control>, config: ApiConfig) -> Self {
        Self(Arc::new(Shared {
            store,
            control,
            recordings: config.recordings,
            key_rate: Buckets::new(config.rate_per_key, limits::RATE_KEYS),
            failure_rate: Buckets::new(config.rate_of_failures, limits::RATE_KEYS),
            upload_rate: Buckets::new(
                upload_rate(GuestLimits::default().uploads_per_minute),
                limits::RATE_KEYS,
            ),
            uploads: Arc::new(Semaphore::new(limits::UPLOADS)),
            deployments: Deployments::default(),
            streams: Mutex::default(),
            uploading: Mutex::default(),
        }))
    }

    /// Tells the server what was stored and waits until it is in force.
    pub(crate) async fn changed(&self, tenant: TenantId, what: Changed) {
        self.control.changed(Change { tenant, what }).await;
    }

    /// Counts an upload of a program, if its tenant may have one more now.
    pub(crate) fn count_upload(&self, tenant: &Tenant) -> Result<(), Problem> {
        let most = tenant.settings.limits.guest.uploads_per_minute;
        self.upload_rate.take_within(tenant.id, upload_rate(most), Instant::now()).map_err(
            |wait_s| {
                let detail = format!(
                    "the tenant may upload {most} programs in a minute (limits.guest.uploads_per_minute); \
                     try again in {wait_s} s"
                );
                Problem { detail, ..Problem::too_many_requests(wait_s) }
            },
        )
    }

    /// A place for one more upload of the tenant, if fewer than `most` are under way.
    pub(crate) fn upload_place(&self, tenant: TenantId, most: u32) -> Option<UploadPlace> {
        let mut uploading = self.uploading.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let uploads = uploading.entry(tenant).or_default();
        if *uploads >= most {
            return None;
        }
        *uploads += 1;
        Some(UploadPlace { api: self.clone(), tenant })
    }

    /// A place for one more event stream of the tenant.
    pub(crate) fn stream_place(&self, tenant: TenantId) -> Option<OwnedSemaphorePermit> {
        let mut streams = self.streams.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // Tenants without streams are forgotten, so the map is no larger than the streams are many.
        streams.retain(|_, places| places.available_permits() < limits::STREAMS_PER_TENANT);
        let places = streams
            .entry(tenant)
            .or_insert_with(|| Arc::new(Semaphore::new(limits::STREAMS_PER_TENANT)));
        places.clone().try_acquire_owned().ok()
    }
}

fn upload_rate(per_minute: u32) -> Rate {
    Rate { per_second: f64::from(per_minute) / 60.0, burst: per_minute.into() }
}

/// One of a tenant's places for uploads, until it is dropped.
pub(crate) struct UploadPlace {
    api: Api,
    tenant: TenantId,
}

impl Drop for UploadPlace {
    fn drop(&mut self) {
        let uploading = &self.api.uploading;
        let mut uploading = uploading.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // Only tenants with uploads under way are remembered.
        if let Some(uploads) = uploading.get_mut(&self.tenant) {
            *uploads -= 1;
            if *uploads == 0 {
                uploading.remove(&self.tenant);
            }
        }
    }
}

/// Milliseconds since 1970 on this machine's clock.
pub(crate) fn now() -> Timestamp {
    let since =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
