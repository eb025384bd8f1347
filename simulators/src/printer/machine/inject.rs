//! What each fault does.

use super::Machine;
use crate::printer::fault::Fault;
use crate::printer::paper::PaperEnd;
use crate::printer::spec::Language;
use crate::printer::status::Error;

impl Machine {
    pub fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::PaperNearEnd => self.sensors.near_end = true,
            Fault::PaperOut | Fault::PaperOutAfterLines(0) => self.paper_out(),
            Fault::PaperOutAfterLines(n) => self.lines_left = Some((n, false)),
            Fault::PaperOutMidLine(n) => self.lines_left = Some((n, true)),
            Fault::NewRoll => self.new_roll(),
            Fault::CoverOpen => self.sensors.cover_open = true,
            Fault::CoverClose => self.sensors.cover_open = false,
            Fault::CutterJam => self.jam_next = true,
            Fault::CutterClear => {
                self.jam_next = false;
                self.sensors.jammed = false;
                if self.spec.language == Language::StarLine && self.sensors.error == Some(Error::Cutter) {
                    self.sensors.error = None;
                }
            }
            Fault::UnrecoverableError => self.sensors.error = Some(Error::Unrecoverable),
            Fault::DrawerOpen => self.sensors.drawer_high = true,
            Fault::DrawerClosed => self.sensors.drawer_high = false,
            Fault::FeedButton => self.sensors.waiting = false,
            Fault::SlowDrain(rate) => self.drain_rate = Some(rate),
            Fault::FastDrain => self.drain_rate = None,
            Fault::Silence => self.silent = true,
            Fault::Speak => self.silent = false,
            Fault::RefuseConnections => {
                self.refuse = true;
                self.cut_link = true;
            }
            Fault::AcceptConnections => self.refuse = false,
            Fault::CutLink | Fault::CutLinkAfter(0) => self.cut_link = true,
            Fault::CutLinkAfter(n) => self.cut_after = Some(n),
            Fault::LoseReplies(n) => self.lose = n,
            Fault::LoseAllReplies => self.lose = u32::MAX,
            Fault::KeepReplies => self.lose = 0,
            Fault::GarbleStatus(n) => self.garble = n,
            Fault::PowerOff | Fault::PowerOffAfter(0) => self.power_off(),
            Fault::PowerOffAfter(n) => self.off_after = Some(n),
            Fault::PowerOn => self.power_on(),
            Fault::Unplug => {
                self.unplugged = true;
                self.cut_link = true;
            }
            Fault::Replug => self.unplugged = false,
        }
        self.status_changed();
    }

    fn new_roll(&mut self) {
        self.lines_left = None;
        let was_out = std::mem::take(&mut self.sensors.paper_out);
        self.sensors.near_end = false;
        self.sensors.waiting = was_out && self.spec.waits_after_roll;
        if !self.piece_is_blank() {
            self.finish_piece(PaperEnd::RollEnded);
        }
    }
}
