//! `outletd validate`: checks a configuration without starting.

use std::path::PathBuf;

use outletd::config::{self, Config};

use super::failure::{Exit, Failure};
use super::screen::{Screen, Tone};

/// What `validate` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The configuration; conf.d/*.toml beside it is read too
    #[arg(default_value = "/etc/outletd/outletd.toml")]
    file: PathBuf,
}

/// Says all that is wrong with a configuration, each with file and line, or what it would start.
pub(crate) fn execute(args: Args, screen: &mut Screen) -> Result<(), Failure> {
    match config::load(&args.file) {
        Ok(config) => {
            let good = screen.paint().tone(Tone::Good, "good");
            let devices = match config.device.len() {
                1 => "1 device".to_owned(),
                count => format!("{count} devices"),
            };
            let broker = config.broker.as_ref();
            let broker =
                broker.map_or_else(|| "the embedded broker".to_owned(), |broker| broker.url.to_string());
            screen.line(format_args!(
                "{}: {good}: {} with {devices}, {broker}{}",
                args.file.display(),
                config.topics().prefix(),
                screens(&config),
            ))
        }
        Err(errors) => {
            for error in &errors.0 {
                eprintln!("{error}");
            }
            Err(Failure::said(Exit::Configuration))
        }
    }
}

/// Where screens connect, if any does.
fn screens(config: &Config) -> String {
    let Some(web) = config.screens_door() else { return String::new() };
    let scheme = if web.is_secure() { "https" } else { "http" };
    let warning = if web.is_open() { " WITHOUT TLS" } else { "" };
    format!(", screens at {scheme}://{}{warning}", web.listen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validated(text: &str) -> (Result<(), Failure>, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("outletd.toml");
        std::fs::write(&file, text).unwrap();
        let (mut screen, written) = Screen::captured();
        let result = execute(Args { file }, &mut screen);
        (result, written.text())
    }

    #[test]
    fn a_good_configuration_is_told_with_its_topics_and_devices() {
        let (result, text) = validated(
            "outlet = \"demo\"\n[[device]]\nid = \"kitchen\"\ndriver = \"escpos\"\nmodel = \"epson-tm-t20iii\"\n\
             link = \"tcp://10.0.0.20:9100\"\n",
        );
        assert_eq!(result, Ok(()));
        assert!(
            text.ends_with("outletd.toml: good: outlet/v1/demo with 1 device, the embedded broker\n"),
            "{text}"
        );
    }

    #[test]
    fn where_screens_connect_is_told_and_so_is_the_lack_of_tls() {
        let station = "outlet = \"demo\"\n[[station]]\nid = \"grill\"\n";
        for (more, end) in [
            ("", ", screens at http://127.0.0.1:8480\n"),
            ("[web]\nlisten = \"0.0.0.0:8480\"\n", ", screens at https://0.0.0.0:8480\n"),
            (
                "[web]\nlisten = \"0.0.0.0:8480\"\nplain = true\n",
                ", screens at http://0.0.0.0:8480 WITHOUT TLS\n",
            ),
        ] {
            let (result, text) = validated(&format!("{station}{more}"));
            assert_eq!(result, Ok(()), "{more}");
            assert!(text.ends_with(end), "{text}");
        }
    }

    #[test]
    fn a_wrong_configuration_ends_with_78() {
        for wrong in ["outlet = \"demo\"\ncolour = \"red\"\n", "outlet = \"Demo\"\n", "outlet = \n"] {
            let (result, text) = validated(wrong);
            assert_eq!(result.map_err(|failure| failure.exit()), Err(Exit::Configuration), "{wrong}");
            assert_eq!(text, "");
        }
    }
}
