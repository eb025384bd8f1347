//! `outletd backup` and `outletd restore`: the data folder, also of an agent that runs.

use std::path::PathBuf;

use outletd::backup::{self, About, BackupError};
use outletd::{clock, config};

use super::failure::Failure;
use super::screen::Screen;

/// What both take.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of the backup
    folder: PathBuf,
    /// The configuration of the agent; conf.d/*.toml beside it is read too
    #[arg(long, short, default_value = "/etc/outletd/outletd.toml", env = "OUTLETD_CONFIG")]
    config: PathBuf,
}

/// Makes a backup. The agent may run.
pub(crate) fn back_up(args: &Args, screen: &mut Screen) -> Result<(), Failure> {
    let config = load(args)?;
    let now = clock::system()();
    let store = config.embedded.store.as_deref();
    let about = backup::back_up(&config.data, &args.folder, store, &config.outlet, now)
        .map_err(|error| bad(&error))?;
    screen.line(format_args!(
        "{} of {} saved in {}: it has what nobody else should read",
        jobs(&about),
        about.outlet,
        args.folder.display()
    ))
}

/// Lays a backup ready for the next start of the agent.
pub(crate) fn restore(args: &Args, screen: &mut Screen) -> Result<(), Failure> {
    let config = load(args)?;
    let now = clock::system()();
    let about =
        backup::restore(&args.folder, &config.data, &config.outlet, now).map_err(|error| bad(&error))?;
    screen.line(format_args!(
        "the backup of {} with {} is laid ready in {}: the next start of the agent takes it (systemctl restart \
         outletd) and keeps what is there beside it; jobs that had not ended then are held, look at `outletd jobs \
         attention`",
        about.taken_at,
        jobs(&about),
        config.data.display()
    ))
}

fn load(args: &Args) -> Result<config::Config, Failure> {
    config::load(&args.config).map_err(|errors| Failure::configuration(errors.to_string()))
}

fn jobs(about: &About) -> String {
    if about.jobs == 1 { "1 job".to_owned() } else { format!("{} jobs", about.jobs) }
}

fn bad(error: &BackupError) -> Failure {
    Failure::bad(error.to_string())
}
