//! What dice a test throws: the same in every run, or others for whoever asks for them.

/// The seed of every run that nobody chose one for: no change may fail for what an earlier one did.
const SEED: u64 = 20_261_124;

/// The seed that this variable names: a number, or `random`. It is printed, so that a failure can be had again.
///
/// # Panics
/// Where it is neither.
pub fn seed(variable: &str) -> u64 {
    let seed = match std::env::var(variable).as_deref() {
        Err(_) => SEED,
        Ok("random") => rand::random(),
        Ok(number) => number.parse().unwrap_or_else(|_| panic!("{variable} is neither a number nor 'random'")),
    };
    eprintln!("{variable}={seed}");
    seed
}
