//! `outletd screens`: which screens there are, and who is one of them.

mod text;

use clap::{Subcommand, ValueEnum};
use outletd::bus::contract::AgentRequest;
use outletd::screens::View;
use serde_json::Value;

use super::agent_client::AgentClient;
use super::connection::Connection;
use super::failure::Failure;
use super::jobs::{granted, understood};
use super::screen::Screen;
use text::{Changed, Listed};

/// What `screens` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Write the agent's answer as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List screens, and those that show a code (also without a command)
    List,
    /// Admit the screen that shows a code
    Admit {
        /// The code, as the screen shows it; the dash may be left out
        code: String,
        /// What it is to show
        #[arg(long, value_enum)]
        view: ViewArg,
        /// The stations that it is to watch, separated by commas; may be left out where only one fits
        #[arg(long, value_delimiter = ',', value_name = "STATION")]
        station: Vec<String>,
        #[command(flatten)]
        about: About,
    },
    /// Change what a screen is for
    Assign {
        /// The screen's id
        screen: String,
        /// What it is to show
        #[arg(long, value_enum)]
        view: Option<ViewArg>,
        /// The stations that it is to watch, separated by commas
        #[arg(long, value_delimiter = ',', value_name = "STATION")]
        station: Vec<String>,
        #[command(flatten)]
        about: About,
    },
    /// Admit a screen no more: its connection is cut
    Revoke {
        /// The screen's id
        screen: String,
        /// Who decides, for the record
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Show the fingerprint of the certificate authority, and where screens get its certificate
    Authority,
}

#[derive(Debug, clap::Args)]
struct About {
    /// Its name for people
    #[arg(long)]
    name: Option<String>,
    /// Its language, where it is to have one of its own
    #[arg(long, value_parser = ["en", "ro", "ru"])]
    language: Option<String>,
    /// Who decides, for the record
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ViewArg {
    /// A cook's: stations of kind kitchen
    Kitchen,
    /// Whole orders: stations of kind expediter
    Expediter,
    /// What is ready, for waiters: stations of kind expediter
    Waiter,
    /// What is ready, for guests: stations of kind board
    Board,
}

/// Asks the agent about screens.
pub(crate) async fn execute(args: Args, screen: &mut Screen) -> Result<(), Failure> {
    let command = args.command.unwrap_or(Command::List);
    let request = request(&command);
    let client = AgentClient::connect(&args.connection).await?;
    let reply = client.request(&client.topics().request(), &request, client.patience()).await?;
    client.close().await;
    let result = granted(reply)?;
    if args.json {
        return screen.json(&result);
    }
    show(&command, result, screen)
}

fn request(command: &Command) -> AgentRequest {
    match command {
        Command::List | Command::Authority => AgentRequest::Screens {},
        Command::Admit { code, view, station, about } => AgentRequest::Admit {
            code: code.clone(),
            view: View::from(*view),
            stations: station.clone(),
            name: about.name.clone(),
            language: about.language.clone(),
            by: about.by.clone(),
        },
        Command::Assign { screen, view, station, about } => AgentRequest::Assign {
            screen: screen.clone(),
            view: view.map(View::from),
            stations: Some(station.clone()).filter(|stations| !stations.is_empty()),
            name: about.name.clone(),
            language: about.language.clone(),
            by: about.by.clone(),
        },
        Command::Revoke { screen, by } => AgentRequest::Revoke { screen: screen.clone(), by: by.clone() },
    }
}

fn show(command: &Command, result: Value, screen: &mut Screen) -> Result<(), Failure> {
    let paint = screen.paint();
    match command {
        Command::List => {
            let listed: Listed = understood(result)?;
            screen.print(text::list(&listed, paint))
        }
        Command::Authority => {
            let listed: Listed = understood(result)?;
            screen.print(text::authority(&listed, paint))
        }
        Command::Admit { .. } | Command::Assign { .. } => {
            let changed: Changed = understood(result)?;
            screen.print(text::one(&changed.screen, paint))
        }
        Command::Revoke { .. } => {
            let changed: Changed = understood(result)?;
            screen.print(text::revoked(&changed.screen))
        }
    }
}

impl From<ViewArg> for View {
    fn from(view: ViewArg) -> Self {
        match view {
            ViewArg::Kitchen => Self::Kitchen,
            ViewArg::Expediter => Self::Expediter,
            ViewArg::Waiter => Self::Waiter,
            ViewArg::Board => Self::Board,
        }
    }
}

#[cfg(test)]
mod tests;
