//! Figures: what was measured, what it is held to, and whether it is. No I/O.

use serde::{Deserialize, Serialize};

/// One line of the results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// How much it is: the median.
    pub value: f64,
    /// Of what.
    pub unit: String,
    /// What it was measured beside, in the same run.
    pub yardstick: Option<String>,
    /// How many times the yardstick's figure it is: the median over the rounds.
    pub ratio: Option<f64>,
    /// What it is held to.
    pub hold: Option<Hold>,
    /// Whether it holds.
    pub ok: Option<bool>,
}

/// What a figure is held to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// The ratio is at least this.
    RatioAtLeast(f64),
    /// The ratio is at most this.
    RatioAtMost(f64),
    /// The value is at least this.
    AtLeast(f64),
    /// The value is at most this.
    AtMost(f64),
}

impl Hold {
    /// How many times better the figure is than it must be: 1 is just enough.
    pub fn margin(self, value: f64, ratio: Option<f64>) -> f64 {
        let ratio = ratio.unwrap_or(f64::NAN);
        match self {
            Self::RatioAtLeast(least) => ratio / least,
            Self::RatioAtMost(most) => most / ratio,
            Self::AtLeast(least) => value / least,
            // Nothing is the best that there can be.
            Self::AtMost(most) if value == 0.0 && most == 0.0 => 1.0,
            Self::AtMost(most) => most / value,
        }
    }
}

impl Row {
    /// A figure without a yardstick.
    pub fn new(name: impl Into<String>, value: f64, unit: &str) -> Self {
        Self { name: name.into(), value, unit: unit.to_owned(), yardstick: None, ratio: None, hold: None, ok: None }
    }

    /// The median of rounds.
    pub fn of(name: impl Into<String>, values: &[f64], unit: &str) -> Self {
        Self::new(name, median(values), unit)
    }

    /// The median of rounds, beside a yardstick in the same rounds.
    pub fn beside(name: impl Into<String>, values: &[f64], unit: &str, yardstick: &str, its: &[f64]) -> Self {
        let ratios: Vec<f64> = values.iter().zip(its).map(|(value, its)| value / its).collect();
        let yardstick = format!("{yardstick}: {} {unit}", readable(median(its)));
        Self { yardstick: Some(yardstick), ratio: Some(median(&ratios)), ..Self::of(name, values, unit) }
    }

    /// Says what it is held to, and whether it holds.
    #[must_use]
    pub fn held_to(mut self, hold: Hold) -> Self {
        self.hold = Some(hold);
        // Not a number is no pass.
        self.ok = Some(hold.margin(self.value, self.ratio) >= 1.0);
        self
    }
}

/// The middle of some values; of an even number the mean of the two in the middle. Not a number where there are none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

/// What this share of sorted values is at the most. Not a number where there are none.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// A number as people read it: three digits that count, thousands apart.
pub fn readable(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let whole = value.abs();
    if whole >= 100.0 {
        let digits = format!("{value:.0}");
        let groups: Vec<&str> =
            digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap_or("")).collect();
        return groups.join(",");
    }
    let places = if whole >= 10.0 {
        1
    } else if whole >= 1.0 || whole == 0.0 {
        2
    } else {
        3
    };
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_does_not_care_for_order_or_for_one_that_is_far_off() {
        assert_eq!(median(&[9000.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(
            (percentile(&hundred, 0.5), percentile(&hundred, 0.99), percentile(&hundred, 1.0)),
            (50.0, 99.0, 100.0)
        );
        assert_eq!(percentile(&[7.0], 0.99), 7.0);
        assert!(percentile(&[], 0.5).is_nan());
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        // The machine was ten times slower in the second round, for both.
        let row = Row::beside("a", &[200.0, 22.0, 180.0], "/s", "b", &[100.0, 10.0, 100.0]);
        assert_eq!((row.value, row.ratio), (180.0, Some(2.0)));
    }

    #[test]
    fn what_falls_short_is_not_ok() {
        let cases = [
            (Hold::RatioAtLeast(2.0), true),
            (Hold::RatioAtLeast(2.1), false),
            (Hold::RatioAtMost(2.0), true),
            (Hold::RatioAtMost(1.9), false),
            (Hold::AtLeast(10.0), true),
            (Hold::AtLeast(10.1), false),
            (Hold::AtMost(10.0), true),
            (Hold::AtMost(9.9), false),
        ];
        for (hold, holds) in cases {
            assert_eq!(Row::beside("a", &[10.0], "ms", "b", &[5.0]).held_to(hold).ok, Some(holds), "{hold:?}");
        }
    }

    #[test]
    fn what_was_not_measured_is_not_ok() {
        assert_eq!(Row::of("a", &[], "/s").held_to(Hold::AtMost(1.0)).ok, Some(false));
        assert_eq!(Row::new("a", 1.0, "/s").held_to(Hold::RatioAtLeast(0.0)).ok, Some(false));
    }

    #[test]
    fn numbers_have_about_three_digits() {
        let shown = [1_234_567.0, 999.6, 99.44, 9.876, 0.1234, 0.0].map(readable);
        assert_eq!(shown, ["1,234,567", "1,000", "99.4", "9.88", "0.123", "0.00"]);
        assert_eq!(readable(f64::NAN), "–");
    }
}
