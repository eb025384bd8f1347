//! Finding out what a scale speaks.

use outlet_devices::drivers::scale::{Finding, detect_scale};
use outlet_devices::link::Link;
use outlet_simulators::scale::{Scale, ScaleSpec};

use crate::bed::{Over, build, for_each_protocol, serve};

async fn detected(name: &str, spec: ScaleSpec, over: Over) -> Finding {
    let scale = Scale::new(spec);
    scale.put(1550);
    let link: Link = serve(&scale, over).await.parse().unwrap();
    let found = detect_scale(&link).await.unwrap();
    let [finding] = &found[..] else { panic!("{name} over {over:?}: {found:?}") };
    assert_eq!(finding.protocol, name, "{over:?}");
    assert_eq!(finding.problem, None, "{name}");
    finding.clone()
}

async fn is_detected(name: &'static str, spec: ScaleSpec, over: Over) {
    let finding = detected(name, spec, over).await;
    // Adam's scales say each load once: who asked them who they are has heard it.
    if name != "adam" {
        let kg = finding.reading.as_ref().unwrap().for_sale().unwrap();
        assert_eq!(kg.normalize().to_string(), "1.55", "{name}");
    }
    let table: toml::Table = finding.to_toml("counter").parse().unwrap();
    let device = &table["device"][0];
    assert_eq!(device["driver"].as_str(), Some("scale"));
    let (model, link) = (device["model"].as_str(), device["link"].as_str().unwrap());
    let report = outlet_devices::driver::Report::of_status(tokio::sync::watch::channel(Default::default()).0);
    let (_, description) = build(model, link, serde_json::Value::Null, report).unwrap();
    assert_eq!(description.link, finding.link);
}

#[tokio::test]
async fn each_protocol_is_found_on_the_network_and_not_taken_for_another() {
    for_each_protocol(|name, spec| is_detected(name, spec, Over::Tcp)).await;
}

#[tokio::test]
async fn each_protocol_is_found_on_a_serial_port_and_not_taken_for_another() {
    for_each_protocol(|name, spec| is_detected(name, spec, Over::Pty)).await;
}

#[tokio::test]
async fn a_scale_that_wants_another_password_is_found_with_the_remedy() {
    let scale = Scale::new(ScaleSpec { password: "1234".into(), ..ScaleSpec::shtrih_pos2() });
    scale.put(1550);
    let link: Link = serve(&scale, Over::Tcp).await.parse().unwrap();
    let found = detect_scale(&link).await.unwrap();
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!((finding.protocol, &finding.reading), ("shtrih-pos2", &None));
    assert!(finding.problem.as_ref().unwrap().contains("set option `password`"), "{finding:?}");
}

#[tokio::test]
async fn a_port_where_nothing_is_can_not_be_searched() {
    let link: Link = "serial:///dev/no-such-port".parse().unwrap();
    let error = detect_scale(&link).await.unwrap_err();
    assert!(error.to_string().contains("outletd devices"), "{error}");
}
