//! What must hold after every run: the tills, the agent, its journal, paper and storage say the same.

use std::collections::{BTreeMap, BTreeSet};

use outlet_protocols::fiscal::Tag;
use serde_json::Value;

use crate::bed::Bed;
use crate::paper::{self, Papers, number_of};
use crate::register::bears;
use crate::run::Tally;
use crate::schedule::Job;

/// What the audit looks at.
pub struct Evidence<'a> {
    /// What was submitted. Each was answered as accepted, or the tills have said otherwise.
    pub jobs: &'a [Job],
    /// The agent's answers to `get`.
    pub told: &'a BTreeMap<String, Value>,
    /// Every document that was heard.
    pub documents: &'a BTreeMap<String, Vec<Value>>,
    pub bed: &'a Bed,
}

/// What is wrong.
pub fn audit(evidence: &Evidence<'_>, tally: &mut Tally) -> Vec<String> {
    let mut wrong = Vec::new();
    let papers = Papers::of(evidence.bed);
    let printed_again = printed_again(evidence).unwrap_or_default();
    for job in evidence.jobs {
        tally.add("jobs accepted", 1);
        match evidence.told.get(job.id()) {
            Some(answer) if answer["ok"] == true => {
                judge(job, &answer["result"], &papers, &printed_again, tally, &mut wrong);
            }
            answer => {
                wrong.push(format!("{}: accepted, and the agent does not know it: {answer:?}", job.id()))
            }
        }
    }
    strangers(evidence, &papers, &mut wrong);
    for (id, all) in evidence.documents {
        lives(id, all, tally, &mut wrong);
    }
    books(evidence, &mut wrong);
    tally.add("receipts printed", papers.receipts.values().map(|paper| u64::from(paper.first)).sum());
    tally.add("marked copies printed", papers.receipts.values().map(|paper| u64::from(paper.copies)).sum());
    tally.add("labels printed", papers.labels.len() as u64);
    tally.add("fiscal receipts", papers.documents.len() as u64);
    wrong
}

/// How often a person wanted the paper of a ticket once more, by the number of the ticket's job.
fn printed_again(evidence: &Evidence<'_>) -> rusqlite::Result<BTreeMap<u32, usize>> {
    let journal = paper::journal(evidence.bed)?;
    let mut papers = journal.prepare("SELECT job, record FROM jobs WHERE job LIKE 'paper-%'")?;
    let papers = papers.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut again = BTreeMap::new();
    for row in papers {
        let (id, record) = row?;
        let record: Value = serde_json::from_str(&record).unwrap_or_default();
        let times = record["evidence"]["earlier"].as_array().map_or(0, Vec::len);
        if let Some(number) = number_of(&journal, &id) {
            *again.entry(number).or_default() += times;
        }
    }
    Ok(again)
}

/// One job: its end, and what is there of it.
fn judge(
    job: &Job,
    told: &Value,
    papers: &Papers,
    evidence_of_papers: &BTreeMap<u32, usize>,
    tally: &mut Tally,
    wrong: &mut Vec<String>,
) {
    let end = &told["job"];
    let state = end["state"].as_str().unwrap_or_default();
    let mut say = |what: &str| wrong.push(format!("{}: {what}: {told}", job.id()));
    let by_person = end["evidence"].get("resolution").is_some();
    // The paper of a ticket is a job of its own, which a person may have wanted again.
    let papers_again = match job.kind() {
        "ticket" => evidence_of_papers.get(&job.number).copied().unwrap_or(0),
        _ => 0,
    };
    let again = papers_again + end["evidence"]["earlier"].as_array().map_or(0, Vec::len);
    let proved = end["confidence"] != "sent";
    match state {
        "succeeded" => tally.add("jobs succeeded", 1),
        "failed" | "expired" | "cancelled" => tally.add("jobs failed, expired or cancelled", 1),
        _ => return say("it has no end"),
    }
    match job.kind() {
        "print" | "ticket" => {
            let paper = papers.of_job(job.number);
            let copies = job.copies;
            if paper.first > copies {
                say(&format!("printed too often without a mark: {paper:?}"));
            }
            if paper.copies as usize > again * copies as usize {
                say(&format!("marked copies that nobody asked for: {paper:?}"));
            }
            let whole = if job.kind() == "print" { paper.last } else { paper.first + paper.copies };
            match state {
                "succeeded" if proved && whole < copies => say(&format!("told as printed: {paper:?}")),
                "succeeded"
                    if proved && !by_person && again == 0 && (paper.first, whole) != (copies, copies) =>
                {
                    say(&format!("told as printed: {paper:?}"));
                }
                "expired" | "cancelled" if again == 0 && paper.first + paper.last > 0 => {
                    say(&format!("never begun, and on paper: {paper:?}"));
                }
                "failed" if !by_person && again == 0 && paper.first + paper.last > 0 => {
                    say(&format!("failed, and on paper: {paper:?}"));
                }
                _ => {}
            }
        }
        "label" => {
            let labels = papers.labels_of_job(job.number);
            match state {
                "succeeded" if proved && labels == 0 => say("told as printed, and no label is there"),
                "expired" | "cancelled" if labels > again => say("never begun, and a label is there"),
                "failed" if !by_person && labels > again => say("failed, and a label is there"),
                _ if labels > 1 + again => say("more labels than were asked for"),
                _ => {}
            }
        }
        _ => {
            let ours = papers.documents_of_job(job.number);
            if ours.len() > 1 {
                say(&format!("fiscalised {} times", ours.len()));
            }
            match state {
                "succeeded" if ours.is_empty() => say("told as fiscalised, and nothing is in the storage"),
                "succeeded" if !by_person => {
                    let number = end["result"]["fiscalParams"]["fiscalDocumentNumber"].as_u64();
                    if number != ours.first().map(|document| u64::from(document.number)) {
                        say("its document has another number");
                    }
                }
                "failed" | "expired" | "cancelled" if !ours.is_empty() => say("not done, and in the storage"),
                _ => {}
            }
            let attempts = told["attempts"].as_array().into_iter().flatten();
            let tags: Vec<Tag> = attempts
                .filter_map(|attempt| u32::try_from(attempt["number"].as_u64()?).ok())
                .map(|number| Tag::new(job.id(), number))
                .collect();
            if ours.iter().any(|document| !tags.iter().any(|tag| bears(document, tag))) {
                say("its document bears the mark of no attempt");
            }
        }
    }
}

/// What is on paper or in the storage and belongs to nobody.
fn strangers(evidence: &Evidence<'_>, papers: &Papers, wrong: &mut Vec<String>) {
    let known: BTreeSet<String> = evidence.jobs.iter().map(Job::token).collect();
    for token in papers.receipts.keys().filter(|token| !known.contains(*token)) {
        wrong.push(format!("{token} is on paper, and was never submitted"));
    }
    let labels: usize = evidence.jobs.iter().map(|job| papers.labels_of_job(job.number)).sum();
    if labels != papers.labels.len() {
        wrong.push(format!("labels of nobody: {:?}", papers.labels));
    }
    let documents: usize = evidence.jobs.iter().map(|job| papers.documents_of_job(job.number).len()).sum();
    if documents != papers.documents.len() {
        wrong.push(format!("receipts of nobody: {:#?}", papers.documents));
    }
}

/// What was told of a job: one state for each version, one end, and nothing after it.
fn lives(id: &str, all: &[Value], tally: &mut Tally, wrong: &mut Vec<String>) {
    let mut versions: BTreeMap<u64, &str> = BTreeMap::new();
    for document in all.iter().filter(|document| document["state"] != "rejected") {
        let (version, state) = (document["version"].as_u64().unwrap(), document["state"].as_str().unwrap());
        let known = *versions.entry(version).or_insert(state);
        if known != state {
            wrong.push(format!("{id}: version {version} was told as {known} and as {state}"));
        }
    }
    let is_final = |state: &&&str| matches!(**state, "succeeded" | "failed" | "expired" | "cancelled");
    if versions.values().rev().skip(1).any(|state| is_final(&state)) {
        wrong.push(format!("{id}: told of something after its end: {versions:?}"));
    }
    let doubts = versions.values().filter(|state| **state == "uncertain").count();
    tally.add("doubts told", doubts as u64);
}

/// The journal after the end: whole, and of one mind with what was told.
fn books(evidence: &Evidence<'_>, wrong: &mut Vec<String>) {
    let read = || -> rusqlite::Result<Vec<String>> {
        let journal = paper::journal(evidence.bed)?;
        let mut wrong = Vec::new();
        let whole: String = journal.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        if whole != "ok" {
            wrong.push(format!("the journal is damaged: {whole}"));
        }
        let notices: i64 = journal.query_row("SELECT count(*) FROM notices", [], |row| row.get(0))?;
        if notices > 0 {
            wrong.push("a disk that only loses what was not synced made the journal unreadable".into());
        }
        let (first, last, number): (i64, i64, i64) = journal.query_row(
            "SELECT coalesce(min(seq), 1), coalesce(max(seq), 0), count(*) FROM feed",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        if (first, last) != (1, number) {
            wrong.push(format!("the feed has gaps: {number} entries from {first} to {last}"));
        }
        let mut jobs = journal.prepare("SELECT job, state FROM jobs")?;
        let jobs = jobs.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let submitted: BTreeSet<u32> = evidence.jobs.iter().map(|job| job.number).collect();
        for job in jobs {
            let (id, state): (String, String) = job?;
            if number_of(&journal, &id).is_none_or(|number| !submitted.contains(&number)) {
                wrong.push(format!("{id} is in the journal, and nobody submitted it"));
            }
            let told = evidence.told.get(&id).map(|answer| &answer["result"]["job"]["state"]);
            if told.is_some_and(|told| *told != state.as_str()) {
                wrong.push(format!("{id} is {state} in the journal, and was told as {told:?}"));
            }
        }
        let open: i64 = journal.query_row(
            "SELECT count(*) FROM attempts JOIN jobs USING (job)
             WHERE attempts.ended_at IS NULL AND jobs.ended_at IS NOT NULL",
            [],
            |row| row.get(0),
        )?;
        if open > 0 {
            wrong.push(format!("{open} attempts of ended jobs have no end"));
        }
        Ok(wrong)
    };
    match read() {
        Ok(found) => wrong.extend(found),
        Err(error) => wrong.push(format!("the journal can't be read: {error}")),
    }
}
