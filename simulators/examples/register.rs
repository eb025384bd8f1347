//! Serves one simulated fiscal register: a **test tool**, not a fiscal device. Its papers go to
//! the terminal as text and to a folder as PNG; lines on standard input such as `paper-out` or
//! `lose-answer` do something to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use outlet_simulators::register::{Fault, Register, RegisterSpec};
use tokio::io::{AsyncBufReadExt, BufReader};

/// TEST TOOL, NOT A FISCAL DEVICE: a simulated fiscal register.
#[derive(Parser)]
struct Options {
    /// TCP port on this machine.
    #[arg(long, default_value_t = 7778)]
    port: u16,
    /// Put a pseudo terminal here instead of listening on TCP.
    #[arg(long)]
    pty: Option<PathBuf>,
    /// Family and dialect.
    #[arg(long, value_enum, default_value_t = Kind::ShtrihV1)]
    family: Kind,
    /// File that keeps the register's state; without it the state ends with the program.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Milliseconds that each command takes.
    #[arg(long, default_value_t = 0)]
    processing: u64,
    /// Folder for the PNG files; made when missing.
    #[arg(long, default_value = "papers")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    AtolV3,
    AtolV2,
    DatecsX,
    DatecsRo,
    DatecsP,
    DatecsC,
    ShtrihV1,
    ShtrihV2,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let mut spec = match options.family {
        Kind::AtolV3 => RegisterSpec::atol_v3(),
        Kind::AtolV2 => RegisterSpec::atol_v2(),
        Kind::DatecsX => RegisterSpec::datecs_x(),
        Kind::DatecsRo => RegisterSpec::datecs_ro(),
        Kind::DatecsP => RegisterSpec::datecs_p(),
        Kind::DatecsC => RegisterSpec::datecs_c(),
        Kind::ShtrihV1 => RegisterSpec::shtrih_v1(),
        Kind::ShtrihV2 => RegisterSpec::shtrih_v2(),
    };
    spec.state_file = options.state;
    spec.processing = Duration::from_millis(options.processing);
    std::fs::create_dir_all(&options.out)?;
    let register = Register::open(spec)?;
    println!("TEST TOOL, NOT A FISCAL DEVICE");
    match &options.pty {
        Some(path) => println!("on {}", register.serve_pty(path)?.display()),
        None => println!("on {}", register.serve_tcp(("127.0.0.1", options.port)).await?),
    }
    tokio::spawn(read_faults(register.clone()));
    for paper in 1.. {
        tokio::select! {
            shown = show(&register, paper, &options.out) => shown?,
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    Ok(())
}

async fn show(register: &Register, n: usize, folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let paper = register.wait_paper(n).await;
    let file = folder.join(format!("register-{n:04}.png"));
    std::fs::write(&file, paper.png()?)?;
    println!("--- paper {n}, {}\n{}", file.display(), paper.text());
    for violation in register.violations() {
        println!("violation: {violation}");
    }
    Ok(())
}

async fn read_faults(register: Register) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match FAULTS.iter().find(|(known, _)| *known == line.trim()) {
            Some((_, fault)) => register.inject(*fault),
            None => println!("known: {}", FAULTS.map(|(name, _)| name).join(", ")),
        }
    }
}

const FAULTS: [(&str, Fault); 20] = [
    ("lose-answer", Fault::LoseAnswer),
    ("half-frame", Fault::HalfFrame),
    ("garble-answer", Fault::GarbleAnswer),
    ("nak", Fault::Nak { times: 3 }),
    ("busy", Fault::BusyFor(Duration::from_secs(60))),
    ("cut-link", Fault::CutLink),
    ("power-off", Fault::PowerOff { back_after: None }),
    ("power-on", Fault::PowerOn),
    ("paper-out", Fault::PaperOut),
    ("paper-out-at-line-10", Fault::PaperOutAtLine { lines: 10 }),
    ("new-paper", Fault::NewPaper),
    ("cover-open", Fault::CoverOpen),
    ("cover-close", Fault::CoverClose),
    ("clock-reset", Fault::ClockBeyondLimits),
    ("shift-old", Fault::ShiftOld),
    ("storage-full", Fault::StorageFull),
    ("storage-emptied", Fault::StorageEmptied),
    ("silence", Fault::Silence),
    ("speak", Fault::Speak),
    ("refuse-connections", Fault::RefuseConnections),
];
