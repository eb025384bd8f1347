use clap::Parser;

use super::*;

#[derive(clap::Parser)]
struct Alone {
    #[command(flatten)]
    args: Args,
}

fn args(arguments: &[&str]) -> Args {
    Alone::try_parse_from([&["submit"], arguments].concat()).unwrap().args
}

fn sent(file: &str, more: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, file).unwrap();
    let path = path.to_str().unwrap();
    let (id, payload) = submission(&args(&[&["kitchen", path], more].concat())).unwrap();
    let job: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(job["id"], id.as_str());
    job
}

fn refused(file: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, file).unwrap();
    let failure = submission(&args(&[&["kitchen", path.to_str().unwrap()], more].concat())).unwrap_err();
    assert_eq!(failure.exit(), Exit::Usage);
    failure.message().unwrap().to_owned()
}

#[test]
fn a_document_becomes_a_print_job_with_a_new_ulid() {
    let job = sent(r#"{"blocks": []}"#, &[]);
    assert_eq!(job["kind"], "print");
    assert_eq!(job["document"], json!({"blocks": []}));
    assert!(job["id"].as_str().is_some_and(|id| id.parse::<ulid::Ulid>().is_ok()));
    assert_ne!(job["id"], sent(r#"{"blocks": []}"#, &[])["id"]);
}

#[test]
fn a_job_is_sent_as_it_stands_with_what_the_options_change() {
    let file = r#"{"id": "own", "kind": "print", "document": {"blocks": []}, "ttl_s": 60, "by": "pos-1"}"#;
    assert_eq!(sent(file, &[]), serde_json::from_str::<Value>(file).unwrap());
    let job = sent(
        file,
        &["--id", "other", "--ttl", "900", "--stale", "banner", "--priority", "9", "--copies", "2"],
    );
    let expected = json!({
        "id": "other", "kind": "print", "document": {"blocks": []}, "ttl_s": 900, "by": "pos-1",
        "stale": "banner", "priority": 9, "copies": 2,
    });
    assert_eq!(job, expected);
}

#[test]
fn a_template_and_plain_text_are_printed() {
    assert_eq!(sent("<doc>Hi</doc>", &[])["document"], json!({"xml": "<doc>Hi</doc>"}));
    assert_eq!(sent("Hi\n", &["--text"])["document"]["blocks"][0]["text"], "Hi");
}

#[test]
fn a_drawer_job_needs_no_file_and_everything_else_does() {
    let (_, payload) = submission(&args(&["kassa", "--kind", "drawer"])).unwrap();
    let job: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!((job["kind"].as_str(), job.get("document")), (Some("drawer"), None));
    assert!(Alone::try_parse_from(["submit", "kassa"]).is_err());
    assert!(submission(&args(&["kassa", "--kind", "print"])).is_err());
}

#[test]
fn what_could_leave_the_job_topic_is_no_id() {
    let job = |id: &str| format!(r#"{{"kind": "print", "id": "{id}", "document": {{"blocks": []}}}}"#);
    for id in ["", "#", "a/b", "+", "ж", &"a".repeat(65)] {
        assert!(refused(&job(id), &[]).contains("A-Z, a-z, 0-9 and -"), "{id}");
        assert!(Alone::try_parse_from(["submit", "kitchen", "f", "--id", id]).is_err(), "{id}");
    }
}

#[test]
fn json_that_is_neither_job_nor_document_is_not_sent() {
    assert!(refused(r#"{"block": []}"#, &[]).contains("`blocks` or `xml`"));
    assert_eq!(sent(r#"{"task": "x"}"#, &["--kind", "fiscal"])["kind"], "fiscal");
}

#[test]
fn ranges_are_checked_before_anything_is_sent() {
    for wrong in [["--ttl", "0"], ["--priority", "10"], ["--copies", "21"], ["--stale", "never"]] {
        assert!(
            Alone::try_parse_from([&["submit", "kitchen", "f"], &wrong[..]].concat()).is_err(),
            "{wrong:?}"
        );
    }
}

#[test]
fn the_last_of_wait_and_no_wait_counts() {
    assert!(!args(&["kitchen", "f", "--no-wait", "--wait"]).no_wait);
    assert!(args(&["kitchen", "f", "--wait", "--no-wait"]).no_wait);
}
