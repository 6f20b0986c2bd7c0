//! One routing decision at growing numbers of waiting contacts and agents.

use crate::report::Report;

/// Fills the report.
///
/// # Errors
/// The stock router cannot be run.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let _ = report;
    anyhow::bail!("the router's host is not connected to this benchmark")
}
