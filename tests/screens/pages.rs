//! The page and pairing over HTTP.

use serde_json::json;

use crate::kitchen;
use crate::panel::Way;

#[tokio::test]
async fn the_page_is_served_with_its_build_and_kept_only_as_long_as_it_is_the_same() {
    let outlet = kitchen().await;
    let way = Way::plain(outlet.screens_addr());
    let about = way.get("/api/about").await.json();
    assert_eq!((&about["outlet"], &about["prefix"]), (&json!("test"), &json!("outlet/v1/test")));
    assert_eq!((&about["plain"], &about["fingerprint"]), (&json!(false), &json!(null)));
    let page = way.get("/").await;
    assert!(page.body.contains(&format!("content={}", about["build"])), "{}", page.body);
    for (path, kind) in
        [("/", "text/html"), ("/assets/app.js", "text/javascript"), ("/assets/app.css", "text/css")]
    {
        let whole = way.get(path).await;
        assert_eq!((whole.status, whole.header("cache-control")), (200, Some("no-cache")), "{path}");
        assert!(whole.header("content-type").unwrap().starts_with(kind), "{path}");
        assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
        let policy = whole.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        let tag = whole.header("etag").unwrap().to_owned();
        let same = way.send("GET", path, &[("If-None-Match", &tag)], "").await;
        assert_eq!((same.status, same.body.as_str()), (304, ""), "{path}");
    }
    assert_eq!(way.get("/assets/../status.css").await.status, 404);
    assert_eq!(way.get("/ca.crt").await.status, 404, "there is none on loopback");
}

#[tokio::test]
async fn pages_of_other_places_are_not_let_in() {
    let outlet = kitchen().await;
    let way = Way::plain(outlet.screens_addr());
    for host in ["evil.example", "evil.example:8480", "127.0.0.1.evil.example", ""] {
        assert_eq!(way.send("GET", "/", &[("Host", host)], "").await.status, 403, "{host}");
    }
    let own = format!("http://{}", way.addr);
    for (origin, pairing, mqtt) in [
        ("http://evil.example", 403, 403),
        ("null", 403, 403),
        ("http://127.0.0.1:1", 403, 403),
        (own.as_str(), 201, 426),
    ] {
        let reply = way.send("POST", "/api/pairing", &[("Origin", origin)], "{}").await;
        assert_eq!(reply.status, pairing, "{origin}");
        assert_eq!(way.send("GET", "/mqtt", &[("Origin", origin)], "").await.status, mqtt, "{origin}");
    }
}

#[tokio::test]
async fn the_twenty_first_screen_that_asks_is_told_what_to_do() {
    let outlet = kitchen().await;
    let way = Way::plain(outlet.screens_addr());
    for _ in 0..20 {
        assert_eq!(way.post("/api/pairing", "{}").await.status, 201);
    }
    let refused = way.post("/api/pairing", "{}").await;
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("outletd screens admit"), "{}", refused.body);
}

#[tokio::test]
async fn a_pairing_is_told_to_nobody_but_its_screen() {
    let outlet = kitchen().await;
    let way = Way::plain(outlet.screens_addr());
    let asked = way.post("/api/pairing", "{}").await.json();
    let path = format!("/api/pairing/{}", asked["pairing"].as_str().unwrap());
    assert_eq!(way.get(&path).await.status, 401);
    assert_eq!(way.send("GET", &path, &[("Authorization", "Bearer other")], "").await.status, 403);
    let unknown = way.send("GET", "/api/pairing/unknown", &[("Authorization", "Bearer other")], "").await;
    assert_eq!(unknown.json(), json!({"state": "expired"}));
}

#[tokio::test]
async fn requests_that_are_too_large_or_no_requests_are_refused() {
    let outlet = kitchen().await;
    let way = Way::plain(outlet.screens_addr());
    assert_eq!(way.post("/api/pairing", &"x".repeat(20 << 10)).await.status, 413);
    assert_eq!(way.post("/api/pairing", "panel").await.status, 400);
    assert_eq!(way.get("/no/such/page").await.status, 404);
    assert_eq!(way.post("/", "").await.status, 405);
}
