//! The printer itself, without any I/O: bytes in, bytes out, paper and events.
//!
//! Three stages, as in the real thing: the receive buffer (bounded; real-time commands are
//! executed as their last byte arrives), the interpreter (stops while offline), and the print
//! head with the cutter (a short queue of rows, takes time when a paper speed is set).

mod head;
mod inject;
mod live;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::time::Instant;

use super::command::{Command, Parsed};
use super::draw::Cells;
use super::escpos;
use super::fault::Event;
use super::form::{Form, Output};
use super::paper::{Paper, Piece};
use super::realtime::Scanner;
use super::spec::{Language, PrinterSpec};
use super::starline;
use super::status::Sensors;
use head::Op;

/// Answers waiting to be sent beyond this many bytes count as "the host can't receive".
const SEND_BUFFER: usize = 4096;

pub(crate) struct Machine {
    pub spec: Arc<PrinterSpec>,
    form: Form,
    pub(super) piece: Piece,
    cells: Cells,

    input: Vec<u8>,
    /// Interpreted up to here.
    start: usize,
    /// Bytes beyond `start` that the interpreter has drawn from the buffer for an unfinished
    /// command, or, with slow drain, may look at.
    drawn: usize,
    scanner: Scanner,
    /// Where in the stream real-time commands stood, until the interpreter has passed them.
    marks: VecDeque<(u64, u64)>,
    pub received_total: u64,
    interpreted_total: u64,
    pub received: VecDeque<u8>,

    queue: VecDeque<Op>,
    busy_until: Option<Instant>,
    drained_at: Option<Instant>,
    pub(super) drain_rate: Option<u32>,
    pub sensors: Sensors,
    pub(super) lines_left: Option<(u32, bool)>,
    pub(super) jam_next: bool,
    pub power: bool,
    selected: bool,
    pub held: bool,
    raster_mode: bool,
    /// Raster mode has printed rows since its last ending.
    raster_rows: bool,
    raster_ending: u8,
    drawer_timing: (u32, u32),

    pub(super) asb: u8,
    pub(super) star_asb: bool,
    reported: [u8; 4],
    was_online: bool,
    pub(super) etb_counter: u8,
    pub(super) etb_flag: bool,
    pulse_allowed: bool,

    pub connected: bool,
    /// The link runs over a network: Star's status has another form there.
    pub network: bool,
    pub cut_link: bool,
    pub refuse: bool,
    pub unplugged: bool,
    tx: Vec<u8>,
    pending_id: Option<[u8; 4]>,
    pending_clear: bool,
    pub(super) pending_notice: bool,
    pub(super) silent: bool,
    /// Job replies still to be swallowed.
    pub(super) lose: u32,
    pub(super) garble: u32,
    pub(super) cut_after: Option<u64>,
    pub(super) off_after: Option<u64>,

    pub papers: VecDeque<Arc<Paper>>,
    pub paper_total: usize,
    pub violations: Vec<String>,
    pub events: broadcast::Sender<Event>,
    arrival: std::time::Instant,
    job_start: Option<std::time::Instant>,
    /// The interpreter has put nothing on the piece it is composing for.
    fresh: bool,
}

impl Machine {
    pub fn new(spec: PrinterSpec) -> Self {
        let cells = Cells { a: spec.font_a, b: spec.font_b };
        let sensors = Sensors::default();
        Self {
            form: Form::new(&spec),
            piece: Piece::new(),
            cells,
            input: Vec::new(),
            start: 0,
            drawn: 0,
            scanner: Scanner::new(spec.language == Language::StarLine),
            marks: VecDeque::new(),
            received_total: 0,
            interpreted_total: 0,
            received: VecDeque::new(),
            queue: VecDeque::new(),
            busy_until: None,
            drained_at: None,
            drain_rate: None,
            reported: sensors.asb(),
            sensors,
            lines_left: None,
            jam_next: false,
            power: true,
            selected: true,
            held: false,
            raster_mode: false,
            raster_rows: false,
            raster_ending: 0,
            drawer_timing: (200, 200),
            asb: 0,
            star_asb: false,
            was_online: true,
            etb_counter: 0,
            etb_flag: false,
            pulse_allowed: true,
            connected: false,
            network: false,
            cut_link: false,
            refuse: false,
            unplugged: false,
            tx: Vec::new(),
            pending_id: None,
            pending_clear: false,
            pending_notice: false,
            silent: false,
            lose: 0,
            garble: 0,
            cut_after: None,
            off_after: None,
            papers: VecDeque::new(),
            paper_total: 0,
            violations: Vec::new(),
            events: broadcast::channel(4096).0,
            arrival: std::time::Instant::now(),
            job_start: None,
            fresh: true,
            spec: Arc::new(spec),
        }
    }

    // The link

    /// A host is there: what waited for one is sent.
    pub fn connect(&mut self, network: bool) {
        self.connected = true;
        self.network = network;
        self.cut_link = false;
        self.tx.clear();
        self.emit(Event::Connected { at: std::time::Instant::now() });
        if std::mem::take(&mut self.pending_notice) {
            self.send(&[0x3B, 0x31, 0x00]);
        }
        self.send_pending();
    }

    pub fn disconnect(&mut self) {
        if std::mem::take(&mut self.connected) {
            self.tx.clear();
            self.emit(Event::Disconnected { at: std::time::Instant::now() });
        }
    }

    /// Takes what is to be sent.
    pub fn take_tx(&mut self) -> Vec<u8> {
        let out = std::mem::take(&mut self.tx);
        if !out.is_empty() {
            self.send_pending();
        }
        out
    }

    /// Bytes the receive buffer has room for; at 0 the printer doesn't read.
    pub fn room(&self) -> usize {
        let waiting = self.input.len() - self.start - self.drawn;
        self.spec.buffer.saturating_sub(waiting)
    }

    /// Bytes received and not yet interpreted.
    pub fn waiting(&self) -> usize {
        self.input.len() - self.start
    }

    /// Bytes arrive.
    pub fn receive(&mut self, bytes: &[u8], now: Instant) {
        self.arrival = now.into_std();
        let limit = [self.cut_after, self.off_after].into_iter().flatten().min();
        let accepted =
            limit.map_or(bytes.len(), |n| bytes.len().min(usize::try_from(n).unwrap_or(usize::MAX)));
        let mut rest = bytes.get(..accepted).unwrap_or(bytes);
        if !self.power {
            return;
        }
        self.remember(rest);
        while !rest.is_empty() {
            let mut command = None;
            let mut len = rest.len();
            for (i, &byte) in rest.iter().enumerate() {
                if let Some((found, size)) = self.scanner.feed(byte) {
                    let end = self.received_total + i as u64 + 1;
                    self.marks.push_back((end - size as u64, end));
                    command = Some(found);
                    len = i + 1;
                    break;
                }
            }
            let (now_in, later) = rest.split_at(len);
            self.input.extend_from_slice(now_in);
            self.received_total += len as u64;
            self.run(now);
            if let Some(command) = command {
                self.real_time(command);
                self.run(now);
            }
            rest = later;
        }
        for left in [&mut self.cut_after, &mut self.off_after].into_iter().flatten() {
            *left -= accepted as u64;
        }
        if self.cut_after == Some(0) {
            self.cut_after = None;
            self.cut_link = true;
        }
        if self.off_after == Some(0) {
            self.power_off();
        }
    }

    fn remember(&mut self, bytes: &[u8]) {
        self.received.extend(bytes);
        let excess = self.received.len().saturating_sub(self.spec.keep.received);
        self.received.drain(..excess);
    }

    // Running

    /// Does all that can be done now; gives the time at which there is more to do.
    pub fn run(&mut self, now: Instant) -> Option<Instant> {
        if !self.power {
            return None;
        }
        let mut wake = None;
        loop {
            self.turn_head(now);
            if self.held || !self.sensors.online() || self.queue.len() >= self.spec.lookahead.max(1) {
                break;
            }
            if let Some(later) = self.draw(now) {
                wake = Some(later);
            }
            if !self.interpret() {
                break;
            }
        }
        if !self.queue.is_empty()
            && let Some(busy) = self.busy_until
            && self.sensors.online()
        {
            wake = Some(wake.map_or(busy, |w| w.min(busy)));
        }
        wake
    }

    /// With slow drain, lets time pass into bytes the interpreter may see.
    fn draw(&mut self, now: Instant) -> Option<Instant> {
        let rate = self.drain_rate?;
        let available = self.input.len() - self.start;
        let since = self.drained_at.get_or_insert(now);
        let nanos = now.saturating_duration_since(*since).as_nanos();
        let bytes = usize::try_from(nanos * u128::from(rate) / 1_000_000_000).unwrap_or(usize::MAX);
        if bytes > 0 {
            self.drawn = self.drawn.saturating_add(bytes).min(available);
            // What is left of a byte counts for the next one.
            let spent = bytes as u128 * 1_000_000_000 / u128::from(rate.max(1));
            *since += Duration::from_nanos(u64::try_from(spent).unwrap_or(u64::MAX)).min(now - *since);
        }
        if self.drawn >= available {
            // Time without data earns nothing.
            self.drained_at = None;
            return None;
        }
        Some(
            now + Duration::from_millis(10).max(Duration::from_nanos(1_000_000_000 / u64::from(rate.max(1)))),
        )
    }

    /// Interprets one command; `false` when there is none that is complete.
    fn interpret(&mut self) -> bool {
        let input = std::mem::take(&mut self.input);
        let end = match self.drain_rate {
            Some(_) => self.start + self.drawn,
            None => input.len(),
        };
        let data = input.get(self.start..end).unwrap_or_default();
        let parsed = if data.is_empty() {
            Parsed::Need(1)
        } else {
            match self.spec.language {
                Language::EscPos => escpos::parse(data, self.form.kanji()),
                Language::StarLine => starline::parse(data, self.form.kanji(), self.raster_mode),
            }
        };
        let len = match parsed {
            Parsed::Need(_) => {
                self.drawn = data.len();
                self.input = input;
                return false;
            }
            Parsed::Done(len, command) => {
                self.check_marks(len as u64, &command);
                self.execute(command);
                len
            }
        };
        self.input = input;
        self.start += len;
        self.drawn = self.drawn.saturating_sub(len);
        self.interpreted_total += len as u64;
        if self.start >= self.input.len() {
            self.input.clear();
            self.start = 0;
        } else if self.start >= 1 << 16 {
            self.input.drain(..self.start);
            self.start = 0;
        }
        true
    }

    /// A real-time command inside another command was executed all the same.
    fn check_marks(&mut self, len: u64, command: &Command<'_>) {
        let (from, to) = (self.interpreted_total, self.interpreted_total + len);
        while let Some(&(start, end)) = self.marks.front() {
            if end > to && start >= to {
                break;
            }
            self.marks.pop_front();
            if start != from || !matches!(command, Command::Nothing) {
                self.complain(format!(
                    "a real-time command was executed inside other data, at byte {start} of the stream"
                ));
            }
        }
    }

    fn execute(&mut self, command: Command<'_>) {
        use Command as C;
        if !self.selected && !matches!(command, C::Select(true)) {
            return;
        }
        let mut out = Output::default();
        let form = &mut self.form;
        match command {
            C::Nothing => {}
            C::Violation(text) => out.complain(text),
            C::Text(bytes) => form.text(bytes, &mut out),
            C::DoubleByte(lead, trail) => form.double_byte(lead, trail, &mut out),
            C::LineFeed => form.line_feed(&mut out),
            C::FeedDots(n) => form.feed_dots(n, &mut out),
            C::FeedLines(n) => form.feed_lines(n, &mut out),
            C::Tab => form.tab(&mut out),
            C::SetTabs(columns) => form.set_tabs(columns, &mut out),
            C::Initialize => self.initialize(),
            C::CancelAll => self.cancel_all(),
            C::Style(change) => form.style(change, &mut out),
            C::Align(align) => form.align(align, &mut out),
            C::LineSpacing(dots) => form.line_spacing(dots),
            C::CharSpacing(dots) => form.char_spacing(dots),
            C::Position(x) => form.position(x, &mut out),
            C::Move(by) => form.shift(by, &mut out),
            C::LeftMargin(n) => form.left_margin(n, &mut out),
            C::AreaWidth(n) => form.area_width(n, &mut out),
            C::CodePage(n) => form.code_page(n, &mut out),
            C::International(n) => form.international(n, &mut out),
            C::Kanji(on) => form.set_kanji(on, &mut out),
            C::Select(on) => self.selected = on,
            C::Raster(order) => form.raster(&order, &mut out),
            C::Columns(order) => form.columns(&order, &mut out),
            C::StoreGraphics(order) => form.store_graphics(&order),
            C::PrintGraphics => form.print_graphics(&mut out),
            C::RasterMode(on) => {
                if on && !form.at_line_start() {
                    form.line_feed(&mut out);
                }
                self.raster_mode = on;
                if !on && std::mem::take(&mut self.raster_rows) {
                    self.pass_on(out);
                    return self.end_raster();
                }
            }
            C::RasterRow(data, down) => {
                self.raster_rows = true;
                form.raster_row(data, down, &mut out);
            }
            C::RasterSkip(rows) => form.feed_dots(rows, &mut out),
            C::RasterEnding(n) => self.raster_ending = n,
            C::RasterEnd => return self.end_raster(),
            C::BarcodeHeight(n) => form.barcode_height(n),
            C::BarcodeModule(n) => form.barcode_module(n),
            C::Hri(place) => form.hri(place),
            C::HriFont(b) => form.hri_font(b),
            C::Barcode(order) => form.barcode(&order, &mut out),
            C::Qr(order) => form.qr(&order, &mut out),
            C::Pdf417(order) => form.pdf417(&order, &mut out),
            C::Cut { full, feed } => return self.order_cut(full, feed),
            C::Drawer { pin, on_ms, off_ms } => {
                self.emit(Event::DrawerPulse { pin, on_ms, off_ms, real_time: false });
            }
            C::DrawerTiming { on_ms, off_ms } => self.drawer_timing = (on_ms, off_ms),
            C::DrawerDefault { pin } => {
                let (on_ms, off_ms) = self.drawer_timing;
                self.emit(Event::DrawerPulse { pin, on_ms, off_ms, real_time: false });
            }
            C::Beep { times, ms } => self.emit(Event::Beep { times, ms }),
            C::Asb(n) => self.enable_asb(n),
            C::Status(n) => self.transmit_status(n),
            C::Info(n) => self.transmit_info(n),
            C::ProcessId(id) => self.order_process_id(id, &mut out),
            C::PulseAllowed(on) => self.pulse_allowed = on,
            C::TestPrint(m) => return self.test_print(m),
            C::StarAsb(on) => self.enable_star_asb(on),
            C::Etb => self.queue.push_back(Op::Etb),
            C::ResetEtb => (self.etb_counter, self.etb_flag) = (0, false),
        }
        self.pass_on(out);
    }

    fn pass_on(&mut self, out: Output) {
        for text in out.violations {
            self.complain(text);
        }
        for row in out.rows {
            let mut first = None;
            if self.fresh && !row.items.is_empty() {
                self.fresh = false;
                first = Some(self.job_start.take().unwrap_or(self.arrival));
            }
            self.queue.push_back(Op::Row(row, first));
        }
    }

    /// Records a violation, on the piece of paper it belongs to as well.
    pub fn complain(&mut self, text: String) {
        self.emit(Event::Violation(text.clone()));
        self.queue.push_back(Op::Complaint(text.clone()));
        if self.violations.len() < 10_000 {
            self.violations.push(text);
        }
    }

    fn initialize(&mut self) {
        self.form.reset();
        self.asb = 0;
        self.pulse_allowed = true;
        if self.fresh {
            self.job_start = Some(self.arrival);
        }
    }

    fn cancel_all(&mut self) {
        self.form.reset();
        self.queue.clear();
        (self.etb_counter, self.etb_flag) = (0, false);
    }

    /// Cutting in the middle of a line isn't done: "effective only at the beginning of the line".
    fn order_cut(&mut self, full: bool, feed: Option<u32>) {
        if !self.form.at_line_start() {
            if self.spec.language == Language::EscPos {
                return self.complain("cut while the line buffer holds data: ignored".into());
            }
            let mut out = Output::default();
            self.form.line_feed(&mut out);
            self.pass_on(out);
        }
        let feed = feed.map_or(0, |n| n + self.spec.cut_distance);
        self.queue.push_back(Op::Cut { full, feed });
        self.fresh = true;
        self.job_start = None;
    }

    /// Star Line Mode specifications, `ESC * r E n NUL`: 0 the default, a partial cut after a feed;
    /// 1 to 3 no cut; 8 and 9 full, 12 and 13 partial; the odd ones feed first.
    fn end_raster(&mut self) {
        self.raster_rows = false;
        match self.raster_ending {
            8 => self.order_cut(true, None),
            9 => self.order_cut(true, Some(0)),
            12 => self.order_cut(false, None),
            0 | 13 => self.order_cut(false, Some(0)),
            _ => {}
        }
    }

    fn order_process_id(&mut self, id: [u8; 4], out: &mut Output) {
        if self.spec.has_process_id {
            self.queue.push_back(Op::ProcessId(id));
        } else if self.spec.answers {
            out.complain("GS ( H: this printer has no process id");
        }
    }

    fn test_print(&mut self, m: u8) {
        let mut out = Output::default();
        if m == 3 {
            let rolling: Vec<u8> = (0x20..0x7F).cycle().take(95 * 4).collect();
            self.form.text(&rolling, &mut out);
        } else {
            let id = &self.spec.identity;
            for line in [&id.maker, &id.model, &id.firmware, &id.serial] {
                self.form.text(line.as_bytes(), &mut out);
                self.form.line_feed(&mut out);
            }
        }
        self.form.line_feed(&mut out);
        self.pass_on(out);
        self.form.reset();
        self.order_cut(true, Some(0));
    }

    /// Whether this job reply is lost by a fault.
    pub(super) fn swallow(&mut self) -> bool {
        match self.lose {
            0 => false,
            u32::MAX => true,
            _ => {
                self.lose -= 1;
                true
            }
        }
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        if self.connected && self.spec.answers && !self.silent && self.power {
            self.tx.extend_from_slice(bytes);
        }
    }

    /// Reports what changed, to those who asked for it.
    pub(super) fn status_changed(&mut self) {
        let online = self.sensors.online();
        if online != self.was_online {
            self.was_online = online;
            self.emit(Event::Online(online));
        }
        let now = self.sensors.asb();
        let before = std::mem::replace(&mut self.reported, now);
        if self.power && self.sensors.concerns(self.asb, before) {
            self.send(&now);
        }
        if self.power && self.star_asb && before != now {
            self.send_star_status();
        }
    }

    pub(super) fn emit(&self, event: Event) {
        // No one may be listening.
        let _ = self.events.send(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &[u8] = b"\x1d(H\x06\x0000A001";
    const ECHO: &[u8] = b"7\x22A001\0";

    /// A printer of 300 dots a second: ten lines take a second.
    fn slow() -> (Machine, Instant) {
        let mut spec = PrinterSpec::epson_80mm().with_speed(300);
        spec.lookahead = 4;
        let mut machine = Machine::new(spec);
        machine.connect(false);
        (machine, Instant::now())
    }

    /// Lets the printer work until nothing is left to wait for; gives the time that took.
    fn settle(machine: &mut Machine, start: Instant) -> Duration {
        let mut now = start;
        while let Some(wake) = machine.run(now) {
            now = wake;
        }
        now - start
    }

    #[test]
    fn a_line_takes_as_long_as_the_paper_needs_to_move() {
        let (mut machine, start) = slow();
        machine.receive(&b"line\n".repeat(20), start);
        assert_eq!(machine.hanging(), "line\n", "one line is on paper, the next waits for it");
        let took = settle(&mut machine, start);
        assert_eq!(machine.hanging().lines().count(), 20);
        assert!(took >= Duration::from_millis(1900) && took <= Duration::from_millis(2000), "{took:?}");
    }

    #[test]
    fn gs_r_may_answer_before_the_paper_has_stopped_but_a_process_id_never_does() {
        let (mut machine, start) = slow();
        machine.receive(b"one\ntwo\n\x1dr\x01", start);
        assert_eq!(machine.take_tx(), [0x00]);
        assert_eq!(machine.hanging(), "one\n");
        machine.receive(ID, start);
        assert_eq!(machine.take_tx(), [0u8; 0]);
        settle(&mut machine, start);
        assert_eq!(machine.take_tx(), ECHO);
        assert_eq!(machine.hanging(), "one\ntwo\n");
    }

    #[test]
    fn the_interpreter_is_never_more_lines_ahead_than_the_printer_holds() {
        let (mut machine, start) = slow();
        machine.receive(&b"line\n".repeat(20), start);
        // One line printing, four in the queue: the other fifteen are still in the buffer.
        assert_eq!(machine.waiting(), 15 * 5);
    }

    #[test]
    fn slow_drain_takes_so_many_bytes_a_second_and_no_credit_for_idle_time() {
        let mut machine = Machine::new(PrinterSpec::epson_80mm());
        machine.drain_rate = Some(100);
        let idle = Instant::now();
        machine.run(idle);
        let start = idle + Duration::from_secs(60);
        machine.receive(&b"line\n".repeat(20), start);
        assert_eq!(machine.hanging(), "");
        machine.run(start + Duration::from_millis(500));
        assert_eq!(machine.hanging().lines().count(), 10);
        machine.run(start + Duration::from_millis(1000));
        assert_eq!(machine.hanging().lines().count(), 20);
    }

    #[test]
    fn memory_stays_bounded_while_data_flows() {
        let mut spec = PrinterSpec::epson_80mm();
        spec.keep.received = 0;
        spec.keep.papers = 1;
        let mut machine = Machine::new(spec);
        for _ in 0..2000 {
            machine.receive(b"one line of text\n\x1dV\x00", Instant::now());
        }
        assert_eq!(machine.paper_total, 2000);
        assert!(machine.input.capacity() <= 1 << 18);
        assert!(machine.papers.len() == 1 && machine.received.is_empty() && machine.marks.is_empty());
    }
}
