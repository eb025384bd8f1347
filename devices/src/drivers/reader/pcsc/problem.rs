//! Why there is no session with a reader.

use thiserror::Error;

/// What is the matter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Problem {
    /// Nobody listens on pcscd's socket, or it went away.
    #[error("PC/SC's service pcscd is not running, or the agent may not reach its socket")]
    NoService,
    /// It hangs up on a program that its rules don't know.
    #[error("PC/SC's service pcscd refuses the agent")]
    Refused,
    /// It takes the question and does not answer.
    #[error("PC/SC's service pcscd does not answer")]
    Silent,
    /// No reader of this name.
    #[error(
        "there is no reader {wanted:?}; {}",
        if there.is_empty() { "there is none at all".to_owned() } else { format!("there are {there}") }
    )]
    Absent {
        /// The name of the configuration, without numbers.
        wanted: String,
        /// Names of all there are.
        there: String,
    },
    /// Several readers of this name.
    #[error("{wanted:?} may be any of {several}")]
    Ambiguous {
        /// The name of the configuration, without numbers.
        wanted: String,
        /// Their whole names.
        several: String,
    },
    /// The reader went away in a session.
    #[error("the reader {0:?} was unplugged, or failed")]
    Unplugged(String),
    /// The system has no thread to wait in.
    #[error("no thread can be started to wait for cards: {0}")]
    Thread(String),
    /// Something else, in PC/SC's words.
    #[error("PC/SC reports: {0}")]
    Other(pcsc::Error),
}

impl Problem {
    /// What an error of pcscd's means for the session.
    pub fn of(error: pcsc::Error) -> Self {
        use pcsc::Error;
        match error {
            // Its client library has different words for a socket that is closed in the middle of an answer.
            Error::NoService | Error::ServiceStopped | Error::CommError | Error::InvalidHandle => {
                Self::NoService
            }
            Error::SecurityViolation => Self::Refused,
            other => Self::Other(other),
        }
    }

    /// What an error at the very beginning means: programs that polkit's rules don't let in are hung up on without
    /// a word (pcsc-lite, `src/winscard_svc.c`, `ContextThread`).
    pub fn of_greeting(error: pcsc::Error) -> Self {
        match error {
            pcsc::Error::CommError => Self::Refused,
            other => Self::of(other),
        }
    }

    /// What to look at.
    pub fn suspect(&self) -> &'static str {
        match self {
            Self::NoService | Self::Silent | Self::Other(_) => "pcscd",
            Self::Refused => "permission",
            Self::Absent { .. } | Self::Unplugged(_) => "cable",
            Self::Ambiguous { .. } => "link",
            Self::Thread(_) => "memory",
        }
    }

    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoService => {
                "install it (`apt-get install pcscd`) and start it (`systemctl enable --now pcscd.socket`)"
            }
            Self::Refused => {
                "let the agent's user do org.debian.pcsc-lite.access_pcsc and org.debian.pcsc-lite.access_card by a \
                 rule of polkit, in /etc/polkit-1/rules.d"
            }
            Self::Silent => "see `journalctl -u pcscd`, and restart it (`systemctl restart pcscd`)",
            Self::Absent { .. } => {
                "plug it in; if it is, check the name in the link, and that pcscd has a driver for it (libccid for \
                 most readers)"
            }
            Self::Ambiguous { .. } => {
                "of the slots of one reader, write the whole name with both numbers into the link; of readers that \
                 are alike, leave one plugged in"
            }
            Self::Unplugged(_) => "check its cable and plug it in; it is opened again by itself",
            Self::Thread(_) => "free memory, and see `TasksMax` of the agent's unit",
            Self::Other(_) => "unplug the reader and plug it in again; then see `journalctl -u pcscd`",
        }
    }
}
