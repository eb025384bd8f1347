//! `outletd detect`: finds out what a scale speaks, and how to write it into the configuration.

use outlet_devices::drivers::scale::{Finding, detect_scale};
use outlet_devices::link::Link;

use super::failure::Failure;
use super::screen::{Paint, Screen, Tone, clean};

/// What `detect` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What is at the other end
    #[arg(value_enum)]
    kind: KindArg,
    /// Where: /dev/ttyUSB0, or tcp://10.0.0.30:5001
    port: String,
    /// The device's id in the lines for the configuration
    #[arg(long, default_value = "scale", value_name = "ID")]
    id: String,
    /// Write what was found as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum KindArg {
    /// A scale
    Scale,
}

/// Tries all protocols and shows what answered. A running agent must not have the port.
pub(crate) async fn execute(args: Args, screen: &mut Screen) -> Result<(), Failure> {
    let KindArg::Scale = args.kind;
    let link = link(&args.port)?;
    if !args.json {
        eprintln!(
            "asking {link} by every protocol: this takes up to 2 minutes, and sets nothing on the scale"
        );
    }
    let found = detect_scale(&link).await.map_err(|error| Failure::bad(error.to_string()))?;
    if args.json {
        screen.json(&found)?;
    } else {
        for finding in &found {
            screen.print(text(finding, &args.id, screen.paint()))?;
        }
    }
    match found.iter().any(|finding| finding.problem.is_none()) {
        true => Ok(()),
        false if found.is_empty() => Err(Failure::bad(format!(
            "{link}: no scale answered: check that it is on, that the cable is the one for a computer, and \
             which protocol is set in the scale's own menu"
        ))),
        false => Err(Failure::bad(format!("{link}: a scale answered, and refuses: see its remedy"))),
    }
}

/// A port as people write it.
fn link(port: &str) -> Result<Link, Failure> {
    let written = if port.starts_with('/') { format!("serial://{port}") } else { port.to_owned() };
    match written.parse() {
        Ok(link @ (Link::Serial { .. } | Link::Tcp { .. })) => Ok(link),
        Ok(_) => Err(Failure::usage(format!("{port}: scales are found on /dev/ttyUSB0 or tcp://HOST:PORT"))),
        Err(error) => Err(Failure::usage(format!("{port}: {error}"))),
    }
}

fn text(finding: &Finding, id: &str, paint: Paint) -> String {
    let Finding { protocol, vendor, models, said, reading, problem, .. } = finding;
    let tone = if problem.is_some() { Tone::Warning } else { Tone::Good };
    let mut out = format!("{} {vendor}: {models}\n", paint.tone(tone, protocol));
    if let Some(said) = said {
        out += &format!("it says of itself: {}\n", clean(said));
    }
    match reading.as_ref().map(|reading| (reading, reading.weight)) {
        Some((_, Some(weight))) => out += &format!("it shows {weight}\n"),
        Some((_, None)) => out += "it shows no weight now\n",
        None => {}
    }
    if let Some(problem) = problem {
        out += &format!("{}\n", clean(problem));
    }
    format!("{out}\n{}", finding.to_toml(id))
}

#[cfg(test)]
mod tests {
    use outlet_simulators::scale::{Scale, ScaleSpec};

    use super::*;

    async fn detected(port: String) -> (Result<(), Failure>, String) {
        let (mut screen, written) = Screen::captured();
        let args = Args { kind: KindArg::Scale, port, id: "counter".into(), json: false };
        let result = execute(args, &mut screen).await;
        (result, written.text())
    }

    #[tokio::test]
    async fn a_scale_that_answers_is_shown_with_the_lines_that_configure_it() {
        let scale = Scale::new(ScaleSpec::massa_k_100());
        scale.put(1550);
        let addr = scale.serve_tcp("127.0.0.1:0").await.unwrap();
        let (result, text) = detected(format!("tcp://{addr}")).await;
        assert_eq!(result, Ok(()), "{text}");
        for wanted in ["massa-k-100", "1.550 kg", "id = \"counter\"", "driver = \"scale\"", &addr.to_string()]
        {
            assert!(text.contains(wanted), "{wanted} in\n{text}");
        }
    }

    #[tokio::test]
    async fn a_port_that_is_none_is_told_with_its_remedy() {
        let (result, text) = detected("usb://04b8:0e28".into()).await;
        assert!(result.is_err() && text.is_empty(), "{text}");
        let (result, _) = detected("/dev/no-such-port".into()).await;
        assert!(result.is_err());
    }
}
