//! The low level, version 2, around the tasks.

use std::time::Duration;

use tokio::time::Instant;

use super::desk::{self, Desk};
use super::link2::{Heard, Link, Send};
use crate::register::device::{Action, Device};

#[derive(Debug)]
pub(super) struct Wire2 {
    link: Link,
    /// The task that is being done.
    task: Option<Vec<u8>>,
    name: String,
}

impl Wire2 {
    pub fn new(turn: Duration) -> Self {
        Self { link: Link::new(turn), task: None, name: String::new() }
    }

    pub fn receive(&mut self, byte: u8, late: bool, device: &mut Device) -> Option<String> {
        let busy = device.is_busy();
        let heard = self.link.receive(byte, late, busy, || device.refuses_frame())?;
        if busy && heard == Heard::Control("ENQ") {
            device.busy_answered();
        }
        Some(match heard {
            Heard::Control(name) => name.to_owned(),
            Heard::Frame(task) => desk::name(&task),
        })
    }

    pub fn next(&mut self, desk: &mut Desk, device: &mut Device) -> Option<Action> {
        if let Some(task) = self.task.take() {
            let outcome = desk.execute(&task, device);
            self.link.answer(&outcome.bytes);
            return Some(Action::Executed(self.name.clone()));
        }
        if let Some(action) = self.sending() {
            return Some(action);
        }
        if let Some(task) = self.link.take_task(Instant::now()) {
            self.name = desk::name(&task);
            self.task = Some(task);
            return Some(Action::Execute);
        }
        self.link.tick(Instant::now());
        self.sending()
    }

    pub fn wake(&self) -> Option<Instant> {
        self.link.due()
    }

    fn sending(&mut self) -> Option<Action> {
        Some(match self.link.take_send()? {
            Send::Control(name, byte) => Action::control(name, vec![byte]),
            Send::Frame(bytes) => Action::answer(self.name.clone(), bytes),
        })
    }
}
