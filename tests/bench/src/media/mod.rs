//! What calls cost on media threads, and how long a bridge keeps a packet.
//!
//! One process plays both sides: the engine with one pinned media thread, and
//! phones that send and expect 50 packets a second and leg. Only the processor
//! time of the engine's own threads (media, disk and encoding) counts; the
//! phones' threads are left out. A window in which fewer packets came out of the
//! engine than should have is reported as such and not hidden.

mod load;
mod phones;
mod sound;

use crate::report::{Bar, Report, percentile};
use load::{Kind, Load};
use std::time::Duration;
use strowger_engine::media::Codec;

/// Calls at once where a call is cheap.
const CALLS: usize = 500;
/// Calls at once where they are transcoded: what one core carries while the
/// phones have the other.
const G722_CALLS: usize = 150;
const OPUS_CALLS: usize = 50;
/// Conferences of [`PARTIES`] at once.
const CONFERENCES: usize = 20;
const PARTIES: usize = 20;
/// Bridged calls when latency is measured: few enough that the phones, which
/// share the machine, are not what is measured.
const LATENCY_CALLS: usize = 50;
const WARM_UP: Duration = Duration::from_secs(2);
const WINDOW: Duration = Duration::from_secs(4);
const WINDOWS: usize = 5;

/// One window of measuring.
struct Window {
    /// Processor time of the engine per time that passed.
    busy: f64,
    /// Packets that came out of the engine, of those that should have.
    heard_share: f64,
    latency_ms: Vec<f64>,
}

/// Fills the report.
///
/// # Errors
/// The engine does not start or the machine has too few ports or files.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("strowger-bench-{}", std::process::id()));
    let to = |codec| Kind::Bridge { codecs: [Codec::Pcmu, codec], secure: false };
    let secure = Kind::Bridge { codecs: [Codec::Pcmu; 2], secure: true };
    for (kind, calls, metric, bar) in [
        (Kind::Prompt, CALLS, "media.prompt_percent_per_100", 10.0),
        (to(Codec::Pcmu), CALLS, "media.bridge_percent_per_100", 10.0),
        (Kind::Record, CALLS, "media.record_percent_per_100", 18.0),
        (secure, CALLS, "media.srtp_percent_per_100", 14.0),
        (to(Codec::G722), G722_CALLS, "media.g722_percent_per_100", 40.0),
        (to(Codec::Opus), OPUS_CALLS, "media.opus_percent_per_100", 130.0),
    ] {
        let windows = Load::start(kind, calls, &folder)?.measure();
        add_share(report, metric, &windows, 100.0 / calls as f64, Bar::AtMost(bar));
        add_heard(report, &metric.replace("percent_per_100", "packets_heard_percent"), &windows);
    }
    let conference = Kind::Conference { parties: PARTIES };
    let windows = Load::start(conference, CONFERENCES, &folder)?.measure();
    let each = 1.0 / CONFERENCES as f64;
    add_share(report, "media.conference20_percent", &windows, each, Bar::None);
    add_heard(report, "media.conference20_packets_heard_percent", &windows);
    latency(report)?;
    // Left behind only if it cannot be removed.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

/// How long a bridge keeps a packet.
///
/// # Errors
/// The engine does not start or the machine has too few ports or files.
fn latency(report: &mut Report) -> anyhow::Result<()> {
    let bridge = Kind::Bridge { codecs: [Codec::Pcmu; 2], secure: false };
    let windows = Load::start(bridge, LATENCY_CALLS, std::path::Path::new(""))?.measure();
    for (metric, percent, bar) in
        [("media.relay_latency_p50_ms", 50.0, 0.2), ("media.relay_latency_p99_ms", 99.0, 1.0)]
    {
        let each = windows.iter().map(|it| percentile(&mut it.latency_ms.clone(), percent));
        report.add(metric, "ms", &each.collect::<Vec<_>>(), Bar::AtMost(bar));
    }
    Ok(())
}

/// What so large a share of the load costs, in per cent of a core.
fn add_share(report: &mut Report, metric: &str, windows: &[Window], share: f64, bar: Bar) {
    let busy: Vec<f64> = windows.iter().map(|window| window.busy * 100.0 * share).collect();
    report.add(metric, "%", &busy, bar);
}

fn add_heard(report: &mut Report, metric: &str, windows: &[Window]) {
    let heard: Vec<f64> = windows.iter().map(|window| window.heard_share * 100.0).collect();
    report.add(metric, "%", &heard, Bar::AtLeast(99.0));
}
