//! A line with Modbus units on it. What several devices of the configuration have in common is the line: one exchange
//! at a time, whoever asks.
//!
//! The library makes and reads the frames. Around each exchange stands what it leaves open:
//! - **Time.** Each exchange has its own end. It runs to that end even when nobody waits for it any more: an answer is
//!   never left on the line for the next one to find.
//! - **Late answers.** Frames of RTU do not say which question they answer. After an exchange without a good end,
//!   what comes is dropped for as long as an answer may take, and what is read next from that unit is read twice:
//!   the first answer may be the late one. Over Modbus TCP the connection is given up; transaction numbers tell
//!   answers apart within one.
//! - **Silence between frames.** 3.5 characters, at least 1.75 ms (*MODBUS over serial line* 1.02, section 2.5.1.1);
//!   what comes in it is dropped.
//! - **Echo.** An adapter that hears what it sends is noticed at the first question, and its echo is taken out: it would
//!   look like the answer to a write, which is the request again (*Modbus Application Protocol* 1.1b3, sections 6.5, 6.6).
//! - **Counts.** An answer with another number of values than were asked for is none.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_modbus::client::{Client, Context, rtu, tcp};
use tokio_modbus::slave::{Slave, SlaveContext};
use tokio_modbus::{Error, ExceptionResponse, ProtocolError, Request, Response};

use super::fault::Fault;
use super::wire::{Traffic, Wire};
use crate::link::Link;
use crate::transport;

/// The shortest silence between two frames.
const GAP: Duration = Duration::from_micros(1750);
/// A line that is not quiet for so long is no line of units that wait for questions.
const BABBLE: Duration = Duration::from_secs(2);
/// What a single coil is on and off by (*Modbus Application Protocol* 1.1b3, section 6.5).
const COIL_ON: u16 = 0xFF00;
const COIL_OFF: u16 = 0x0000;
/// Write single coil.
const WRITE_COIL: u8 = 5;

/// How frames look on the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::drivers) enum Framing {
    /// With a checksum, as on a serial line; over TCP to a converter that passes bytes on.
    Rtu,
    /// With the header of Modbus TCP.
    Tcp,
}

/// A line.
#[derive(Debug)]
pub(super) struct Bus {
    key: String,
    state: Arc<tokio::sync::Mutex<State>>,
}

/// The lines in use, by link and framing.
static BUSES: LazyLock<Mutex<Vec<Weak<Bus>>>> = LazyLock::new(Mutex::default);

impl Bus {
    /// The line of a link: the one that is in use already, or a new one. It is opened with the first question.
    pub fn join(link: &Link, framing: Framing) -> Arc<Self> {
        let key = key(link, framing);
        let mut buses = BUSES.lock().unwrap_or_else(PoisonError::into_inner);
        buses.retain(|bus| bus.strong_count() > 0);
        if let Some(bus) = buses.iter().filter_map(Weak::upgrade).find(|bus| bus.key == key) {
            return bus;
        }
        let state = State::new(link.clone(), framing);
        let bus = Arc::new(Self { key, state: Arc::new(tokio::sync::Mutex::new(state)) });
        buses.push(Arc::downgrade(&bus));
        bus
    }

    /// Asks a unit. Waits its turn; given up while it waits, nothing is asked. Given up later, the exchange still
    /// comes to its end.
    pub async fn ask(
        &self,
        unit: u8,
        request: Request<'static>,
        patience: Duration,
    ) -> Result<Response, Fault> {
        let mut state = self.state.clone().lock_owned().await;
        let exchange = tokio::spawn(async move { state.exchange(unit, request, patience).await });
        exchange.await.unwrap_or_else(|failed| Err(Fault::Lost(failed.to_string())))
    }
}

/// What makes two links the same line.
pub(super) fn key(link: &Link, framing: Framing) -> String {
    format!("{link} {framing:?}")
}

#[derive(Debug)]
struct State {
    link: Link,
    framing: Framing,
    open: Option<Open>,
    /// An answer may still come until then.
    unsettled: Option<Instant>,
    /// Units that have not answered a question of RTU.
    owing: BTreeSet<u8>,
    echo: bool,
}

struct Open {
    wire: Wire,
    /// Of Modbus TCP: it counts transactions.
    context: Option<Context>,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("wire", &self.wire).finish_non_exhaustive()
    }
}

impl State {
    fn new(link: Link, framing: Framing) -> Self {
        Self { link, framing, open: None, unsettled: None, owing: BTreeSet::new(), echo: false }
    }

    async fn exchange(
        &mut self,
        unit: u8,
        request: Request<'static>,
        patience: Duration,
    ) -> Result<Response, Fault> {
        if self.owing.contains(&unit) && is_read(&request) {
            let first = self.once(unit, &request, patience).await;
            // Where that was the late answer, the one to this question is still on its way.
            self.unsettled = Some(Instant::now() + patience);
            first?;
            self.owing.remove(&unit);
        }
        self.once(unit, &request, patience).await
    }

    async fn once(
        &mut self,
        unit: u8,
        request: &Request<'static>,
        patience: Duration,
    ) -> Result<Response, Fault> {
        // While it is taken out, a panic leaves a closed link.
        let open = self.ready(unit).await?;
        let answer = self.call(&open.wire, open.context, unit, request, patience).await;
        let traffic = open.wire.traffic();
        // No unit answers a read with the read itself.
        if self.framing == Framing::Rtu && is_read(request) && !traffic.received.is_empty() {
            let begins = !traffic.sent.is_empty() && traffic.received.starts_with(&traffic.sent);
            self.echo = traffic.echoed || begins;
        }
        let (answer, context) = answer;
        let answer = answer.unwrap_or_else(|| Err(Error::Transport(std::io::ErrorKind::TimedOut.into())));
        let judged = judge(answer, unit, request, &traffic, self.framing);
        let keep = match &judged {
            Ok(_) | Err(Fault::Exception { .. }) => true,
            Err(Fault::Lost(_) | Fault::Unreachable(_)) => false,
            Err(_) => {
                self.unsettled = Some(Instant::now() + patience);
                let rtu = self.framing == Framing::Rtu;
                if rtu {
                    self.owing.insert(unit);
                }
                rtu
            }
        };
        self.open = keep.then_some(Open { wire: open.wire, context });
        judged
    }

    /// A link on which nothing is on its way.
    async fn ready(&mut self, unit: u8) -> Result<Open, Fault> {
        if let Some(open) = self.open.take() {
            match self.settle(&open.wire, unit).await {
                // Closed while nobody looked.
                Err(Fault::Lost(_)) => {}
                settled => return settled.map(|()| open),
            }
        }
        let mut stream =
            transport::open(&self.link).await.map_err(|error| Fault::Unreachable(error.to_string()))?;
        stream.forget_unsent();
        let wire = Wire::new(stream);
        self.settle(&wire, unit).await?;
        Ok(Open { wire, context: None })
    }

    /// Drops what is no answer to what is asked next.
    async fn settle(&mut self, wire: &Wire, unit: u8) -> Result<(), Fault> {
        if self.framing == Framing::Tcp {
            self.unsettled = None;
            let closed = || Fault::Lost("it was closed by the other side".to_owned());
            return if wire.is_open().await { Ok(()) } else { Err(closed()) };
        }
        let now = Instant::now();
        let gap = self.gap();
        let mut end = self.unsettled.take().unwrap_or(now).max(now + gap);
        let limit = end + BABBLE;
        let mut dropped = 0;
        while let Ok(read) = timeout_at(end, wire.skip()).await {
            match read {
                Ok(0) => return Err(Fault::Lost("it was closed by the other side".to_owned())),
                Ok(count) => dropped += count,
                Err(error) => return Err(Fault::Lost(error.to_string())),
            }
            end = end.max(Instant::now() + gap);
            if end > limit {
                return Err(Fault::Garbled { unit, bytes: dropped });
            }
        }
        Ok(())
    }

    /// The library's answer; `None` where time was over before. With the context, if it goes on.
    async fn call(
        &mut self,
        wire: &Wire,
        context: Option<Context>,
        unit: u8,
        request: &Request<'static>,
        patience: Duration,
    ) -> (Option<tokio_modbus::Result<Response>>, Option<Context>) {
        let mut context = context.unwrap_or_else(|| match self.framing {
            Framing::Rtu => rtu::attach_slave(wire.clone(), Slave(unit)),
            Framing::Tcp => tcp::attach_slave(wire.clone(), Slave(unit)),
        });
        context.set_slave(Slave(unit));
        wire.begin(self.echo);
        let on_the_wire = self.byte_time() * length(request);
        let answer = timeout(patience + on_the_wire, context.call(request.clone())).await.ok();
        (answer, Some(context).filter(|_| self.framing == Framing::Tcp))
    }

    fn gap(&self) -> Duration {
        (self.byte_time() * 7 / 2).max(GAP)
    }

    fn byte_time(&self) -> Duration {
        match &self.link {
            Link::Serial { line, .. } => line.byte_time(),
            _ => Duration::ZERO,
        }
    }
}

/// What the library's answer is worth.
fn judge(
    answer: tokio_modbus::Result<Response>,
    unit: u8,
    request: &Request<'_>,
    traffic: &Traffic,
    framing: Framing,
) -> Result<Response, Fault> {
    let other = |what: String| Fault::OtherAnswer { unit, what };
    match answer {
        Ok(Ok(response)) if fits(request, &response) => Ok(response),
        Ok(Ok(_)) => Err(other("another address or another number of values".to_owned())),
        Ok(Err(exception)) => Err(Fault::Exception { unit, code: exception.into() }),
        // The library knows a coil that is written only as on or off: other values answer as another function.
        Err(Error::Protocol(ProtocolError::FunctionCodeMismatch {
            request: asked,
            result: Err(ExceptionResponse { function, exception }),
        })) if asked.value() == function.value() => Err(Fault::Exception { unit, code: exception.into() }),
        _ if is_raw_coil(request) && !traffic.sent.is_empty() && traffic.received == traffic.sent => {
            Ok(Response::Custom(WRITE_COIL, Default::default()))
        }
        Err(Error::Protocol(ProtocolError::FunctionCodeMismatch { request, .. })) => {
            Err(other(format!("it is not one of function {}", request.value())))
        }
        Err(Error::Protocol(ProtocolError::HeaderMismatch { .. })) => {
            let heard = traffic.received.get(if framing == Framing::Tcp { 6 } else { 0 });
            match heard {
                Some(heard) if *heard != unit => Err(Fault::OtherUnit { unit, heard: *heard }),
                _ => Err(other("its number is that of another question".to_owned())),
            }
        }
        Err(Error::Transport(_)) if traffic.closed => {
            Err(Fault::Lost("it was closed by the other side".to_owned()))
        }
        Err(Error::Transport(error)) => match error.kind() {
            std::io::ErrorKind::TimedOut if traffic.received.is_empty() => Err(Fault::Silent { unit }),
            std::io::ErrorKind::TimedOut
            | std::io::ErrorKind::InvalidData
            | std::io::ErrorKind::UnexpectedEof => {
                Err(Fault::Garbled { unit, bytes: traffic.received.len() })
            }
            _ => Err(Fault::Lost(error.to_string())),
        },
    }
}

/// Whether a response has what the request asks for.
fn fits(request: &Request<'_>, response: &Response) -> bool {
    match (request, response) {
        (Request::ReadCoils(_, count), Response::ReadCoils(coils)) => {
            coils.len() == usize::from(*count).div_ceil(8) * 8
        }
        (Request::ReadHoldingRegisters(_, count), Response::ReadHoldingRegisters(registers))
        | (Request::ReadInputRegisters(_, count), Response::ReadInputRegisters(registers)) => {
            registers.len() == usize::from(*count)
        }
        (Request::WriteSingleCoil(address, on), Response::WriteSingleCoil(at, to)) => {
            (address, on) == (at, to)
        }
        (Request::WriteSingleRegister(address, value), Response::WriteSingleRegister(at, to)) => {
            (address, value) == (at, to)
        }
        (Request::WriteMultipleRegisters(address, values), Response::WriteMultipleRegisters(at, count)) => {
            address == at && values.len() == usize::from(*count)
        }
        _ => false,
    }
}

fn is_read(request: &Request<'_>) -> bool {
    matches!(
        request,
        Request::ReadCoils(..) | Request::ReadHoldingRegisters(..) | Request::ReadInputRegisters(..)
    )
}

fn is_raw_coil(request: &Request<'_>) -> bool {
    matches!(request, Request::Custom(WRITE_COIL, _))
}

/// Bytes of a request and of its answer, roughly.
fn length(request: &Request<'_>) -> u32 {
    let values = match request {
        Request::ReadCoils(_, count) => u32::from(*count) / 8,
        Request::ReadHoldingRegisters(_, count) | Request::ReadInputRegisters(_, count) => {
            2 * u32::from(*count)
        }
        Request::WriteMultipleRegisters(_, values) => 2 * u32::try_from(values.len()).unwrap_or(u32::MAX / 4),
        _ => 0,
    };
    20 + values
}

/// Writes a coil with any value, also with one that the standard does not have.
pub(super) fn write_coil(address: u16, value: u16) -> Request<'static> {
    match value {
        COIL_ON => Request::WriteSingleCoil(address, true),
        COIL_OFF => Request::WriteSingleCoil(address, false),
        _ => {
            let bytes = [address.to_be_bytes(), value.to_be_bytes()].concat();
            Request::Custom(WRITE_COIL, Cow::Owned(bytes))
        }
    }
}
