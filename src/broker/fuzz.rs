//! What holds for the first bytes of a client of the embedded broker, for its certificate, and for filters: the body of
//! the fuzz target, and of the test over its corpus.

use tokio_rustls::rustls::pki_types::CertificateDer;

use super::accept::common_name;
use super::covers;
use super::link::never_idle;
use super::rights::filter_problem;

/// Any bytes as what a client begins with, as the certificate that it shows, and as a filter and a topic in two lines.
///
/// # Errors
/// The rule that was broken: bytes other than the keep alive of a CONNECT that are changed, a name that is not in the
/// certificate, a refusal that says nothing, or a filter that covers what it does not match.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    first_bytes(input)?;
    let shown = [CertificateDer::from(input)];
    match common_name(Some(&shown)) {
        Ok(None) => return Err("a certificate that was shown was not looked at".into()),
        Ok(Some(name)) if !input.windows(name.len().max(1)).any(|part| part == name.as_bytes()) => {
            return Err(format!("{name:?} is not in the certificate"));
        }
        Err(why) if why.trim().is_empty() => return Err("a refusal that says nothing".into()),
        _ => {}
    }
    let text = String::from_utf8_lossy(input);
    match text.split_once('\n') {
        Some((allowed, topic)) => filters(allowed, topic),
        None => Ok(()),
    }
}

fn first_bytes(input: &[u8]) -> Result<(), String> {
    let mut changed = input.to_vec();
    never_idle(&mut changed);
    let differ: Vec<usize> =
        (0..input.len().max(changed.len())).filter(|at| input.get(*at) != changed.get(*at)).collect();
    let allowed = match differ.as_slice() {
        [] => true,
        [first, second] => {
            let keep_alive = first + 1 == *second && (10..=13).contains(first);
            let silent = [input.get(*first), input.get(*second)] == [Some(&0); 2];
            keep_alive
                && silent
                && input.starts_with(&[0x10])
                && changed.get(*first..=*second) == Some(&[0xff; 2])
        }
        _ => false,
    };
    if !allowed {
        return Err(format!("{input:?} becomes {changed:?}"));
    }
    let mut again = changed.clone();
    never_idle(&mut again);
    if again == changed { Ok(()) } else { Err(format!("{changed:?} becomes {again:?}")) }
}

/// A filter of a right covers a topic where MQTT 5, section 4.7, says that it matches it.
fn filters(allowed: &str, topic: &str) -> Result<(), String> {
    let plain =
        filter_problem(allowed).is_none() && !topic.contains(['+', '#', '\0', '\n']) && !topic.is_empty();
    if !plain || allowed.starts_with('$') || topic.starts_with('$') {
        return Ok(());
    }
    let (covered, matched) = (covers(allowed, topic), mqtt5::topic_matches_filter(topic, allowed));
    // That `a/#` also matches `a` is of no use to a right, and leaving it out gives away nothing.
    let parent = allowed.strip_suffix("/#").is_some();
    if covered == matched || matched && parent {
        return Ok(());
    }
    Err(format!("{allowed:?} covers {topic:?}: {covered}, MQTT says {matched}"))
}
