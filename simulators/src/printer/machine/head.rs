//! The print head and the cutter: what was interpreted comes onto paper, in its time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Machine, SEND_BUFFER};
use crate::printer::fault::Event;
use crate::printer::paper::{PaperEnd, Piece, Row};
use crate::printer::status::Error;

/// What the print head is to do, in order.
pub(super) enum Op {
    Row(Row, Option<std::time::Instant>),
    Cut { full: bool, feed: u32 },
    ProcessId([u8; 4]),
    Etb,
    Complaint(String),
}

impl Machine {
    // Head and cutter

    pub(super) fn turn_head(&mut self, now: Instant) {
        while self.busy_until.is_none_or(|until| until <= now) {
            self.busy_until = None;
            if !self.sensors.online() {
                return;
            }
            let Some(op) = self.queue.pop_front() else {
                return;
            };
            match op {
                Op::Row(row, first) => self.print(row, first, now),
                Op::Cut { full, feed } => self.cut(full, feed, now),
                Op::ProcessId(id) => self.process_id_done(id),
                Op::Etb => self.etb_done(),
                Op::Complaint(text) => self.piece.violations.push(text),
            }
        }
    }

    fn print(&mut self, row: Row, first: Option<std::time::Instant>, now: Instant) {
        if let Some(at) = first {
            self.piece.first_byte.get_or_insert(at);
            self.emit(Event::FirstByte { at });
        }
        if let Some((0, true)) = self.lines_left {
            let half = (row.height.max(2)) / 2;
            self.piece.push(Row { items: row.items.clone(), feed: half, height: half, half: true, ..row });
            self.queue.push_front(Op::Row(row, None));
            self.lines_left = None;
            return self.paper_out();
        }
        self.move_paper(row.feed, now);
        self.piece.push(row);
        if let Some((left, mid)) = self.lines_left.as_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 && !*mid {
                self.lines_left = None;
                self.paper_out();
            }
        }
    }

    pub(super) fn paper_out(&mut self) {
        self.sensors.paper_out = true;
        self.sensors.near_end = true;
        self.status_changed();
    }

    fn cut(&mut self, full: bool, feed: u32, now: Instant) {
        if self.spec.has_cutter && (self.jam_next || self.sensors.jammed) {
            self.queue.push_front(Op::Cut { full, feed });
            self.jam_next = false;
            self.sensors.jammed = true;
            self.sensors.error = Some(Error::Cutter);
            return self.status_changed();
        }
        if feed > 0 {
            self.piece.push(Row { items: Vec::new(), feed, height: 0, upside_down: false, half: false });
            self.move_paper(feed, now);
        }
        if self.spec.has_cutter {
            self.finish_piece(if full { PaperEnd::FullCut } else { PaperEnd::PartialCut });
            self.emit(Event::Cut { full });
        } else {
            self.finish_piece(PaperEnd::Torn);
        }
    }

    fn move_paper(&mut self, dots: u32, now: Instant) {
        if let Some(speed) = self.spec.speed.filter(|&s| s > 0) {
            self.busy_until = Some(now + Duration::from_secs_f64(f64::from(dots) / f64::from(speed)));
        }
    }

    pub fn finish_piece(&mut self, end: PaperEnd) {
        let piece = std::mem::replace(&mut self.piece, Piece::new());
        if end == PaperEnd::RollEnded {
            self.piece.first_byte = piece.first_byte;
        }
        let paper = piece.finish(end, self.spec.width, self.cells);
        self.papers.push_back(Arc::new(paper));
        self.paper_total += 1;
        while self.papers.len() > self.spec.keep.papers {
            self.papers.pop_front();
        }
        self.emit(Event::Paper(self.paper_total));
    }

    /// What stands on the piece still in the printer.
    pub fn hanging(&self) -> String {
        self.piece.text(self.cells)
    }

    pub fn piece_is_blank(&self) -> bool {
        self.piece.is_blank()
    }

    // Answers

    fn process_id_done(&mut self, id: [u8; 4]) {
        self.emit(Event::ProcessId { id, at: std::time::Instant::now() });
        if self.silent || !self.spec.answers || self.swallow() {
            return;
        }
        // Without a host, or when it can't receive, only the latest id survives.
        self.pending_id = Some(id);
        self.send_pending();
    }

    pub(super) fn send_pending(&mut self) {
        if !self.connected || self.tx.len() >= SEND_BUFFER {
            return;
        }
        if let Some([a, b, c, d]) = self.pending_id.take() {
            self.send(&[0x37, 0x22, a, b, c, d, 0x00]);
        }
        if std::mem::take(&mut self.pending_clear) {
            self.send(&[0x37, 0x25, 0x00]);
        }
    }

    fn etb_done(&mut self) {
        self.etb_counter = (self.etb_counter + 1) % 32;
        self.etb_flag = true;
        self.emit(Event::EtbCounter(self.etb_counter));
        if self.star_asb && !self.swallow() {
            self.send_star_status();
        }
    }
}
