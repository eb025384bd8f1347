//! `outletd jobs`: what the agent's journal knows of jobs, and what a person decides about them.

pub(super) mod text;

use clap::{Subcommand, ValueEnum};
use outletd::bus::contract::{AgentRequest, Answer, JobDocument, Reply, State};
use serde::Deserialize;
use serde_json::Value;

use super::agent_client::{AgentClient, parse};
use super::connection::Connection;
use super::failure::Failure;
use super::screen::Screen;
use text::JobView;

/// What `jobs` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Write the agent's answer as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List jobs, newest first
    List(ListArgs),
    /// Show one job with its evidence and attempts
    Show {
        /// The job's id
        job: String,
        /// With the bytes that were sent and received
        #[arg(long)]
        trace: bool,
    },
    /// Call a job off that was not begun
    Cancel {
        /// The job's id
        job: String,
        /// Who decides, for the record
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Let a held job go: one past its deadline is printed with a DELAYED line, one that may have been done with COPY
    Release {
        /// The job's id
        job: String,
        /// Who decides, for the record
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Say what became of an uncertain job
    Resolve {
        /// The job's id
        job: String,
        /// What you saw
        #[arg(value_enum)]
        answer: AnswerArg,
        /// Who decides, for the record
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// List what waits for a person: jobs, and notices of the agent
    Attention,
    /// Take a notice off that list
    Dismiss {
        /// Its number
        notice: u64,
        /// Who decides, for the record
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Only this device's
    #[arg(long)]
    device: Option<String>,
    /// Only in these states, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE")]
    state: Vec<StateArg>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    limit: u16,
    /// Only those before this position, as the last line of a former list gave it
    #[arg(long, value_name = "POSITION")]
    before: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StateArg {
    /// In the queue
    Accepted,
    /// Being done
    Running,
    /// Out of paper, offline, held
    Waiting,
    /// The outcome is not known
    Uncertain,
    /// Done
    Succeeded,
    /// Not done, and it won't be
    Failed,
    /// Not done in time
    Expired,
    /// Called off
    Cancelled,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AnswerArg {
    /// It is on paper
    Printed,
    /// It is not on paper and is not wanted any more
    NotPrinted,
    /// Print it again, marked as a copy
    PrintAgain,
}

/// Asks the agent about jobs.
pub(crate) async fn execute(args: Args, screen: &mut Screen) -> Result<(), Failure> {
    let client = AgentClient::connect(&args.connection).await?;
    match request(&args.command) {
        Some(request) => {
            let reply = client.request(&client.topics().request(), &request, client.patience()).await?;
            show(&args.command, reply, args.json, screen)?;
        }
        None => attention(&client, args.json, screen).await?,
    }
    client.close().await;
    Ok(())
}

/// What the agent is asked; nothing where a retained document says it.
fn request(command: &Command) -> Option<AgentRequest> {
    Some(match command {
        Command::List(list) => AgentRequest::List {
            device: list.device.clone(),
            states: list.state.iter().map(|state| State::from(*state)).collect(),
            limit: Some(list.limit),
            before: list.before,
        },
        Command::Show { job, trace } => AgentRequest::Get { job: job.clone(), trace: *trace },
        Command::Cancel { job, by } => AgentRequest::Cancel { job: job.clone(), by: by.clone() },
        Command::Release { job, by } => AgentRequest::Release { job: job.clone(), by: by.clone() },
        Command::Resolve { job, answer, by } => {
            AgentRequest::Resolve { job: job.clone(), answer: Answer::from(*answer), by: by.clone() }
        }
        Command::Dismiss { notice, by } => AgentRequest::Dismiss { notice: *notice, by: by.clone() },
        Command::Attention => return None,
    })
}

fn show(command: &Command, reply: Reply, as_json: bool, screen: &mut Screen) -> Result<(), Failure> {
    let result = granted(reply)?;
    if as_json {
        return screen.json(&result);
    }
    let paint = screen.paint();
    match command {
        Command::List(_) => {
            let listed: Listed = understood(result)?;
            screen.print(text::list(&listed.jobs, paint))?;
            match listed.next {
                Some(next) => screen.line(format_args!("more with --before {next}")),
                None => Ok(()),
            }
        }
        Command::Show { trace, .. } => {
            let view: JobView = understood(result)?;
            screen.print(text::show(&view, *trace, paint))
        }
        Command::Dismiss { notice, .. } => screen.line(format_args!("notice {notice} is dismissed")),
        _ => {
            let changed: Changed = understood(result)?;
            screen.print(text::transition(&changed.job, paint))
        }
    }
}

/// The jobs that wait for a person, from the retained document: it is there when the agent is not.
async fn attention(client: &AgentClient, as_json: bool, screen: &mut Screen) -> Result<(), Failure> {
    let topic = client.topics().attention();
    let Some(message) = client.retained(std::slice::from_ref(&topic)).await?.pop() else {
        return Err(client.no_answer(&topic, client.patience()).await.into());
    };
    if as_json {
        let document: Value = parse(&topic, &message.payload)?;
        return screen.json(&document);
    }
    let document = parse(&topic, &message.payload)?;
    screen.print(text::attention(&document, screen.paint()))
}

/// The result of a reply; a refusal as a failure.
pub(super) fn granted(reply: Reply) -> Result<Value, Failure> {
    match (reply.ok, reply.error) {
        (true, _) => Ok(reply.result.unwrap_or_default()),
        (false, Some(error)) => Err(Failure::bad(format!("{}: {}", error.code, error.message))),
        (false, None) => Err(Failure::bad("the agent refused without saying why; see its log")),
    }
}

/// A result in the shape expected.
pub(super) fn understood<T: serde::de::DeserializeOwned>(result: Value) -> Result<T, Failure> {
    serde_json::from_value(result).map_err(|error| {
        Failure::bad(format!(
            "the answer is not understood ({error}): is the agent of another version? Try --json"
        ))
    })
}

#[derive(Deserialize)]
struct Listed {
    jobs: Vec<JobDocument>,
    next: Option<u64>,
}

#[derive(Deserialize)]
struct Changed {
    job: JobDocument,
}

impl From<StateArg> for State {
    fn from(state: StateArg) -> Self {
        match state {
            StateArg::Accepted => Self::Accepted,
            StateArg::Running => Self::Running,
            StateArg::Waiting => Self::Waiting,
            StateArg::Uncertain => Self::Uncertain,
            StateArg::Succeeded => Self::Succeeded,
            StateArg::Failed => Self::Failed,
            StateArg::Expired => Self::Expired,
            StateArg::Cancelled => Self::Cancelled,
        }
    }
}

impl From<AnswerArg> for Answer {
    fn from(answer: AnswerArg) -> Self {
        match answer {
            AnswerArg::Printed => Self::Printed,
            AnswerArg::NotPrinted => Self::NotPrinted,
            AnswerArg::PrintAgain => Self::PrintAgain,
        }
    }
}

#[cfg(test)]
mod tests;
