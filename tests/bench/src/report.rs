//! What a benchmark found: a table for people, a JSON list for machines.

use serde::Serialize;
use std::path::PathBuf;

/// One metric over several runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Stable name, `area.what_unit`.
    pub metric: String,
    /// Unit of the three numbers.
    pub unit: String,
    /// Middle run.
    pub median: f64,
    /// Lowest run.
    pub min: f64,
    /// Highest run.
    pub max: f64,
    /// What is asked of the median, for example `<= 5`; none where nothing is.
    pub bar: Option<String>,
    /// Whether the median meets the bar; none where there is no bar.
    pub holds: Option<bool>,
}

/// What is asked of a metric's median.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// Nothing; the number is for information.
    None,
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

impl Bar {
    fn text(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::AtMost(limit) => Some(format!("<= {limit}")),
            Self::AtLeast(limit) => Some(format!(">= {limit}")),
        }
    }

    fn holds(self, median: f64) -> Option<bool> {
        match self {
            Self::None => None,
            Self::AtMost(limit) => Some(median <= limit),
            Self::AtLeast(limit) => Some(median >= limit),
        }
    }
}

/// The rows of one benchmark, in the order they were added.
#[derive(Clone, Debug)]
pub struct Report {
    name: String,
    rows: Vec<Row>,
}

impl Report {
    /// An empty report of the benchmark `name`.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), rows: Vec::new() }
    }

    /// Adds a metric measured in several runs. Runs without a number are left
    /// out; a metric without any number is not reported.
    pub fn add(&mut self, metric: &str, unit: &str, runs: &[f64], bar: Bar) {
        let mut runs: Vec<f64> = runs.iter().copied().filter(|run| run.is_finite()).collect();
        runs.sort_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (runs.first(), runs.last()) else {
            return;
        };
        let upper = runs[runs.len() / 2];
        let median =
            if runs.len() % 2 == 1 { upper } else { (runs[runs.len() / 2 - 1] + upper) / 2.0 };
        self.rows.push(Row {
            metric: metric.to_owned(),
            unit: unit.to_owned(),
            median,
            min,
            max,
            bar: bar.text(),
            holds: bar.holds(median),
        });
    }

    /// The rows so far.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Prints the table.
    pub fn print(&self) {
        let width = self.rows.iter().map(|row| row.metric.len()).max().unwrap_or(0).max(6);
        println!(
            "{:width$}  {:>12}  {:>12}  {:>12}  {:8}  {:>10}  holds",
            "metric", "median", "min", "max", "unit", "bar"
        );
        for row in &self.rows {
            println!(
                "{:width$}  {:>12.3}  {:>12.3}  {:>12.3}  {:8}  {:>10}  {}",
                row.metric,
                row.median,
                row.min,
                row.max,
                row.unit,
                row.bar.as_deref().unwrap_or("-"),
                match row.holds {
                    None => "-",
                    Some(true) => "yes",
                    Some(false) => "NO",
                }
            );
        }
    }

    /// Writes `target/bench/NAME.json` in the workspace and says where that is.
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub fn write(&self) -> std::io::Result<PathBuf> {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
            .canonicalize()?
            .join("target/bench");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{}.json", self.name));
        std::fs::write(&path, serde_json::to_vec_pretty(&self.rows)?)?;
        Ok(path)
    }
}

/// The value below which `percent` of the samples lie; sorts the samples.
/// NaN if there are none.
pub fn percentile(samples: &mut [f64], percent: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let Some(last) = samples.len().checked_sub(1) else {
        return f64::NAN;
    };
    let rank = (percent / 100.0 * samples.len() as f64).ceil() as usize;
    samples[rank.saturating_sub(1).min(last)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_asked_of_the_median() {
        let mut report = Report::new("x");
        report.add("a", "us", &[9.0, 1.0, 2.0], Bar::AtMost(2.0));
        report.add("b", "ratio", &[9.0, 1.0], Bar::AtLeast(5.1));
        report.add("c", "us", &[1.0], Bar::None);
        let holds: Vec<_> = report.rows().iter().map(|row| row.holds).collect();
        assert_eq!(holds, [Some(true), Some(false), None]);
        assert_eq!(report.rows()[0].bar.as_deref(), Some("<= 2"));
        assert_eq!((report.rows()[0].min, report.rows()[0].max), (1.0, 9.0));
    }

    #[test]
    fn percentiles_are_samples() {
        let mut samples: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut samples, 50.0), 50.0);
        assert_eq!(percentile(&mut samples, 99.0), 99.0);
        assert_eq!(percentile(&mut samples, 100.0), 100.0);
        assert!(percentile(&mut [], 50.0).is_nan());
    }
}
