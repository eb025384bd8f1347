//! What a file given to `submit` or `preview` holds: a job, a document, a template, or plain text.

use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::failure::Failure;

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Printable {
    /// A job: an object with `kind`.
    Job(Map<String, Value>),
    /// The document of a job.
    Document(Value),
}

/// Larger than any job an agent accepts.
const LARGEST: u64 = 16 << 20;

/// Reads a file, or standard input for `-`.
///
/// A job is JSON with `kind`, the document of a label job JSON with `label` or `item`, a print document JSON with
/// `blocks` or `xml`, a template begins with `<`; anything else is printed as it is, but only when `as_text` says
/// so.
pub(crate) fn read(path: &Path, as_text: bool) -> Result<Printable, Failure> {
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let bytes = bytes_of(path).map_err(|error| Failure::usage(format!("{name} can't be read: {error}")))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::usage(format!(
            "{name} is larger than {} MiB, more than any job",
            LARGEST >> 20
        )));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::usage(format!("{name} is not UTF-8 at byte {at}: convert it, such as with iconv -t utf-8"))
    })?;
    recognise(&text, as_text).map_err(|problem| Failure::usage(format!("{name}: {problem}")))
}

fn bytes_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn recognise(text: &str, as_text: bool) -> Result<Printable, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let start = text.trim_start();
    if as_text {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let blocks = json!([{"type": "text", "text": text, "preserve": true}, {"type": "cut"}]);
        return Ok(Printable::Document(json!({"blocks": blocks})));
    }
    if start.starts_with('<') {
        return Ok(Printable::Document(json!({"xml": text})));
    }
    if !start.starts_with('{') {
        return Err("neither a JSON object nor an XML template: use --text to print it as it is".to_owned());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) if fields.contains_key("kind") => Ok(Printable::Job(fields)),
        Ok(Value::Object(fields)) if fields.contains_key("label") || fields.contains_key("item") => {
            let job = [("kind", json!("label")), ("document", Value::Object(fields))];
            Ok(Printable::Job(job.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
        }
        Ok(document) => Ok(Printable::Document(document)),
        Err(error) => Err(format!("no JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Value {
        match recognise(text, false) {
            Ok(Printable::Document(document)) => document,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn json_with_a_kind_is_a_job() {
        let Ok(Printable::Job(job)) = recognise(r#" {"kind": "print", "document": {"blocks": []}}"#, false)
        else {
            panic!("no job");
        };
        assert_eq!(job["kind"], "print");
    }

    #[test]
    fn a_label_or_an_item_makes_a_label_job() {
        for text in [r#"{"label": {"width": 58}}"#, r#"{"item": {"name": "Чай"}}"#] {
            let Ok(Printable::Job(job)) = recognise(text, false) else { panic!("{text}") };
            assert_eq!(
                (&job["kind"], &job["document"]),
                (&json!("label"), &serde_json::from_str(text).unwrap())
            );
        }
    }

    #[test]
    fn json_without_a_kind_is_a_document() {
        assert_eq!(document("\u{feff}{\"blocks\": []}"), json!({"blocks": []}));
    }

    #[test]
    fn what_begins_with_a_tag_is_a_template() {
        assert_eq!(document("\n<doc>Hi</doc>"), json!({"xml": "\n<doc>Hi</doc>"}));
    }

    #[test]
    fn plain_text_is_printed_line_by_line_when_asked_for() {
        let expected = json!({"blocks": [
            {"type": "text", "text": "  two\n  lines", "preserve": true},
            {"type": "cut"},
        ]});
        assert_eq!(recognise("  two\n  lines\n", true), Ok(Printable::Document(expected)));
        let error = recognise("two\nlines", false).unwrap_err();
        assert!(error.contains("--text"), "{error}");
    }

    #[test]
    fn broken_json_is_told_with_its_place() {
        let error = recognise("{\"kind\": \"print\",\n \"document\": }", false).unwrap_err();
        assert!(error.contains("line 2 column 14"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_or_not_utf8_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.json");
        let message = |failure: Failure| failure.message().unwrap_or_default().to_owned();
        assert!(message(read(&path, false).unwrap_err()).contains("job.json can't be read"));
        std::fs::write(&path, b"{\"a\": \"\xcf\xf0\"}").unwrap();
        assert!(message(read(&path, false).unwrap_err()).contains("job.json is not UTF-8 at byte 7"));
    }
}
