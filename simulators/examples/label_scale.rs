//! Serves one simulated label-printing scale; what it stores goes to the terminal.

use clap::{Parser, ValueEnum};
use outlet_simulators::label_scale::{LabelScale, ScaleSpec};

#[derive(Parser)]
struct Options {
    /// How it is spoken to.
    #[arg(long, value_enum, default_value_t = Protocol::ShtrihPrint)]
    protocol: Protocol,
    /// UDP or TCP port on this machine.
    #[arg(long, default_value_t = 1111)]
    port: u16,
}

#[derive(Clone, Copy, ValueEnum)]
enum Protocol {
    ShtrihPrint,
    Mertech,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::parse();
    let address = ("127.0.0.1", options.port);
    let scale = match options.protocol {
        Protocol::ShtrihPrint => {
            let scale = LabelScale::new(ScaleSpec::shtrih_print());
            println!("on udp {}", scale.serve_udp(address).await?);
            scale
        }
        Protocol::Mertech => {
            let scale = LabelScale::new(ScaleSpec::mertech());
            println!("on tcp {}", scale.serve_tcp(address).await?);
            scale
        }
    };
    let mut events = scale.events();
    loop {
        tokio::select! {
            event = events.recv() => println!("{:?}", event?),
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}
