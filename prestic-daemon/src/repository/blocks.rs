//! The memory of what is read: a block is used again when nobody holds what was in it any more.
//!
//! Fresh memory for each piece cost a tenth of a download, because the system has to find and to empty each page of it.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Blocks of one size.
#[derive(Debug)]
pub struct Blocks {
    size: usize,
    /// How many are kept in mind; more than that can be lent.
    most: usize,
    /// What was lent, the oldest first.
    lent: VecDeque<Bytes>,
}

impl Blocks {
    pub fn new(size: usize, most: usize) -> Self {
        Self { size, most, lent: VecDeque::new() }
    }

    /// Returns an empty block.
    pub fn take(&mut self) -> BytesMut {
        match self.lent.pop_front().map(Bytes::try_into_mut) {
            Some(Ok(mut block)) => {
                block.clear();
                block.reserve(self.size);
                return block;
            }
            Some(Err(still_held)) => self.lent.push_front(still_held),
            None => {}
        }
        BytesMut::with_capacity(self.size)
    }

    /// Gives a block away, to get its memory back one day.
    pub fn lend(&mut self, block: BytesMut) -> Bytes {
        let lent = block.freeze();
        if self.lent.len() == self.most {
            self.lent.pop_front();
        }
        self.lent.push_back(lent.clone());
        lent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 4096;

    fn filled(blocks: &mut Blocks, length: usize) -> Bytes {
        let mut block = blocks.take();
        assert!(block.is_empty() && block.capacity() >= SIZE);
        block.resize(length, 7);
        blocks.lend(block)
    }

    #[test]
    fn block_comes_back_when_nobody_holds_it() {
        let mut blocks = Blocks::new(SIZE, 2);
        for length in [SIZE, 1, 100] {
            let piece = filled(&mut blocks, length);
            let place = piece.as_ptr();
            drop(piece);
            assert_eq!(filled(&mut blocks, 1).as_ptr(), place, "{length}");
        }
    }

    #[test]
    fn block_that_is_held_stays_as_it_is() {
        let mut blocks = Blocks::new(SIZE, 2);
        let held: Vec<Bytes> = (1..=5).map(|length| filled(&mut blocks, length)).collect();
        assert!(held.iter().zip(1..).all(|(piece, length)| piece[..] == vec![7; length]));
        assert_eq!(blocks.lent.len(), 2);
    }
}
