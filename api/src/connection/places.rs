//! How many connections there may be at a time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many connections are taken where there may be no more: to say so, and to answer whoever asks whether the process lives.
const SPARE: usize = 64;

/// The places of connections.
pub struct Places {
    most: usize,
    places: Arc<Semaphore>,
    spare: Arc<Semaphore>,
}

/// A connection's place.
pub struct Place {
    /// Whether it is one too many.
    pub is_spare: bool,
    _held: OwnedSemaphorePermit,
}

/// A request came on a connection too many: only probes are answered there.
#[derive(Debug, Clone, Copy)]
pub struct OneTooMany;

impl Places {
    /// So many, all free.
    pub fn new(most: usize) -> Self {
        let places = |most| Arc::new(Semaphore::new(most));
        Self { most, places: places(most), spare: places(SPARE) }
    }

    /// A place for one more connection, or a spare one where there is none; and none where those are taken, too.
    pub fn take(&self) -> Option<Place> {
        let place = |of: &Arc<Semaphore>| Arc::clone(of).try_acquire_owned().ok();
        let regular = place(&self.places).map(|held| Place { is_spare: false, _held: held });
        regular.or_else(|| place(&self.spare).map(|held| Place { is_spare: true, _held: held }))
    }

    /// How many are taken, without spare ones.
    pub fn taken(&self) -> usize {
        self.most - self.places.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_one_too_many_gets_a_spare_place_while_there_is_one() {
        let places = Places::new(2);
        let taken: Vec<_> = (0..2 + SPARE).map_while(|_| places.take()).collect();
        assert!(taken.iter().enumerate().all(|(nth, place)| place.is_spare == (nth >= 2)));
        assert_eq!((taken.len(), places.taken(), places.take().is_none()), (2 + SPARE, 2, true));
        drop(taken);
        assert_eq!((places.taken(), places.take().expect("all are free").is_spare), (0, false));
    }
}
