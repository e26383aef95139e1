//! Random choices that can be made again.

use std::{
    env,
    hash::{BuildHasher, RandomState},
};

/// The seed of every run, so that what was found once stays found.
const FIXED_SEED: u64 = 20_260_329;

/// A source of choices: SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    /// Returns a number below a bound.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bound = u64::from(bound);
        u32::try_from((mixed ^ (mixed >> 31)) % bound).unwrap()
    }

    /// Returns a number of a range, both ends included.
    pub(crate) fn between(&mut self, first: u32, last: u32) -> u32 {
        first + self.below(last - first + 1)
    }

    /// Returns true once in so many times.
    pub(crate) fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// Returns one of some.
    pub(crate) fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(u32::try_from(all.len()).unwrap()) as usize].clone()
    }

    /// Returns some different numbers of a range, in order.
    pub(crate) fn some_between(&mut self, first: u32, last: u32, most: u32) -> Vec<u32> {
        let count = self.between(1, most);
        let mut numbers: Vec<u32> = (0..count).map(|_| self.between(first, last)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// Carries out a test with the fixed seed and with one that is new each time, or with `PRESTIC_SEED` alone.
pub(crate) fn each_seed(test: impl Fn(&mut Random)) {
    let seeds = match env::var("PRESTIC_SEED") {
        Ok(seed) => vec![seed.parse().expect("PRESTIC_SEED is a number")],
        Err(_) => vec![FIXED_SEED, RandomState::new().hash_one(FIXED_SEED)],
    };
    for seed in seeds {
        // The test's output is shown when it fails.
        println!("PRESTIC_SEED={seed} replays what follows");
        test(&mut Random(seed));
    }
}
