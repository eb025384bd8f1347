//! Loads a list.

use std::collections::BTreeSet;

use outlet_protocols::label_scale::{
    Command as Message, ItemList, Kept, Limits, Mode, Prefix, Prefixes, Prepared, ScaleMode, Weight, weight,
    words,
};
use serde_json::json;
use tokio::time::Instant;

use super::answers::Progress;
use super::conversation::Heard;
use super::device::LabelScale;
use super::options::{Model, Whole};
use crate::driver::{Confidence, JobContext, Outcome};
use crate::error::{DeviceError, ErrorKind};

/// After so many items, or numbers looked at, the way is noted.
const NOTE_EVERY: usize = 500;
/// Highest number where the scale does not say.
const HIGHEST: u16 = u16::MAX;
/// "Wrong number of an item": there is none of this number and of none above (Shtrih-Print 1.3, appendix 5).
const NO_SUCH_NUMBER: u8 = 128;

/// What a number of the scale's table holds.
enum Place {
    Empty,
    Taken,
    /// The scale refuses to say, with this code.
    Refused(u8),
}

impl LabelScale {
    /// Loads a list, from where it was broken off before.
    pub(super) async fn load(
        &mut self,
        job: &str,
        list: &ItemList,
        cx: &dyn JobContext,
    ) -> Result<Outcome, DeviceError> {
        self.wait_until_free(cx).await?;
        self.learn(Some(cx)).await?;
        if let Some(code) = self.locked {
            // Says why, without another attempt at it.
            return Err(self.wrong_password(code));
        }
        let limits = self.limits()?;
        let prepared = list.prepare(&limits).map_err(|error| super::unfit(&error))?;
        cx.begin(json!({"device": self.known.device, "items": prepared.len()})).await?;
        let mut progress = self.go_on_from(job, &prepared, cx).await?;
        let ended = self.all_steps(list, &prepared, &limits, &mut progress, cx).await;
        let answer = progress.answer(list, &prepared);
        match ended {
            Ok(()) if !prepared.is_empty() && progress.accepted() == 0 => {
                let mut message =
                    format!("{}: the scale has refused all items: {}", self.link, first_words(&progress));
                if progress.cleared {
                    message.push_str(
                        "; it was cleared before and is empty now: mend the list and load it again",
                    );
                }
                Err(DeviceError::new(ErrorKind::Rejected, "items-refused", message).with_evidence(answer))
            }
            Ok(()) => Ok(Outcome::new(Confidence::Confirmed, answer, json!({"device": self.known.device}))),
            Err(error) => Err(self.break_off(job, prepared.len(), progress, error).with_evidence(answer)),
        }
    }

    /// Says how far a list had come that ends with an error. One that the scale does not refuse goes on later.
    fn break_off(
        &mut self,
        job: &str,
        items: usize,
        progress: Progress,
        mut error: DeviceError,
    ) -> DeviceError {
        let accepted = progress.accepted();
        if matches!(error.kind, ErrorKind::NotSent | ErrorKind::Busy) {
            error.message =
                format!("{} ({accepted} of {items} items are loaded; the rest follows)", error.message);
            self.broken_off = Some((job.to_owned(), progress));
        } else {
            error.message = format!("{} ({accepted} of {items} items were loaded)", error.message);
        }
        error
    }

    /// How far the job had come, where the scale still knows: the last item that it took has to be there.
    async fn go_on_from(
        &mut self,
        job: &str,
        prepared: &[Prepared],
        cx: &dyn JobContext,
    ) -> Result<Progress, DeviceError> {
        let Some((_, progress)) = self.broken_off.take().filter(|(known, _)| known == job) else {
            return Ok(Progress::default());
        };
        let taken = prepared.get(..progress.items).unwrap_or_default().iter().rev();
        let is_refused = |plu: u16| progress.refused.iter().any(|(refused, _)| *refused == plu);
        let Some(last) = taken.map(|item| &item.record).find(|record| !is_refused(record.plu())) else {
            return Ok(Progress::default());
        };
        let read = Message::read_item(self.password, last.plu());
        let answer = match self.ask(&read, Some(cx)).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.break_off(job, prepared.len(), progress, error)),
        };
        let there = Kept::read(&answer.data).filter(|_| answer.error == 0);
        let known = there.is_some_and(|kept| last.is(&kept)) || weight(answer.error) == Weight::Unknown;
        Ok(if known { progress } else { Progress::default() })
    }

    async fn all_steps(
        &mut self,
        list: &ItemList,
        prepared: &[Prepared],
        limits: &Limits,
        progress: &mut Progress,
        cx: &dyn JobContext,
    ) -> Result<(), DeviceError> {
        if let Some(prefixes) = list.prefixes.filter(|_| !progress.prefixes) {
            self.set_prefixes(&prefixes, cx).await?;
            progress.prefixes = true;
        }
        let clears = list.mode == Mode::Whole && self.options.whole == Whole::Clear;
        if clears && !progress.cleared {
            self.clear(cx).await?;
            progress.cleared = true;
            cx.note(progress.note()).await?;
        }
        for (index, item) in prepared.iter().enumerate().skip(progress.items) {
            let code = self.load_item(item, cx).await?;
            progress.items = index + 1;
            if code != 0 {
                progress.refused.push((item.record.plu(), code));
            }
            if progress.items.is_multiple_of(NOTE_EVERY) {
                cx.note(progress.note()).await?;
            }
        }
        // What refuses every item keeps what it has.
        if !prepared.is_empty() && progress.accepted() == 0 {
            return Ok(());
        }
        if clears {
            return self.must_be_there(prepared, progress, cx).await;
        }
        match list.mode {
            Mode::Changes => self.delete(&list.delete, progress, cx).await,
            Mode::Whole => self.sweep(prepared, limits, progress, cx).await,
        }
    }

    /// Loads an item and its message. The code with which the scale refuses it, or 0.
    async fn load_item(&mut self, item: &Prepared, cx: &dyn JobContext) -> Result<u8, DeviceError> {
        let password = self.password;
        if let Some(message) = &item.message {
            for (number, line) in (1..=u8::MAX).zip(&message.lines) {
                let write = Message::write_line(password, message.number, number, line);
                let code = self.change(&write, cx).await?;
                if code != 0 {
                    return Ok(code);
                }
            }
        }
        self.change(&Message::write_item(password, &item.record), cx).await
    }

    /// A command for one item. The code with which the scale refuses the item, or 0.
    ///
    /// # Errors
    /// What the scale would answer to any other item as well.
    async fn change(&mut self, message: &Message, cx: &dyn JobContext) -> Result<u8, DeviceError> {
        let answer = self.ask(message, Some(cx)).await?;
        match weight(answer.error) {
            Weight::Unknown | Weight::Scale => Err(self.refused("scale-refuses", answer.error)),
            _ => Ok(answer.error),
        }
    }

    /// Removes items by their numbers.
    async fn delete(
        &mut self,
        numbers: &[u16],
        progress: &mut Progress,
        cx: &dyn JobContext,
    ) -> Result<(), DeviceError> {
        for (index, plu) in numbers.iter().enumerate().skip(progress.looked) {
            if matches!(self.place(*plu, cx).await?, Place::Empty) {
                progress.absent.push(*plu);
            } else {
                self.remove(*plu, progress, cx).await?;
            }
            progress.looked = index + 1;
            if progress.looked.is_multiple_of(NOTE_EVERY) {
                cx.note(progress.note()).await?;
            }
        }
        Ok(())
    }

    /// Removes what is not in the list, number by number.
    async fn sweep(
        &mut self,
        prepared: &[Prepared],
        limits: &Limits,
        progress: &mut Progress,
        cx: &dyn JobContext,
    ) -> Result<(), DeviceError> {
        if progress.swept {
            return Ok(());
        }
        let listed: BTreeSet<u16> = prepared.iter().map(|item| item.record.plu()).collect();
        let begin = u16::try_from(progress.looked).unwrap_or(u16::MAX).saturating_add(1);
        for plu in begin..=limits.items.unwrap_or(HIGHEST) {
            if !listed.contains(&plu) {
                match self.place(plu, cx).await? {
                    Place::Empty => {}
                    Place::Taken => self.remove(plu, progress, cx).await?,
                    Place::Refused(NO_SUCH_NUMBER) => break,
                    Place::Refused(code) => progress.kept.push((plu, code)),
                }
            }
            progress.looked = plu.into();
            if progress.looked.is_multiple_of(NOTE_EVERY) {
                cx.note(progress.note()).await?;
            }
        }
        progress.swept = true;
        Ok(())
    }

    async fn place(&mut self, plu: u16, cx: &dyn JobContext) -> Result<Place, DeviceError> {
        let answer = self.ask(&Message::read_item(self.password, plu), Some(cx)).await?;
        match weight(answer.error) {
            Weight::Empty => Ok(Place::Empty),
            Weight::Done if Kept::read(&answer.data).is_some_and(|kept| kept.code == 0) => Ok(Place::Empty),
            Weight::Done => Ok(Place::Taken),
            Weight::Item => Ok(Place::Refused(answer.error)),
            _ => Err(self.refused("scale-refuses", answer.error)),
        }
    }

    async fn remove(
        &mut self,
        plu: u16,
        progress: &mut Progress,
        cx: &dyn JobContext,
    ) -> Result<(), DeviceError> {
        let password = self.password;
        let mut code = None;
        if self.model == Model::Mertech && !self.only_clears {
            let answer = self.ask(&Message::delete_item(password, plu), Some(cx)).await?;
            match weight(answer.error) {
                // An older scale, which keeps items by their numbers.
                Weight::Unknown => self.only_clears = true,
                _ => code = Some(answer.error),
            }
        }
        let code = match code {
            Some(code) => code,
            None => self.change(&Message::clear_item(password, plu), cx).await?,
        };
        match weight(code) {
            Weight::Done => progress.removed.push(plu),
            Weight::Empty => progress.absent.push(plu),
            Weight::Unknown | Weight::Scale => return Err(self.refused("scale-refuses", code)),
            _ => progress.kept.push((plu, code)),
        }
        Ok(())
    }

    /// Sets the prefixes that are not so already.
    async fn set_prefixes(&mut self, wanted: &Prefixes, cx: &dyn JobContext) -> Result<(), DeviceError> {
        let answer = self.ask(&Message::prefixes(self.password), Some(cx)).await?;
        let set = match answer.data[..] {
            [weight, piece, total] if answer.error == 0 => [Some(weight), Some(piece), Some(total)],
            _ => [None; 3],
        };
        let wanted = [
            (Prefix::Weight, wanted.weight, set[0]),
            (Prefix::Piece, wanted.piece, set[1]),
            (Prefix::Total, wanted.total, set[2]),
        ];
        let mut left: Vec<(Prefix, u8)> = wanted
            .into_iter()
            .filter_map(|(prefix, wanted, set)| wanted.filter(|_| wanted != set).map(|value| (prefix, value)))
            .collect();
        // A prefix may be refused because another still has it: that one first, then once more.
        while !left.is_empty() {
            let mut refused = Vec::new();
            let mut code = 0;
            for (prefix, value) in &left {
                let answered = self.change(&Message::set_prefix(self.password, *prefix, *value), cx).await?;
                if answered != 0 {
                    refused.push((*prefix, *value));
                    code = answered;
                }
            }
            if refused.len() == left.len() {
                return Err(self.refused("prefix-refused", code));
            }
            left = refused;
        }
        Ok(())
    }

    /// Clears all items and messages, and waits until that is done.
    async fn clear(&mut self, cx: &dyn JobContext) -> Result<(), DeviceError> {
        let code = self.change(&Message::clear_all(self.password), cx).await?;
        if code != 0 {
            return Err(self.refused("scale-refuses", code));
        }
        let until = Instant::now() + self.options.patience();
        let mut waited = false;
        loop {
            // Some scales say nothing while they clear, although the document lets them answer this.
            let heard = self.hear(&Message::mode(), Some(cx)).await?;
            let mode = match &heard {
                Heard::Answer(answer) if answer.error == 0 => ScaleMode::read(&answer.data),
                Heard::Answer(answer) if weight(answer.error) == Weight::Unknown => {
                    Some(ScaleMode::default())
                }
                Heard::Garbled(garbled) => return Err(self.lost(&garbled.to_string())),
                Heard::OutOfStep => return Err(self.lost("it has sent more than was asked for")),
                Heard::Answer(_) | Heard::NotNow(_) | Heard::Silent => None,
            };
            match mode {
                Some(mode) if mode.clearing_failed() => {
                    let message =
                        format!("{}: the scale could not clear its items: switch it off and on", self.link);
                    return Err(DeviceError::new(ErrorKind::Rejected, "clear-failed", message));
                }
                Some(mode) if !mode.is_clearing() => {
                    self.known.mode = mode;
                    if waited {
                        cx.waiting(None);
                    }
                    return Ok(());
                }
                _ => self.wait_until(until, "it clears its items", Some(cx)).await?,
            }
            waited = true;
        }
    }

    /// A datagram that clears, sent again and late, would have taken what was loaded: the first item has to be there.
    async fn must_be_there(
        &mut self,
        prepared: &[Prepared],
        progress: &mut Progress,
        cx: &dyn JobContext,
    ) -> Result<(), DeviceError> {
        let refused: BTreeSet<u16> = progress.refused.iter().map(|(plu, _)| *plu).collect();
        let taken = prepared.iter().map(|item| item.record.plu());
        let Some(first) = taken.into_iter().find(|plu| !refused.contains(plu)) else { return Ok(()) };
        if matches!(self.place(first, cx).await?, Place::Empty) {
            *progress = Progress::default();
            return Err(self.lost("it was cleared after its items were loaded, and is loaded anew"));
        }
        Ok(())
    }

    /// Waits while the scale clears its tables or is calibrated.
    async fn wait_until_free(&mut self, cx: &dyn JobContext) -> Result<(), DeviceError> {
        let until = Instant::now() + self.options.patience();
        let mut waited = false;
        loop {
            self.look().await?;
            let why = match self.known.mode {
                mode if mode.is_clearing() => "it clears its items",
                mode if mode.is_calibrating() => "it is being calibrated",
                _ => break,
            };
            self.wait_until(until, why, Some(cx)).await?;
            waited = true;
        }
        if waited {
            cx.waiting(None);
        }
        Ok(())
    }

    fn refused(&self, error: &'static str, code: u8) -> DeviceError {
        let message = format!("{}: the scale refuses: {} (error {code})", self.link, words(code));
        DeviceError::new(ErrorKind::Rejected, error, message)
    }
}

fn first_words(progress: &Progress) -> String {
    progress.refused.first().map(|(_, code)| format!("{} (error {code})", words(*code))).unwrap_or_default()
}
