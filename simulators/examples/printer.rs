//! Serves one simulated printer: its papers go to the terminal as text and to a folder as PNG.
//! With `--faults`, lines on standard input such as `paper-out` or `new-roll` inject faults.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use outlet_simulators::printer::{Event, Fault, Printer, PrinterSpec};
use tokio::io::{AsyncBufReadExt, BufReader};

#[derive(Parser)]
struct Options {
    /// TCP port on this machine.
    #[arg(long, default_value_t = 9100)]
    port: u16,
    /// Put a pseudo terminal here instead of listening on TCP.
    #[arg(long)]
    pty: Option<PathBuf>,
    /// Kind of printer.
    #[arg(long, value_enum, default_value_t = Model::Epson80)]
    model: Model,
    /// Paper speed in millimetres per second; without it paper comes out in no time.
    #[arg(long)]
    speed: Option<u32>,
    /// Folder for the PNG files; made when missing.
    #[arg(long, default_value = "papers")]
    out: PathBuf,
    /// Read faults from standard input.
    #[arg(long)]
    faults: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Model {
    Epson80,
    Epson58,
    Star80,
    Chinese80,
    OneWay,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let mut spec = match options.model {
        Model::Epson80 => PrinterSpec::epson_80mm(),
        Model::Epson58 => PrinterSpec::epson_58mm(),
        Model::Star80 => PrinterSpec::star_line_80mm(),
        Model::Chinese80 => PrinterSpec::chinese_80mm(),
        Model::OneWay => PrinterSpec::one_way(),
    };
    if let Some(mm) = options.speed {
        let dots = mm * spec.dpi * 10 / 254;
        spec = spec.with_speed(dots);
    }
    std::fs::create_dir_all(&options.out)?;
    let printer = Printer::new(spec);
    let mut events = printer.events();
    match &options.pty {
        Some(path) => println!("on {}", printer.serve_pty(path)?.display()),
        None => println!("on {}", printer.serve_tcp(("127.0.0.1", options.port)).await?),
    }
    if options.faults {
        tokio::spawn(read_faults(printer.clone()));
    }
    loop {
        tokio::select! {
            event = events.recv() => match event? {
                Event::Paper(n) => show(&printer, n, &options.out).await?,
                event => println!("{event:?}"),
            },
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

async fn show(
    printer: &Printer,
    n: usize,
    folder: &std::path::Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let paper = printer.wait_paper(n).await;
    let file = folder.join(format!("paper-{n:04}.png"));
    std::fs::write(&file, paper.png()?)?;
    println!("--- paper {n}, {}\n{}", file.display(), paper.text);
    for violation in &paper.violations {
        println!("violation: {violation}");
    }
    Ok(())
}

async fn read_faults(printer: Printer) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match fault(line.trim()) {
            Some(fault) => printer.inject(fault),
            None => println!("known: {}", FAULTS.map(|(name, _)| name).join(", ")),
        }
    }
}

fn fault(name: &str) -> Option<Fault> {
    FAULTS.iter().find(|(known, _)| *known == name).map(|(_, fault)| *fault)
}

const FAULTS: [(&str, Fault); 12] = [
    ("near-end", Fault::PaperNearEnd),
    ("paper-out", Fault::PaperOut),
    ("new-roll", Fault::NewRoll),
    ("cover-open", Fault::CoverOpen),
    ("cover-close", Fault::CoverClose),
    ("cutter-jam", Fault::CutterJam),
    ("cutter-clear", Fault::CutterClear),
    ("silence", Fault::Silence),
    ("speak", Fault::Speak),
    ("cut-link", Fault::CutLink),
    ("power-off", Fault::PowerOff),
    ("power-on", Fault::PowerOn),
];
