//! Certificates: what a browser that trusts the outlet's authority alone is shown.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use outletd::clock::Timestamp;
use outletd::screens::authority::Authority;
use serde_json::json;

use crate::KITCHEN;
use crate::panel::{Panel, Way, admit_by, trusting};
use crate::support::Outlet;

const DAY_MS: i64 = 24 * 3600 * 1000;
const NOW: Timestamp = Timestamp(1_900_000_000_000);

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn beyond_loopback_a_screen_connects_over_tls_that_the_outlets_authority_vouches_for() {
    let setting = "listen = \"0.0.0.0:0\"\nnames = [\"kitchen.example\", \"10.9.8.7\"]";
    let mut outlet = Outlet::open_with(vec![], &KITCHEN.replace("listen = \"127.0.0.1:0\"", setting)).await;
    let folder = outlet.folder.path().join("data/authority");
    let ca = std::fs::read_to_string(folder.join("ca.crt")).unwrap();
    let way = |outlet: &Outlet, name: &str| Way {
        addr: ([127, 0, 0, 1], outlet.screens_addr().port()).into(),
        tls: Some((trusting(&ca), name.to_owned())),
    };
    for name in ["kitchen.example", "10.9.8.7", "localhost", "127.0.0.1"] {
        let about = way(&outlet, name).get("/api/about").await.json();
        assert_eq!(about["plain"], false, "{name}");
        assert_eq!(about["fingerprint"].as_str().unwrap().len(), 95, "{about}");
    }
    assert!(way(&outlet, "evil.example").open().await.is_err(), "the certificate is not for any name");
    let plain = Way::plain(way(&outlet, "localhost").addr).get("/").await;
    assert_eq!(plain.status, 0, "no plain HTTP: {plain:?}");
    let way_in = way(&outlet, "kitchen.example");
    assert_eq!(way_in.get("/ca.crt").await.body, ca);

    let (screen, secret) = admit_by(&outlet, &way_in, json!({"view": "board"})).await;
    let mut panel = Panel::sign_in(&way_in, &screen, &secret).await.unwrap();
    panel.subscribe("kitchen/hall/manifest").await;

    outlet.stop().await;
    outlet.start().await;
    let again = way(&outlet, "kitchen.example");
    assert!(Panel::sign_in(&again, &screen, &secret).await.is_ok(), "the authority is kept");
}

#[test]
fn the_authority_and_its_keys_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("authority");
    let authority = Authority::open(&home, "test", NOW).unwrap();
    authority.renew(&names(&["localhost"]), NOW).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home), 0o700);
    for file in std::fs::read_dir(&home).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_server_certificate_is_renewed_before_its_end_and_when_names_change() {
    let folder = tempfile::tempdir().unwrap();
    let open = |now| Authority::open(folder.path(), "test", now).unwrap();
    let authority = open(NOW);
    let (certificate, _) = authority.server_files();
    let shown = || std::fs::read_to_string(&certificate).unwrap();
    let few = names(&["localhost"]);
    assert!(authority.renew(&few, NOW).unwrap());
    let first = shown();
    assert!(!authority.renew(&few, NOW.plus_ms(365 * DAY_MS)).unwrap(), "31 days are left");
    assert_eq!(shown(), first);
    assert!(authority.renew(&few, NOW.plus_ms(367 * DAY_MS)).unwrap(), "29 days are left");
    let second = shown();
    assert_ne!(second, first);
    assert!(authority.renew(&names(&["localhost", "kitchen.example"]), NOW.plus_ms(369 * DAY_MS)).unwrap());
    assert_ne!(shown(), second);
    assert_eq!(open(NOW.plus_ms(DAY_MS)).fingerprint(), authority.fingerprint(), "the authority is kept");
    assert!(!authority.ends_soon(NOW.plus_ms(3284 * DAY_MS)));
    assert!(authority.ends_soon(NOW.plus_ms(3285 * DAY_MS)), "people get a year to replace it");
}

#[test]
fn a_damaged_authority_is_named_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    Authority::open(folder.path(), "test", NOW).unwrap();
    std::fs::write(folder.path().join("ca.crt"), "not a certificate").unwrap();
    let error = Authority::open(folder.path(), "test", NOW).unwrap_err().to_string();
    assert!(error.contains("ca.crt") && error.contains("move it away"), "{error}");
}

#[test]
fn openssl_finds_the_chain_good_and_its_life_short_enough_for_browsers() {
    let folder = tempfile::tempdir().unwrap();
    let now = outletd::clock::system()();
    let authority = Authority::open(folder.path(), "test", now).unwrap();
    authority.renew(&names(&["localhost", "kitchen.example", "10.9.8.7"]), now).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    for (kind, name) in [("-verify_hostname", "kitchen.example"), ("-verify_ip", "10.9.8.7")] {
        run(&[
            "verify",
            "-x509_strict",
            "-purpose",
            "sslserver",
            "-CAfile",
            "ca.crt",
            kind,
            name,
            "server.crt",
        ]);
    }
    let fingerprint = run(&["x509", "-in", "ca.crt", "-noout", "-fingerprint", "-sha256"]);
    assert!(fingerprint.trim().ends_with(authority.fingerprint()), "{fingerprint}");
    let text = run(&["x509", "-in", "ca.crt", "-noout", "-text"]);
    assert!(
        text.contains("CA:TRUE, pathlen:0") && text.replace(" = ", "=").contains("CN=outletd test"),
        "{text}"
    );
    // Browsers take 398 days at most, counted from the day before this one.
    run(&["x509", "-in", "server.crt", "-noout", "-checkend", &(394 * 86_400).to_string()]);
    let ends = Command::new("openssl")
        .args(["x509", "-in", "server.crt", "-noout", "-checkend", &(396 * 86_400).to_string()])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(!ends.status.success(), "it lives for more than 398 days");
}
