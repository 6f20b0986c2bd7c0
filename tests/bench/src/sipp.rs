//! Running SIPp and reading what it counted.

use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// One run of SIPp.
#[derive(Clone, Debug)]
pub struct Run {
    /// The scenario file.
    pub scenario: PathBuf,
    /// Where to send to.
    pub target: String,
    /// What to dial.
    pub service: String,
    /// Calls to place.
    pub calls: usize,
    /// Calls a second.
    pub rate: u32,
    /// Length of the scenario's pause.
    pub pause_ms: u32,
    /// Most calls at the same time.
    pub limit: usize,
    /// Seconds after which the run is given up.
    pub timeout_s: u32,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Calls that went as the scenario says.
    pub succeeded: u64,
    /// Calls that did not.
    pub failed: u64,
    /// Messages sent again.
    pub retransmissions: u64,
    /// Response times of the message marked in the scenario, sorted.
    pub response_ms: Vec<f64>,
}

impl Run {
    /// Starts it in `folder`, which must be its own.
    pub fn start(&self, folder: &Path) -> Result<Child> {
        std::fs::create_dir_all(folder)?;
        Command::new("sipp")
            .arg(&self.target)
            .arg("-sf")
            .arg(&self.scenario)
            .args(["-s", &self.service, "-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", "0"])
            .args(["-m", &self.calls.to_string(), "-r", &self.rate.to_string()])
            .args(["-l", &self.limit.to_string(), "-d", &self.pause_ms.to_string()])
            .args(["-timeout", &self.timeout_s.to_string(), "-nostdin", "-buff_size", "4194304"])
            .args(["-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_rtt", "-rtt_freq", "1"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("sipp does not start; install it: apt-get install sip-tester")
    }

    /// Runs it to its end.
    pub fn finish(&self, folder: &Path) -> Result<Outcome> {
        let mut child = self.start(folder)?;
        // 0: all calls as wanted, 1: some failed; both are results.
        let status = child.wait()?;
        ensure!(matches!(status.code(), Some(0 | 1 | 97)), "sipp ended with {status}");
        read(folder)
    }
}

/// Reads what SIPp has written so far.
pub fn read(folder: &Path) -> Result<Outcome> {
    let text =
        std::fs::read_to_string(folder.join("stat.csv")).context("sipp wrote no counters")?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(';').collect();
    let last: Vec<&str> = lines.next_back().unwrap_or_default().split(';').collect();
    let value = |name: &str| -> Result<u64> {
        let at = names.iter().position(|have| *have == name).context("an unknown SIPp version")?;
        Ok(last.get(at).and_then(|text| text.trim().parse().ok()).unwrap_or(0))
    };
    let mut response_ms = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.to_string_lossy().ends_with("_rtt.csv") {
            continue;
        }
        for line in std::fs::read_to_string(&path)?.lines().skip(1) {
            response_ms.extend(line.split(';').nth(1).and_then(|ms| ms.trim().parse::<f64>().ok()));
        }
    }
    response_ms.sort_by(f64::total_cmp);
    Ok(Outcome {
        succeeded: value("SuccessfulCall(C)")?,
        failed: value("FailedCall(C)")?,
        retransmissions: value("Retransmissions(C)")?,
        response_ms,
    })
}

/// The value below which `share` of the sorted values lie.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1));
    sorted.get(at - 1).copied().unwrap_or(f64::NAN)
}

/// Seconds of processor time a process has used, all its threads together.
pub fn cpu_s(pid: u32) -> Result<f64> {
    cpu_of_s(Path::new(&format!("/proc/{pid}/stat")))
}

/// Memory of a process that is in use, in KiB.
pub fn resident_kib(pid: u32) -> Result<u64> {
    status(pid, "VmRSS:")
}

/// Threads of a process.
pub fn threads(pid: u32) -> Result<u64> {
    status(pid, "Threads:")
}

/// Files and sockets that a process holds open.
pub fn open_files(pid: u32) -> Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

fn status(pid: u32, field: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.with_context(|| format!("no {field} in the status of process {pid}"))
}

/// Seconds of processor time of a process by the name of its threads, their
/// numbers left out: `media-0` and `media-1` count as `media`.
pub fn cpu_by_thread_s(pid: u32) -> Result<BTreeMap<String, f64>> {
    let mut sums = BTreeMap::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let folder = task?.path();
        // A thread may end while the list is read.
        let (Ok(name), Ok(seconds)) =
            (std::fs::read_to_string(folder.join("comm")), cpu_of_s(&folder.join("stat")))
        else {
            continue;
        };
        let kind = name.trim().trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
        *sums.entry(kind.replace(' ', "_")).or_default() += seconds;
    }
    Ok(sums)
}

/// The same from the `stat` file of a process or thread.
pub fn cpu_of_s(stat: &Path) -> Result<f64> {
    let stat = std::fs::read_to_string(stat)?;
    // The name in parentheses may hold spaces.
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    // SAFETY: sysconf reads a constant and touches no memory of ours.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    Ok((ticks(11) + ticks(12)) / per_second as f64)
}
