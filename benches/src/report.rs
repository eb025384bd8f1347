//! The figures as a page of Markdown and as lines on the terminal.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::stats::{Spread, millis};

/// What was measured so far.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    details: String,
}

/// One figure that has a target.
pub struct Row {
    what: String,
    target: String,
    result: String,
    met: bool,
}

impl Row {
    /// A figure that is to be large.
    pub fn at_least(what: &str, target: f64, result: impl Into<Option<f64>>, unit: &str) -> Self {
        let result = result.into();
        Self {
            what: what.into(),
            target: format!("at least {}{unit}", grouped(target)),
            result: result.map_or("-".into(), |result| format!("{}{unit}", grouped(result))),
            met: result.is_some_and(|result| result >= target),
        }
    }

    /// A figure that is to be small, with one decimal.
    pub fn at_most(what: &str, target: f64, result: f64, unit: &str) -> Self {
        Self {
            what: what.into(),
            target: format!("at most {target:.1}{unit}"),
            result: format!("{result:.1}{unit}"),
            met: result <= target,
        }
    }
}

/// A table without targets.
pub struct Table {
    title: String,
    head: Vec<String>,
    lines: Vec<Vec<String>>,
}

impl Table {
    /// An empty one.
    pub fn new(title: &str, head: &[&str]) -> Self {
        let head = head.iter().map(|&cell| cell.to_owned()).collect();
        Self { title: title.into(), head, lines: Vec::new() }
    }

    /// Adds a line.
    pub fn line(&mut self, cells: impl IntoIterator<Item = String>) {
        self.lines.push(cells.into_iter().collect());
    }

    /// Adds a line of milliseconds: p50, p99, p99.9 and the most.
    pub fn spread(&mut self, what: &str, spread: &Spread) {
        let figures = [spread.p50, spread.p99, spread.p999, spread.most].map(millis);
        self.line(std::iter::once(what.to_owned()).chain(figures));
    }
}

impl Report {
    /// Adds a figure with a target, and says it.
    pub fn row(&mut self, row: Row) {
        println!("{:<62} {:<22} {:<18} {}", row.what, row.target, row.result, verdict(row.met));
        self.rows.push(row);
    }

    /// Adds a table, and shows it.
    pub fn table(&mut self, table: Table) {
        let text = markdown(&table.head, &table.lines);
        println!("\n{text}");
        let _ = write!(self.details, "\n## {}\n\n{text}", table.title);
    }

    /// Adds a paragraph below the last table.
    pub fn note(&mut self, text: String) {
        let _ = write!(self.details, "\n{text}\n");
    }

    /// Whether every target was met.
    pub fn all_met(&self) -> bool {
        self.rows.iter().all(|row| row.met)
    }

    /// The whole page. `folder` is where the agent's data was, for the file system it was on.
    pub fn page(&self, folder: &Path) -> String {
        let head = ["what", "target", "result", ""].map(String::from);
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| {
                vec![row.what.clone(), row.target.clone(), row.result.clone(), verdict(row.met).into()]
            })
            .collect();
        format!(
            "# Benchmarks\n\nMade by `benches/run`, which installs what it compares with, measures, and writes this \
             page. Figures of one machine on one day: run it on yours.\n\n{}\n## Targets\n\n{}{}",
            machine(folder),
            markdown(&head, &rows),
            self.details
        )
    }
}

/// Calls a second for a table.
pub fn per_second(rate: Option<f64>) -> String {
    rate.map_or("-".into(), grouped)
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

fn markdown(head: &[String], lines: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for line in lines {
        let _ = writeln!(text, "| {} |", line.join(" | "));
    }
    text
}

/// A whole number with commas.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn machine(folder: &Path) -> String {
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, key: &str| {
        text.lines()
            .find_map(|line| {
                line.strip_prefix(key)?.split_once(':').map(|(_, value)| value.trim().to_owned())
            })
            .unwrap_or_else(|| "unknown".into())
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = field(&file("/proc/meminfo"), "MemTotal");
    let memory: u64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
    let load = file("/proc/loadavg");
    let rows = [
        ("date", jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()),
        ("processor", format!("{}, {cores} cores", field(&file("/proc/cpuinfo"), "model name"))),
        ("memory", format!("{:.0} GiB", memory as f64 / f64::from(1 << 20))),
        ("kernel", said("uname", &["-sr"])),
        ("disk", said("stat", &["-f", "-c", "%T", &folder.display().to_string()])),
        ("rustc", said("rustc", &["--version"])),
        ("mosquitto", said("mosquitto", &["-h"])),
        ("load at the end, 1 min", load.split(' ').next().unwrap_or_default().to_owned()),
    ];
    let head = ["machine", ""].map(String::from);
    markdown(&head, &rows.map(|(name, value)| vec![name.to_owned(), value]))
}

/// The first line a program says, or that it is not there.
fn said(program: &str, arguments: &[&str]) -> String {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    let output = Command::new(program).args(arguments).env("PATH", path).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.ok().and_then(|text| text.lines().next().map(str::to_owned)).unwrap_or_else(|| "unknown".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_have_commas() {
        assert_eq!([0.4, 999.0, 1000.0, 1_234_567.8].map(grouped), ["0", "999", "1,000", "1,234,568"]);
    }

    #[test]
    fn a_target_is_met_when_it_is_reached() {
        assert!(Row::at_least("", 10.0, 10.0, "").met && !Row::at_least("", 10.0, 9.9, "").met);
        assert!(Row::at_most("", 10.0, 10.0, "").met && !Row::at_most("", 10.0, 10.1, "").met);
        assert!(!Row::at_least("", 10.0, None, "").met);
    }
}
