//! How long verdicts took, from counts of waits by their length.

use sluice_common::db::counting::STEPS;

/// Counts of waits, by steps of their length: a step is a part of an octave of milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waits(std::collections::BTreeMap<i32, i64>);

impl Waits {
    /// Adds so many waits of this step.
    pub fn add(&mut self, step: i32, count: i64) {
        *self.0.entry(step).or_default() += count;
    }

    /// The length, in milliseconds, that so many of 100 waits have at the most: the middle of the step that it is in.
    pub fn percentile(&self, of_100: i64) -> Option<i64> {
        let all: i64 = self.0.values().sum();
        let rank = (all * of_100 + 99) / 100;
        let mut before = 0;
        let (step, _) = self.0.iter().find(|(_, count)| {
            before += **count;
            before >= rank.max(1)
        })?;
        #[expect(clippy::cast_possible_truncation, reason = "the longest wait is 2^31 ms")]
        let middle = ((f64::from(*step) + 0.5) / STEPS).exp2().round() as i64;
        Some(middle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the database finds it.
    fn step(ms: f64) -> i32 {
        #[expect(clippy::cast_possible_truncation, reason = "it is small")]
        let step = (STEPS * ms.log2()).floor() as i32;
        step
    }

    #[test]
    fn a_percentile_is_known_to_within_a_tenth() {
        for ms in [20_i32, 137, 1000, 59_000, 3_600_000] {
            let mut waits = Waits::default();
            waits.add(step(f64::from(ms)), 10);
            let found = waits.percentile(50).expect("there are some");
            assert!((found - i64::from(ms)).abs() * 10 <= i64::from(ms), "{ms}: {found}");
        }
    }

    #[test]
    fn percentiles_are_of_all_waits_and_there_are_none_of_none() {
        assert_eq!(Waits::default().percentile(50), None);
        let mut waits = Waits::default();
        waits.add(step(100.0), 94);
        waits.add(step(10_000.0), 6);
        assert!(waits.percentile(50).expect("some") < 120);
        assert!(waits.percentile(94).expect("some") < 120);
        assert!(waits.percentile(95).expect("some") > 9000);
    }
}
