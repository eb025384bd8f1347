//! Report descriptors: what the kernel, and a host, reads of a device first.
//!
//! Sources: Device Class Definition for HID 1.11, section 6.2.2 (items) and appendix E.6 (keyboard); HID Point
//! of Sale Usage Tables 1.02, chapters 3 (scanners, page 8C) and 4 (scales, page 8D).

/// A scale: report 3 with status, unit, power of ten and weight, of five bytes.
#[rustfmt::skip]
pub const SCALE: &[u8] = &[
    0x05, 0x8D,             // Usage Page (Scales)
    0x09, 0x20,             // Usage (Scale Device)
    0xA1, 0x01,             // Collection (Application)
    0x85, 0x03,             //   Report ID (3)
    0x09, 0x32,             //   Usage (Scale Data Report)
    0xA1, 0x02,             //   Collection (Logical)
    0x75, 0x08,             //     Report Size (8)
    0x95, 0x01,             //     Report Count (1)
    0x09, 0x70,             //     Usage (Scale Status)
    0xA1, 0x02,             //     Collection (Logical)
    0x19, 0x71,             //       Usage Minimum (Scale Status Fault)
    0x29, 0x78,             //       Usage Maximum (Scale Status Requires Rezeroing)
    0x15, 0x01,             //       Logical Minimum (1)
    0x25, 0x08,             //       Logical Maximum (8)
    0x81, 0x00,             //       Input (Data, Array)
    0xC0,                   //     End Collection
    0x09, 0x50,             //     Usage (Weight Unit)
    0xA1, 0x02,             //     Collection (Logical)
    0x19, 0x51,             //       Usage Minimum (Milligram)
    0x29, 0x5C,             //       Usage Maximum (Pound)
    0x25, 0x0C,             //       Logical Maximum (12)
    0x81, 0x00,             //       Input (Data, Array)
    0xC0,                   //     End Collection
    0x09, 0x41,             //     Usage (Data Scaling)
    0x15, 0x80,             //     Logical Minimum (-128)
    0x25, 0x7F,             //     Logical Maximum (127)
    0x81, 0x02,             //     Input (Data, Variable)
    0x09, 0x40,             //     Usage (Data Weight)
    0x75, 0x10,             //     Report Size (16)
    0x15, 0x00,             //     Logical Minimum (0)
    0x27, 0xFF, 0xFF, 0, 0, //     Logical Maximum (65535)
    0x81, 0x02,             //     Input (Data, Variable)
    0xC0,                   //   End Collection
    0xC0,                   // End Collection
];

/// A scanner: report 2 with a code, of 63 bytes, and feature FE with one byte, a maker's own.
#[rustfmt::skip]
pub const SCANNER: &[u8] = &[
    0x05, 0x8C,             // Usage Page (Bar Code Scanner)
    0x09, 0x02,             // Usage (Bar Code Scanner)
    0xA1, 0x01,             // Collection (Application)
    0x09, 0x12,             //   Usage (Scanned Data Report)
    0xA1, 0x02,             //   Collection (Logical)
    0x85, 0x02,             //     Report ID (2)
    0x15, 0x00,             //     Logical Minimum (0)
    0x26, 0xFF, 0x00,       //     Logical Maximum (255)
    0x75, 0x08,             //     Report Size (8)
    0x95, 0x01,             //     Report Count (1)
    0x05, 0x01,             //     Usage Page (Generic Desktop)
    0x09, 0x3B,             //     Usage (Byte Count)
    0x81, 0x02,             //     Input (Data, Variable)
    0x05, 0x8C,             //     Usage Page (Bar Code Scanner)
    0x95, 0x03,             //     Report Count (3)
    0x09, 0xFB,             //     Usage (Symbology Identifier 1)
    0x09, 0xFC,             //     Usage (Symbology Identifier 2)
    0x09, 0xFD,             //     Usage (Symbology Identifier 3)
    0x81, 0x02,             //     Input (Data, Variable)
    0x95, 0x38,             //     Report Count (56)
    0x09, 0xFE,             //     Usage (Decoded Data)
    0x82, 0x02, 0x01,       //     Input (Data, Variable, Buffered Bytes)
    0x95, 0x02,             //     Report Count (2)
    0x81, 0x03,             //     Input (Constant)
    0x75, 0x01,             //     Report Size (1)
    0x95, 0x01,             //     Report Count (1)
    0x25, 0x01,             //     Logical Maximum (1)
    0x09, 0xFF,             //     Usage (Decoded Data Continued)
    0x81, 0x02,             //     Input (Data, Variable)
    0x95, 0x07,             //     Report Count (7)
    0x81, 0x03,             //     Input (Constant)
    0xC0,                   //   End Collection
    0x06, 0x00, 0xFF,       //   Usage Page (Vendor-defined)
    0x85, 0xFE,             //   Report ID (254)
    0x09, 0x01,             //   Usage (1)
    0x75, 0x08,             //   Report Size (8)
    0x95, 0x01,             //   Report Count (1)
    0x26, 0xFF, 0x00,       //   Logical Maximum (255)
    0xB1, 0x02,             //   Feature (Data, Variable)
    0xC0,                   // End Collection
];

/// A stripe reader with a maker's own page: a report of 337 bytes without a number.
#[rustfmt::skip]
pub const STRIPE_READER: &[u8] = &[
    0x06, 0x00, 0xFF,       // Usage Page (Vendor-defined)
    0x09, 0x01,             // Usage (1)
    0xA1, 0x01,             // Collection (Application)
    0x15, 0x00,             //   Logical Minimum (0)
    0x26, 0xFF, 0x00,       //   Logical Maximum (255)
    0x75, 0x08,             //   Report Size (8)
    0x95, 0x07,             //   Report Count (7): three of status, three lengths, how it is encoded
    0x09, 0x20,             //   Usage (32)
    0x81, 0x02,             //   Input (Data, Variable)
    0x96, 0x4A, 0x01,       //   Report Count (330): three tracks of 110
    0x09, 0x30,             //   Usage (48)
    0x82, 0x02, 0x01,       //   Input (Data, Variable, Buffered Bytes)
    0xC0,                   // End Collection
];

/// A keyboard as a computer's first program knows it: modifiers, six keys, and five lamps to be set.
#[rustfmt::skip]
pub const KEYBOARD: &[u8] = &[
    0x05, 0x01,             // Usage Page (Generic Desktop)
    0x09, 0x06,             // Usage (Keyboard)
    0xA1, 0x01,             // Collection (Application)
    0x05, 0x07,             //   Usage Page (Key Codes)
    0x19, 0xE0,             //   Usage Minimum (Left Control)
    0x29, 0xE7,             //   Usage Maximum (Right GUI)
    0x15, 0x00,             //   Logical Minimum (0)
    0x25, 0x01,             //   Logical Maximum (1)
    0x75, 0x01,             //   Report Size (1)
    0x95, 0x08,             //   Report Count (8)
    0x81, 0x02,             //   Input (Data, Variable): modifiers
    0x95, 0x01,             //   Report Count (1)
    0x75, 0x08,             //   Report Size (8)
    0x81, 0x03,             //   Input (Constant): reserved
    0x95, 0x05,             //   Report Count (5)
    0x75, 0x01,             //   Report Size (1)
    0x05, 0x08,             //   Usage Page (Lamps)
    0x19, 0x01,             //   Usage Minimum (Num Lock)
    0x29, 0x05,             //   Usage Maximum (Kana)
    0x91, 0x02,             //   Output (Data, Variable)
    0x95, 0x01,             //   Report Count (1)
    0x75, 0x03,             //   Report Size (3)
    0x91, 0x03,             //   Output (Constant)
    0x95, 0x06,             //   Report Count (6)
    0x75, 0x08,             //   Report Size (8)
    0x25, 0x65,             //   Logical Maximum (101)
    0x05, 0x07,             //   Usage Page (Key Codes)
    0x19, 0x00,             //   Usage Minimum (none)
    0x29, 0x65,             //   Usage Maximum (Application)
    0x81, 0x00,             //   Input (Data, Array): keys
    0xC0,                   // End Collection
];
