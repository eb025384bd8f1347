//! Marking codes in format 1.2: checked, then accepted for the next receipt or declined.

use outlet_protocols::fiscal::{MarkingResult, MarkingTask, TaskResult};
use outlet_protocols::shtrih::command::{AcceptMarking, CheckMarking, MarkingCheck};
use serde_json::json;

use super::family::{Shtrih, refuse};
use super::tags;
use super::talk::Desk;
use crate::register::{Refusal, Refused, Trouble};

impl Shtrih {
    pub(super) async fn marking(
        &mut self,
        desk: &mut Desk<'_, '_>,
        task: &MarkingTask,
    ) -> Result<TaskResult, Trouble> {
        let result = match task {
            MarkingTask::Validate { codes } => {
                let mut all = None;
                for code in codes {
                    let found = self.check(desk, &tags::check(code, None)).await?;
                    let verdict = if is_wrong(found) { AcceptMarking::Reject } else { AcceptMarking::Accept };
                    let found = self.decide(desk, verdict).await?.unwrap_or(found);
                    all = Some(all.map_or(found, |before| both(before, found)));
                }
                all
            }
            MarkingTask::Begin(code) => Some(self.check(desk, &tags::check(code, None)).await?),
            MarkingTask::Status => match self.marks.last {
                Some(found) => Some(found),
                None => {
                    return refuse(desk, Refusal::Task, "no marking code was checked: begin a check first");
                }
            },
            MarkingTask::Accept => self.decide(desk, AcceptMarking::Accept).await?.or(self.marks.last),
            MarkingTask::Decline => self.decide(desk, AcceptMarking::Reject).await?.or(self.marks.last),
            MarkingTask::Cancel => {
                if self.marks.checked.is_some() {
                    self.decide(desk, AcceptMarking::Reject).await?;
                }
                self.marks.last = None;
                None
            }
            MarkingTask::Clear => {
                self.ask(desk, &AcceptMarking::Clear).await?;
                self.marks = Default::default();
                None
            }
        };
        Ok(TaskResult { marking: result, ..TaskResult::default() })
    }

    /// Checks and accepts a code of a receipt, unless it was accepted before. One that the storage finds
    /// wrong is declined, and the receipt refused.
    pub(super) async fn accept_for_sale(
        &mut self,
        desk: &mut Desk<'_, '_>,
        mark: &CheckMarking,
    ) -> Result<(), Trouble> {
        if self.marks.accepted.contains(&mark.code) {
            return Ok(());
        }
        let found = self.check(desk, mark).await?;
        if !is_wrong(found) {
            return self.decide(desk, AcceptMarking::Accept).await.map(drop);
        }
        self.decide(desk, AcceptMarking::Reject).await?;
        let message = format!("{}: the storage finds a marking code wrong: scan it again", desk.line.link());
        Err(Trouble::Refused(Refused { class: Refusal::Task, message, said: json!({"marking": found}) }))
    }

    async fn check(
        &mut self,
        desk: &mut Desk<'_, '_>,
        mark: &CheckMarking,
    ) -> Result<MarkingResult, Trouble> {
        if self.marks.checked.is_some() {
            self.decide(desk, AcceptMarking::Reject).await?;
        }
        let found = result_of(&self.ask(desk, mark).await?);
        self.marks.checked = Some(mark.code.clone());
        self.marks.last = Some(found);
        Ok(found)
    }

    /// Accepts or declines the code that was checked last; with the result where the register tells it.
    async fn decide(
        &mut self,
        desk: &mut Desk<'_, '_>,
        verdict: AcceptMarking,
    ) -> Result<Option<MarkingResult>, Trouble> {
        let result = self.ask(desk, &verdict).await?.map(MarkingResult::from_tag_2106);
        let code = self.marks.checked.take();
        if verdict == AcceptMarking::Accept {
            self.marks.accepted.extend(code);
        }
        self.marks.last = result.or(self.marks.last);
        Ok(result)
    }
}

/// The storage's own check (tag 2004) has its first two bits as tag 2106; the authority's answer, where
/// there is one, is tag 2106 itself.
fn result_of(check: &MarkingCheck) -> MarkingResult {
    let online = check.online.as_ref().filter(|online| online.error == 0).and_then(|online| online.result);
    MarkingResult::from_tag_2106(online.unwrap_or(check.local & 0x03))
}

fn is_wrong(found: MarkingResult) -> bool {
    found.imc_check_flag && !found.imc_check_result
}

/// What holds for both codes.
fn both(a: MarkingResult, b: MarkingResult) -> MarkingResult {
    MarkingResult {
        ready: a.ready && b.ready,
        imc_check_flag: a.imc_check_flag && b.imc_check_flag,
        imc_check_result: a.imc_check_result && b.imc_check_result,
        imc_status_info: a.imc_status_info && b.imc_status_info,
        imc_estimated_status_correct: a.imc_estimated_status_correct && b.imc_estimated_status_correct,
        ecr_stand_alone_flag: a.ecr_stand_alone_flag && b.ecr_stand_alone_flag,
    }
}
