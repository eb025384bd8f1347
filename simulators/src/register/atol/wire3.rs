//! The low level, version 3: frames and the buffer of tasks.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::buffer::{Answer, Buffer, NEED_RESULT};
use super::desk::{self, Desk};
use super::frame::{ASYNC_ID, Decoder, Received, encode};
use crate::register::device::{Action, Device};

#[derive(Debug, Default)]
pub(super) struct Wire3 {
    /// Questions are answered at once.
    prompt: bool,
    decoder: Decoder,
    buffer: Buffer,
    steps: VecDeque<Action>,
    asked: Option<Asked>,
    /// The last frame sent, which a host may ask for again.
    last: Option<(u8, Action)>,
    running: Option<Running>,
}

/// A frame of the host that is not dealt with yet.
#[derive(Debug)]
struct Asked {
    id: u8,
    data: Vec<u8>,
}

/// The task that is being done.
#[derive(Debug)]
struct Running {
    tid: u8,
    done_at: Instant,
    /// The frame with which it came, if its answer goes out in answer to that.
    prompt: Option<u8>,
}

impl Wire3 {
    pub fn new(prompt: bool) -> Self {
        Self { prompt, ..Self::default() }
    }

    pub fn connected(&mut self) {
        self.decoder = Decoder::default();
    }

    pub fn receive(&mut self, byte: u8, late: bool, device: &mut Device) -> Option<String> {
        if late {
            self.decoder = Decoder::default();
        }
        match self.decoder.push(byte)? {
            Received::Frame { id, data } if !device.refuses_frame() => {
                let name = name(&data);
                self.asked = Some(Asked { id, data });
                Some(name)
            }
            // An empty frame asks for the frame with this id once more.
            Received::Frame { id, .. } | Received::Garbled { id } => {
                self.steps.push_back(Action::control("NAK", encode(id, &[])));
                Some("garbled".to_owned())
            }
        }
    }

    pub fn next(&mut self, desk: &mut Desk, device: &mut Device) -> Option<Action> {
        if let Some(step) = self.steps.pop_front() {
            return Some(step);
        }
        if let Some(asked) = self.asked.take() {
            self.dispatch(asked, device);
            if let Some(step) = self.steps.pop_front() {
                return Some(step);
            }
        }
        self.work(desk, device)
    }

    /// When the task that is being done will have been, or the device is no longer busy.
    pub fn wake(&self, device: &Device) -> Option<Instant> {
        let running = self.running.as_ref()?;
        // So many answers are waited for, not a time.
        if device.busy_answers > 0 {
            return None;
        }
        Some(device.busy_until.map_or(running.done_at, |busy| running.done_at.max(busy)))
    }

    fn dispatch(&mut self, asked: Asked, device: &mut Device) {
        let Asked { id, data } = asked;
        let name = name(&data);
        let answer = match data.as_slice() {
            // The host asks for the last frame once more.
            [] => {
                if let Some((_, frame)) = self.last.as_ref().filter(|(last, _)| *last == id) {
                    self.steps.push_back(frame.clone());
                }
                return;
            }
            [0xC1, flags, tid, task @ ..] => self.add(id, *flags, *tid, task, device),
            [0xC2, tid] => Some(self.buffer.acknowledge(*tid)),
            [0xC3, tid] => Some(self.request(*tid, device)),
            [0xC4] => {
                self.buffer.clear();
                self.running = None;
                Some(Answer::Result(Vec::new()))
            }
            [0xC5, done, flags, tid, task @ ..] => match self.buffer.acknowledge(*done) {
                Answer::Result(_) => self.add(id, *flags, *tid, task, device),
                refused => Some(refused),
            },
            _ => {
                device.violation(format!("a frame that is no buffer command: {data:02X?}"));
                Some(Answer::Illegal(0))
            }
        };
        if let Some(answer) = answer {
            let result = name == REQUEST && matches!(answer, Answer::Result(_) | Answer::Error(_));
            self.send(id, &name, answer.bytes(), result);
        }
    }

    /// Puts a task in the buffer. Without an answer, that comes when the task is done.
    fn add(&mut self, id: u8, flags: u8, tid: u8, task: &[u8], device: &mut Device) -> Option<Answer> {
        if let Err(refused) = self.buffer.add(flags, tid, task) {
            return Some(refused);
        }
        match self.buffer.request(tid) {
            Answer::Pending if self.running.is_none() => {}
            answer => return Some(answer),
        }
        let quick = self.prompt && desk::only_asks(task) && device.spec.processing.is_zero();
        let at_once = quick && flags & NEED_RESULT != 0;
        self.start(if at_once { Some(id) } else { None }, device.spec.processing);
        if at_once { None } else { Some(self.request(tid, device)) }
    }

    /// Takes the next task, if there is one.
    fn start(&mut self, prompt: Option<u8>, time: Duration) {
        let next = self.buffer.turn().map(|(tid, _)| tid);
        self.running = next.map(|tid| Running { tid, done_at: Instant::now() + time, prompt });
    }

    /// How a task stands. That one is still being done counts as a busy answer.
    fn request(&mut self, tid: u8, device: &mut Device) -> Answer {
        let answer = self.buffer.request(tid);
        if answer == Answer::Running {
            device.busy_answered();
        }
        answer
    }

    /// Does the task whose time has come.
    fn work(&mut self, desk: &mut Desk, device: &mut Device) -> Option<Action> {
        let running = self.running.as_ref()?;
        let (_, task) = self.buffer.turn()?;
        if Instant::now() < running.done_at || device.is_busy() && !desk::only_asks(task) {
            return None;
        }
        let (task, name) = (task.to_vec(), desk::name(task));
        let Running { tid, prompt, .. } = self.running.take()?;
        let outcome = desk.execute(&task, device);
        let ended = self.buffer.end(tid, outcome.failed, &outcome.bytes);
        match prompt {
            Some(id) => {
                let code = if outcome.failed { 0xA4 } else { 0xA3 };
                self.send(id, &name, [vec![code], outcome.bytes].concat(), true);
            }
            None if ended.told => {
                let code = if ended.failed { 0xA7 } else { 0xA6 };
                self.send(ASYNC_ID, &name, [vec![code, tid], outcome.bytes].concat(), true);
            }
            None => {}
        }
        self.start(None, device.spec.processing);
        Some(Action::Executed(name))
    }

    fn send(&mut self, id: u8, name: &str, data: Vec<u8>, answer: bool) {
        let frame = encode(id, &data);
        let action = if answer { Action::answer(name, frame) } else { Action::control(name, frame) };
        if id != ASYNC_ID {
            self.last = Some((id, action.clone()));
        }
        self.steps.push_back(action);
    }
}

const REQUEST: &str = "Req";

/// The name of a frame: that of its task's command, or of the buffer command.
fn name(data: &[u8]) -> String {
    match data {
        [0xC1, _, _, task @ ..] | [0xC5, _, _, _, task @ ..] => desk::name(task),
        [0xC2, ..] => "Ack".to_owned(),
        [0xC3, ..] => REQUEST.to_owned(),
        [0xC4, ..] => "Abort".to_owned(),
        [] => "again".to_owned(),
        _ => "unknown".to_owned(),
    }
}
