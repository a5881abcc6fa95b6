//! Numbers in decimal as Go writes them.

use std::fmt;

/// The fewest decimal digits that read back as a number; of two equally near ones the even one, as Go chooses (the
/// standard library's formatting rounds such ties up).
///
/// Displayed in plain notation, and with `{:e}` in scientific notation.
///
/// ```
/// # use flagstaff_definition::decimal::Decimal;
/// assert_eq!(Decimal::from(24_353_895_417_477.812).to_string(), "24353895417477.812");
/// assert_eq!(format!("{:e}", Decimal::from(1.5e300)), "1.5e+300");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// Digits without zeros at either end; none for zero.
    digits: [u8; MOST_DIGITS],
    length: usize,
    /// How many digits stand before the point; negative for zeros after it.
    point: i32,
}

/// No 64-bit number needs more.
const MOST_DIGITS: usize = 17;

/// The number must be finite: infinities and NaN have no digits and come out as zero.
impl From<f64> for Decimal {
    fn from(number: f64) -> Self {
        let mut decimal = Self {
            negative: number.is_sign_negative(),
            digits: [b'0'; MOST_DIGITS],
            length: 0,
            point: 0,
        };
        if number == 0.0 || !number.is_finite() {
            return decimal;
        }
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(number.abs());
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent: i32 = exponent.parse().expect("an exponent is an integer");
        let digits = || whole.bytes().chain(fraction.bytes());
        let leading_zeros = digits().take_while(|digit| *digit == b'0').count();
        for digit in digits().skip(leading_zeros).take(MOST_DIGITS) {
            decimal.digits[decimal.length] = digit;
            decimal.length += 1;
        }
        while decimal.length > 0 && decimal.digits[decimal.length - 1] == b'0' {
            decimal.length -= 1;
        }
        decimal.point = whole.len() as i32 - leading_zeros as i32 + exponent;
        decimal
    }
}

impl Decimal {
    fn digits(&self) -> &str {
        str::from_utf8(&self.digits[..self.length]).expect("digits are ASCII")
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let digits = self.digits();
        let zeros = |f: &mut fmt::Formatter<'_>, count: usize| (0..count).try_for_each(|_| f.write_str("0"));
        match usize::try_from(self.point) {
            Ok(_) if digits.is_empty() => f.write_str("0"),
            Err(_) | Ok(0) => {
                f.write_str("0.")?;
                zeros(f, self.point.unsigned_abs() as usize)?;
                f.write_str(digits)
            }
            Ok(point) if point < digits.len() => {
                f.write_str(&digits[..point])?;
                f.write_str(".")?;
                f.write_str(&digits[point..])
            }
            Ok(point) => {
                f.write_str(digits)?;
                zeros(f, point - digits.len())
            }
        }
    }
}

impl fmt::LowerExp for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let (first, rest) = self.digits().split_at_checked(1).unwrap_or(("0", ""));
        let point = if rest.is_empty() { "" } else { "." };
        let exponent = if self.length == 0 { 0 } else { self.point - 1 };
        write!(f, "{first}{point}{rest}e{exponent:+}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_and_scientific() {
        for (number, plain, scientific) in [
            (0.0, "0", "0e+0"),
            (-0.0, "-0", "-0e+0"),
            (1.0, "1", "1e+0"),
            (-12.5, "-12.5", "-1.25e+1"),
            (0.1, "0.1", "1e-1"),
            (0.001_25, "0.00125", "1.25e-3"),
            (1e21, "1000000000000000000000", "1e+21"),
            (9_007_199_254_740_993.0, "9007199254740992", "9.007199254740992e+15"),
            (
                -1_904_257_466_947_805.2,
                "-1904257466947805.2",
                "-1.9042574669478052e+15",
            ),
            (24_353_895_417_477.812, "24353895417477.812", "2.4353895417477812e+13"),
        ] {
            let decimal = Decimal::from(number);
            assert_eq!(decimal.to_string(), plain);
            assert_eq!(format!("{decimal:e}"), scientific);
        }
    }

    proptest! {
        #[test]
        fn both_read_back(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
            let decimal = Decimal::from(number);
            for text in [decimal.to_string(), format!("{decimal:e}")] {
                prop_assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(number.to_bits()), "{}", text);
            }
        }
    }
}
