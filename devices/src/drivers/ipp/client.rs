//! Asking the printer: one IPP message to and fro over HTTP.

use std::time::Duration;

use ipp::attribute::IppAttribute;
use ipp::model::{DelimiterTag, IppVersion, Operation, StatusCode};
use ipp::parser::IppParseError;
use ipp::prelude::Uri;
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;

use super::http;
use crate::driver::{Direction, JobContext};

/// What the agent calls itself (`requesting-user-name`).
const USER: &str = "outletd";
/// Bytes of a document that take a second at the slowest: some printers read on only as they print.
const SLOWEST: usize = 8 << 10;

/// A printer's address.
pub struct Client {
    uri: Uri,
    patience: Duration,
    requests: i32,
}

/// Why there is no answer to go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// There was no connection: nothing of the request has left.
    NotReached(String),
    /// The connection broke, or no answer came in time: the request may have arrived.
    Lost(String),
    /// What answered is no IPP printer, or its answer was cut: the request may have arrived.
    Nonsense(String),
    /// The HTTP server refused the request before the printer saw it.
    Http(u16),
    /// The printer refused.
    Refused {
        status: StatusCode,
        /// Its number, as sent.
        code: u16,
        /// `status-message`, if there is one.
        message: Option<String>,
    },
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotReached(what) | Self::Lost(what) => f.write_str(what),
            Self::Nonsense(what) => write!(f, "what came back is no answer of a printer: {what}"),
            Self::Http(401 | 403) => f.write_str("it wants a password, and there is none for it"),
            Self::Http(404) => f.write_str("it has no queue of this path"),
            Self::Http(status) => write!(f, "it answered with HTTP status {status}"),
            Self::Refused { status, code, message } => {
                write!(f, "the printer refused: {status} (0x{code:04x})")?;
                message.iter().try_for_each(|message| write!(f, ", {message:?}"))
            }
        }
    }
}

impl Failure {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        const LATER: &str = "it is tried again by itself";
        const FORBIDDEN: &str = "allow printing without a password in the printer's settings";
        const PATH: &str = "check the path: /ipp/print on most printers, /printers/NAME on a print server";
        match self {
            Self::NotReached(_) | Self::Lost(_) => {
                "check that the printer is on, its network cable, its address, and that IPP is allowed in its settings"
            }
            Self::Nonsense(_) => {
                "check address and port: IPP is mostly at port 631, as in ipp://10.0.0.30:631/ipp/print"
            }
            Self::Http(401 | 403) => FORBIDDEN,
            Self::Http(404) => PATH,
            // Upgrade Required (RFC 9110, 15.5.22): nothing without TLS.
            Self::Http(426) => "allow IPP without encryption on the printer",
            Self::Http(429 | 503) => LATER,
            Self::Http(_) => "look at the printer's panel, and switch it off and on",
            Self::Refused { status, .. } => match status {
                StatusCode::ServerErrorBusy
                | StatusCode::ServerErrorTemporaryError
                | StatusCode::ServerErrorServiceUnavailable => LATER,
                StatusCode::ServerErrorNotAcceptingJobs => "let the printer's queue take jobs",
                StatusCode::ClientErrorForbidden
                | StatusCode::ClientErrorNotAuthenticated
                | StatusCode::ClientErrorNotAuthorized => FORBIDDEN,
                StatusCode::ClientErrorNotFound => PATH,
                StatusCode::ClientErrorDocumentFormatNotSupported
                | StatusCode::ServerErrorOperationNotSupported => {
                    "put it behind a print server that converts PDF, such as CUPS, and link to that"
                }
                StatusCode::ClientErrorRequestEntityTooLong => {
                    "divide the document, or make its pictures smaller"
                }
                _ => "look at the printer's panel, and switch it off and on",
            },
        }
    }
}

impl Client {
    pub fn new(uri: Uri, patience: Duration) -> Self {
        Self { uri, patience, requests: 0 }
    }

    /// A question without a document, or a document with its attributes.
    pub fn question(&mut self, operation: Operation) -> Result<Question, Failure> {
        self.requests = self.requests.checked_add(1).unwrap_or(1);
        let mut request = IppRequestResponse::new(IppVersion::v1_1(), operation, Some(self.uri.clone()))
            .map_err(|error| unwritable(&error))?;
        request.header_mut().request_id = self.requests;
        Ok(Question { request, document: Vec::new(), wrong: None })
    }

    /// Sends a question and waits for its answer. The trace gets the messages without the document.
    pub async fn ask(
        &self,
        question: Question,
        cx: Option<&dyn JobContext>,
    ) -> Result<IppRequestResponse, Failure> {
        let Question { request, document, wrong } = question;
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        let id = request.header().request_id;
        trace(cx, Direction::Sent, &request);
        let upload = Duration::from_secs(document.len().div_ceil(SLOWEST) as u64);
        let message = [request.to_bytes().as_ref(), &document].concat();
        let answer = http::send(&self.uri, message, self.patience + upload).await?;
        trace(cx, Direction::Received, &answer);
        judged(answer, id)
    }
}

/// The answer to the question of this number, if it says that the printer has done as it was asked.
pub fn judged(answer: IppRequestResponse, id: i32) -> Result<IppRequestResponse, Failure> {
    let header = *answer.header();
    if header.request_id != id || !matches!(header.version.0 >> 8, 1 | 2) {
        return Err(Failure::Nonsense("it belongs to another question".to_owned()));
    }
    let status = header.status_code();
    if status.is_success() {
        return Ok(answer);
    }
    let said = answer.attributes().first_of(DelimiterTag::OperationAttributes);
    let message = said.and_then(|group| group.get("status-message"));
    Err(Failure::Refused {
        status,
        code: header.operation_or_status.cast_unsigned(),
        message: message.map(|message| message.value().to_string()),
    })
}

/// A request that is being put together.
pub struct Question {
    request: IppRequestResponse,
    document: Vec<u8>,
    /// The first attribute that can't be written.
    wrong: Option<Failure>,
}

impl Question {
    pub fn user(self) -> Self {
        self.name("requesting-user-name", USER)
    }

    pub fn name(self, name: &'static str, value: &str) -> Self {
        self.operation(name, IppValue::new_name_without_language(value))
    }

    pub fn keyword(self, name: &'static str, value: &str) -> Self {
        self.operation(name, IppValue::new_keyword(value))
    }

    pub fn mime(self, name: &'static str, value: &str) -> Self {
        self.operation(name, IppValue::new_mime_media_type(value))
    }

    pub fn integer(self, name: &'static str, value: i32) -> Self {
        self.operation(name, Ok(IppValue::Integer(value)))
    }

    pub fn boolean(self, name: &'static str, value: bool) -> Self {
        self.operation(name, Ok(IppValue::Boolean(value)))
    }

    /// Which attributes are wanted.
    pub fn wanting(self, names: &[&str]) -> Self {
        let names: Result<Vec<IppValue>, _> = names.iter().copied().map(IppValue::new_keyword).collect();
        self.operation("requested-attributes", names.map(IppValue::Array))
    }

    /// An attribute of the job itself.
    pub fn job(self, name: &'static str, value: Result<IppValue, IppParseError>) -> Self {
        self.add(DelimiterTag::JobAttributes, name, value)
    }

    /// The document; it lengthens the time that the answer may take.
    pub fn document(mut self, bytes: Vec<u8>) -> Self {
        self.document = bytes;
        self
    }

    fn operation(self, name: &'static str, value: Result<IppValue, IppParseError>) -> Self {
        self.add(DelimiterTag::OperationAttributes, name, value)
    }

    fn add(
        mut self,
        group: DelimiterTag,
        name: &'static str,
        value: Result<IppValue, IppParseError>,
    ) -> Self {
        match value.and_then(|value| IppAttribute::with_name(name, value)) {
            Ok(attribute) => self.request.attributes_mut().add(group, attribute),
            Err(error) => self.wrong = self.wrong.or(Some(unwritable(&error))),
        }
        self
    }
}

/// Nothing was sent: what was to be said can't be.
fn unwritable(error: &IppParseError) -> Failure {
    Failure::NotReached(format!("the request can't be written: {error}"))
}

fn trace(cx: Option<&dyn JobContext>, direction: Direction, message: &IppRequestResponse) {
    if let Some(cx) = cx {
        cx.trace(direction, &message.to_bytes());
    }
}
