//! Serves one simulated label printer: its labels go to a folder as PNG. Lines on standard input such
//! as `labels-out` or `new-labels` inject faults.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use outlet_simulators::label_printer::{Event, Fault, LabelPrinter, PrinterSpec};
use tokio::io::{AsyncBufReadExt, BufReader};

#[derive(Parser)]
struct Options {
    /// The language it speaks.
    #[arg(long, value_enum, default_value_t = Language::Tspl)]
    language: Language,
    /// TCP port on this machine.
    #[arg(long, default_value_t = 9100)]
    port: u16,
    /// Put a pseudo terminal here instead of listening on TCP.
    #[arg(long)]
    pty: Option<PathBuf>,
    /// Folder for the PNG files; made when missing.
    #[arg(long, default_value = "labels")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    Tspl,
    Zpl,
    Epl,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let printer = LabelPrinter::new(match options.language {
        Language::Tspl => PrinterSpec::tspl(),
        Language::Zpl => PrinterSpec::zpl(),
        Language::Epl => PrinterSpec::epl(),
    });
    std::fs::create_dir_all(&options.out)?;
    let mut events = printer.events();
    match &options.pty {
        Some(path) => println!("on {}", printer.serve_pty(path)?.display()),
        None => println!("on {}", printer.serve_tcp(("127.0.0.1", options.port)).await?),
    }
    tokio::spawn(read_faults(printer.clone()));
    loop {
        tokio::select! {
            event = events.recv() => match event? {
                Event::Label(number) => show(&printer, number, &options.out).await?,
                event => println!("{event:?}"),
            },
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

async fn show(
    printer: &LabelPrinter,
    number: usize,
    folder: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let label = printer.wait_label(number).await;
    let file = folder.join(format!("label-{number:04}.png"));
    std::fs::write(&file, label.png()?)?;
    println!("label {number}, {}: {:?} {:?}", file.display(), label.texts(), label.codes());
    for violation in &label.violations {
        println!("violation: {violation}");
    }
    Ok(())
}

async fn read_faults(printer: LabelPrinter) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match FAULTS.iter().find(|(known, _)| *known == line.trim()) {
            Some((_, fault)) => printer.inject(*fault),
            None => println!("known: {}", FAULTS.map(|(name, _)| name).join(", ")),
        }
    }
}

const FAULTS: [(&str, Fault); 12] = [
    ("labels-out", Fault::LabelsOut),
    ("new-labels", Fault::NewLabels),
    ("ribbon-out", Fault::RibbonOut),
    ("new-ribbon", Fault::NewRibbon),
    ("head-open", Fault::HeadOpen),
    ("head-closed", Fault::HeadClosed),
    ("pause", Fault::Pause),
    ("resume", Fault::Resume),
    ("silence", Fault::Silence),
    ("speak", Fault::Speak),
    ("power-off", Fault::PowerOff),
    ("power-on", Fault::PowerOn),
];
