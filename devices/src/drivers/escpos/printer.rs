//! What is known of a printer while a session lasts, and what is still to be asked of it.

use std::collections::BTreeSet;
use std::time::Duration;

use outlet_protocols::escpos::command::{self, RealTime};
use outlet_protocols::escpos::status::{self, Event, PaperState, Status};
use outlet_protocols::model::Language;
use outlet_protocols::star;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::options::Level;
use crate::driver::{DeviceStatus, PAPER_NEAR_END, StatusSink, Waiting};

/// A printer as the sessions of a driver see it, from one connect to the next.
pub struct Printer {
    ear: Ear,
    sink: StatusSink,
    /// Last known state.
    pub status: Status,
    /// Real-time commands that are still to leave. They may stand between documents, never inside one.
    pub outbox: Vec<u8>,
    /// Automatic status back has been heard: the state is always fresh.
    pub asb: bool,
    /// Questions (`DLE EOT`) whose answers are missing, and since when.
    pub asked: Option<(usize, Instant)>,
    /// When the state was last known for certain.
    pub confirmed: Option<Instant>,
    /// When anything was last heard.
    pub heard: Option<Instant>,
    /// How many bytes made no sense: a wrong baud rate shows so.
    pub noise: u64,
    /// The process ids echoed in this session, the latest last; only the latest few are kept.
    pub ids: Vec<[u8; 4]>,
    /// When the reply that follows the probe's process id came ([`probe`](Self::probe)).
    pub probe_passed: Option<Instant>,
    /// `GS r` questions of the probe that are not answered yet.
    pub pending_sensor: usize,
    /// Star's ETB counter, as last reported.
    pub etb: Option<u8>,
    /// How long a byte is on a serial line; zero elsewhere.
    pub byte_time: Duration,
    /// Until when bytes that have left the agent are on the line.
    on_line_until: Option<Instant>,
    /// It has automatic status back, which is switched on at connect and after each power-on.
    wants_asb: bool,
    /// The level of the drawer's sensor that means open.
    drawer_open: Option<Level>,
}

/// What a printer said, in the words of both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Its state, or a part of it.
    Status,
    /// The echo of a process id.
    ProcessId([u8; 4]),
    /// The one-byte answer to a `GS r` of a job, or to `GS I 1` and `GS I 2`.
    Sensor(u8),
    /// The probe has passed through the printer's buffer.
    Probe,
    /// Star's ETB counter.
    Etb(u8),
    /// A text answered to `GS I`.
    Info(String),
    /// It was switched on: what it had not printed is gone.
    PowerOn,
    /// Anything else.
    Other,
}

/// The parser of a printer's language.
enum Ear {
    Escpos(status::Parser),
    Star(star::status::Parser),
}

/// How long a process id may come after the answer to a `GS r` sent behind it.
pub const ID_LAG: Duration = Duration::from_millis(500);

/// Enough for the most copies of a job.
const KEPT_IDS: usize = 256;

/// The four questions of a whole status.
const QUESTIONS: [RealTime; 4] = [RealTime::Printer, RealTime::Offline, RealTime::Error, RealTime::Paper];

impl Printer {
    /// A printer of which nothing is known yet.
    pub fn new(
        sink: StatusSink,
        language: Language,
        wants_asb: bool,
        drawer_open: Option<Level>,
        byte_time: Duration,
    ) -> Self {
        Self {
            ear: match language {
                Language::Escpos => Ear::Escpos(status::Parser::default()),
                Language::StarLine => Ear::Star(star::status::Parser::default()),
            },
            sink,
            status: Status::default(),
            outbox: Vec::new(),
            asb: false,
            asked: None,
            confirmed: None,
            heard: None,
            noise: 0,
            ids: Vec::new(),
            probe_passed: None,
            pending_sensor: 0,
            etb: None,
            byte_time,
            on_line_until: None,
            wants_asb,
            drawer_open,
        }
    }

    /// Whether it speaks ESC/POS.
    pub fn is_escpos(&self) -> bool {
        matches!(self.ear, Ear::Escpos(_))
    }

    /// Forgets the old session.
    pub fn reconnected(&mut self) {
        let language = match self.ear {
            Ear::Escpos(_) => Language::Escpos,
            Ear::Star(_) => Language::StarLine,
        };
        *self = Self::new(self.sink.clone(), language, self.wants_asb, self.drawer_open, self.byte_time);
    }

    /// Notes that bytes have left the agent: on a serial line they are on their way for a while.
    pub fn sent(&mut self, count: usize, now: Instant) {
        if self.byte_time.is_zero() {
            return;
        }
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let from = self.on_line_until.map_or(now, |until| until.max(now));
        self.on_line_until = Some(from + self.byte_time * count);
    }

    /// When an answer to what was sent at `since`, or what is still on the line, is overdue.
    pub fn due(&self, since: Instant, patience: Duration) -> Instant {
        self.on_line_until.map_or(since, |until| until.max(since)) + patience
    }

    /// Takes real-time commands out of the box that have left.
    pub fn outbox_sent(&mut self, count: usize, now: Instant) {
        self.outbox.drain(..count.min(self.outbox.len()));
        self.sent(count, now);
    }

    /// Takes bytes that came, brings the state up to date, and gives the replies.
    pub fn feed(&mut self, bytes: &[u8], now: Instant) -> Vec<Reply> {
        self.heard = Some(now);
        let replies = match &mut self.ear {
            Ear::Escpos(parser) => {
                let events = parser.events(bytes);
                events.into_iter().map(|event| self.escpos(event, now)).collect()
            }
            Ear::Star(parser) => {
                let reports = parser.events(bytes);
                if reports.is_empty() {
                    self.noise += bytes.len() as u64;
                }
                reports.into_iter().map(|report| self.star(report, now)).collect()
            }
        };
        self.publish();
        replies
    }

    fn escpos(&mut self, event: Event, now: Instant) -> Reply {
        self.status.apply(&event);
        match event {
            Event::Asb(_) => {
                self.asb = true;
                self.confirmed = Some(now);
                Reply::Status
            }
            Event::RealTime { .. } => {
                match self.asked {
                    Some((missing, since)) if missing > 1 => self.asked = Some((missing - 1, since)),
                    Some(_) => {
                        self.asked = None;
                        self.confirmed = Some(now);
                    }
                    None => {}
                }
                Reply::Status
            }
            Event::ProcessId(id) => {
                if self.ids.len() == KEPT_IDS {
                    self.ids.remove(0);
                }
                self.ids.push(id);
                Reply::ProcessId(id)
            }
            Event::Byte(_) if self.pending_sensor > 0 => {
                self.pending_sensor -= 1;
                self.probe_passed = Some(now);
                Reply::Probe
            }
            Event::Byte(byte) => Reply::Sensor(byte),
            Event::Info(text) => Reply::Info(text),
            Event::PowerOn => {
                self.asb = false;
                self.confirmed = None;
                self.listen();
                Reply::PowerOn
            }
            Event::Unknown(_) => {
                self.noise += 1;
                Reply::Other
            }
            _ => Reply::Other,
        }
    }

    fn star(&mut self, report: star::status::StarStatus, now: Instant) -> Reply {
        self.asb = true;
        self.asked = None;
        self.confirmed = Some(now);
        self.status = report.status;
        match report.etb {
            Some(count) => {
                self.etb = Some(count);
                Reply::Etb(count)
            }
            None => Reply::Status,
        }
    }

    /// Asks for the whole status, unless an answer is still due.
    pub fn ask(&mut self, now: Instant) {
        if self.asked.is_some() {
            return;
        }
        match &mut self.ear {
            Ear::Escpos(parser) => {
                for what in QUESTIONS {
                    parser.asked(what);
                    self.outbox.extend_from_slice(&command::real_time_status(what));
                }
                self.asked = Some((QUESTIONS.len(), now));
            }
            Ear::Star(_) => {
                self.outbox.extend_from_slice(star::command::STATUS);
                self.asked = Some((1, now));
            }
        }
    }

    /// Gives up on answers that are due, so that later ones are not taken for them.
    pub fn forget_questions(&mut self) {
        if self.asked.take().is_some() {
            match &mut self.ear {
                Ear::Escpos(parser) => parser.reset(),
                Ear::Star(parser) => parser.reset(),
            }
        }
    }

    /// Switches automatic status back on, where the printer has it.
    pub fn listen(&mut self) {
        if self.wants_asb {
            self.outbox.extend_from_slice(match self.ear {
                Ear::Escpos(_) => command::ASB_ON,
                Ear::Star(_) => star::command::ASB_ON,
            });
        }
    }

    /// Finds out whether the printer echoes process ids: sends one that no job has, and a `GS r` behind
    /// it. Where the `GS r` is answered and the id is not, it doesn't.
    pub fn probe(&mut self) {
        self.outbox.extend_from_slice(&command::process_id_response(command::process_id(0)));
        self.outbox.extend_from_slice(command::PAPER_SENSOR);
        self.pending_sensor += 1;
    }

    /// Whether the probe has shown that process ids are not echoed.
    pub fn ignores_ids(&self, now: Instant) -> bool {
        self.ids.is_empty() && self.probe_passed.is_some_and(|passed| now >= passed + ID_LAG)
    }

    /// Whether the state is known well enough to start a job without asking.
    pub fn fresh(&self, now: Instant) -> bool {
        self.asb || self.confirmed.is_some_and(|at| now < at + Duration::from_secs(1))
    }

    /// Why nothing can be printed now, with what to do.
    pub fn obstacle(&self) -> Option<Waiting> {
        obstacle(&self.status)
    }

    /// Tells the agent that the session is there, and how the printer is.
    pub fn publish(&self) {
        let now = DeviceStatus {
            online: true,
            conditions: conditions(&self.status),
            problem: None,
            drawer_open: self.drawer_open(),
        };
        now.tell(&self.sink);
    }

    /// Whether the cash drawer is open, where that can be known.
    fn drawer_open(&self) -> Option<bool> {
        let seen = self.asb || self.confirmed.is_some();
        let open = self.drawer_open.filter(|_| seen)?;
        Some(self.status.drawer_high == (open == Level::High))
    }

    /// Tells the agent that the session is gone, and why.
    pub fn lost(&self, problem: &str) {
        let now = DeviceStatus {
            online: false,
            conditions: BTreeSet::from(["offline".to_owned()]),
            problem: Some(problem.to_owned()),
            drawer_open: None,
        };
        now.tell(&self.sink);
    }

    /// The state for evidence and for requests.
    pub fn to_json(&self) -> Value {
        let status = &self.status;
        json!({
            "known": self.confirmed.is_some(),
            "asb": self.asb,
            "conditions": conditions(status),
            "paper": match status.paper {
                PaperState::Ok => "ok",
                PaperState::NearEnd => "near-end",
                PaperState::Out => "out",
            },
            "cover_open": status.cover_open,
            "offline": status.offline,
            "drawer_sensor_high": status.drawer_high,
            "drawer_open": self.drawer_open(),
            "last_process_id": self.ids.last().map(|id| String::from_utf8_lossy(id).into_owned()),
        })
    }
}

/// The conditions of the contract that a state stands for.
pub fn conditions(status: &Status) -> BTreeSet<String> {
    let all = [
        (status.paper == PaperState::NearEnd, PAPER_NEAR_END),
        (status.paper == PaperState::Out, "paper-out"),
        (status.cover_open, "cover-open"),
        (status.cutter_error, "cutter-jam"),
        (status.unrecoverable || (status.recoverable && !status.cutter_error), "printer-error"),
        (status.auto_recoverable, "overheated"),
        (status.offline, "offline"),
    ];
    all.into_iter().filter(|(on, _)| *on).map(|(_, name)| name.to_owned()).collect()
}

fn obstacle(status: &Status) -> Option<Waiting> {
    let (code, message) = if status.unrecoverable {
        (
            "device-offline",
            "the printer reports a fault: switch it off and on; if it comes back, call service",
        )
    } else if status.cutter_error {
        ("cutter-jam", "the cutter is jammed: open the cover, remove the paper, close the cover")
    } else if status.paper == PaperState::Out {
        ("paper-out", "the printer is out of paper: put in a new roll and close the cover")
    } else if status.cover_open {
        ("cover-open", "the printer's cover is open: close it")
    } else if status.auto_recoverable {
        ("device-offline", "the print head is too hot: it goes on by itself when it has cooled down")
    } else if status.recoverable {
        ("device-offline", "the printer reports an error: open and close the cover, or switch it off and on")
    } else if status.offline {
        ("device-offline", "the printer is offline: press FEED, or look for a blinking lamp")
    } else {
        return None;
    };
    Some(Waiting { code: code.to_owned(), message: message.to_owned() })
}
