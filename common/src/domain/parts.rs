//! The parts that a large file is sent in: how large each is, and whether all of them have come.

use super::{ByteCount, Sha256};

/// The smallest part that is not the last, by the rules of S3: 5 MiB.
pub const SMALLEST_PART: i64 = 5 * MIB;
/// The largest part, and the largest object that a store takes in one PUT: 5 GiB.
pub const LARGEST_PART: i64 = 5 * 1024 * MIB;
/// The most parts of one object.
pub const MOST_PARTS: i64 = 10_000;
/// The largest object: as many of the largest parts as there can be, 48.8 TiB.
pub const LARGEST_OBJECT: i64 = MOST_PARTS * LARGEST_PART;

const MIB: i64 = 1024 * 1024;

/// The size of a part where neither the policy nor the size of the file asks for another: few requests, and little to send
/// again when one fails.
const USUAL_PART: i64 = 16 * MIB;

/// Into which parts a file is cut: all but the last have the same size. Parts are numbered from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    whole: i64,
    each: i64,
}

impl Parts {
    /// A file of this size, cut into parts of this size. `None` where a store would not take it: no bytes, a part of no
    /// bytes, or more parts than there can be.
    pub fn new(whole: ByteCount, part_size: ByteCount) -> Option<Self> {
        let parts = Self { whole: whole.get(), each: part_size.get() };
        (parts.whole > 0 && parts.each > 0 && parts.number_of_last() <= MOST_PARTS).then_some(parts)
    }

    /// A file of this size, cut as suits it.
    pub fn suiting(whole: ByteCount) -> Option<Self> {
        let least = pieces(pieces(whole.get(), MOST_PARTS), MIB) * MIB;
        Self::new(whole, ByteCount::new(least.max(USUAL_PART)).ok()?)
    }

    /// The size of every part but the last.
    pub fn part_size(self) -> ByteCount {
        ByteCount::new(self.each).expect("it is positive")
    }

    /// How many there are.
    pub fn count(self) -> i32 {
        i32::try_from(self.number_of_last()).expect("at most 10,000")
    }

    /// The exact size of the part of this number, if there is such a part.
    pub fn size_of(self, number: i32) -> Option<ByteCount> {
        let before = i64::from(number.checked_sub(1)?) * self.each;
        let size = self.each.min(self.whole - before);
        (number >= 1 && size > 0).then(|| ByteCount::new(size).expect("it is positive"))
    }

    fn number_of_last(self) -> i64 {
        pieces(self.whole, self.each)
    }
}

/// How many pieces of this size something positive has.
fn pieces(whole: i64, each: i64) -> i64 {
    (whole - 1) / each + 1
}

/// A part that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// Its number.
    pub number: i32,
    /// Its size.
    pub size: ByteCount,
    /// Its etag, with its quotes.
    pub etag: String,
    /// Its checksum, where the store was given one.
    pub sha256: Option<Sha256>,
}

/// A part as a client names it when it says that all have been sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPart {
    /// Its number.
    pub number: i32,
    /// The etag that the store answered with, with or without its quotes.
    pub etag: String,
}

/// Why the parts can't be made one object yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartFault {
    /// Which part.
    pub number: i32,
    /// What is wrong with it.
    pub code: PartFaultCode,
    /// The same for people.
    pub detail: String,
}

/// What can be wrong with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartFaultCode {
    /// The store does not have it.
    Missing,
    /// It has another size than was granted.
    WrongSize,
    /// The client did not name it.
    NotNamed,
    /// The client named another etag than the store has.
    EtagMismatch,
}

impl PartFaultCode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Missing, Self::WrongSize, Self::NotNamed, Self::EtagMismatch];

    /// The code, as it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "part_missing",
            Self::WrongSize => "part_wrong_size",
            Self::NotNamed => "part_not_named",
            Self::EtagMismatch => "part_etag_mismatch",
        }
    }
}

/// The parts that make the object, in order: `stored` without what is beyond the last. Where the client names what it has
/// sent, that must be the same.
///
/// # Errors
/// All that is wrong, part by part.
pub fn gather(
    parts: Parts,
    stored: Vec<StoredPart>,
    named: Option<&[NamedPart]>,
) -> Result<Vec<StoredPart>, Vec<PartFault>> {
    let mut stored: std::collections::BTreeMap<i32, StoredPart> =
        stored.into_iter().map(|part| (part.number, part)).collect();
    let (mut gathered, mut faults) = (Vec::new(), Vec::new());
    for number in 1..=parts.count() {
        let size = parts.size_of(number).expect("there is such a part");
        let fault = |code, detail| PartFault { number, code, detail };
        match stored.remove(&number) {
            None => faults.push(fault(PartFaultCode::Missing, format!("Part {number} has not been sent."))),
            Some(part) if part.size != size => faults.push(fault(
                PartFaultCode::WrongSize,
                format!("Part {number} has {}; it must have {size}.", part.size),
            )),
            Some(part) => match named.map(|named| named.iter().find(|named| named.number == number)) {
                Some(None) => faults.push(fault(
                    PartFaultCode::NotNamed,
                    format!("Part {number} is not in the list of what was sent."),
                )),
                Some(Some(named)) if !same(&named.etag, &part.etag) => faults.push(fault(
                    PartFaultCode::EtagMismatch,
                    format!("Part {number} has the etag {}, which is not the one given.", part.etag),
                )),
                _ => gathered.push(part),
            },
        }
    }
    if faults.is_empty() { Ok(gathered) } else { Err(faults) }
}

/// Whether two etags are the same. Clients and stores differ in whether they keep the quotes.
fn same(one: &str, other: &str) -> bool {
    one.trim_matches('"') == other.trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(count: i64) -> ByteCount {
        ByteCount::new(count).expect("not negative")
    }

    fn cut(whole: i64, part_size: i64) -> Parts {
        Parts::new(bytes(whole), bytes(part_size)).expect("a store takes it")
    }

    #[test]
    fn parts_have_one_size_but_for_the_last_and_add_up_to_the_file() {
        for (whole, each, sizes) in
            [(11, 5, vec![5, 5, 1]), (10, 5, vec![5, 5]), (5, 5, vec![5]), (1, 5, vec![1]), (6, 5, vec![5, 1])]
        {
            let parts = cut(whole, each);
            let found: Vec<i64> =
                (1..=parts.count()).map(|number| parts.size_of(number).expect("there").get()).collect();
            assert_eq!(found, sizes, "{whole} in {each}");
            for number in [i32::MIN, -1, 0, parts.count() + 1, i32::MAX] {
                assert_eq!(parts.size_of(number), None, "{number}");
            }
        }
    }

    #[test]
    fn every_size_that_a_store_takes_is_cut_into_parts_that_it_takes() {
        for whole in [1, SMALLEST_PART, USUAL_PART * MOST_PARTS, USUAL_PART * MOST_PARTS + 1, LARGEST_OBJECT] {
            let parts = Parts::suiting(bytes(whole)).expect("a store takes it");
            assert!((SMALLEST_PART..=LARGEST_PART).contains(&parts.part_size().get()), "{whole}: {parts:?}");
            assert!(i64::from(parts.count()) <= MOST_PARTS, "{whole}: {parts:?}");
        }
        assert_eq!(Parts::suiting(bytes(LARGEST_OBJECT)).expect("taken").count(), 10_000);
        assert_eq!(Parts::new(bytes(0), bytes(5)), None);
        assert_eq!(Parts::new(bytes(5), bytes(0)), None);
        assert_eq!(Parts::new(bytes(10_001), bytes(1)), None);
    }

    fn stored(number: i32, size: i64) -> StoredPart {
        StoredPart { number, size: bytes(size), etag: format!("\"{number}\""), sha256: None }
    }

    fn named(number: i32, etag: &str) -> NamedPart {
        NamedPart { number, etag: etag.to_owned() }
    }

    fn codes(stored: Vec<StoredPart>, named: Option<&[NamedPart]>) -> Vec<(i32, &'static str)> {
        let faults = gather(cut(11, 5), stored, named).err().unwrap_or_default();
        faults.iter().map(|fault| (fault.number, fault.code.as_str())).collect()
    }

    #[test]
    fn parts_are_gathered_in_order_whatever_order_they_came_in() {
        let came = vec![stored(3, 1), stored(1, 5), stored(2, 5), stored(4, 1)];
        let gathered = gather(cut(11, 5), came, None).expect("all are there");
        assert_eq!(
            gathered.iter().map(|part| part.number).collect::<Vec<_>>(),
            [1, 2, 3],
            "what is beyond is left out"
        );
    }

    #[test]
    fn every_part_that_is_wrong_is_named_with_what_is_wrong() {
        let all = || vec![stored(1, 5), stored(2, 5), stored(3, 1)];
        assert_eq!(codes(vec![stored(2, 5)], None), [(1, "part_missing"), (3, "part_missing")]);
        assert_eq!(
            codes(vec![stored(1, 5), stored(2, 4), stored(3, 2)], None),
            [(2, "part_wrong_size"), (3, "part_wrong_size")]
        );
        let list = [named(1, "1"), named(2, "\"2\""), named(3, "\"3\"")];
        assert_eq!(codes(all(), Some(&list)), []);
        assert_eq!(codes(all(), Some(&list[..1])), [(2, "part_not_named"), (3, "part_not_named")]);
        assert_eq!(codes(all(), Some(&[named(1, "other"), named(2, "2"), named(3, "3")])), [(1, "part_etag_mismatch")]);
    }
}
