use crate::PhoneNumber;

/// The numbers dialled last, newest first, each once (NUM-5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedialList(Vec<PhoneNumber>);

impl RedialList {
    /// How many numbers are remembered.
    pub const CAPACITY: usize = 10;

    /// Nothing dialled yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Remembers a number that was dialled; the oldest is forgotten past
    /// [`CAPACITY`](Self::CAPACITY).
    pub fn dialled(&mut self, number: PhoneNumber) {
        self.0.retain(|known| *known != number);
        self.0.insert(0, number);
        self.0.truncate(Self::CAPACITY);
    }

    /// The numbers, newest first.
    pub fn numbers(&self) -> &[PhoneNumber] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialled(numbers: &[&str]) -> Vec<String> {
        let mut list = RedialList::new();
        for number in numbers {
            list.dialled(PhoneNumber::new(number).unwrap());
        }
        let shown = list.numbers().iter().map(ToString::to_string);
        shown.collect()
    }

    #[test]
    fn the_ten_last_dialled_numbers_are_kept_newest_first() {
        let all: Vec<_> = (1..=12).map(|n| n.to_string()).collect();
        let all: Vec<_> = all.iter().map(String::as_str).collect();
        let expected = ["12", "11", "10", "9", "8", "7", "6", "5", "4", "3"];
        assert_eq!(dialled(&all), expected);
    }

    #[test]
    fn a_number_dialled_again_comes_first_and_once() {
        assert_eq!(dialled(&["321", "322", "321"]), ["321", "322"]);
    }
}
