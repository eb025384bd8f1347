//! What `[web]` may say.

use outletd::config;

fn complaints(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outletd.toml");
    std::fs::write(&path, format!("outlet = \"test\"\n{text}")).unwrap();
    match config::load(&path) {
        Ok(_) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn what_cannot_be_is_told_with_its_line_and_the_remedy() {
    for (text, line, words) in [
        ("[web]\nlisten = \"127.0.0.1:1883\"\n", 3, "is the address of [embedded] mqtt"),
        (
            "[embedded]\nmqtt = \"127.0.0.1:8480\"\n[web]\nlisten = \"0.0.0.0:8480\"\n",
            5,
            "give it another port",
        ),
        ("[web]\nplain = true\n", 3, "leave it out"),
        (
            "[web]\nlisten = \"0.0.0.0:1\"\nplain = true\npassword = \"secret\"\n",
            4,
            "everybody on the network can read it: take `plain` out",
        ),
        ("[web]\nlisten = \"0.0.0.0:1\"\nnames = [\"a\", \"b c\"]\n", 4, "no name of a machine"),
        ("[web]\npassword = \"\"\n", 3, "set one"),
        ("[web]\ncolour = 1\n", 3, "unknown field `colour`"),
        (
            "[web]\nlisten = \"127.0.0.1:9464\"\n[metrics]\nlisten = \"127.0.0.1:9464\"\n",
            5,
            "is the address of [web] listen",
        ),
        (
            "[web]\nlisten = \"0.0.0.0:1\"\n[web.tls]\ncertificate = \"/no/such.crt\"\nkey = \"/no/such.key\"\n",
            5,
            "can't be read",
        ),
    ] {
        let said = complaints(text);
        assert!(said.contains(&format!("outletd.toml:{line}: ")) && said.contains(words), "{text}: {said}");
    }
    for good in [
        "",
        "[web]\n",
        "[web]\nlisten = \"0.0.0.0:8480\"\nplain = true\n",
        "[web]\nlisten = \"127.0.0.1:0\"\n",
        "[web]\npassword = \"secret\"\n",
        "[web]\nlisten = \"0.0.0.0:8480\"\npassword = \"secret\"\n",
        "[web]\nlisten = \"127.0.0.1:0\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n",
    ] {
        assert_eq!(complaints(good), "", "{good}");
    }
}

#[test]
fn a_certificate_that_the_start_would_refuse_is_refused_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let made = rcgen::generate_simple_self_signed(vec!["kitchen.example".to_owned()]).unwrap();
    std::fs::write(at("good.crt"), made.cert.pem()).unwrap();
    std::fs::write(at("good.key"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(at("torn"), "half of a certificate").unwrap();
    let with = |certificate: &str, key: &str| {
        let (certificate, key) = (at(certificate), at(key));
        format!("[web]\nlisten = \"0.0.0.0:1\"\n[web.tls]\ncertificate = {certificate:?}\nkey = {key:?}\n")
    };
    assert_eq!(complaints(&with("good.crt", "good.key")), "");
    for (certificate, key, line, words) in
        [("torn", "good.key", 5, "certificate"), ("good.crt", "torn", 6, "private key")]
    {
        let said = complaints(&with(certificate, key));
        assert!(said.contains(&format!("outletd.toml:{line}: ")) && said.contains(words), "{said}");
    }
}

#[test]
fn there_is_a_door_for_screens_where_there_is_a_station_or_a_table_web() {
    let door = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outletd.toml");
        std::fs::write(&path, format!("outlet = \"test\"\n{text}")).unwrap();
        config::load(&path).unwrap().screens_door().map(|web| web.listen.to_string())
    };
    assert_eq!(door(""), None);
    assert_eq!(door("[[station]]\nid = \"grill\"\n").as_deref(), Some("127.0.0.1:8480"));
    assert_eq!(door("[web]\nlisten = \"0.0.0.0:9000\"\n").as_deref(), Some("0.0.0.0:9000"));
}
