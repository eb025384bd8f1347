//! Serves one simulated reader. Each line of standard input is read: a code, `card` and a number in
//! hexadecimal, `gone`, or a track such as `;4111…?`; `unplug` and `replug` pull the cable.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use outlet_simulators::reader::{
    BarcodeScanner, Fault, Line, RfidCard, RfidReader, ScannerFormat, StripeFormat, StripeReader, Tracks,
};
use tokio::io::{AsyncBufReadExt, BufReader};

#[derive(Parser)]
struct Options {
    /// Kind of reader.
    #[arg(long, value_enum, default_value_t = Kind::Scanner)]
    kind: Kind,
    /// TCP port on this machine.
    #[arg(long, default_value_t = 4001)]
    port: u16,
    /// Put a pseudo terminal here instead of listening on TCP.
    #[arg(long)]
    pty: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Scanner,
    Rfid,
    Stripe,
}

enum Reader {
    Scanner(BarcodeScanner),
    Rfid(RfidReader),
    Stripe(StripeReader),
}

impl Reader {
    fn line(&self) -> &Line {
        match self {
            Reader::Scanner(reader) => reader.line(),
            Reader::Rfid(reader) => reader.line(),
            Reader::Stripe(reader) => reader.line(),
        }
    }

    fn read(&self, what: &str) {
        match self {
            Reader::Scanner(scanner) => scanner.scan(what),
            Reader::Rfid(reader) => {
                match what.strip_prefix("card ").map(|id| u64::from_str_radix(id.trim(), 16)) {
                    Some(Ok(id)) => {
                        let [_, _, _, id @ ..] = id.to_be_bytes();
                        reader.present(RfidCard::EmMarine(id));
                    }
                    _ if what == "gone" => reader.remove(),
                    _ => println!("known: card 55007EE424, gone"),
                }
            }
            Reader::Stripe(reader) => reader.swipe(&Tracks::new("", what, "")),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let reader = match options.kind {
        Kind::Scanner => Reader::Scanner(BarcodeScanner::new(ScannerFormat::default())),
        Kind::Rfid => Reader::Rfid(RfidReader::new()),
        Kind::Stripe => Reader::Stripe(StripeReader::new(StripeFormat::Plain { lrc: false })),
    };
    match &options.pty {
        Some(path) => println!("on {}", reader.line().serve_pty(path)?.display()),
        None => println!("on {}", reader.line().serve_tcp(("127.0.0.1", options.port)).await?),
    }
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        match line.trim() {
            "unplug" => reader.line().inject(Fault::Unplug),
            "replug" => reader.line().inject(Fault::Replug),
            what => reader.read(what),
        }
    }
    Ok(())
}
