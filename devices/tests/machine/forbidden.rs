//! Devices that the agent's user may not open.

use std::os::unix::process::CommandExt;
use std::process::Command;

use outlet_devices::detect::detect;
use outlet_simulators::hid::{HidDevice, HidSpec};
use serde_json::json;

use crate::bed::build;

/// The devices in turn: driver, link, and what the rule that opens it up to the agent has in it.
const DEVICES: [(&str, &str, &str); 2] = [
    ("scanner", "hid://0c2e:0b67", r#"KERNELS=="*:0C2E:0B67.*""#),
    ("scanner", "evdev://05e0:1200", r#"ATTRS{id/vendor}=="05e0""#),
];

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_device_that_belongs_to_root_alone_is_told_with_the_rule_that_opens_it_up() {
    const CHILD: &str = "OUTLET_TEST_AS_NOBODY";
    if std::env::var_os(CHILD).is_some() {
        for (driver, link, rule) in DEVICES {
            let refused = build(driver, None, link, json!({})).refused().await.to_string();
            assert!(refused.contains("udev") && refused.contains(rule), "{refused}");
            let listed = detect().into_iter().find(|found| found.link == link).unwrap();
            assert!(listed.problem.is_some() && listed.remedy.unwrap().contains(rule));
        }
        return;
    }
    let _scanner = HidDevice::plug_in(&HidSpec::scanner()).await.unwrap();
    let _wedge = HidDevice::plug_in(&HidSpec::wedge()).await.unwrap();
    // This test again, as nobody.
    let name = std::thread::current().name().unwrap().to_owned();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--ignored", "--exact", "--nocapture", &name]).env(CHILD, "1").uid(65534).gid(65534);
    let ended = child.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}
