//! The printer itself: its jobs, its paper, and what it answers.

use std::time::{Duration, Instant};

use super::fault::Fault;
use super::http::Request;
use super::ipp::{Attribute, Group, Message, Value, group, keywords, one};
use super::{Counts, Job, JobState, PrinterSpec};

/// Operations (RFC 8011, 5.4.15).
mod operation {
    pub const PRINT_JOB: u16 = 0x0002;
    pub const VALIDATE_JOB: u16 = 0x0004;
    pub const CANCEL_JOB: u16 = 0x0008;
    pub const GET_JOB_ATTRIBUTES: u16 = 0x0009;
    pub const GET_JOBS: u16 = 0x000A;
    pub const GET_PRINTER_ATTRIBUTES: u16 = 0x000B;
}

/// Status codes (RFC 8011, appendix B).
mod status {
    pub const OK: u16 = 0x0000;
    pub const SUBSTITUTED: u16 = 0x0001;
    pub const BAD_REQUEST: u16 = 0x0400;
    pub const NOT_POSSIBLE: u16 = 0x0404;
    pub const NOT_FOUND: u16 = 0x0406;
    pub const FORMAT_NOT_SUPPORTED: u16 = 0x040A;
    pub const OPERATION_NOT_SUPPORTED: u16 = 0x0501;
    pub const NOT_ACCEPTING: u16 = 0x0506;
}

/// What the printer does with a request.
pub(super) enum Reply {
    /// Answers with this message.
    Answer(Vec<u8>),
    /// Answers with this message, after so long.
    Late(Duration, Vec<u8>),
    /// Answers with an HTTP status and no message.
    Http(u16),
    /// Answers with a part of this message, and closes.
    Part(Vec<u8>),
    /// Closes the connection.
    Close,
    /// Nothing.
    Nothing,
}

pub(super) struct Machine {
    pub spec: PrinterSpec,
    pub uri: String,
    pub on: bool,
    pub jobs: Vec<Job>,
    pub sheets: u32,
    pub taken: u32,
    pub answered: u64,
    pub violations: Vec<String>,
    since: Instant,
    /// Seconds it counts as on already when it was made.
    up_before: u64,
    next_id: i32,
    tray: Option<u32>,
    paused: bool,
    accepting: bool,
    cover_open: bool,
    toner_low: bool,
    hold: bool,
    stalled: bool,
    silent: bool,
    abort_after: Option<u32>,
    slow_document: Option<Duration>,
    refuse: (u16, u32),
    http: (u16, u32),
    lose_answers: u32,
    cut_requests: u32,
    cut_answers: u32,
    garbage: u32,
}

impl Machine {
    pub fn new(spec: PrinterSpec) -> Self {
        Self {
            spec,
            uri: String::new(),
            on: true,
            jobs: Vec::new(),
            sheets: 0,
            taken: 0,
            answered: 0,
            violations: Vec::new(),
            since: Instant::now(),
            up_before: 86_400,
            next_id: 1,
            tray: None,
            paused: false,
            accepting: true,
            cover_open: false,
            toner_low: false,
            hold: false,
            stalled: false,
            silent: false,
            abort_after: None,
            slow_document: None,
            refuse: (0, 0),
            http: (0, 0),
            lose_answers: 0,
            cut_requests: 0,
            cut_answers: 0,
            garbage: 0,
        }
    }

    pub fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::Pause => self.paused = true,
            Fault::Resume => self.paused = false,
            Fault::RefuseJobs => self.accepting = false,
            Fault::AcceptJobs => self.accepting = true,
            Fault::SheetsLeft(sheets) => self.tray = Some(sheets),
            Fault::Refill => self.tray = None,
            Fault::OpenCover => self.cover_open = true,
            Fault::CloseCover => self.cover_open = false,
            Fault::TonerLow => self.toner_low = true,
            Fault::NewToner => self.toner_low = false,
            Fault::Hold => self.hold = true,
            Fault::Release => {
                self.hold = false;
                for job in self.jobs.iter_mut().filter(|job| job.state == JobState::Held) {
                    job.state = JobState::Pending;
                }
            }
            Fault::Stall => self.stalled = true,
            Fault::AbortAfter(sheets) => self.abort_after = Some(sheets),
            Fault::CancelAtPanel => {
                if let Some(job) = self.jobs.iter_mut().find(|job| !job.state.is_done()) {
                    job.state = JobState::Canceled;
                }
            }
            Fault::SlowDocument(ms) => self.slow_document = Some(Duration::from_millis(ms)),
            Fault::Refuse { status, times } => self.refuse = (status, times),
            Fault::HttpStatus { status, times } => self.http = (status, times),
            Fault::LoseAnswers(times) => self.lose_answers = times,
            Fault::CutRequests(times) => self.cut_requests = times,
            Fault::CutAnswers(times) => self.cut_answers = times,
            Fault::Garbage(times) => self.garbage = times,
            Fault::Silence => self.silent = true,
            Fault::Speak => self.silent = false,
            Fault::Restart => self.forget(),
            Fault::ForgetDone => self.jobs.retain(|job| !job.state.is_done()),
            Fault::PowerOff => {
                self.on = false;
                self.forget();
            }
            Fault::PowerOn => {
                self.on = true;
                self.since = Instant::now();
            }
        }
    }

    fn forget(&mut self) {
        self.jobs.clear();
        self.since = Instant::now();
        self.up_before = 0;
    }

    /// Whether the connection of a request that has come so far is cut now.
    pub fn cuts(&mut self, body: &[u8]) -> bool {
        // The operation stands in the third and fourth byte (RFC 8010, 3.1.1).
        let prints = body.get(2..4) == Some(&operation::PRINT_JOB.to_be_bytes()[..]);
        prints && count_down(&mut self.cut_requests)
    }

    /// Does what a request asks for.
    pub fn take(&mut self, request: &Request) -> Reply {
        if self.silent {
            return Reply::Nothing;
        }
        if count_down(&mut self.http.1) {
            return Reply::Http(self.http.0);
        }
        if request.method != "POST" || request.content_type != "application/ipp" {
            self.violations.push(format!("{} of {:?}", request.method, request.content_type));
            return Reply::Http(400);
        }
        if request.path != self.spec.path {
            return Reply::Http(404);
        }
        let message = match Message::parse(&request.body) {
            Ok(message) => message,
            Err(why) => {
                self.violations.push(why);
                return Reply::Http(400);
            }
        };
        let prints = message.code == operation::PRINT_JOB;
        // A request that is cut may have come in one piece.
        if prints && count_down(&mut self.cut_requests) {
            return Reply::Close;
        }
        let answer = self.execute(&message).bytes();
        if prints && count_down(&mut self.lose_answers) {
            return Reply::Close;
        }
        if prints && let Some(late) = self.slow_document.take() {
            return Reply::Late(late, answer);
        }
        if count_down(&mut self.cut_answers) {
            return Reply::Part(answer);
        }
        if count_down(&mut self.garbage) {
            return Reply::Answer(b"<html>It works!</html>".to_vec());
        }
        Reply::Answer(answer)
    }

    fn execute(&mut self, request: &Message) -> Message {
        if let Some(why) = self.violation(request) {
            self.violations.push(why);
            return answer(request, status::BAD_REQUEST, Vec::new());
        }
        match request.code {
            operation::PRINT_JOB => self.print_job(request),
            operation::VALIDATE_JOB => match self.refusal(request) {
                Some(status) => answer(request, status, Vec::new()),
                None => answer(request, status::OK, Vec::new()),
            },
            operation::GET_PRINTER_ATTRIBUTES => {
                let attributes = asked_for(request, &["all"], self.attributes());
                answer(request, status::OK, vec![Group { tag: group::PRINTER, attributes }])
            }
            operation::GET_JOBS => self.get_jobs(request),
            operation::GET_JOB_ATTRIBUTES => {
                let Some(index) = self.job_of(request) else {
                    return answer(request, status::NOT_FOUND, Vec::new());
                };
                self.go_on(index);
                let attributes = asked_for(request, &["all"], self.job_attributes(index));
                if !self.spec.history {
                    self.jobs.retain(|job| !job.state.is_done());
                }
                answer(request, status::OK, vec![Group { tag: group::JOB, attributes }])
            }
            operation::CANCEL_JOB => match self.job_of(request).and_then(|index| self.jobs.get_mut(index)) {
                None => answer(request, status::NOT_FOUND, Vec::new()),
                Some(job) if job.state.is_done() => answer(request, status::NOT_POSSIBLE, Vec::new()),
                Some(job) => {
                    job.state = JobState::Canceled;
                    answer(request, status::OK, Vec::new())
                }
            },
            _ => answer(request, status::OPERATION_NOT_SUPPORTED, Vec::new()),
        }
    }

    /// What RFC 8011, 4.1.1 and 4.1.4, demands of every request.
    fn violation(&self, request: &Message) -> Option<String> {
        let first = request.groups.first().filter(|first| first.tag == group::OPERATION)?;
        let name = |at: usize| first.attributes.get(at).map(|attribute| attribute.name.as_str());
        if request.id == 0 {
            return Some("request-id is 0".into());
        }
        if name(0) != Some("attributes-charset") || name(1) != Some("attributes-natural-language") {
            return Some("a request begins with charset and language".into());
        }
        if request.text(group::OPERATION, "printer-uri").is_none() {
            return Some("there is no printer-uri".into());
        }
        None
    }

    fn refusal(&mut self, request: &Message) -> Option<u16> {
        if count_down(&mut self.refuse.1) {
            return Some(self.refuse.0);
        }
        if !self.accepting {
            return Some(status::NOT_ACCEPTING);
        }
        let format = request.text(group::OPERATION, "document-format").unwrap_or("application/octet-stream");
        (!self.spec.formats.iter().any(|known| known == format)).then_some(status::FORMAT_NOT_SUPPORTED)
    }

    fn print_job(&mut self, request: &Message) -> Message {
        if let Some(status) = self.refusal(request) {
            return answer(request, status, Vec::new());
        }
        let asked = request.integer(group::JOB, "copies").and_then(|copies| u32::try_from(copies).ok());
        let copies = match (asked, self.spec.copies) {
            (Some(asked), Some(most)) if (1..=u32::from(most)).contains(&asked) => Some(asked),
            (None, _) => Some(1),
            _ => None,
        };
        let text = |tag, name: &str| request.text(tag, name).map(str::to_owned);
        let id = self.next_id;
        self.next_id += 1;
        self.taken += 1;
        self.jobs.push(Job {
            id,
            name: text(group::OPERATION, "job-name").unwrap_or_default(),
            user: text(group::OPERATION, "requesting-user-name").unwrap_or_default(),
            format: text(group::OPERATION, "document-format").unwrap_or_default(),
            copies: copies.unwrap_or(1),
            sides: text(group::JOB, "sides"),
            media: text(group::JOB, "media"),
            document: request.data.clone(),
            state: if self.hold { JobState::Held } else { JobState::Pending },
            begun: false,
            sheets: 0,
            sheets_wanted: pages(&request.data) * copies.unwrap_or(1),
        });
        let attributes = asked_for(request, &["job-id", "job-uri", "job-state", "job-state-reasons"], {
            self.job_attributes(self.jobs.len() - 1)
        });
        let mut groups = vec![Group { tag: group::JOB, attributes }];
        if copies.is_none() {
            let ignored = vec![one("copies", Value::Unsupported)];
            groups.insert(0, Group { tag: group::UNSUPPORTED, attributes: ignored });
        }
        answer(request, if copies.is_none() { status::SUBSTITUTED } else { status::OK }, groups)
    }

    fn get_jobs(&mut self, request: &Message) -> Message {
        let done = match request.text(group::OPERATION, "which-jobs") {
            Some("completed") => true,
            None | Some("not-completed") => false,
            Some(_) => return answer(request, 0x040B, Vec::new()),
        };
        let limit = request.integer(group::OPERATION, "limit").and_then(|limit| usize::try_from(limit).ok());
        let mut groups: Vec<Group> = (0..self.jobs.len())
            .filter(|index| self.jobs.get(*index).is_some_and(|job| job.state.is_done() == done))
            .map(|index| {
                let attributes = asked_for(request, &["job-id", "job-uri"], self.job_attributes(index));
                Group { tag: group::JOB, attributes }
            })
            .collect();
        if done {
            groups.reverse();
        }
        groups.truncate(limit.unwrap_or(usize::MAX));
        answer(request, status::OK, groups)
    }

    fn job_of(&self, request: &Message) -> Option<usize> {
        let id = request.integer(group::OPERATION, "job-id")?;
        self.jobs.iter().position(|job| job.id == id)
    }

    /// Prints a sheet of a job, if it is its turn and nothing stops the printer.
    fn go_on(&mut self, index: usize) {
        let stopped = self.stopped();
        let earlier = self.jobs.iter().take(index).any(|job| job.state.is_active());
        let Some(job) = self.jobs.get_mut(index).filter(|job| job.state.is_active() && !earlier) else {
            return;
        };
        if stopped {
            if job.sheets > 0 {
                job.state = JobState::Stopped;
            }
            return;
        }
        if self.stalled {
            job.begun = true;
            job.state = JobState::Processing;
            return;
        }
        if self.abort_after == Some(job.sheets) {
            self.abort_after = None;
            // What is given up before its first sheet was not begun: its data could not be read.
            job.state = JobState::Aborted;
            return;
        }
        if let Some(tray) = &mut self.tray {
            *tray -= 1;
        }
        job.begun = true;
        job.sheets += 1;
        self.sheets += 1;
        job.state = if job.sheets >= job.sheets_wanted { JobState::Completed } else { JobState::Processing };
    }

    fn stopped(&self) -> bool {
        self.paused || self.cover_open || self.tray == Some(0)
    }

    fn reasons(&self) -> Vec<&'static str> {
        let all = [
            (self.paused, "paused"),
            (self.cover_open, "cover-open-error"),
            (self.tray == Some(0), "media-empty-error"),
            (self.toner_low, "toner-low-warning"),
        ];
        let there: Vec<&str> = all.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
        if there.is_empty() { vec!["none"] } else { there }
    }

    fn attributes(&self) -> Vec<Attribute> {
        let busy = self.jobs.iter().any(|job| job.state.is_active());
        // 3 idle, 4 processing, 5 stopped (RFC 8011, 5.4.11).
        let state = if self.stopped() { 5 } else { 3 + i32::from(busy) };
        let up = (self.since.elapsed().as_secs() + self.up_before).max(1);
        let mime = |format: &String| Value::Mime(format.clone());
        let operations = [0x0002, 0x0004, 0x0008, 0x0009, 0x000A, 0x000B];
        let mut all = vec![
            one("printer-uri-supported", Value::Uri(self.uri.clone())),
            one("printer-name", Value::Name("office".into())),
            one("printer-make-and-model", Value::Text(self.spec.name.clone())),
            one("printer-state", Value::Enum(state)),
            keywords("printer-state-reasons", self.reasons()),
            one("printer-is-accepting-jobs", Value::Boolean(self.accepting)),
            one("printer-up-time", Value::Integer(i32::try_from(up).unwrap_or(i32::MAX))),
            one("queued-job-count", Value::Integer(i32::from(busy))),
            one("document-format-default", Value::Mime("application/octet-stream".into())),
            Attribute {
                name: "document-format-supported".into(),
                values: self.spec.formats.iter().map(mime).collect(),
            },
            keywords("ipp-versions-supported", ["1.1", "2.0"]),
            Attribute {
                name: "operations-supported".into(),
                values: operations.into_iter().map(Value::Enum).collect(),
            },
            keywords("media-supported", ["iso_a4_210x297mm", "iso_a5_148x210mm"]),
            keywords("sides-supported", ["one-sided", "two-sided-long-edge"]),
        ];
        if let Some(sides) = self.spec.sides {
            all.push(keywords("sides-default", [sides]));
        }
        if let Some(most) = self.spec.copies {
            all.push(one("copies-supported", Value::Range(1, most.into())));
        }
        all
    }

    fn job_attributes(&self, index: usize) -> Vec<Attribute> {
        let Some(job) = self.jobs.get(index) else { return Vec::new() };
        let (state, reason) = match job.state {
            JobState::Pending => (3, "none"),
            JobState::Held => (4, "job-hold-until-specified"),
            JobState::Processing => (5, "job-printing"),
            JobState::Stopped => (6, "printer-stopped"),
            JobState::Canceled => (7, "job-canceled-at-device"),
            JobState::Aborted => (8, "aborted-by-system"),
            JobState::Completed if self.spec.server => (9, "queued-in-device"),
            JobState::Completed => (9, "job-completed-successfully"),
        };
        let mut all = vec![
            one("job-id", Value::Integer(job.id)),
            one("job-uri", Value::Uri(format!("{}/{}", self.uri, job.id))),
            one("job-printer-uri", Value::Uri(self.uri.clone())),
            one("job-name", Value::Name(job.name.clone())),
            one("job-originating-user-name", Value::Name(job.user.clone())),
            one("job-state", Value::Enum(state)),
            keywords("job-state-reasons", [reason]),
        ];
        if self.spec.times {
            // RFC 8011, 5.3.14.2: the out-of-band value no-value (RFC 8010, 3.5.2) before it is begun.
            let begun = if job.begun { Value::Integer(1) } else { Value::Other(0x13, Vec::new()) };
            all.push(one("time-at-processing", begun));
        }
        let sheets = match self.spec.counts {
            Counts::Sheets => Some(job.sheets),
            Counts::Zero => Some(0),
            Counts::Absent => None,
        };
        if let Some(sheets) = sheets {
            let sheets = Value::Integer(i32::try_from(sheets).unwrap_or(i32::MAX));
            all.push(one("job-impressions-completed", sheets.clone()));
            all.push(one("job-media-sheets-completed", sheets));
        }
        all
    }
}

impl JobState {
    fn is_done(self) -> bool {
        matches!(self, Self::Canceled | Self::Aborted | Self::Completed)
    }

    fn is_active(self) -> bool {
        matches!(self, Self::Pending | Self::Processing | Self::Stopped)
    }
}

fn answer(request: &Message, code: u16, groups: Vec<Group>) -> Message {
    let head = vec![
        one("attributes-charset", Value::Charset("utf-8".into())),
        one("attributes-natural-language", Value::Language("en".into())),
    ];
    let groups = std::iter::once(Group { tag: group::OPERATION, attributes: head }).chain(groups).collect();
    Message { version: request.version, code, id: request.id, groups, data: Vec::new() }
}

/// Those of the attributes that are asked for; `default` where the request does not say.
fn asked_for(request: &Message, default: &[&str], all: Vec<Attribute>) -> Vec<Attribute> {
    let asked: Vec<&str> =
        request.values(group::OPERATION, "requested-attributes").iter().filter_map(Value::text).collect();
    let asked = if asked.is_empty() { default } else { &asked };
    let groups = ["all", "job-description", "printer-description", "job-template"];
    all.into_iter()
        .filter(|attribute| asked.iter().any(|name| groups.contains(name) || *name == attribute.name))
        .collect()
}

/// Pages of a PDF file whose objects are not compressed; one for anything else.
fn pages(document: &[u8]) -> u32 {
    let text = String::from_utf8_lossy(document);
    let pages = text.match_indices("/Type /Page").filter(|(at, what)| {
        !text.get(at + what.len()..).is_some_and(|rest| rest.starts_with(|next: char| next.is_alphanumeric()))
    });
    u32::try_from(pages.count()).unwrap_or(u32::MAX).max(1)
}

fn count_down(left: &mut u32) -> bool {
    let any = *left > 0;
    *left -= u32::from(any);
    any
}
