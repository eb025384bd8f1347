//! Measures the agent and its encoder against their targets, beside others of their kind, and writes
//! `docs/benchmarks.md`. `benches/run` installs what is needed and starts it.

mod client;
mod encode;
mod fiscal;
mod footprint;
mod latency;
mod process;
mod readings;
mod report;
mod stats;
mod throughput;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use encode::Peers;
use report::Report;

/// Anything that keeps a measurement from being made, in words.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(about)]
struct Args {
    /// What to measure; everything, and the page is written, when nothing is named
    parts: Vec<Part>,
    /// The agent, built for release
    #[arg(long)]
    agent: PathBuf,
    /// Folder for the agents' data: on the disk that is to be measured
    #[arg(long)]
    work: PathBuf,
    /// The Python that has python-escpos
    #[arg(long)]
    python: PathBuf,
    /// Folder with python_escpos.py and with thermal.mjs and its node_modules
    #[arg(long)]
    scripts: PathBuf,
    /// The program made of benches/peers/escpos-crate
    #[arg(long)]
    escpos: PathBuf,
    /// The page
    #[arg(long)]
    page: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Receipts encoded and pictures dithered per second, beside other encoders
    Encode,
    /// From publication to `accepted` and to the first byte, beside mosquitto and the disk
    Latency,
    /// Jobs accepted per second
    Throughput,
    /// From publication to the fiscal sign, beside the bare exchange of the same frames
    Fiscal,
    /// From a weight on a scale to its reading, beside the bare frame and mosquitto; fifty scales and scanners
    Readings,
    /// Memory, and start to ready
    Footprint,
}

fn main() -> ExitCode {
    match measure(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("a target was missed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn measure(args: &Args) -> Result<bool> {
    std::fs::create_dir_all(&args.work)?;
    let mut report = Report::default();
    let wanted = |part| args.parts.is_empty() || args.parts.contains(&part);
    if wanted(Part::Encode) {
        let peers =
            Peers { scripts: args.scripts.clone(), python: args.python.clone(), escpos: args.escpos.clone() };
        encode::measure(&peers, &mut report)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (agent, work) = (&args.agent, &args.work);
    if wanted(Part::Latency) {
        runtime.block_on(latency::measure(agent, work, &mut report))?;
    }
    if wanted(Part::Throughput) {
        runtime.block_on(throughput::measure(agent, work, &mut report))?;
    }
    if wanted(Part::Fiscal) {
        runtime.block_on(fiscal::measure(agent, work, &args.python, &args.scripts, &mut report))?;
    }
    if wanted(Part::Readings) {
        runtime.block_on(readings::measure(agent, work, &mut report))?;
    }
    if wanted(Part::Footprint) {
        runtime.block_on(footprint::measure(agent, work, &mut report))?;
    }
    if args.parts.is_empty() {
        std::fs::write(&args.page, report.page(&args.work))?;
        println!("\nwritten to {}", args.page.display());
    }
    Ok(report.all_met())
}
