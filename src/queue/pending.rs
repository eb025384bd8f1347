//! The jobs that wait for one device, in the order they will be done.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use outlet_devices::Work;

use crate::bus::contract::Kind;
use crate::clock::Timestamp;
use crate::journal::machine::Job;

/// A job that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The client's id.
    pub job: String,
    /// Its place in the order of acceptance.
    pub seq: u64,
    /// 0 to 9, the highest first.
    pub priority: u8,
    /// Begun already, together with its acceptance: before everything else.
    pub begun: Option<u64>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Until when it is to be begun.
    pub deadline: Option<Timestamp>,
    /// It waits while it is not known what became of another such job.
    pub booked: bool,
    /// Another device may take it over: a document that was not taken over before.
    pub movable: bool,
    /// Code of what it was last told to wait for.
    pub told: Option<String>,
    /// The job and what it asks for, where the queue is short enough to keep them.
    pub kept: Option<Box<Kept>>,
}

/// A job as it was last seen, with its work: saves a look into the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The job.
    pub job: Job,
    /// What it asks for.
    pub work: Work,
}

/// Entries beyond this many keep nothing: all of it is in the journal.
const KEEP: usize = 64;

impl Entry {
    /// The entry of a job.
    pub fn new(job: Job, work: Option<Work>) -> Self {
        Self {
            job: job.job.clone(),
            seq: job.seq,
            priority: job.priority,
            begun: job.begun,
            accepted_at: job.accepted_at,
            deadline: job.deadline,
            booked: job.booked,
            told: job.reason.as_ref().map(|reason| reason.code.clone()),
            movable: job.kind == Kind::Print && job.rerouted.is_none(),
            kept: work.map(|work| Box::new(Kept { job, work })),
        }
    }

    /// The work it kept.
    pub fn work(self) -> Option<Work> {
        self.kept.map(|kept| kept.work)
    }

    fn rank(&self) -> Rank {
        (self.begun.is_none(), Reverse(self.priority), self.seq)
    }
}

type Rank = (bool, Reverse<u8>, u64);

/// The queue of one device.
#[derive(Debug, Default)]
pub struct Pending {
    entries: BTreeMap<u64, Entry>,
    by_job: HashMap<String, u64>,
    order: BTreeSet<Rank>,
    deadlines: BTreeSet<(Timestamp, u64)>,
}

impl Pending {
    /// Adds a job, or replaces what was known of it.
    pub fn insert(&mut self, mut entry: Entry) {
        self.remove(&entry.job);
        if self.entries.len() >= KEEP {
            entry.kept = None;
        }
        self.order.insert(entry.rank());
        if let (Some(deadline), None) = (entry.deadline, entry.begun) {
            self.deadlines.insert((deadline, entry.seq));
        }
        self.by_job.insert(entry.job.clone(), entry.seq);
        self.entries.insert(entry.seq, entry);
    }

    /// Takes a job out.
    pub fn remove(&mut self, job: &str) -> Option<Entry> {
        let seq = self.by_job.remove(job)?;
        let entry = self.entries.remove(&seq)?;
        self.order.remove(&entry.rank());
        if let Some(deadline) = entry.deadline {
            self.deadlines.remove(&(deadline, seq));
        }
        Some(entry)
    }

    /// Takes out the job that is to be done next; `in_doubt`: no booked one.
    pub fn pop(&mut self, in_doubt: bool) -> Option<Entry> {
        let entries = self.order.iter().filter_map(|(_, _, seq)| self.entries.get(seq));
        let job = entries.into_iter().find(|entry| !(in_doubt && entry.booked))?.job.clone();
        self.remove(&job)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// When the oldest was accepted.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.entries.first_key_value().map(|(_, entry)| entry.accepted_at)
    }

    /// The next deadline.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Jobs whose deadline has passed.
    pub fn overdue(&self, now: Timestamp) -> Vec<String> {
        self.deadlines
            .iter()
            .take_while(|(deadline, _)| *deadline <= now)
            .filter_map(|(_, seq)| self.entries.get(seq).map(|entry| entry.job.clone()))
            .collect()
    }

    /// Jobs of which nothing was sent and that were not told yet that they wait for this; from now on they
    /// are.
    pub fn untold(&mut self, code: &str, concerns: impl Fn(&Entry) -> bool) -> Vec<String> {
        let untold = |entry: &&mut Entry| {
            entry.begun.is_none() && entry.told.as_deref() != Some(code) && concerns(entry)
        };
        self.entries
            .values_mut()
            .filter(untold)
            .map(|entry| {
                entry.told = Some(code.to_owned());
                entry.job.clone()
            })
            .collect()
    }

    /// Jobs of which nothing was sent, oldest first.
    pub fn unbegun(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|entry| entry.begun.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, priority: u8) -> Entry {
        Entry {
            job: format!("job-{seq}"),
            seq,
            priority,
            begun: None,
            accepted_at: Timestamp(seq as i64),
            deadline: None,
            booked: false,
            movable: true,
            told: None,
            kept: None,
        }
    }

    fn drain(pending: &mut Pending) -> Vec<u64> {
        std::iter::from_fn(|| pending.pop(false)).map(|entry| entry.seq).collect()
    }

    #[test]
    fn equal_priorities_keep_the_order_of_acceptance() {
        let mut pending = Pending::default();
        [3, 1, 2].into_iter().for_each(|seq| pending.insert(entry(seq, 5)));
        assert_eq!(drain(&mut pending), [1, 2, 3]);
    }

    #[test]
    fn a_drawer_goes_before_reports() {
        let mut pending = Pending::default();
        pending.insert(entry(1, 5));
        pending.insert(entry(2, 0));
        pending.insert(entry(3, 9));
        assert_eq!(drain(&mut pending), [3, 1, 2]);
    }

    #[test]
    fn a_job_begun_with_its_acceptance_goes_before_everything() {
        let mut pending = Pending::default();
        pending.insert(entry(1, 9));
        pending.insert(Entry { begun: Some(7), ..entry(2, 0) });
        assert_eq!(drain(&mut pending), [2, 1]);
    }

    #[test]
    fn while_an_outcome_is_in_doubt_what_is_booked_waits_and_the_rest_goes_on() {
        let mut pending = Pending::default();
        pending.insert(Entry { booked: true, ..entry(1, 9) });
        pending.insert(entry(2, 5));
        assert_eq!(pending.pop(true).map(|entry| entry.seq), Some(2));
        assert_eq!(pending.pop(true), None);
        assert_eq!(pending.pop(false).map(|entry| entry.seq), Some(1));
    }

    #[test]
    fn a_job_is_overdue_from_its_deadline_on() {
        let mut pending = Pending::default();
        pending.insert(Entry { deadline: Some(Timestamp(100)), ..entry(1, 5) });
        assert!(pending.overdue(Timestamp(99)).is_empty());
        assert_eq!(pending.overdue(Timestamp(100)), ["job-1"]);
        assert_eq!(pending.next_deadline(), Some(Timestamp(100)));
    }

    #[test]
    fn a_begun_job_has_no_deadline_any_more() {
        let mut pending = Pending::default();
        pending.insert(Entry { deadline: Some(Timestamp(100)), begun: Some(1), ..entry(1, 5) });
        assert_eq!(pending.next_deadline(), None);
    }

    #[test]
    fn inserting_a_job_again_replaces_it() {
        let mut pending = Pending::default();
        pending.insert(Entry { deadline: Some(Timestamp(1)), ..entry(1, 5) });
        pending.insert(entry(1, 9));
        assert_eq!(pending.len(), 1);
        assert_eq!(pending.next_deadline(), None);
    }
}
