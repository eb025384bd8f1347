//! A scale on a USB bus: the kernel plays the bus (`dummy_hcd`) and the device (`usb_f_hid`).
//!
//! Source: Linux `Documentation/usb/gadget_hid.rst` and `gadget_configfs.rst`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use outlet_devices::detect::detect;
use outlet_simulators::hid::HidSpec;
use outlet_simulators::scale::{HidStatus, HidUnit, hid_report};
use serde_json::json;

use crate::bed::build;
use crate::scales::{MODEL, sale};

/// A HID device with its USB plug in the machine.
struct UsbDevice {
    gadget: PathBuf,
}

impl UsbDevice {
    fn new(spec: &HidSpec, maker: &str) -> Self {
        let gadget = Path::new("/sys/kernel/config/usb_gadget").join(&spec.serial);
        let set = |name: &str, value: &[u8]| {
            let file = gadget.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, value).unwrap();
        };
        fs::create_dir(&gadget).unwrap();
        set("idVendor", format!("{:#06x}", spec.vendor).as_bytes());
        set("idProduct", format!("{:#06x}", spec.product).as_bytes());
        set("strings/0x409/manufacturer", maker.as_bytes());
        set("strings/0x409/product", spec.name.as_bytes());
        set("strings/0x409/serialnumber", spec.serial.as_bytes());
        set("functions/hid.0/report_length", b"64");
        set("functions/hid.0/report_desc", &spec.descriptor);
        fs::create_dir(gadget.join("configs/c.1")).unwrap();
        symlink(gadget.join("functions/hid.0"), gadget.join("configs/c.1/hid.0")).unwrap();
        Self { gadget }
    }

    fn plug_in(&self) {
        fs::write(self.gadget.join("UDC"), "dummy_udc.0").unwrap();
    }

    fn unplug(&self) {
        fs::write(self.gadget.join("UDC"), "\n").unwrap();
    }

    /// Ends once the host has taken the report.
    async fn send(&self, report: &[u8]) {
        let report = report.to_vec();
        let write = move || fs::OpenOptions::new().write(true).open("/dev/hidg0")?.write_all(&report);
        tokio::task::spawn_blocking(write).await.unwrap().unwrap();
    }
}

impl Drop for UsbDevice {
    /// The kernel wants it taken apart in this order.
    fn drop(&mut self) {
        let _ = fs::write(self.gadget.join("UDC"), "\n");
        let _ = fs::remove_file(self.gadget.join("configs/c.1/hid.0"));
        for folder in ["configs/c.1", "functions/hid.0", "strings/0x409", ""] {
            let _ = fs::remove_dir(self.gadget.join(folder));
        }
    }
}

#[tokio::test]
#[ignore = "needs the machine of ./check"]
async fn a_scale_on_usb_is_found_read_unplugged_and_read_again() {
    let spec = HidSpec { name: "M10".into(), ..HidSpec::scale().serial("USB-77") };
    let device = UsbDevice::new(&spec, "DYMO");
    device.plug_in();
    let link = "hid://0922:8003/USB-77";
    let mut bed = build("scale", Some(MODEL), link, json!({}));
    for grams in [1550, 750] {
        bed.connect().await;
        let found = detect().into_iter().find(|found| found.link == link).unwrap();
        assert!(found.name.contains("DYMO M10"), "{found:?}");
        bed.run_until(device.send(&hid_report(HidStatus::Stable, HidUnit::Gram, 0, grams))).await;
        assert_eq!(sale(&bed.next().await), (grams.to_string(), "g".to_owned()));
        device.unplug();
        assert!(bed.lost().await.contains("unplugged"));
        assert_eq!(bed.refused().await.code, "device-offline");
        assert!(detect().iter().all(|found| found.link != link));
        device.plug_in();
    }
}
