//! `outletd man`: the man pages.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::Cli;
use super::failure::Failure;

/// What `man` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder; it is made where there is none
    folder: PathBuf,
}

const FILES: &[(&str, &str)] = &[
    ("/etc/outletd/outletd.toml", "The configuration."),
    ("/etc/outletd/conf.d/*.toml", "More of it, read in the order of the names."),
    ("/var/lib/outletd", "The journal, and what else the agent keeps."),
    ("/dev/outletd", "Names of devices that last."),
    ("/usr/share/doc/outletd/docs", "The manual: installing.md, configuration.md, contract.md and others."),
];

/// Writes a page for the program and one for each command.
pub(crate) fn execute(args: &Args) -> Result<(), Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    fs::create_dir_all(&args.folder)
        .and_then(|()| write(&command, &args.folder, true))
        .map_err(|error| Failure::bad(format!("{} can't be written: {error}", args.folder.display())))
}

fn write(command: &clap::Command, folder: &Path, whole: bool) -> io::Result<()> {
    for part in command.get_subcommands() {
        write(part, folder, false)?;
    }
    let man =
        Man::new(command.clone()).manual("outletd").source(concat!("outletd ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render(&mut page)?;
    if whole {
        files().to_writer(&mut page)?;
    }
    fs::write(folder.join(man.get_filename()), page)
}

fn files() -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["FILES"]);
    for (file, what) in FILES {
        section.control("TP", []).text([bold(*file)]).text([roman(*what)]);
    }
    section.control("SH", ["SEE ALSO"]);
    section.text([bold("systemctl"), roman("(1), "), bold("journalctl"), roman("(1)")]);
    section
}
