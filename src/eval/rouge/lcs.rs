//! Longest common subsequences, 64 columns of the table at a time: Hyyrö, "Bit-parallel LCS-length computation
//! revisited" (AWOCA 2004).
//!
//! A row of the table belongs to a word of the first text, a column to one of the second. Row `i` holds a bit for each
//! column `j`, which is 0 where the length `L(i, j)` is one more than `L(i, j - 1)`; what a row's first `j` bits have in
//! zeros is `L(i, j)`.

/// Buffers for the search.
#[derive(Debug, Default)]
pub struct Lcs {
    columns: Columns,
    rows: Vec<u64>,
    saved: Vec<u64>,
}

impl Lcs {
    /// How many words a longest common subsequence has. Takes time of the product of the lengths, by 64.
    pub fn length(&mut self, a: &[u32], b: &[u32]) -> usize {
        self.columns.set(b);
        self.rows.clear();
        self.rows.resize(self.columns.width(), u64::MAX);
        for &word in a {
            self.columns.advance(word, &mut self.rows);
        }
        zeros(&self.rows, b.len())
    }

    /// Marks, in places of `a`, the longest common subsequence that `rouge_score` finds: read from the ends, a word
    /// that both have is taken, and else `a` is passed first.
    ///
    /// Rows are kept at intervals and made again between them, so that memory grows with the square root of the length
    /// of `a` times that of `b`, by 64.
    pub fn mark(&mut self, a: &[u32], b: &[u32], marks: &mut [bool]) {
        if b.is_empty() {
            return;
        }
        let Lcs {
            columns,
            rows,
            saved,
        } = self;
        columns.set(b);
        let width = columns.width();
        let interval = a.len().isqrt() + 1;
        saved.clear();
        rows.clear();
        rows.resize(width, u64::MAX);
        for words in a.chunks(interval) {
            saved.extend_from_slice(rows);
            for &word in words {
                columns.advance(word, rows);
            }
        }
        let mut column = b.len();
        let blocks = saved.chunks_exact(width).zip(a.chunks(interval));
        for (block, (first, words)) in blocks.enumerate().rev() {
            rows.clear();
            rows.extend_from_slice(first);
            for &word in words {
                let end = rows.len();
                rows.extend_from_within(end - width..);
                columns.advance(word, &mut rows[end..]);
            }
            for (i, &word) in words.iter().enumerate().rev() {
                let (above, row) = rows[i * width..][..2 * width].split_at(width);
                // Where the row has gained on the one above it, it keeps that until a column in which it grows.
                let has_gained = zeros(row, column) > zeros(above, column);
                let grows = |column: usize| row[column / 64] >> (column % 64) & 1 == 0;
                while has_gained && column > 0 && b[column - 1] != word && !grows(column - 1) {
                    column -= 1;
                }
                if column > 0 && b[column - 1] == word {
                    marks[block * interval + i] = true;
                    column -= 1;
                }
            }
        }
    }
}

/// The words of the second text.
#[derive(Debug, Default)]
struct Columns {
    /// Words with their columns, in order.
    places: Vec<(u32, usize)>,
    /// Bits of the columns that have the word of a row; all 0 between rows.
    mask: Vec<u64>,
}

impl Columns {
    fn set(&mut self, words: &[u32]) {
        self.places.clear();
        self.places
            .extend(words.iter().enumerate().map(|(i, &word)| (word, i)));
        self.places.sort_unstable();
        self.mask.clear();
        self.mask.resize(words.len().div_ceil(64), 0);
    }

    /// Numbers that a row takes.
    fn width(&self) -> usize {
        self.mask.len()
    }

    /// Makes of a row the next one, which belongs to `word`.
    fn advance(&mut self, word: u32, row: &mut [u64]) {
        let start = self.places.partition_point(|&(other, _)| other < word);
        let places = self.places[start..].iter();
        let places = places.take_while(|&&(other, _)| other == word);
        for &(_, column) in places.clone() {
            self.mask[column / 64] |= 1 << (column % 64);
        }
        let mut carry = false;
        for (bits, &mask) in row.iter_mut().zip(&self.mask) {
            let (sum, first) = bits.overflowing_add(*bits & mask);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            *bits = sum | (*bits & !mask);
        }
        for &(_, column) in places {
            self.mask[column / 64] = 0;
        }
    }
}

/// Zeros among the first bits of a row.
fn zeros(row: &[u64], columns: usize) -> usize {
    let whole = row[..columns / 64].iter();
    let whole: usize = whole.map(|bits| bits.count_zeros() as usize).sum();
    match columns % 64 {
        0 => whole,
        rest => whole + (!row[columns / 64] & ((1 << rest) - 1)).count_ones() as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, and the way back through it as `rouge_score` goes it.
    fn plain(a: &[u32], b: &[u32]) -> (usize, Vec<bool>) {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 1..=a.len() {
            for j in 1..=b.len() {
                table[i][j] = match a[i - 1] == b[j - 1] {
                    true => table[i - 1][j - 1] + 1,
                    false => table[i - 1][j].max(table[i][j - 1]),
                };
            }
        }
        let (mut i, mut j, mut marks) = (a.len(), b.len(), vec![false; a.len()]);
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                marks[i - 1] = true;
                (i, j) = (i - 1, j - 1);
            } else if table[i][j - 1] > table[i - 1][j] {
                j -= 1;
            } else {
                i -= 1;
            }
        }
        (table[a.len()][b.len()], marks)
    }

    #[test]
    fn bits_find_what_the_table_finds() {
        let mut state = 1_u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        let mut lcs = Lcs::default();
        for case in 0..400 {
            let words = 1 + random(12);
            let longest = [6, 70, 140][case % 3];
            let mut text = || (0..random(longest)).map(|_| random(words)).collect();
            let (a, b): (Vec<u32>, Vec<u32>) = (text(), text());
            let (length, marks) = plain(&a, &b);
            let mut found = vec![false; a.len()];
            lcs.mark(&a, &b, &mut found);
            assert_eq!(found, marks, "{a:?} {b:?}");
            assert_eq!(lcs.length(&a, &b), length, "{a:?} {b:?}");
        }
    }
}
