//! What is written and read: each function one step of a job's life, in SQL.

use outlet_devices::driver::Attempt;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde_json::{Value, json};

use super::JournalError;
use super::machine::{Event, Job, Refused};
use crate::bus::contract::{AttentionJob, EventBody, FeedEvent, JobDocument, Kind, State, Topics};
use crate::clock::Timestamp;

/// A submission that has passed all checks.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// The job in state `accepted`; its times are set when it is taken in.
    pub job: Job,
    /// Milliseconds to its deadline.
    pub ttl_ms: Option<i64>,
    /// SHA-256 of device and payload.
    pub hash: [u8; 32],
    /// The submission, JSON.
    pub payload: Vec<u8>,
    /// Number and baseline of its first attempt, where the worker is idle and the device known to be ready.
    pub begin: Option<(u64, Value)>,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq)]
pub enum Intake {
    /// It is on disk, and begun where a first attempt was given.
    New(Box<Job>),
    /// The same was submitted before: how it stands.
    Duplicate(Box<JobDocument>),
    /// Something else was submitted under this id.
    Conflict,
}

/// A job after an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The job as it is now.
    pub job: Job,
    /// Whether the event changed it.
    pub changed: bool,
}

/// A message that is to be published and acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number.
    pub seq: u64,
    /// Where to.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
}

/// An attempt, for a person who looks into a job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttemptRecord {
    /// Its number in the whole journal.
    pub number: u64,
    /// The device it was made on.
    pub device: String,
    /// When the first byte could leave.
    pub begun_at: Timestamp,
    /// The device's own counters before that.
    pub baseline: Value,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What came of it.
    pub outcome: Option<Value>,
    /// Bytes sent and received: `{at_ms, direction, bytes}`, hexadecimal.
    pub trace: Vec<Value>,
}

/// The write transaction of one group.
pub struct Transaction<'a> {
    connection: &'a Connection,
    topics: &'a Topics,
    now: Timestamp,
    last_job: i64,
    rows: Vec<OutboxRow>,
    /// Accepted and, unless they are among `told`, not in the outbox and the feed yet.
    accepted: Vec<Job>,
    told: Vec<u64>,
    passed: Vec<Passed>,
    lost: Option<JournalError>,
}

/// How many old jobs, or entries of the feed, one write removes.
pub(super) const PORTION: u64 = 500;

/// A job that has come to a state, for those who count and for the log.
pub struct Passed {
    /// The client's id.
    pub job: String,
    /// The device it was sent to.
    pub device: String,
    /// The device whose queue it is in.
    pub route: String,
    /// The state.
    pub state: State,
    /// Why it waits, failed, expired, or is uncertain.
    pub why: Option<String>,
}

impl Passed {
    fn of(job: &Job) -> Self {
        let waits = job.reason.as_ref().map(|reason| reason.message.clone());
        Self {
            job: job.job.clone(),
            device: job.device.clone(),
            route: job.route.clone(),
            state: job.state,
            why: job.error.as_ref().map(|error| error.message.clone()).or(waits),
        }
    }
}

/// What is to follow once a group is committed.
pub struct Finished {
    /// To be published.
    pub rows: Vec<OutboxRow>,
    /// Jobs to be told of with the next group: a first byte should not wait for what is only told.
    pub untold: Vec<Job>,
    /// The last number given to a job.
    pub last_job: i64,
    /// Jobs that were accepted, wait, or have ended.
    pub passed: Vec<Passed>,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        topics: &'a Topics,
        now: Timestamp,
        last_job: i64,
        untold: Vec<Job>,
    ) -> Self {
        let (rows, told, passed) = (Vec::new(), Vec::new(), Vec::new());
        Self { connection, topics, now, last_job, rows, accepted: untold, told, passed, lost: None }
    }

    pub(super) fn connection(&self) -> &'a Connection {
        self.connection
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Does one write so that its failure leaves the others of its group alone.
    pub(super) fn isolated<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        if let Some(error) = &self.lost {
            return Err(error.clone());
        }
        let (rows, accepted, told) = (self.rows.len(), self.accepted.len(), self.told.len());
        let passed = self.passed.len();
        let last_job = self.last_job;
        self.run("SAVEPOINT write", [])?;
        match work(self) {
            Ok(value) => {
                self.run("RELEASE write", [])?;
                Ok(value)
            }
            Err(error) => {
                self.rows.truncate(rows);
                self.accepted.truncate(accepted);
                self.told.truncate(told);
                self.passed.truncate(passed);
                self.last_job = last_job;
                let undone = self.run("ROLLBACK TO write", []).and_then(|()| self.run("RELEASE write", []));
                // A full disk makes SQLite roll back the whole group, not the one write.
                let damaged = matches!(error, JournalError::Corrupt(_));
                if undone.is_err() || damaged || self.connection.is_autocommit() {
                    self.lost = Some(error.clone());
                }
                Err(error)
            }
        }
    }

    /// What is to be told once the group is committed, or why it can't be.
    pub(super) fn finish(mut self) -> Result<Finished, JournalError> {
        self.accepted.retain(|job| !self.told.contains(&job.seq));
        match self.lost {
            None => Ok(Finished {
                rows: self.rows,
                untold: self.accepted,
                last_job: self.last_job,
                passed: self.passed,
            }),
            Some(error) => Err(error),
        }
    }

    /// See [`super::Journal::accept`].
    pub fn accept(&mut self, new: NewJob) -> Result<Intake, JournalError> {
        let NewJob { mut job, ttl_ms, hash, payload, begin } = new;
        let known: Option<(Vec<u8>, String)> = self
            .connection
            .prepare_cached("SELECT hash, record FROM jobs WHERE job = ?1")?
            .query_row([&job.job], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some((known_hash, record)) = known {
            if known_hash != hash {
                return Ok(Intake::Conflict);
            }
            let known = decode(&job.job, &record)?;
            // Told among the transitions, so that no older state follows a newer one.
            self.tell_acceptance_of(&known)?;
            let document = JobDocument { duplicate: true, ..known.document() };
            self.publish_document(&document)?;
            return Ok(Intake::Duplicate(Box::new(document)));
        }
        job.version = 1;
        job.at = self.now;
        job.accepted_at = self.now;
        job.deadline = ttl_ms.map(|ms| self.now.plus_ms(ms));
        self.last_job += 1;
        let seq = self.last_job;
        job.seq = from_sql(seq)?;
        if let Some((number, baseline)) = begin.filter(|_| !job.is_overdue(self.now)) {
            job.apply(Event::Begin { attempt: number }, self.now)?;
            self.insert_attempt(&job, number, &baseline)?;
        }
        self.connection
            .prepare_cached(
                "INSERT INTO jobs (seq, job, route, state, ended_at, fiscal, untold, hash, record)
                 VALUES (?1, ?2, ?3, ?4, NULL, ?5, 1, ?6, ?7)",
            )?
            .execute(params![
                seq,
                job.job,
                job.route,
                job.state.as_str(),
                job.kind == Kind::Fiscal,
                hash,
                encode(&job)?
            ])?;
        self.connection
            .prepare_cached("INSERT INTO payloads (seq, payload) VALUES (?1, ?2)")?
            .execute(params![seq, payload])?;
        self.accepted.push(job.clone());
        self.passed.push(Passed { state: State::Accepted, why: None, ..Passed::of(&job) });
        Ok(Intake::New(Box::new(job)))
    }

    /// Tells of all jobs that an earlier group accepted.
    pub(super) fn tell_accepted(&mut self) -> Result<(), JournalError> {
        let untold: Vec<Job> = self.accepted.clone();
        untold.iter().try_for_each(|job| self.tell_of(job))
    }

    /// Puts a job's acceptance into the outbox and the feed, and its begin where it came with it.
    fn tell_of(&mut self, job: &Job) -> Result<(), JournalError> {
        let untold = self
            .connection
            .prepare_cached("UPDATE jobs SET untold = 0 WHERE seq = ?1 AND untold = 1")?
            .execute([to_sql(job.seq)])?;
        if untold > 0 {
            self.tell_document(job.accepted_document())?;
            if job.version > 1 {
                self.tell(job)?;
            }
        }
        self.told.push(job.seq);
        Ok(())
    }

    /// Tells of a job's acceptance if that is still to be done, before anything else is told of it.
    fn tell_acceptance_of(&mut self, job: &Job) -> Result<(), JournalError> {
        let accepted = self.accepted.iter().find(|accepted| accepted.seq == job.seq);
        match accepted.filter(|_| !self.told.contains(&job.seq)).cloned() {
            Some(accepted) => self.tell_of(&accepted),
            None => Ok(()),
        }
    }

    /// See [`super::Journal::apply`].
    pub fn apply(&mut self, job: &str, event: Event) -> Result<Transition, JournalError> {
        let mut job = self.load(job)?;
        let memory = match &event {
            Event::Succeed { outcome } => outcome.memory.clone(),
            // What a person decides may be otherwise in the device's books.
            Event::Resolve { .. } if job.booked => Some(Value::Null),
            _ => None,
        };
        let changed = job.apply(event, self.now)?;
        if changed {
            self.update(&job)?;
            if let Some(memory) = memory {
                self.remember(&job.route, &memory)?;
            }
        }
        Ok(Transition { job, changed })
    }

    /// See [`super::Journal::begin`].
    pub fn begin(
        &mut self,
        job: &str,
        route: &str,
        attempt: u64,
        baseline: &Value,
    ) -> Result<Transition, JournalError> {
        let mut job = self.load(job)?;
        if job.route != route {
            return Err(Refused::NotNow(job.state).into());
        }
        job.apply(Event::Begin { attempt }, self.now)?;
        self.insert_attempt(&job, attempt, baseline)?;
        self.update(&job)?;
        Ok(Transition { job, changed: true })
    }

    /// See [`super::Journal::note`].
    pub fn note(&mut self, attempt: u64, note: Value) -> Result<(), JournalError> {
        let known: Option<String> = self
            .connection
            .prepare_cached("SELECT baseline FROM attempts WHERE number = ?1 AND ended_at IS NULL")?
            .query_row([to_sql(attempt)], |row| row.get(0))
            .optional()?;
        let known =
            known.ok_or_else(|| JournalError::Damaged(format!("there is no open attempt {attempt}")))?;
        let mut baseline = parse(&known)?;
        match (&mut baseline, note) {
            (Value::Object(baseline), Value::Object(note)) => baseline.extend(note),
            (baseline, note) => *baseline = note,
        }
        self.connection
            .prepare_cached("UPDATE attempts SET baseline = ?2 WHERE number = ?1")?
            .execute(params![to_sql(attempt), baseline.to_string()])?;
        Ok(())
    }

    fn remember(&self, device: &str, memory: &Value) -> Result<(), JournalError> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO memories (device, memory) VALUES (?1, ?2)")?
            .execute(params![device, memory.to_string()])?;
        Ok(())
    }

    /// See [`super::Journal::end_attempt`].
    pub fn end_attempt(
        &mut self,
        job: &str,
        attempt: u64,
        event: Event,
        trace: &[u8],
    ) -> Result<Transition, JournalError> {
        let outcome = match &event {
            Event::Succeed { outcome } => json!({"ended": "succeeded", "outcome": outcome}),
            Event::Fail { error, evidence } => {
                json!({"ended": "failed", "error": error, "evidence": evidence})
            }
            Event::Doubt { error, evidence } => {
                json!({"ended": "uncertain", "error": error, "evidence": evidence})
            }
            Event::NotSent { reason } => json!({"ended": "not-sent", "reason": reason}),
            Event::NotDone { evidence } => json!({"ended": "not-done", "evidence": evidence}),
            other => json!({"ended": format!("{other:?}")}),
        };
        let known = self.load(job)?;
        if known.begun != Some(attempt) {
            return Err(Refused::NotNow(known.state).into());
        }
        self.end(attempt, outcome, trace)?;
        self.apply(job, event)
    }

    /// Notes how an attempt ended. What was noted when it ended in doubt stays, as `before`.
    fn end(&self, number: u64, mut outcome: Value, trace: &[u8]) -> Result<(), JournalError> {
        let before: Option<String> = self
            .connection
            .prepare_cached("SELECT outcome FROM attempts WHERE number = ?1")?
            .query_row([to_sql(number)], |row| row.get(0))
            .optional()?
            .flatten();
        if let (Some(before), Some(outcome)) = (before, outcome.as_object_mut()) {
            outcome.insert("before".into(), parse(&before)?);
        }
        let trace = Some(trace).filter(|trace| !trace.is_empty());
        self.connection
            .prepare_cached(
                "UPDATE attempts SET ended_at = ?2, outcome = ?3, trace = coalesce(?4, trace)
                 WHERE number = ?1",
            )?
            .execute(params![to_sql(number), self.now.0, outcome.to_string(), trace])?;
        Ok(())
    }

    /// See [`super::Journal::forget_outbox`].
    pub fn forget_outbox(&mut self, rows: &[u64]) -> Result<(), JournalError> {
        let mut statement = self.connection.prepare_cached("DELETE FROM outbox WHERE seq = ?1")?;
        for row in rows {
            statement.execute([to_sql(*row)])?;
        }
        Ok(())
    }

    /// See [`super::Journal::record`].
    pub fn record(&mut self, event: EventBody) -> Result<u64, JournalError> {
        self.record_at(self.now, event)
    }

    fn record_at(&mut self, at: Timestamp, event: EventBody) -> Result<u64, JournalError> {
        // The number stands inside the entry too, so it is reserved before the entry is written.
        let last: i64 = self
            .connection
            .prepare_cached("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'feed'), 0)")?
            .query_row([], |row| row.get(0))?;
        let entry = FeedEvent { seq: from_sql(last + 1)?, at, event };
        let body = serde_json::to_string(&entry).map_err(|error| JournalError::Damaged(error.to_string()))?;
        self.connection
            .prepare_cached("INSERT INTO feed (seq, at, body) VALUES (?1, ?2, ?3)")?
            .execute(params![last + 1, at.0, body])?;
        self.publish(self.topics.event(), body.into_bytes())?;
        Ok(entry.seq)
    }

    /// Removes some jobs that ended from one moment on and before another. Returns how many, and from which moment on
    /// there may be more.
    pub(super) fn remove_jobs(
        &mut self,
        from: Timestamp,
        before: Timestamp,
    ) -> Result<(u64, Option<Timestamp>), JournalError> {
        self.keep_numbers()?;
        let old: Vec<(i64, String, Timestamp)> = self
            .connection
            .prepare_cached(
                "SELECT seq, job, ended_at FROM jobs
                 WHERE ended_at IS NOT NULL AND ended_at >= ?1 AND ended_at < ?2 AND fiscal = 0
                 ORDER BY ended_at LIMIT ?3",
            )?
            .query_map(params![from.0, before.0, to_sql(PORTION)], |row| {
                Ok((row.get(0)?, row.get(1)?, Timestamp(row.get(2)?)))
            })?
            .collect::<Result<_, _>>()?;
        for (seq, job, _) in &old {
            self.run("DELETE FROM attempts WHERE job = ?1", [job])?;
            self.run("DELETE FROM jobs WHERE seq = ?1", [seq])?;
        }
        let removed = old.len() as u64;
        let last = old.last().map(|(.., ended_at)| *ended_at);
        Ok((removed, last.filter(|_| removed == PORTION)))
    }

    /// Removes some entries of the feed from before a moment, and says how many.
    pub(super) fn remove_events(&mut self, before: Timestamp) -> Result<u64, JournalError> {
        let removed = self
            .connection
            .prepare_cached(
                "DELETE FROM feed WHERE seq IN (SELECT seq FROM feed WHERE at < ?1 ORDER BY at LIMIT ?2)",
            )?
            .execute(params![before.0, to_sql(PORTION)])?;
        Ok(removed as u64)
    }

    /// Numbers of rows that go are never given again.
    fn keep_numbers(&self) -> Result<(), JournalError> {
        self.run(
            "UPDATE counters SET value = max(value, CASE name
                 WHEN 'seq' THEN (SELECT coalesce(max(seq), 0) FROM jobs)
                 WHEN 'attempt' THEN (SELECT coalesce(max(number), 0) FROM attempts)
                 ELSE 0 END)",
            [],
        )
    }

    /// A job as it stands.
    pub fn load(&self, job: &str) -> Result<Job, JournalError> {
        let record: Option<String> = self
            .connection
            .prepare_cached("SELECT record FROM jobs WHERE job = ?1")?
            .query_row([job], |row| row.get(0))
            .optional()?;
        decode(job, &record.ok_or_else(|| JournalError::UnknownJob(job.to_owned()))?)
    }

    pub(super) fn update(&mut self, job: &Job) -> Result<(), JournalError> {
        self.tell_acceptance_of(job)?;
        self.connection
            .prepare_cached(
                "UPDATE jobs SET route = ?2, state = ?3, ended_at = ?4, record = ?5 WHERE seq = ?1",
            )?
            .execute(params![
                to_sql(job.seq),
                job.route,
                job.state.as_str(),
                job.state.is_final().then_some(job.at.0),
                encode(job)?
            ])?;
        if job.state.is_final() || matches!(job.state, State::Waiting | State::Uncertain) {
            self.passed.push(Passed::of(job));
        }
        self.tell(job)
    }

    fn insert_attempt(&self, job: &Job, number: u64, baseline: &Value) -> Result<(), JournalError> {
        self.connection
            .prepare_cached(
                "INSERT INTO attempts (number, job, device, begun_at, baseline) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![to_sql(number), job.job, job.route, self.now.0, baseline.to_string()])?;
        Ok(())
    }

    /// Puts a transition into the outbox and the feed.
    fn tell(&mut self, job: &Job) -> Result<(), JournalError> {
        self.tell_document(job.document())
    }

    fn tell_document(&mut self, document: JobDocument) -> Result<(), JournalError> {
        self.publish_document(&document)?;
        self.record_at(document.at, EventBody::Job { job: Box::new(document) })?;
        Ok(())
    }

    fn publish_document(&mut self, document: &JobDocument) -> Result<(), JournalError> {
        let (topic, payload) = (self.topics.job(&document.job), serde_json::to_vec(document));
        self.publish(topic, payload.map_err(|error| JournalError::Damaged(error.to_string()))?)
    }

    fn publish(&mut self, topic: String, payload: Vec<u8>) -> Result<(), JournalError> {
        self.connection
            .prepare_cached("INSERT INTO outbox (topic, payload) VALUES (?1, ?2)")?
            .execute(params![topic, payload])?;
        let seq = from_sql(self.connection.last_insert_rowid())?;
        self.rows.push(OutboxRow { seq, topic, payload });
        Ok(())
    }

    pub(super) fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<(), JournalError> {
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}

pub(super) fn last_attempt(connection: &Connection) -> Result<u64, JournalError> {
    from_sql(last(connection, "SELECT coalesce(max(number), 0) FROM attempts", "attempt")?)
}

pub(super) fn last_job(connection: &Connection) -> Result<i64, JournalError> {
    last(connection, "SELECT coalesce(max(seq), 0) FROM jobs", "seq")
}

fn last(connection: &Connection, kept: &str, removed: &str) -> Result<i64, JournalError> {
    let kept: i64 = connection.query_row(kept, [], |row| row.get(0))?;
    let removed: i64 =
        connection.query_row("SELECT value FROM counters WHERE name = ?1", [removed], |row| row.get(0))?;
    Ok(kept.max(removed))
}

/// Jobs that were accepted right before the end of an earlier run, and not told of. None of them has ended:
/// before anything else happens to a job, it is told of.
pub(super) fn untold(connection: &Connection) -> Result<Vec<Job>, JournalError> {
    records(connection, "SELECT job, record FROM jobs WHERE ended_at IS NULL AND untold = 1 ORDER BY seq")
}

pub(super) fn unfinished(connection: &Connection) -> Result<Vec<Job>, JournalError> {
    records(connection, "SELECT job, record FROM jobs WHERE ended_at IS NULL ORDER BY seq")
}

pub(super) fn attention(connection: &Connection) -> Result<Vec<AttentionJob>, JournalError> {
    let jobs = records(
        connection,
        "SELECT job, record FROM jobs
         WHERE ended_at IS NULL AND state IN ('uncertain', 'waiting') ORDER BY seq",
    )?;
    Ok(jobs.iter().filter_map(Job::attention).collect())
}

fn records(connection: &Connection, sql: &str) -> Result<Vec<Job>, JournalError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        jobs.push(decode(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?)?);
    }
    Ok(jobs)
}

pub(super) fn job_with_attempts(
    connection: &Connection,
    job: &str,
) -> Result<Option<(Job, Vec<AttemptRecord>)>, JournalError> {
    let record: Option<String> = connection
        .prepare_cached("SELECT record FROM jobs WHERE job = ?1")?
        .query_row([job], |row| row.get(0))
        .optional()?;
    let Some(record) = record else { return Ok(None) };
    let mut statement = connection
        .prepare_cached(&format!("SELECT {ATTEMPT} FROM attempts WHERE job = ?1 ORDER BY number"))?;
    let mut rows = statement.query([job])?;
    let mut attempts = Vec::new();
    while let Some(row) = rows.next()? {
        attempts.push(attempt_record(row)?);
    }
    Ok(Some((decode(job, &record)?, attempts)))
}

/// What [`attempt_record`] reads, in its order.
const ATTEMPT: &str = "number, device, begun_at, baseline, ended_at, outcome, trace";

fn attempt_record(row: &rusqlite::Row<'_>) -> Result<AttemptRecord, JournalError> {
    let baseline: String = row.get(3)?;
    let outcome: Option<String> = row.get(5)?;
    let trace: Option<Vec<u8>> = row.get(6)?;
    Ok(AttemptRecord {
        number: from_sql(row.get(0)?)?,
        device: row.get(1)?,
        begun_at: Timestamp(row.get(2)?),
        baseline: parse(&baseline)?,
        ended_at: row.get::<_, Option<i64>>(4)?.map(Timestamp),
        outcome: outcome.as_deref().map(parse).transpose()?,
        trace: parse_lines(&trace.unwrap_or_default()),
    })
}

/// Attempts among which the newest of a device is looked for: there is no index by device.
const LOOKED_THROUGH: i64 = 5_000;

pub(super) fn last_exchange(
    connection: &Connection,
    device: &str,
) -> Result<Option<(String, AttemptRecord)>, JournalError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {ATTEMPT}, job FROM attempts
         WHERE device = ?1 AND number > (SELECT coalesce(max(number), 0) FROM attempts) - ?2
         ORDER BY number DESC LIMIT 1"
    ))?;
    let mut rows = statement.query(params![device, LOOKED_THROUGH])?;
    match rows.next()? {
        Some(row) => Ok(Some((row.get(7)?, attempt_record(row)?))),
        None => Ok(None),
    }
}

pub(super) fn payload(connection: &Connection, job: &str) -> Result<Option<Vec<u8>>, JournalError> {
    Ok(connection
        .prepare_cached("SELECT payload FROM payloads WHERE seq = (SELECT seq FROM jobs WHERE job = ?1)")?
        .query_row([job], |row| row.get(0))
        .optional()?)
}

pub(super) fn open_attempt(connection: &Connection, number: u64) -> Result<Option<Attempt>, JournalError> {
    let found: Option<(String, Option<String>)> = connection
        .prepare_cached("SELECT baseline, outcome FROM attempts WHERE number = ?1")?
        .query_row([to_sql(number)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((baseline, outcome)) = found else { return Ok(None) };
    let evidence = match outcome {
        Some(outcome) => parse(&outcome)?.get_mut("evidence").map(Value::take).unwrap_or_default(),
        None => Value::Null,
    };
    Ok(Some(Attempt { number, baseline: parse(&baseline)?, evidence }))
}

pub(super) fn memory(connection: &Connection, device: &str) -> Result<Value, JournalError> {
    let memory: Option<String> = connection
        .prepare_cached("SELECT memory FROM memories WHERE device = ?1")?
        .query_row([device], |row| row.get(0))
        .optional()?;
    memory.as_deref().map_or(Ok(Value::Null), parse)
}

pub(super) fn list(
    connection: &Connection,
    device: Option<&str>,
    states: &[State],
    limit: u16,
    before: Option<u64>,
) -> Result<(Vec<Job>, Option<u64>), JournalError> {
    let mut sql = "SELECT seq, job, record FROM jobs WHERE seq < ?1".to_owned();
    let mut values = vec![Sql::Integer(before.map_or(i64::MAX, to_sql))];
    if let Some(device) = device {
        values.push(Sql::Text(device.to_owned()));
        sql.push_str(&format!(" AND route = ?{}", values.len()));
    }
    if !states.is_empty() {
        let names: Vec<String> = states
            .iter()
            .map(|state| {
                values.push(Sql::Text(state.as_str().to_owned()));
                format!("?{}", values.len())
            })
            .collect();
        sql.push_str(&format!(" AND state IN ({})", names.join(", ")));
    }
    values.push(Sql::Integer(i64::from(limit)));
    sql.push_str(&format!(" ORDER BY seq DESC LIMIT ?{}", values.len()));
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut jobs = Vec::new();
    let mut next = None;
    while let Some(row) = rows.next()? {
        jobs.push(decode(&row.get::<_, String>(1)?, &row.get::<_, String>(2)?)?);
        next = Some(from_sql(row.get(0)?)?);
    }
    let full = jobs.len() == usize::from(limit);
    Ok((jobs, next.filter(|_| full)))
}

pub(super) fn feed(
    connection: &Connection,
    from: u64,
    limit: u16,
) -> Result<(Vec<FeedEvent>, u64), JournalError> {
    let mut statement =
        connection.prepare_cached("SELECT body FROM feed WHERE seq >= ?1 ORDER BY seq LIMIT ?2")?;
    let rows = statement.query_map(params![to_sql(from), limit], |row| row.get::<_, String>(0))?;
    let mut events = Vec::new();
    for row in rows {
        events.push(serde_json::from_str(&row?).map_err(|error| JournalError::Damaged(error.to_string()))?);
    }
    let last: i64 = connection
        .prepare_cached("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'feed'), 0)")?
        .query_row([], |row| row.get(0))?;
    Ok((events, from_sql(last)?))
}

pub(super) fn last_recorded(connection: &Connection) -> Result<Option<Timestamp>, JournalError> {
    let sql = "SELECT at FROM feed ORDER BY seq DESC LIMIT 1";
    Ok(connection.query_row(sql, [], |row| Ok(Timestamp(row.get(0)?))).optional()?)
}

pub(super) fn outbox(
    connection: &Connection,
    after: u64,
    limit: u32,
) -> Result<Vec<OutboxRow>, JournalError> {
    let mut statement = connection
        .prepare_cached("SELECT seq, topic, payload FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let mut rows = statement.query(params![to_sql(after), limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(OutboxRow { seq: from_sql(row.get(0)?)?, topic: row.get(1)?, payload: row.get(2)? });
    }
    Ok(found)
}

fn encode(job: &Job) -> Result<String, JournalError> {
    serde_json::to_string(job).map_err(|error| JournalError::Damaged(error.to_string()))
}

fn decode(job: &str, record: &str) -> Result<Job, JournalError> {
    serde_json::from_str(record).map_err(|error| JournalError::Damaged(format!("job {job}: {error}")))
}

fn parse(text: &str) -> Result<Value, JournalError> {
    serde_json::from_str(text).map_err(|error| JournalError::Damaged(error.to_string()))
}

/// Reads JSON lines; a line cut off by a full trace is left out.
fn parse_lines(trace: &[u8]) -> Vec<Value> {
    trace.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

pub(super) fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn from_sql(number: i64) -> Result<u64, JournalError> {
    u64::try_from(number).map_err(|_| JournalError::Damaged(format!("a number is negative: {number}")))
}

#[cfg(test)]
mod full_disk;
