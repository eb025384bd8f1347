//! What a printer's state means for people: codes of its conditions, and why a job waits.

use std::collections::BTreeSet;

use outlet_protocols::label::status::State;

use crate::driver::Waiting;
use crate::error::{DeviceError, ErrorKind};

/// It is connected and answers nothing.
pub(super) const NOT_ANSWERING: &str = "not-answering";

/// A code of the contract, whether it keeps the printer from printing, and what to do.
struct Condition {
    code: &'static str,
    stops: bool,
    remedy: &'static str,
}

fn all(state: &State) -> impl Iterator<Item = Condition> {
    let stop = |code, remedy| Condition { code, stops: true, remedy };
    let notice = |code, remedy| Condition { code, stops: false, remedy };
    [
        (state.cutter_jammed, stop("cutter-jam", "the cutter is jammed: open the printer and clear it")),
        (state.jammed, stop("paper-jam", "labels or ribbon are jammed: open the printer and clear them")),
        (state.paper_out, stop("paper-out", "there are no labels: put in a new roll and close the cover")),
        (state.ribbon_out, stop("ribbon-out", "the ribbon is at its end: put in a new one")),
        (state.head_open, stop("cover-open", "the head or the cover is open: close it")),
        (state.settings_lost, stop("settings-lost", "the printer has lost its settings: calibrate it anew")),
        (state.waits_for_person, stop("label-waiting", "take the label off, or press the key that blinks")),
        (
            state.has_other_error(),
            stop(
                "printer-error",
                "the printer tells an error: look at its lights or display, let it cool down, then switch it off and on",
            ),
        ),
        // Last, as many printers pause by themselves when something else is the matter.
        (state.paused, stop("paused", "the printer is paused: press its pause or feed key")),
        (
            state.too_hot,
            Condition {
                stops: state.failed,
                ..notice("overheated", "the head is too hot: it goes on when it has cooled down")
            },
        ),
        (state.too_cold, notice("head-cold", "the head is too cold: it goes on when it is warm")),
    ]
    .into_iter()
    .filter_map(|(is, condition)| is.then_some(condition))
}

/// Codes of all that is the matter.
pub(super) fn conditions(state: &State) -> BTreeSet<String> {
    all(state).map(|condition| condition.code.to_owned()).collect()
}

/// What keeps it from printing before somebody does something, the most telling first.
pub(super) fn obstacle(state: &State) -> Option<Waiting> {
    let first = all(state).find(|condition| condition.stops)?;
    Some(Waiting {
        code: first.code.to_owned(),
        message: format!("the label printer waits: {}", first.remedy),
    })
}

/// That it can't tell what became of a job before somebody does something.
pub(super) fn busy(state: &State) -> Option<DeviceError> {
    let first = all(state).find(|condition| condition.stops)?;
    let message = format!("the label printer waits: {}", first.remedy);
    Some(DeviceError::new(ErrorKind::Busy, first.code, message))
}

/// What to do about each condition.
pub(super) fn remedies(state: &State) -> Vec<(&'static str, &'static str)> {
    all(state).map(|condition| (condition.code, condition.remedy)).collect()
}

/// Why a job waits for a printer that answers nothing.
pub(super) fn silent() -> Waiting {
    let message = "the label printer answers nothing: look whether it is on, and whether labels, ribbon or head \
                   need a hand; then its cable and the settings of its line";
    Waiting { code: NOT_ANSWERING.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printer_that_paused_because_it_is_empty_waits_for_labels() {
        let state = State { paper_out: true, paused: true, ..State::default() };
        assert_eq!(obstacle(&state).unwrap().code, "paper-out");
        assert_eq!(conditions(&state), ["paper-out".to_owned(), "paused".to_owned()].into());
    }

    #[test]
    fn a_hot_head_is_told_and_stops_no_job() {
        let state = State { too_hot: true, ..State::default() };
        assert_eq!(obstacle(&state), None);
        assert_eq!(conditions(&state), ["overheated".to_owned()].into());
    }

    #[test]
    fn an_error_without_a_name_stops_and_the_code_of_epl_for_printing_does_not() {
        let state = |others: &[u8]| State { others: others.to_vec(), ..State::default() };
        assert_eq!(obstacle(&state(&[0x80])).unwrap().code, "printer-error");
        assert_eq!(obstacle(&state(&[4, 50])).unwrap().code, "printer-error");
        assert_eq!(obstacle(&state(&[50])), None);
    }

    #[test]
    fn all_that_blocks_a_printer_is_an_obstacle() {
        let one = |change: fn(&mut State)| {
            let mut state = State::default();
            change(&mut state);
            state
        };
        let states = [
            one(|s| s.paper_out = true),
            one(|s| s.ribbon_out = true),
            one(|s| s.head_open = true),
            one(|s| s.jammed = true),
            one(|s| s.cutter_jammed = true),
            one(|s| s.paused = true),
            one(|s| s.waits_for_person = true),
            one(|s| s.settings_lost = true),
            one(|s| (s.failed, s.too_hot) = (true, true)),
            one(|s| s.others = vec![0x80]),
        ];
        for state in states {
            assert!(state.blocked() && obstacle(&state).is_some(), "{state:?}");
        }
    }
}
