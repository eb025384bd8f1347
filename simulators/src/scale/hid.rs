//! Reports of USB scales, for tests with a hidraw device that is not one.

/// State of a USB scale, as in its report (HID Point of Sale Usage Tables 1.02, chapter 4: usages
/// 8D:71 to 8D:78 in this order).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum HidStatus {
    /// The scale has a fault.
    Fault = 1,
    /// Still, at the centre of zero.
    Zero = 2,
    /// In motion.
    Motion = 3,
    /// Still.
    Stable = 4,
    /// Under zero.
    UnderZero = 5,
    /// Over the weight limit.
    OverLimit = 6,
    /// Must be calibrated.
    NeedsCalibration = 7,
    /// Must be zeroed again.
    NeedsZero = 8,
}

/// Unit of a USB scale, as in its report (the same tables: usages 8D:51 to 8D:5C in this order).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum HidUnit {
    /// mg
    Milligram = 1,
    /// g
    Gram = 2,
    /// kg
    Kilogram = 3,
    /// Carat.
    Carat = 4,
    /// Tael.
    Tael = 5,
    /// Grain.
    Grain = 6,
    /// Pennyweight.
    Pennyweight = 7,
    /// Metric ton.
    MetricTon = 8,
    /// Avoirdupois ton.
    AvoirTon = 9,
    /// Troy ounce.
    TroyOunce = 10,
    /// Ounce.
    Ounce = 11,
    /// Pound.
    Pound = 12,
}

/// The Scale Data Report as Dymo's and many other scales send it: report id 3, status, unit,
/// exponent of ten as a signed byte, and the weight without a sign, low byte first.
pub fn hid_report(status: HidStatus, unit: HidUnit, exponent: i8, weight: u16) -> [u8; 6] {
    let [low, high] = weight.to_le_bytes();
    [3, status as u8, unit as u8, exponent.to_le_bytes()[0], low, high]
}
