//! Serves one simulated customer display; what it shows goes to the terminal whenever it changes.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use outlet_simulators::display::{Display, DisplaySpec};

#[derive(Parser)]
struct Options {
    /// Kind of display.
    #[arg(long, value_enum, default_value_t = Model::Cd5220)]
    model: Model,
    /// TCP port on this machine.
    #[arg(long, default_value_t = 4002)]
    port: u16,
    /// Put a pseudo terminal here instead of listening on TCP.
    #[arg(long)]
    pty: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Model {
    Cd5220,
    EscPos,
    EpsonDm,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let display = Display::new(match options.model {
        Model::Cd5220 => DisplaySpec::cd5220(),
        Model::EscPos => DisplaySpec::esc_pos(),
        Model::EpsonDm => DisplaySpec::epson_dm(),
    });
    match &options.pty {
        Some(path) => println!("on {}", display.serve_pty(path)?.display()),
        None => println!("on {}", display.serve_tcp(("127.0.0.1", options.port)).await?),
    }
    let mut violations = 0;
    loop {
        let shown = display.screen();
        println!("+--------------------+\n|{}|\n|{}|\n+--------------------+", shown[0], shown[1]);
        let all = display.violations();
        all.iter().skip(violations).for_each(|violation| println!("violation: {violation}"));
        violations = all.len();
        tokio::select! {
            () = display.wait_state(|state| state.lines != shown) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}
