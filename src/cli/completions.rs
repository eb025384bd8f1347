//! `outletd completions`: what a shell completes.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;
use super::failure::Failure;
use super::screen::Screen;

/// What `completions` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which shell: put the output where it looks for completions, such as
    /// ~/.local/share/bash-completion/completions/outletd
    shell: Shell,
}

/// Writes the completions.
pub(crate) fn execute(args: Args, screen: &mut Screen) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "outletd", &mut script);
    screen.bytes(&script)
}
