//! Why an agent could not be asked.

use outletd::bus::contract::AgentState;

use crate::cli::connection::Broker;
use crate::cli::failure::Failure;

/// What went wrong between this program and the agent, with the remedy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Nobody listens there.
    #[error(
        "no broker answers at {broker}: {cause}. Start the agent there with `outletd run --config FILE`, or name the \
         broker with --broker or OUTLETD_BROKER"
    )]
    NoBroker {
        /// Where.
        broker: Broker,
        /// What the system said.
        cause: String,
    },
    /// The encrypted connection was not made.
    #[error(
        "the encrypted connection to {broker} failed: {cause}. Where the broker's certificate is signed by an \
         authority of your own, name its file with --ca"
    )]
    Tls {
        /// Where.
        broker: Broker,
        /// What the TLS library said.
        cause: String,
    },
    /// The certificates can't be read.
    #[error("certificates can't be read from {file}: {cause}. Name a PEM file with --ca")]
    Certificates {
        /// Which file.
        file: String,
        /// What the system said.
        cause: String,
    },
    /// The broker does not let this client in.
    #[error("{broker} refuses the connection: {cause}. {remedy}")]
    Refused {
        /// Who.
        broker: Broker,
        /// Its reason.
        cause: String,
        /// What to do.
        remedy: &'static str,
    },
    /// No outlet has an agent online.
    #[error("no agent is online at {broker}{}. Is outletd running? Where its topics don't begin with \
             outlet/v1/, name them with --prefix", known(.offline))]
    NoOutlet {
        /// Where.
        broker: Broker,
        /// Outlets whose agent said goodbye.
        offline: Vec<String>,
    },
    /// Several outlets have.
    #[error("{broker} serves several outlets: {}. Say which with --outlet or OUTLETD_OUTLET", .outlets.join(", "))]
    SeveralOutlets {
        /// Where.
        broker: Broker,
        /// Which.
        outlets: Vec<String>,
    },
    /// Nothing came back in time.
    #[error("no agent answered on {topic} at {broker} within {seconds} s{}", hint(*.last_word))]
    NoAnswer {
        /// What was asked on.
        topic: String,
        /// Where.
        broker: Broker,
        /// How long it was waited for.
        seconds: u64,
        /// What the agent last said of itself.
        last_word: Option<AgentState>,
    },
    /// The broker does not let this client use a topic.
    #[error(
        "this user may not use {topic} ({reason}): sign in as another with OUTLETD_USER and \
             OUTLETD_PASSWORD, or have the right added at the broker"
    )]
    NotAllowed {
        /// Which topic.
        topic: String,
        /// The broker's reason code.
        reason: String,
    },
    /// The connection ended.
    #[error("the connection to {broker} was lost: {cause}. Nothing is known of the answer; ask again")]
    Lost {
        /// Where.
        broker: Broker,
        /// Why.
        cause: String,
    },
    /// The broker would cut the connection.
    #[error("the message is {bytes} bytes and the broker takes at most {limit}: make its pictures smaller")]
    TooLarge {
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// Something came that is no answer.
    #[error("what came on {topic} is not understood: {cause}. Is the agent of another version?")]
    Malformed {
        /// Where it came.
        topic: String,
        /// What is wrong with it.
        cause: String,
    },
}

fn known(offline: &[String]) -> String {
    match offline {
        [] => String::new(),
        outlets => format!(" (offline: {})", outlets.join(", ")),
    }
}

fn hint(state: Option<AgentState>) -> &'static str {
    match state {
        Some(AgentState::Online) => {
            ". It says it is online: it may be slow, or this user may not be answered; see its log"
        }
        Some(AgentState::Offline) => ": it is offline. Start it with `outletd run --config FILE`",
        None => ": is outletd running there, and is this its outlet?",
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::SeveralOutlets { .. } => Self::usage(error.to_string()),
            ClientError::TooLarge { .. } | ClientError::Malformed { .. } => Self::bad(error.to_string()),
            _ => Self::unreachable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failure::Exit;

    fn broker() -> Broker {
        "mqtt://anna:secret@10.0.0.5".parse().unwrap()
    }

    #[test]
    fn an_agent_that_is_not_there_ends_with_69_and_a_choice_to_make_with_2() {
        let exit = |error: ClientError| Failure::from(error).exit();
        assert_eq!(
            exit(ClientError::NoBroker { broker: broker(), cause: "refused".into() }),
            Exit::Unreachable
        );
        assert_eq!(exit(ClientError::NoOutlet { broker: broker(), offline: vec![] }), Exit::Unreachable);
        assert_eq!(exit(ClientError::Lost { broker: broker(), cause: "cut".into() }), Exit::Unreachable);
        assert_eq!(exit(ClientError::SeveralOutlets { broker: broker(), outlets: vec![] }), Exit::Usage);
        assert_eq!(exit(ClientError::TooLarge { bytes: 2, limit: 1 }), Exit::Bad);
    }

    #[test]
    fn silence_is_explained_by_what_the_agent_last_said() {
        let text = |last_word| {
            let error = ClientError::NoAnswer {
                topic: "outlet/v1/demo/request".into(),
                broker: broker(),
                seconds: 5,
                last_word,
            };
            error.to_string()
        };
        assert!(
            text(None)
                .contains("no agent answered on outlet/v1/demo/request at mqtt://10.0.0.5:1883 within 5 s")
        );
        assert!(text(None).contains("is outletd running"));
        assert!(text(Some(AgentState::Offline)).contains("it is offline"));
        assert!(text(Some(AgentState::Online)).contains("it is online"));
        assert!(!text(None).contains("secret"));
    }
}
