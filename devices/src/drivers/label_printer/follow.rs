//! Following a job on a printer: what its answers prove.
//!
//! ZPL counts formats and labels that are left (`~HS`), so nothing left is proof. TSPL tells by a bit that it
//! prints, from the moment printing begins until it has ended, and EPL tells it only where it counts: there,
//! proof is to have seen it at work and then idle. Of a label that an error interrupted, ZPL goes on to count
//! it until it is printed again; TSPL and EPL don't say whether it was.

use std::time::Duration;

use tokio::time::Instant;

use super::ask::Asked;
use super::condition::{obstacle, silent};
use crate::driver::Waiting;

/// How a followed job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The printer has shown that all is printed.
    Proved,
    /// Nothing is wrong, and nothing shows that it was printed.
    Unproved,
    /// As [`End::Unproved`], after this condition in the middle of the job.
    Interrupted(String),
    /// It fell silent, and then had nothing to print, without having been seen at work since.
    Forgotten,
    /// It answers nothing any more.
    Silent,
}

impl End {
    /// For evidence.
    pub fn words(&self) -> String {
        match self {
            Self::Proved => "nothing is left to print".to_owned(),
            Self::Unproved => "nothing is wrong, and printing was not seen".to_owned(),
            Self::Interrupted(code) => format!("interrupted by {code}, then nothing was left"),
            Self::Forgotten => "silent, then nothing was left".to_owned(),
            Self::Silent => "silent".to_owned(),
        }
    }
}

/// A job whose bytes have all left.
pub(super) struct Follow {
    /// The printer counts what is left.
    counts: bool,
    settle: Duration,
    doubt: Duration,
    since: Instant,
    /// It was seen at work.
    worked: bool,
    /// It was silent, and was not seen at work since.
    fell_silent: bool,
    silent_since: Option<Instant>,
    /// Answers in a row that said that nothing is left.
    quiet: u32,
    /// Questions without an answer: so many answers may come late.
    unanswered: u32,
    interrupted: Option<String>,
    told: Option<Waiting>,
    notice: Option<Option<Waiting>>,
}

/// Answers in a row, to a question after the last byte each, that are believed.
const BELIEVED: u32 = 2;

impl Follow {
    pub fn new(counts: bool, settle: Duration, doubt: Duration, now: Instant) -> Self {
        Self {
            counts,
            settle,
            doubt,
            since: now,
            worked: false,
            fell_silent: false,
            silent_since: None,
            quiet: 0,
            unanswered: 0,
            interrupted: None,
            told: None,
            notice: None,
        }
    }

    /// Takes what came of one question. `Some`: it is over.
    pub fn heard(&mut self, asked: &Asked, now: Instant) -> Option<End> {
        let Asked::State(state) = asked else {
            self.unanswered += 1;
            (self.fell_silent, self.quiet) = (true, 0);
            let since = *self.silent_since.get_or_insert(now);
            if now >= since + self.doubt {
                return Some(End::Silent);
            }
            self.tell(Some(silent()));
            return None;
        };
        self.silent_since = None;
        if let Some(reason) = obstacle(state) {
            self.interrupted.get_or_insert_with(|| reason.code.clone());
            // What stands still for a person is still there: its power was not cut.
            self.fell_silent &= !state.at_work();
            self.worked |= state.at_work();
            self.quiet = 0;
            self.tell(Some(reason));
            return None;
        }
        self.tell(None);
        if state.at_work() {
            (self.worked, self.fell_silent, self.quiet) = (true, false, 0);
            return None;
        }
        if !state.done() {
            self.quiet = 0;
            return None;
        }
        self.quiet += 1;
        if self.quiet < BELIEVED + self.unanswered {
            return None;
        }
        if self.fell_silent {
            return Some(End::Forgotten);
        }
        match &self.interrupted {
            _ if self.counts => Some(End::Proved),
            None if self.worked => Some(End::Proved),
            // It may not have begun.
            _ if now < self.since + self.settle => None,
            None => Some(End::Unproved),
            Some(code) => Some(End::Interrupted(code.clone())),
        }
    }

    /// What to tell the queue, if that has changed: why the job waits, or that it goes on.
    pub fn notice(&mut self) -> Option<Option<Waiting>> {
        self.notice.take()
    }

    fn tell(&mut self, reason: Option<Waiting>) {
        if self.told != reason {
            self.notice = Some(reason.clone());
            self.told = reason;
        }
    }
}

#[cfg(test)]
mod tests {
    use outlet_protocols::label::status::{Answer, Question, Reader, State};

    use super::*;

    const SETTLE: Duration = Duration::from_millis(500);
    const DOUBT: Duration = Duration::from_secs(10);

    fn idle() -> Asked {
        Asked::State(State::default())
    }

    fn busy() -> Asked {
        Asked::State(State { busy: true, ..State::default() })
    }

    fn empty() -> Asked {
        Asked::State(State { paper_out: true, ..State::default() })
    }

    /// What a job ends with whose printer says this, a tenth of a second apart; the last for ever.
    fn end(counts: bool, said: &[Asked]) -> End {
        let start = Instant::now();
        let mut follow = Follow::new(counts, SETTLE, DOUBT, start);
        let rest = std::iter::repeat(said.last().unwrap());
        let mut step = 0;
        for asked in said.iter().chain(rest) {
            step += 1;
            if let Some(end) = follow.heard(asked, start + step * Duration::from_millis(100)) {
                return end;
            }
        }
        unreachable!()
    }

    #[test]
    fn a_printer_that_counts_proves_by_having_nothing_left() {
        assert_eq!(end(true, &[idle()]), End::Proved);
        assert_eq!(end(true, &[busy(), empty(), busy(), idle()]), End::Proved);
    }

    #[test]
    fn a_printer_that_does_not_count_proves_by_having_been_at_work() {
        assert_eq!(end(false, &[busy(), idle()]), End::Proved);
        assert_eq!(end(false, &[idle(), busy(), idle()]), End::Proved);
        assert_eq!(end(false, &[idle()]), End::Unproved);
    }

    #[test]
    fn an_interrupted_label_is_not_proved_where_nothing_is_counted() {
        assert_eq!(end(false, &[busy(), empty(), busy(), idle()]), End::Interrupted("paper-out".to_owned()));
    }

    /// What a TSC printer answers to `ESC ! S`, see its table.
    fn details(four: &[u8; 4]) -> Asked {
        let bytes = [b"\x02", &four[..], b"\x03\r\n"].concat();
        match Reader::new(Question::TsplDetails).push(&bytes).remove(0) {
            Answer::State(state) => Asked::State(state),
            Answer::Unreadable(bytes) => panic!("{bytes:x?}"),
        }
    }

    #[test]
    fn labels_that_an_error_holds_back_are_not_proved() {
        for (error, code) in [
            (b"E@A@", "overheated"),
            (b"E@B@", "overheated"),
            (b"E@P@", "printer-error"),
            (b"E@@@", "printer-error"),
        ] {
            let (prints, error, idle) = (details(b"P@@@"), details(error), details(b"@@@@"));
            assert_eq!(still_waits(&[prints.clone(), error.clone()]).as_deref(), Some(code));
            assert_eq!(
                end(false, &[prints.clone(), error.clone(), prints, idle.clone()]),
                End::Interrupted(code.to_owned())
            );
            // After a power cut the error is there without the job.
            assert_eq!(end(false, &[Asked::Silent, error, idle]), End::Forgotten);
        }
        let other = State { others: vec![0x80], ..State::default() };
        assert_eq!(still_waits(&[busy(), Asked::State(other)]).as_deref(), Some("printer-error"));
    }

    /// What a job waits for whose printer has said this, and the last of it a hundred times.
    fn still_waits(said: &[Asked]) -> Option<String> {
        let start = Instant::now();
        let mut follow = Follow::new(false, SETTLE, DOUBT, start);
        let rest = std::iter::repeat_n(said.last().unwrap(), 100);
        for (step, asked) in (1..).zip(said.iter().chain(rest)) {
            assert_eq!(follow.heard(asked, start + step * Duration::from_millis(100)), None, "{asked:?}");
        }
        follow.told.map(|reason| reason.code)
    }

    #[test]
    fn silence_in_the_middle_and_then_nothing_left_proves_nothing() {
        for counts in [true, false] {
            assert_eq!(end(counts, &[busy(), Asked::Silent, idle()]), End::Forgotten);
            assert_eq!(end(counts, &[Asked::Silent]), End::Silent);
            assert_eq!(end(counts, &[Asked::Silent, busy(), idle()]), End::Proved);
        }
    }

    #[test]
    fn one_idle_answer_may_be_a_late_one() {
        assert_eq!(end(true, &[idle(), busy(), Asked::Silent]), End::Silent);
    }

    #[test]
    fn what_it_waits_for_is_told_once_and_so_is_that_it_goes_on() {
        let now = Instant::now();
        let mut follow = Follow::new(true, SETTLE, DOUBT, now);
        follow.heard(&empty(), now);
        assert_eq!(follow.notice().unwrap().unwrap().code, "paper-out");
        follow.heard(&empty(), now);
        assert_eq!(follow.notice(), None);
        follow.heard(&busy(), now);
        assert_eq!(follow.notice(), Some(None));
    }
}
