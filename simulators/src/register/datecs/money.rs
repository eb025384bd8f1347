//! Decimals on the wire and sums in the smallest unit (stotinki, bani).

/// Quantities count thousandths (manual X 2.08, command 49: three decimals).
pub(super) const WHOLE: i64 = 1000;

/// A number with at most `decimals` digits after the point, in units of its last decimal. A sign
/// is taken as it stands; blanks, exponents and an empty text are not numbers.
pub(super) fn decimal(text: &str, decimals: usize) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(part) || part.len() > decimals || whole.len() > 12 {
        return None;
    }
    let scale = 10i64.pow(u32::try_from(decimals).ok()?);
    let part: i64 = if decimals == 0 { 0 } else { format!("{part:0<decimals$}").parse().ok()? };
    let whole: i64 = whole.parse().ok()?;
    Some(sign * (whole.checked_mul(scale)?.checked_add(part)?))
}

/// A sum as `12.30`.
pub(super) fn point(sum: i64) -> String {
    let sign = if sum < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", sum.abs() / 100, sum.abs() % 100)
}

/// A quantity as `2.543`.
pub(super) fn quantity(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", thousandths.abs() / WHOLE, thousandths.abs() % WHOLE)
}

/// Price times quantity, rounded half away from zero.
pub(super) fn product(price: i64, thousandths: i64) -> i64 {
    divided(i128::from(price) * i128::from(thousandths), i128::from(WHOLE))
}

/// A percentage, given in hundredths of a percent, of a sum.
pub(super) fn percent(sum: i64, hundredths: i64) -> i64 {
    divided(i128::from(sum) * i128::from(hundredths), 10_000)
}

/// The tax contained in a sum, by a rate in hundredths of a percent.
pub(super) fn tax_within(sum: i64, rate: i64) -> i64 {
    divided(i128::from(sum) * i128::from(rate), i128::from(10_000 + rate))
}

/// A sum split in the proportion of `weights`; the parts add up to it.
pub(super) fn spread(sum: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if total == 0 {
        return vec![0; weights.len()];
    }
    let mut taken = 0;
    let mut seen = 0;
    weights
        .iter()
        .map(|weight| {
            seen += i128::from(*weight);
            let up_to_here = divided(i128::from(sum) * seen, total);
            up_to_here - std::mem::replace(&mut taken, up_to_here)
        })
        .collect()
}

fn divided(dividend: i128, divisor: i128) -> i64 {
    let half = divisor / 2 * dividend.signum();
    i64::try_from((dividend + half) / divisor).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly_or_not_at_all() {
        assert_eq!(decimal("2.543", 3), Some(2543));
        assert_eq!(decimal("-0.5", 2), Some(-50));
        assert_eq!(decimal("+12", 2), Some(1200));
        for bad in ["", ".", "-", ".5", "1.234", "1,20", "1e3", " 1", "1234567890123"] {
            assert_eq!(decimal(bad, 2), None, "{bad:?}");
        }
    }

    #[test]
    fn a_product_is_rounded_half_up_in_both_directions() {
        assert_eq!(product(1, 2543), 3);
        assert_eq!(product(150, 333), 50);
        assert_eq!(product(5, 500), 3);
        assert_eq!(product(-5, 500), -3);
    }

    #[test]
    fn parts_of_a_discount_add_up_to_it() {
        assert_eq!(spread(100, &[1, 1, 1]), [33, 34, 33]);
        assert_eq!(spread(-7, &[250, 0, 750]), [-2, 0, -5]);
        assert_eq!(spread(5, &[0, 0]), [0, 0]);
    }

    #[test]
    fn tax_of_twenty_percent_is_a_sixth() {
        assert_eq!(tax_within(1200, 2000), 200);
        assert_eq!(percent(1000, 1550), 155);
    }
}
