//! The command line: a file for each command.

mod agent_client;
mod backup;
mod completions;
mod connection;
mod demo;
mod detect;
mod devices;
mod failure;
mod hexdump;
mod jobs;
mod log;
mod man;
mod preview;
mod printable;
mod run;
mod screen;
mod screens;
mod submit;
mod table;
mod test;
mod validate;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::{Exit, Failure};
use screen::Screen;

const EXIT_CODES: &str = "\
Exit codes:
  0   all is well
  1   the job or request ended badly, or its outcome is uncertain
  2   wrong usage
  69  the broker or the agent can't be reached
  78  the configuration is wrong";

/// The hardware agent of a restaurant outlet.
#[derive(Debug, Parser)]
#[command(name = "outletd", version, about, after_help = EXIT_CODES, subcommand_required = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the agent with a configuration
    Run(run::Args),
    /// See it work: an agent, simulated printers and example jobs on this machine
    Demo(demo::Args),
    /// Check a configuration without starting
    Validate(validate::Args),
    /// List an agent's devices, and what is plugged in but not configured
    Devices(devices::Args),
    /// Find out what a scale on a port speaks, and how to configure it
    Detect(detect::Args),
    /// Print a technician's page on a device and judge the device
    Test(test::Args),
    /// Show what a scale, a reader or a sensor tells, as it comes
    Watch(watch::Args),
    /// List jobs, look into one, call it off, or say what became of it
    Jobs(jobs::Args),
    /// List kitchen screens, admit one by the code it shows, change it or revoke it
    Screens(screens::Args),
    /// Hand in a job and follow it to its end
    Submit(submit::Args),
    /// Show what a document looks like on a model's paper, as text and PNG
    Preview(preview::Args),
    /// Save the data folder, also while the agent runs
    Backup(backup::Args),
    /// Lay a backup ready; the next start of the agent takes it
    Restore(backup::Args),
    /// Write the completions of a shell
    Completions(completions::Args),
    /// Write the man pages into a folder
    Man(man::Args),
}

/// Does what the arguments ask for.
pub(crate) fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(asked) => {
            // A pipe that closed early is no reason to fail.
            let _ = asked.print();
            return if asked.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    match cli.command.execute(&mut Screen::stdout()) {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => {
            if let Some(message) = failure.message() {
                eprintln!("outletd: {message}");
            }
            failure.exit().into()
        }
    }
}

impl Command {
    fn execute(self, screen: &mut Screen) -> Result<(), Failure> {
        match self {
            Self::Run(args) => run::execute(args),
            Self::Demo(args) => demo::execute(args),
            Self::Validate(args) => validate::execute(args, screen),
            Self::Devices(args) => on_the_bus(devices::execute(args, screen)),
            Self::Detect(args) => on_the_bus(detect::execute(args, screen)),
            Self::Test(args) => on_the_bus(test::execute(args, screen)),
            Self::Watch(args) => on_the_bus(watch::execute(args, screen)),
            Self::Jobs(args) => on_the_bus(jobs::execute(args, screen)),
            Self::Screens(args) => on_the_bus(screens::execute(args, screen)),
            Self::Submit(args) => on_the_bus(submit::execute(args, screen)),
            Self::Preview(args) => preview::execute(args, screen),
            Self::Backup(args) => backup::back_up(&args, screen),
            Self::Restore(args) => backup::restore(&args, screen),
            Self::Completions(args) => completions::execute(args, screen),
            Self::Man(args) => man::execute(&args),
        }
    }
}

/// Runs what speaks with an agent or a device on a runtime of its own.
fn on_the_bus(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::bad(format!("no runtime: {error}")))?;
    runtime.block_on(work)
}

#[cfg(test)]
mod tests;
