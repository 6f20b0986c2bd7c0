//! How much a client may ask for, with the reason beside each number.

use std::time::Duration;

/// A JSON body: the largest is a stored value of 64 KiB with every character escaped.
pub const JSON_BODY: usize = 512 * 1024;
/// A program: stock flows are under one mebibyte, JavaScript ones about ten.
pub const PROGRAM_BODY: usize = 32 * 1024 * 1024;
/// A prompt: ten minutes of stereo WAV at 48 kHz are 110 MiB, but nobody listens
/// to that on a telephone; five minutes of mono are 28 MiB.
pub const PROMPT_BODY: usize = 32 * 1024 * 1024;
/// A request without upload; longer means that something hangs.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);
/// A request with an upload: 32 MiB at 2 Mbit/s, and compiling.
pub const UPLOAD_TIME: Duration = Duration::from_secs(180);
/// Uploads held in memory at the same time over all tenants.
pub const UPLOADS: usize = 8;
/// Deployments under way over all tenants; each holds an upload's place.
pub const DEPLOYMENTS: usize = UPLOADS;
/// Deployments under way of one tenant, so that it leaves places to others.
pub const DEPLOYMENTS_OF_TENANT: usize = 4;
/// Deployments of one tenant that can be looked at; the oldest are forgotten first.
pub const DEPLOYMENTS_KEPT: usize = 64;
/// How long a deployment that has ended can be looked at: longer than a pipeline
/// that started it asks.
pub const DEPLOYMENT_KEPT_MS: u64 = 60 * 60 * 1_000;
/// Differences of a dry run that are kept; whoever reads a hundred reads no more.
pub const DIFFERENCES: usize = 100;
/// Event streams of one tenant: more are screens that forgot to close.
pub const STREAMS_PER_TENANT: usize = 256;
/// How long one event may take to leave before its client is cut off.
pub const EVENT_SEND_TIME: Duration = Duration::from_secs(10);
/// Idle streams are pinged this often so that dead ones are noticed.
pub const PING_EVERY: Duration = Duration::from_secs(30);
/// Keys whose rate is remembered; the longest idle are forgotten first.
pub const RATE_KEYS: usize = 10_000;
