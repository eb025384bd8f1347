//! `outletd submit`: hands in a job and follows it to its end.
//!
//! The same job goes out again until the agent has answered: its id is the idempotency key, so it is
//! printed once however often it is sent.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use outletd::bus::contract::{AgentRequest, JobDocument, State, is_job_id, is_name};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::agent_client::{AgentClient, Answered, ClientError, Notice, Replies, Watch, parse};
use super::connection::Connection;
use super::failure::{Exit, Failure};
use super::jobs::text::{exits, transition};
use super::printable::{self, Printable};
use super::screen::Screen;

/// An answer that takes longer may have been lost with the connection.
const AGAIN: Duration = Duration::from_secs(5);
/// Without any answer for so long, nobody is there; `--timeout` may ask for more.
const GIVE_UP: Duration = Duration::from_secs(30);
/// How often a job that nothing is heard of is looked up.
const LOOK: Duration = Duration::from_secs(30);

/// What `submit` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The device's id
    device: String,
    /// A job or document in JSON, an XML template, or text with --text; - reads standard input
    #[arg(required_unless_present_any = ["kind"])]
    file: Option<PathBuf>,
    /// Print the file as it is, line by line
    #[arg(long)]
    text: bool,
    /// What is asked for; print when neither this nor the file says it
    #[arg(long, value_enum)]
    kind: Option<KindArg>,
    /// The job's id, its idempotency key; a new ULID when absent
    #[arg(long, value_parser = job_id)]
    id: Option<String>,
    /// Seconds after which it is not begun any more
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=2_592_000))]
    ttl: Option<u32>,
    /// What becomes of it then
    #[arg(long, value_enum)]
    stale: Option<StaleArg>,
    /// 0 (last) to 9 (first)
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=9))]
    priority: Option<u8>,
    /// How many copies
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=20))]
    copies: Option<u8>,
    /// Who asks, for the record
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Follow the job to its end; this is the default
    #[arg(long, overrides_with = "no_wait")]
    wait: bool,
    /// End as soon as the agent has answered
    #[arg(long)]
    no_wait: bool,
    /// Write each job document as a line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KindArg {
    /// Print a document
    Print,
    /// A task of a fiscal register
    Fiscal,
    /// Print a label
    Label,
    /// A kitchen ticket for a screen
    Ticket,
    /// Text on a customer display
    Display,
    /// Open the cash drawer; needs no file
    Drawer,
    /// Bytes as they are
    Raw,
    /// Items for a label scale
    Items,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StaleArg {
    /// It ends as expired
    Expire,
    /// It waits for a person
    Hold,
    /// It is printed with a DELAYED line
    Banner,
}

/// Hands in a job.
pub(crate) async fn execute(args: Args, screen: &mut Screen) -> Result<(), Failure> {
    if !is_name(&args.device) {
        return Err(Failure::usage(format!(
            "{:?} is no device: an id is 1 to 64 of a-z, 0-9 and -",
            args.device
        )));
    }
    let wait = !args.no_wait;
    let (id, payload) = submission(&args)?;
    let client = AgentClient::connect(&args.connection).await?;
    let mut follower = Follower::start(client, args.device, id, payload).await?;
    let mut document = follower.accepted().await?;
    show(screen, &document, args.json)?;
    while wait && !settled(&document) {
        document = follower.next(&document).await?;
        show(screen, &document, args.json)?;
    }
    if document.state == State::Uncertain && !args.json {
        screen.print(exits(&document))?;
    }
    follower.client.close().await;
    match document.state {
        State::Succeeded => Ok(()),
        State::Accepted | State::Running | State::Waiting if !wait => Ok(()),
        _ => Err(Failure::said(Exit::Bad)),
    }
}

/// Whether there is nothing more to wait for here.
fn settled(document: &JobDocument) -> bool {
    document.state.is_final() || document.state == State::Uncertain
}

fn show(screen: &mut Screen, document: &JobDocument, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let line = serde_json::to_string(document).map_err(|error| Failure::bad(error.to_string()))?;
        return screen.line(line);
    }
    screen.print(transition(document, screen.paint()))
}

/// The job's id and the payload that is sent, each time the same.
fn submission(args: &Args) -> Result<(String, Vec<u8>), Failure> {
    let file = args.file.as_deref().map(|file| printable::read(file, args.text)).transpose()?;
    let kind = args.kind.as_ref().map(word);
    let mut job = match file {
        Some(Printable::Job(job)) => job,
        Some(Printable::Document(document)) => {
            print_document(kind.as_deref().unwrap_or("print"), &document)?;
            Map::from_iter([("kind".to_owned(), json!("print")), ("document".to_owned(), document)])
        }
        None if kind.as_deref() == Some("drawer") => Map::new(),
        None => return Err(Failure::usage("FILE is missing: only a drawer job needs none")),
    };
    let given = [
        ("kind", kind.map(Value::from)),
        ("id", args.id.clone().map(Value::from)),
        ("ttl_s", args.ttl.map(Value::from)),
        ("stale", args.stale.as_ref().map(word).map(Value::from)),
        ("priority", args.priority.map(Value::from)),
        ("copies", args.copies.map(Value::from)),
        ("by", args.by.clone().map(Value::from)),
    ];
    for (field, value) in given {
        if let Some(value) = value {
            job.insert(field.to_owned(), value);
        }
    }
    let id = match job.get("id") {
        None => ulid::Ulid::new().to_string(),
        Some(Value::String(id)) if is_job_id(id) => id.clone(),
        Some(other) => return Err(Failure::usage(format!("id {other}: {ID_FORM}"))),
    };
    job.insert("id".to_owned(), Value::from(id.as_str()));
    let payload = serde_json::to_vec(&job).map_err(|error| Failure::usage(error.to_string()))?;
    Ok((id, payload))
}

/// A print document has blocks or tags; a file of something else is told before anything is sent.
fn print_document(kind: &str, document: &Value) -> Result<(), Failure> {
    let known = document.get("blocks").is_some() || document.get("xml").is_some();
    if kind != "print" || known {
        return Ok(());
    }
    Err(Failure::usage(
        "the file is JSON, but neither a job (`kind`) nor a print document (`blocks` or `xml`)",
    ))
}

/// A job on its way.
struct Follower {
    client: AgentClient,
    topic: String,
    id: String,
    payload: Vec<u8>,
    replies: Replies,
    news: Watch,
    /// Whether the connection is lost now.
    lost: bool,
}

impl Follower {
    async fn start(
        client: AgentClient,
        device: String,
        id: String,
        payload: Vec<u8>,
    ) -> Result<Self, Failure> {
        let news = client.watch(&client.topics().job(&id)).await?;
        let topic = client.topics().device_job(&device);
        let replies = client.replies();
        Ok(Self { client, topic, id, payload, replies, news, lost: false })
    }

    /// Sends the job, again and again, until the agent has answered.
    async fn accepted(&mut self) -> Result<JobDocument, Failure> {
        let patience = self.client.patience().max(GIVE_UP);
        let deadline = Instant::now() + patience;
        loop {
            self.client.send(&self.topic, self.payload.clone(), &self.replies, None).await?;
            let again = (Instant::now() + AGAIN).min(deadline);
            match timeout_at(again, self.answer()).await {
                Ok(Ok(Some(document))) => return Ok(document),
                Ok(Ok(None)) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(_) if Instant::now() < deadline => eprintln!("no answer yet: sending the same job again"),
                Err(_) => {
                    let silence = self.client.no_answer(&self.topic, patience).await;
                    let id = &self.id;
                    return Err(Failure::unreachable(format!(
                        "{silence}. The job may still be accepted: repeat it with --id {id}, and it is printed \
                         once at most; or look with `outletd jobs show {id}`"
                    )));
                }
            }
        }
    }

    /// The agent's answer, on either topic; `None` when the connection was made anew, so that the job has to
    /// be sent again.
    async fn answer(&mut self) -> Result<Option<JobDocument>, ClientError> {
        loop {
            let payload = tokio::select! {
                answered = self.replies.next() => match answered {
                    Answered::Payload(payload) => payload,
                    Answered::Refused(reason) => {
                        return Err(ClientError::NotAllowed { topic: self.topic.clone(), reason });
                    }
                    Answered::Lost(_) => continue,
                    Answered::Restored => return Ok(None),
                },
                notice = self.news.next() => match notice {
                    Notice::Message(message) => message.payload,
                    _ => continue,
                },
            };
            return parse(&self.topic, &payload).map(Some);
        }
    }

    /// The job's next state, newer than `seen`.
    async fn next(&mut self, seen: &JobDocument) -> Result<JobDocument, Failure> {
        loop {
            let look = Instant::now() + LOOK;
            let document = tokio::select! {
                notice = self.news.next() => match notice {
                    Notice::Message(message) => Some(parse(&message.topic, &message.payload)?),
                    Notice::Restored => {
                        self.lost = false;
                        self.looked_up().await
                    }
                    Notice::Lost(cause) => {
                        if !std::mem::replace(&mut self.lost, true) {
                            eprintln!("the connection is lost ({cause}); the job goes on and is followed again soon");
                        }
                        None
                    }
                    Notice::Refused(_) => None,
                },
                () = sleep_until(look) => self.looked_up().await,
            };
            if let Some(document) = document
                && document.version > seen.version
            {
                return Ok(document);
            }
        }
    }

    /// The job as the journal has it: what was published while nobody listened is not lost. `None` when the
    /// agent can't say; the job is safe on its disk and will be heard of when it is back.
    async fn looked_up(&self) -> Option<JobDocument> {
        let request = AgentRequest::Get { job: self.id.clone(), trace: false };
        let topic = self.client.topics().request();
        let reply = self.client.request(&topic, &request, self.client.patience()).await;
        let mut result = reply.ok()?.result?;
        serde_json::from_value(result.get_mut("job")?.take()).ok()
    }
}

const ID_FORM: &str = "a job's id is 1 to 64 of A-Z, a-z, 0-9 and -";

fn job_id(id: &str) -> Result<String, String> {
    if is_job_id(id) { Ok(id.to_owned()) } else { Err(ID_FORM.to_owned()) }
}

fn word(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
