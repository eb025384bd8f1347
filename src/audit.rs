//! Who did what: the entries of the feed about decisions, about what was refused, and about who was not let in.
//!
//! Jobs tell of themselves, with the user who sent them. Questions that change nothing are not recorded.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bus::contract::{Audit, ErrorBody, EventBody, Reply};

/// Requests that change nothing, and weighing, which shows in its readings.
const QUESTIONS: [&str; 11] =
    ["get", "list", "replay", "diagnose", "screens", "status", "identify", "weigh", "count", "live", "read"];

/// Who asked, as the broker knows it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The user that signed in.
    pub user: Option<String>,
    /// The client's id.
    pub client: Option<String>,
    /// Who is at the till, as the client says.
    pub by: Option<String>,
}

/// The entry for a request and its answer, where it is worth one: what changes something, and what is forbidden.
pub fn of_request(request: &Value, device: Option<&str>, asked: Asked, reply: &Reply) -> Option<EventBody> {
    let action = request.get("op").and_then(Value::as_str)?;
    let refused = reply.error.as_ref();
    let forbidden = refused.is_some_and(|error| error.code == "forbidden");
    if QUESTIONS.contains(&action) && !forbidden {
        return None;
    }
    // What can't be understood asks for nothing.
    if refused.is_some_and(|error| error.code == "invalid-request") {
        return None;
    }
    let text = |key: &str| request.get(key).and_then(Value::as_str).map(short);
    let target = match device {
        Some(device) => Some(short(device)),
        None => text("job").or_else(|| text("screen")).or_else(|| text("code")),
    };
    let by = text("by").or(asked.by);
    let answer = text("answer");
    Some(EventBody::Audit(Audit {
        action: short(action),
        target,
        answer,
        user: asked.user,
        client: asked.client.as_deref().map(short),
        by,
        refused: refused.map(|error| error.code.clone()),
        from: None,
        times: None,
    }))
}

/// The entry for a job that its sender has no right to.
pub fn of_job(device: &str, job: Option<&str>, asked: Asked, error: &ErrorBody) -> Option<EventBody> {
    (error.code == "forbidden").then(|| {
        EventBody::Audit(Audit {
            action: "submit".into(),
            target: Some(
                job.map_or_else(|| short(device), |job| format!("{} on {}", short(job), short(device))),
            ),
            answer: None,
            user: asked.user,
            client: asked.client.as_deref().map(short),
            by: asked.by,
            refused: Some(error.code.clone()),
            from: None,
            times: None,
        })
    })
}

/// Sign-ins that were refused: some each minute are told of one by one, the others are counted.
#[derive(Debug, Default)]
pub struct SignIns(Mutex<Counted>);

/// What was forbidden, counted in the same way for each user.
#[derive(Debug, Default)]
pub struct Forbidden(Mutex<BTreeMap<Option<String>, Counted>>);

impl Forbidden {
    /// The entry as it is to be recorded, unless it is of something forbidden and its user had many of them already.
    pub fn bounded(&self, entry: EventBody, now: Instant) -> Option<EventBody> {
        let EventBody::Audit(audit) = entry else { return Some(entry) };
        if audit.refused.as_deref() != Some("forbidden") {
            return Some(EventBody::Audit(audit));
        }
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = counted.entry(audit.user.clone()).or_default().tell(now)?;
        Some(EventBody::Audit(Audit { times: Some(times).filter(|times| *times > 1), ..audit }))
    }
}

#[derive(Debug, Default)]
struct Counted {
    since: Option<Instant>,
    told: u32,
    untold: u64,
}

/// Entries within a minute.
const A_MINUTE: u32 = 10;

impl Counted {
    /// Counts one. If it is to be told: for how many it stands.
    fn tell(&mut self, now: Instant) -> Option<u64> {
        let minute = Duration::from_secs(60);
        if self.since.is_none_or(|since| now.saturating_duration_since(since) >= minute) {
            (self.since, self.told) = (Some(now), 0);
        }
        if self.told >= A_MINUTE {
            self.untold += 1;
            return None;
        }
        self.told += 1;
        Some(1 + std::mem::take(&mut self.untold))
    }
}

impl SignIns {
    /// The entry for one that was refused, unless there were many already.
    pub fn refused(&self, user: &str, client: &str, from: &str, now: Instant) -> Option<EventBody> {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner).tell(now)?;
        Some(EventBody::Audit(Audit {
            action: "sign-in".into(),
            target: None,
            answer: None,
            user: Some(short(user)).filter(|user| !user.is_empty()),
            client: Some(short(client)),
            by: None,
            refused: Some("forbidden".into()),
            from: Some(from.to_owned()),
            times: Some(times).filter(|times| *times > 1),
        }))
    }
}

/// A stranger's word, short enough to be kept.
fn short(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry_of(event: Option<EventBody>) -> Option<Audit> {
        match event {
            Some(EventBody::Audit(audit)) => Some(audit),
            _ => None,
        }
    }

    #[test]
    fn a_decision_is_recorded_with_who_made_it() {
        let asked = Asked { user: Some("office".into()), client: Some("pc-1".into()), by: None };
        let request = json!({"op": "resolve", "job": "01JA", "answer": "printed", "by": "Anna"});
        let audit = entry_of(of_request(&request, None, asked, &Reply::done(json!({})))).unwrap();
        assert_eq!((audit.action.as_str(), audit.target.as_deref()), ("resolve", Some("01JA")));
        assert_eq!((audit.user.as_deref(), audit.by.as_deref()), (Some("office"), Some("Anna")));
        assert_eq!((audit.answer.as_deref(), audit.refused), (Some("printed"), None));
    }

    #[test]
    fn a_question_is_recorded_only_where_it_is_forbidden() {
        let ask = |reply: &Reply| of_request(&json!({"op": "list"}), None, Asked::default(), reply);
        assert!(ask(&Reply::done(json!({}))).is_none());
        let forbidden = Reply::refused(ErrorBody::new("forbidden", "no"));
        assert_eq!(entry_of(ask(&forbidden)).unwrap().refused.as_deref(), Some("forbidden"));
    }

    #[test]
    fn of_much_that_is_forbidden_some_is_recorded_for_each_user_and_the_rest_counted() {
        let (forbidden, start) = (Forbidden::default(), Instant::now());
        let submit = |user: &str, code: &str, at: u64| {
            let asked = Asked { user: Some(user.into()), ..Asked::default() };
            let refused = Reply::refused(ErrorBody::new(code, "no"));
            let entry = of_request(&json!({"op": "cancel", "job": "01JA"}), None, asked, &refused).unwrap();
            entry_of(forbidden.bounded(entry, start + Duration::from_secs(at)))
        };
        assert_eq!((0..200).filter(|_| submit("till", "forbidden", 0).is_some()).count(), 10);
        assert!(submit("guest", "forbidden", 0).is_some(), "one user hides nothing of another");
        assert!(
            submit("till", "version-mismatch", 0).is_some(),
            "what was no question of rights is always told"
        );
        assert_eq!(submit("till", "forbidden", 61).unwrap().times, Some(191));
    }

    #[test]
    fn of_many_refused_sign_ins_some_are_recorded_and_the_others_counted() {
        let (sign_ins, start) = (SignIns::default(), Instant::now());
        let try_at = |at: u64| {
            entry_of(sign_ins.refused("admin", "x", "10.0.0.9:5000", start + Duration::from_secs(at)))
        };
        assert_eq!((0..100).filter(|_| try_at(0).is_some()).count(), 10);
        assert_eq!(try_at(61).unwrap().times, Some(91), "90 were not told, and this one");
        assert_eq!(try_at(62).unwrap().times, None);
    }
}
