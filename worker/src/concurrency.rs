//! How many deliveries to have in hand: half as many when the store is too busy, and slowly more again while it answers.

/// A number between two bounds that falls and rises with what the store answers. It begins at the upper one.
///
/// A store that is too busy says so, so this listens to refusals and not to how long answers take: a store that is far away
/// gets as many requests at once as the upper bound allows, and keeps its worker as busy as one that is near.
#[derive(Debug, Clone, PartialEq)]
pub struct Concurrency {
    least: f64,
    most: f64,
    now: f64,
    /// Answers and refusals since it fell.
    since: f64,
    /// How many may have been in hand when it fell.
    wave: f64,
}

impl Concurrency {
    /// Between these bounds. Below the upper one there is no lower one.
    pub fn new(least: u32, most: u32) -> Self {
        let most = f64::from(most.max(1));
        Self { least: f64::from(least.max(1)).min(most), most, now: most, since: most, wave: most }
    }

    /// How many there are to be.
    pub fn now(&self) -> usize {
        self.now as usize
    }

    /// The store answered, while so many were in hand. When as many have answered as are in hand, there is one more; but
    /// what was not used is no proof that more would do.
    pub fn answered(&mut self, in_hand: usize) {
        self.since += 1.0;
        if in_hand * 2 >= self.now() {
            self.now = (self.now + 1.0 / self.now).min(self.most);
        }
    }

    /// The store was too busy to answer. Those that are in hand by then may all be told so, and are one reason to have fewer.
    pub fn refused(&mut self) {
        self.since += 1.0;
        if self.since >= self.wave {
            self.wave = self.now;
            self.now = (self.now / 2.0).max(self.least);
            self.since = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(mut concurrency: Concurrency, outcomes: impl IntoIterator<Item = bool>) -> Concurrency {
        for is_answer in outcomes {
            match is_answer {
                true => concurrency.answered(concurrency.now()),
                false => concurrency.refused(),
            }
        }
        concurrency
    }

    #[test]
    fn it_stays_within_its_bounds() {
        for (least, most) in [(8, 64), (1, 1), (8, 1), (0, 0), (64, 64)] {
            let full = Concurrency::new(least, most);
            let low = after(full.clone(), [false; 10_000]);
            assert_eq!(low.now(), least.min(most).max(1) as usize);
            assert_eq!(after(low, [true; 10_000]).now(), most.max(1) as usize);
            assert_eq!(after(full, [true; 10_000]).now(), most.max(1) as usize);
        }
    }

    #[test]
    fn one_wave_of_refusals_halves_it_once() {
        let full = Concurrency::new(8, 64);
        let halved = after(full.clone(), [false; 64]);
        assert_eq!(halved.now(), 32);
        assert_eq!(after(halved, [false]).now(), 16, "those in hand since are refused, too");
    }

    #[test]
    fn it_rises_by_one_for_each_round_of_answers() {
        let low = after(Concurrency::new(8, 64), [false; 1_000]);
        assert_eq!(low.now(), 8);
        let rounds = |count: usize| after(low.clone(), vec![true; (8..8 + count).sum()]).now();
        assert_eq!([rounds(0), rounds(2), rounds(20)], [8, 9, 27]);
    }

    #[test]
    fn what_is_not_used_does_not_grow() {
        let mut low = after(Concurrency::new(8, 64), [false; 1_000]);
        (0..1_000).for_each(|_| low.answered(3));
        assert_eq!(low.now(), 8);
    }

    /// A store that takes 20 at once and refuses the rest is used for nearly all that it takes.
    #[test]
    fn it_settles_near_what_the_store_can_take() {
        let mut concurrency = Concurrency::new(1, 64);
        let mut seen = Vec::new();
        for _ in 0..500 {
            let at_once = concurrency.now();
            concurrency = after(concurrency, (0..at_once).map(|place| place < 20));
            seen.push(at_once);
        }
        let late = &seen[100..];
        let mean = late.iter().sum::<usize>() / late.len();
        assert!((13..=20).contains(&mean), "{mean}");
        assert!(late.iter().all(|at_once| (9..=22).contains(at_once)), "{late:?}");
    }
}
