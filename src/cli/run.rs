//! `outletd run`: the agent itself.

use std::path::PathBuf;

use nix::sys::resource::{Resource, setrlimit};
use outletd::broker::BrokerError;
use outletd::config;
use outletd::daemon::{Daemon, DaemonError};
use outletd::journal::JournalError;
use outletd::systemd;
use outletd::web::HttpError;
use outletd::web::metrics::MetricsError;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Failure;
use super::log;

/// What `run` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The configuration; conf.d/*.toml beside it is read too
    #[arg(long, short, default_value = "/etc/outletd/outletd.toml", env = "OUTLETD_CONFIG")]
    config: PathBuf,
    /// What to log: error, warn, info, debug, trace, or a filter such as outletd=debug
    #[arg(long, default_value = "info,mqtt5=warn", env = "OUTLETD_LOG")]
    log: String,
}

/// Runs the agent until it is told to stop.
pub(crate) fn execute(args: Args) -> Result<(), Failure> {
    log::begin(&args.log)?;
    keep_out_of_core_files();
    let config = config::load(&args.config).map_err(|errors| Failure::configuration(errors.to_string()))?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut stop = Stop::new()?;
        let mut daemon = tokio::select! {
            started = Daemon::start(&config) => started.map_err(|error| failure(&error))?,
            () = stop.asked() => {
                tracing::info!("told to stop before it was ready");
                return Ok(());
            }
        };
        let devices = config.device.len();
        match daemon.mqtt_addr() {
            Some(addr) => tracing::info!(devices, %addr, "ready"),
            None => tracing::info!(devices, "ready"),
        }
        if let Some(addr) = daemon.http_addr() {
            tracing::info!(%addr, "programs of this machine are let in over HTTP");
        }
        systemd::ready(&format!("{devices} devices"));
        tokio::select! {
            () = stop.asked() => {}
            error = daemon.failed() => {
                tracing::error!(%error, "ending, so that systemd starts the agent anew");
                daemon.drain().await;
                return Err(Failure::bad(error.to_string()));
            }
        }
        tracing::info!("told to stop: active jobs end, nothing more begins; a second signal ends at once");
        tokio::select! {
            () = daemon.drain() => Ok(()),
            () = stop.asked() => Err(Failure::bad("ended at once by a second signal")),
        }
    })
}

/// A core file would have passwords, receipts and card numbers in it.
fn keep_out_of_core_files() {
    if let Err(error) = setrlimit(Resource::RLIMIT_CORE, 0, 0) {
        tracing::warn!(%error, "a crash may leave a core file, which has secrets in it: delete it");
    }
}

/// A runtime for the daemon. Two threads serve any outlet; what blocks has threads of its own.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::bad(format!("no runtime: {error}")))
}

/// How a start that failed ends the program.
pub(crate) fn failure(error: &DaemonError) -> Failure {
    match error {
        // These may pass: another program may let the port or the folder go, a disk may have room again.
        DaemonError::Broker(
            BrokerError::AddressInUse { .. } | BrokerError::Listen { .. } | BrokerError::Store { .. },
        )
        | DaemonError::Http(HttpError::AddressInUse { .. } | HttpError::Listen { .. })
        | DaemonError::Metrics(MetricsError::Listen { .. })
        | DaemonError::Locked { .. } => Failure::unreachable(message(error)),
        // Starting again helps none of these.
        DaemonError::Device { .. }
        | DaemonError::Journal(JournalError::Newer { .. })
        | DaemonError::External(_)
        | DaemonError::Broker(_)
        | DaemonError::Http(_)
        | DaemonError::Metrics(_) => Failure::configuration(message(error)),
        _ => Failure::bad(message(error)),
    }
}

/// An error with its causes.
fn message(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let text = source.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        cause = source.source();
    }
    message
}

/// SIGTERM or SIGINT.
pub(crate) struct Stop {
    term: Signal,
    int: Signal,
}

impl Stop {
    /// Listens from now on.
    pub(crate) fn new() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::bad(format!("signals can't be listened to: {error}")))
        };
        Ok(Self { term: listen(SignalKind::terminate())?, int: listen(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    pub(crate) async fn asked(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}
