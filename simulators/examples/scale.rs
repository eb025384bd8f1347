//! Serves one simulated scale: a **test tool**. Lines on standard input change what lies on it
//! (`1550`, `1550.5`, `-5`, `0`), whether it moves (`moving`, `stable`), or do something to it
//! (`silence`, `unplug`, ...).

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use outlet_simulators::scale::{Event, Fault, Mass, Scale, ScaleSpec};
use tokio::io::{AsyncBufReadExt, BufReader};

/// TEST TOOL: a simulated scale.
#[derive(Parser)]
struct Options {
    /// What it speaks.
    #[arg(long, value_enum, default_value_t = Kind::Cas)]
    protocol: Kind,
    /// TCP port on this machine.
    #[arg(long, default_value_t = 5001)]
    port: u16,
    /// Put a pseudo terminal here instead of listening on TCP.
    #[arg(long, num_args = 0..=1, default_missing_value = "scale.tty")]
    pty: Option<PathBuf>,
    /// Grams that lie on it at first.
    #[arg(long, default_value_t = 0)]
    grams: i64,
    /// Milliseconds between the frames that a CAS stream sends by itself.
    #[arg(long, default_value_t = 200)]
    interval: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Cas,
    CasStream,
    MassaK100,
    MassaK1c,
    MassaKJ,
    ShtrihPos2,
    Toledo8217,
    MtSics,
    Nci,
    Dialog04,
    Adam,
    Dibal,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let spec = match options.protocol {
        Kind::Cas => ScaleSpec::cas(),
        Kind::CasStream => ScaleSpec::cas_stream(),
        Kind::MassaK100 => ScaleSpec::massa_k_100(),
        Kind::MassaK1c => ScaleSpec::massa_k_1c(),
        Kind::MassaKJ => ScaleSpec::massa_k_j(),
        Kind::ShtrihPos2 => ScaleSpec::shtrih_pos2(),
        Kind::Toledo8217 => ScaleSpec::toledo_8217(),
        Kind::MtSics => ScaleSpec::mt_sics(),
        Kind::Nci => ScaleSpec::nci(),
        Kind::Dialog04 => ScaleSpec::dialog_04(),
        Kind::Adam => ScaleSpec::adam(),
        Kind::Dibal => ScaleSpec::dibal(),
    };
    let scale = Scale::new(spec.every(Duration::from_millis(options.interval)));
    scale.put(options.grams);
    println!("TEST TOOL, NOTHING IS WEIGHED");
    match &options.pty {
        Some(path) => println!("on {}", scale.serve_pty(path)?.display()),
        None => println!("on {}", scale.serve_tcp(("127.0.0.1", options.port)).await?),
    }
    tokio::spawn(show(scale.clone()));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    loop {
        tokio::select! {
            line = lines.next_line() => match line? {
                Some(line) => obey(&scale, line.trim()),
                // Without a terminal it goes on until it is told to end.
                None => {
                    tokio::signal::ctrl_c().await?;
                    break;
                }
            },
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    scale.stop();
    // The link is removed by the task that serves it.
    scale.wait_state(|state| !state.connected).await;
    Ok(())
}

/// Tells who comes and what is asked; the frames of a stream would only fill the screen.
async fn show(scale: Scale) {
    let mut events = scale.events();
    loop {
        match events.recv().await {
            Ok(Event::Asked { request }) if request != "tick" => println!("asked {request}"),
            Ok(event @ (Event::Connected | Event::Disconnected)) => println!("{event:?}"),
            Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
            Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
        }
    }
}

fn obey(scale: &Scale, line: &str) {
    match line {
        "moving" => scale.moving(true),
        "stable" => scale.moving(false),
        "zero" => println!("{}", if scale.press_zero() { "zeroed" } else { "refused" }),
        "tare" => println!("{}", if scale.press_tare() { "tared" } else { "refused" }),
        "unplug" => scale.unplug(),
        "plug-in" => scale.plug_in(),
        _ => match (grams(line), FAULTS.iter().find(|(known, _)| *known == line)) {
            (Some(mass), _) => scale.put(mass),
            (None, Some((_, fault))) => scale.inject(*fault),
            (None, None) => println!(
                "known: grams such as 1550 or 1550.5, moving, stable, zero, tare, unplug, plug-in, {}",
                FAULTS.map(|(name, _)| name).join(", ")
            ),
        },
    }
    for violation in scale.violations().iter().rev().take(1) {
        println!("last violation: {violation}");
    }
}

/// Grams with at most one place after the point.
fn grams(text: &str) -> Option<Mass> {
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    let tenth: i64 = Some(tenth).filter(|tenth| tenth.len() == 1)?.parse().ok()?;
    let whole: i64 = whole.parse().ok()?;
    let sign = if text.starts_with('-') { -1 } else { 1 };
    Some(Mass::tenths_of_gram(whole.checked_mul(10)?.checked_add(sign * tenth)?))
}

const FAULTS: [(&str, Fault); 17] = [
    ("silence", Fault::Silence),
    ("speak", Fault::Speak),
    ("echo", Fault::Echo),
    ("no-echo", Fault::NoEcho),
    ("mid-frame", Fault::StartMidFrame),
    ("parity-leak", Fault::ParityLeak),
    ("noise", Fault::Noise { seed: 1, one_in: 50 }),
    ("no-noise", Fault::NoNoise),
    ("lose-answer", Fault::LoseAnswer),
    ("late-answer", Fault::LateAnswer),
    ("foreign-answer", Fault::ForeignAnswer),
    ("half-answer", Fault::HalfAnswer),
    ("wrong-checksum", Fault::WrongChecksum),
    ("busy", Fault::Busy { times: 3 }),
    ("cut", Fault::CutMidFrame),
    ("never-stable", Fault::NeverStable),
    ("stable-again", Fault::StableAgain),
];
