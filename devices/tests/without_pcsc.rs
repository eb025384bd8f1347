//! What a build without the feature `pcsc` says of readers that need it.

#![cfg(not(feature = "pcsc"))]

use outlet_devices::driver::{DeviceStatus, Report, Settings};
use outlet_devices::registry;
use tokio::sync::watch;

#[test]
fn a_link_of_pcsc_is_refused_with_the_way_to_get_it() {
    let settings = Settings {
        id: "reader".into(),
        model: None,
        link: "pcsc://ACS%20ACR122U".into(),
        options: serde_json::json!({}),
        codes: Default::default(),
    };
    let report = Report::of_status(watch::Sender::new(DeviceStatus::default()));
    let refused = registry::find("rfid-reader").unwrap().build(&settings, report).err().unwrap();
    assert_eq!(refused.key, "link");
    assert!(refused.message.contains("--features pcsc"), "{refused}");
}
