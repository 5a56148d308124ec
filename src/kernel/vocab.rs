//! Over the vocabulary: what a search asks of a row of logits, and the answer in one pass over it.
//!
//! A search needs of tens of thousands of logits the few largest and what makes log-probabilities of them. So a row
//! need never be in memory as a whole: a [`Ranking`] takes it in pieces, keeps the largest, and sums exponentials less
//! the largest so far, scaling the sum down where a larger one comes (Milakov and Gimelshein 2018, arXiv:1805.02867).

use std::sync::Arc;

use candle_core::{DType, Device, Result, Storage, Tensor, bail};
use multiversion::multiversion;
use rayon::prelude::*;

use super::activation::exp;
use super::{f32_slice, lanes};

/// Logits that a row is taken in at a time where it is in memory: they stay in the nearest cache.
const PIECE: usize = 2048;

/// What is asked of a row of logits.
///
/// A token is in `edited`, in `suppressed`, or one of the rest.
#[derive(Debug, Clone, Default)]
pub struct Query<'a> {
    /// How many of the rest are wanted, the largest.
    pub k: usize,
    /// Tokens whose logits are wanted whatever they are, rising.
    pub edited: Vec<u32>,
    /// Tokens that count only in their sum, rising; the same for many queries.
    pub suppressed: &'a [u32],
    /// The tokens that there are, rising; none: the whole vocabulary.
    pub among: Option<Arc<[u32]>>,
}

/// What a row of logits has to say to a [`Query`]. A logit that is not a number, or is positive infinity, makes one of
/// the values not a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The largest of the rest with their logits, at most `k`, falling, of equals the lower token first; none of
    /// negative infinity.
    pub best: Vec<(u32, f32)>,
    /// The logits of the edited tokens; negative infinity where there is no such token.
    pub edited: Vec<f32>,
    /// ln Σ e^x of the suppressed tokens; negative infinity for no sum at all.
    pub suppressed_log_sum: f32,
    /// The same of the rest.
    pub rest_log_sum: f32,
}

/// A row of logits on its way to an answer.
///
/// The largest logits do not depend on how the row is cut in pieces, and the sum no more than rounding does: of pieces
/// of n logits and a row of m it is off by less than (n / 16 + m / n + 20) 2⁻²⁴ of its value.
pub struct Ranking<'a> {
    query: &'a Query<'a>,
    /// Columns that were taken.
    taken: usize,
    edited: Vec<f32>,
    /// How many of the suppressed tokens were met.
    suppressed: usize,
    suppressed_sum: ExpSum,
    /// Scratch space: logits of suppressed tokens.
    met: Vec<f32>,
    rest: ExpSum,
    /// Columns and logits, falling.
    best: Vec<(u32, f32)>,
}

impl<'a> Ranking<'a> {
    /// Of a row whose columns are the tokens of the query.
    pub fn new(query: &'a Query<'a>) -> Self {
        Ranking {
            query,
            taken: 0,
            edited: Vec::with_capacity(query.edited.len()),
            suppressed: 0,
            suppressed_sum: ExpSum::default(),
            met: Vec::new(),
            rest: ExpSum::default(),
            best: Vec::with_capacity(query.k + 1),
        }
    }

    /// Takes the logits of the next columns, which are scratch space.
    pub fn take(&mut self, logits: &mut [f32]) {
        let end = self.taken + logits.len();
        while let Some(&token) = self.query.edited.get(self.edited.len()) {
            self.edited.push(match self.column(token) {
                Some(column) if column >= end => break,
                Some(column) => {
                    std::mem::replace(&mut logits[column - self.taken], f32::NEG_INFINITY)
                }
                None => f32::NEG_INFINITY,
            });
        }
        self.met.clear();
        while let Some(&token) = self.query.suppressed.get(self.suppressed) {
            match self.column(token) {
                Some(column) if column >= end => break,
                Some(column) => {
                    let logit = &mut logits[column - self.taken];
                    self.met.push(std::mem::replace(logit, f32::NEG_INFINITY));
                }
                None => (),
            }
            self.suppressed += 1;
        }
        self.suppressed_sum.add(&self.met, largest(&self.met));
        let largest = largest(logits);
        self.rest.add(logits, largest);
        if largest > self.bar() {
            self.insert(logits);
        }
        self.taken = end;
    }

    /// The answer, after the last column.
    pub fn finish(self) -> Answer {
        let among = self.query.among.as_deref();
        let token = |column: u32| among.map_or(column, |among| among[column as usize]);
        let best = self.best.into_iter();
        let mut edited = self.edited;
        edited.resize(self.query.edited.len(), f32::NEG_INFINITY);
        Answer {
            best: best.map(|(column, x)| (token(column), x)).collect(),
            edited,
            suppressed_log_sum: self.suppressed_sum.ln(),
            rest_log_sum: self.rest.ln(),
        }
    }

    /// Where a token stands, if it is one of those that there are.
    fn column(&self, token: u32) -> Option<usize> {
        match &self.query.among {
            Some(among) => among.binary_search(&token).ok(),
            None => Some(token as usize),
        }
    }

    /// What a logit has to exceed to be among the best.
    fn bar(&self) -> f32 {
        match self.query.k.checked_sub(1) {
            Some(last) => self.best.get(last).map_or(f32::NEG_INFINITY, |b| b.1),
            None => f32::INFINITY,
        }
    }

    fn insert(&mut self, logits: &[f32]) {
        let mut next = 0;
        while let Some(found) = first_above(&logits[next..], self.bar()) {
            let x = logits[next + found];
            let column = (self.taken + next + found) as u32;
            let at = self.best.partition_point(|&(_, y)| y >= x);
            self.best.insert(at, (column, x));
            self.best.truncate(self.query.k);
            next += found + 1;
        }
    }
}

/// Σ e^x, as its largest x and the sum of the exponentials less that.
struct ExpSum {
    largest: f32,
    sum: f32,
}

impl Default for ExpSum {
    fn default() -> Self {
        ExpSum {
            largest: f32::NEG_INFINITY,
            sum: 0.0,
        }
    }
}

impl ExpSum {
    fn add(&mut self, values: &[f32], largest: f32) {
        if largest > self.largest {
            self.sum *= (self.largest - largest).exp();
            self.largest = largest;
        }
        if self.largest > f32::NEG_INFINITY {
            self.sum += exp_sum(values, self.largest);
        } else if values.iter().any(|x| x.is_nan()) {
            self.sum = f32::NAN;
        }
    }

    fn ln(&self) -> f32 {
        match self.largest > f32::NEG_INFINITY || self.sum.is_nan() {
            true => self.largest + self.sum.ln(),
            false => f32::NEG_INFINITY,
        }
    }
}

/// ln Σ e^x, which makes log-probabilities of logits; negative infinity where none is above that, and not a number
/// where one of them is none or is positive infinity.
pub fn log_sum_exp(logits: &[f32]) -> f32 {
    let mut sum = ExpSum::default();
    sum.add(logits, largest(logits));
    sum.ln()
}

/// The answers of rows of logits, (queries, vocabulary).
///
/// # Errors
/// If there are not as many rows as queries, a query is about tokens beyond the vocabulary, or the device fails.
pub fn answers(logits: &Tensor, queries: &[Query]) -> Result<Vec<Answer>> {
    let columns: Vec<_> = queries.iter().map(|q| q.among.as_deref()).collect();
    answers_at(logits, queries, &columns)
}

/// The answers of rows of logits, (queries, columns), to queries about the tokens that `columns` has for each: where
/// their logits stand, in the order of the tokens; none where each token stands in its own column.
///
/// # Errors
/// As [`answers`].
pub fn answers_at(
    logits: &Tensor,
    queries: &[Query],
    columns: &[Option<&[u32]>],
) -> Result<Vec<Answer>> {
    let (rows, width) = logits.dims2()?;
    let fits = |(query, columns): (&Query, &Option<&[u32]>)| match (&query.among, columns) {
        (Some(among), Some(columns)) => {
            among.len() == columns.len() && columns.iter().all(|&c| (c as usize) < width)
        }
        (None, None) => true,
        _ => false,
    };
    if rows != queries.len() || rows != columns.len() || !queries.iter().zip(columns).all(fits) {
        bail!(
            "{} queries about {rows} rows of {width} logits",
            queries.len()
        );
    }
    let logits = logits.to_device(&Device::Cpu)?.to_dtype(DType::F32)?;
    let logits = logits.contiguous()?;
    let (storage, layout) = logits.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else {
        bail!("logits are not where they were moved to");
    };
    let rows = f32_slice(storage, layout)?.par_chunks(width.max(1));
    let answers = rows
        .zip(queries)
        .zip(columns)
        .map(|((row, query), columns)| answer(row, query, *columns));
    Ok(answers.collect())
}

fn answer(row: &[f32], query: &Query, columns: Option<&[u32]>) -> Answer {
    let mut ranking = Ranking::new(query);
    let mut piece = [0f32; PIECE];
    match columns {
        None => {
            for from in row.chunks(PIECE) {
                let piece = &mut piece[..from.len()];
                piece.copy_from_slice(from);
                ranking.take(piece);
            }
        }
        Some(columns) => {
            for columns in columns.chunks(PIECE) {
                let piece = &mut piece[..columns.len()];
                let logits = columns.iter().map(|&column| row[column as usize]);
                piece.iter_mut().zip(logits).for_each(|(to, x)| *to = x);
                ranking.take(piece);
            }
        }
    }
    ranking.finish()
}

#[multiversion(targets = "simd")]
fn largest(values: &[f32]) -> f32 {
    lanes::largest(values)
}

/// Where the first value above a bar is.
#[multiversion(targets = "simd")]
fn first_above(values: &[f32], bar: f32) -> Option<usize> {
    let is_above = |block: &[f32]| block.iter().fold(false, |any, &x| any | (x > bar));
    let block = values.chunks(16).position(is_above)? * 16;
    let within = values[block..].iter().position(|&x| x > bar)?;
    Some(block + within)
}

/// Σ e^(x - less)
#[multiversion(targets = "simd")]
fn exp_sum(values: &[f32], less: f32) -> f32 {
    let mut sums = [0f32; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    for chunk in chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum += exp(x - less);
        }
    }
    lanes::sum(sums) + rest.iter().map(|&x| exp(x - less)).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: f32 = f32::NEG_INFINITY;

    fn wave(n: usize) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * 1.3).sin() * 9.0).collect()
    }

    /// What a row says when it comes in pieces of so many.
    fn in_pieces(row: &[f32], query: &Query, size: usize) -> Answer {
        let mut ranking = Ranking::new(query);
        for piece in row.to_vec().chunks_mut(size) {
            ranking.take(piece);
        }
        ranking.finish()
    }

    fn log_sum(values: impl Iterator<Item = f32>) -> f64 {
        values.map(|x| f64::from(x).exp()).sum::<f64>().ln()
    }

    #[test]
    fn an_answer_is_what_sorting_and_summing_say() {
        let row = wave(5003);
        let suppressed: Vec<u32> = (4000..4700).collect();
        for k in [0, 1, 2, 8, 6000] {
            let query = Query {
                k,
                edited: vec![0, 17, 2047, 2048, 5002, 5003, 9000],
                suppressed: &suppressed,
                among: None,
            };
            let is_rest = |token: &u32| {
                !query.edited.contains(token) && suppressed.binary_search(token).is_err()
            };
            let logit = |token: &u32| row[*token as usize];
            let mut expected: Vec<u32> = (0..5003).filter(is_rest).collect();
            let rest_log_sum = log_sum(expected.iter().map(logit));
            expected.sort_by(|a, b| logit(b).total_cmp(&logit(a)).then(a.cmp(b)));
            expected.truncate(k);
            for size in [1, 7, 16, 100, PIECE, 5003] {
                let answer = in_pieces(&row, &query, size);
                let expected: Vec<_> = expected.iter().map(|t| (*t, logit(t))).collect();
                assert_eq!(answer.best, expected);
                let [first, second] = [row[0], row[17]];
                let edited = [first, second, row[2047], row[2048], row[5002], NO, NO];
                assert_eq!(answer.edited, edited);
                assert!((f64::from(answer.rest_log_sum) - rest_log_sum).abs() < 2e-5);
                let expected = log_sum(row[4000..4700].iter().copied());
                assert!((f64::from(answer.suppressed_log_sum) - expected).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn where_a_row_is_cut_matters_no_more_than_rounding() {
        let row: Vec<f32> = wave(60_000).iter().map(|x| x / 3.0).collect();
        let query = Query {
            k: 5,
            ..Query::default()
        };
        let whole = in_pieces(&row, &query, 60_000);
        for size in [64, 512, PIECE, 8192] {
            let cut = in_pieces(&row, &query, size);
            assert_eq!(cut.best, whole.best);
            let bound = |n: f32| (n / 16.0 + 60_000.0 / n + 20.0) / (1 << 24) as f32;
            let off = (cut.rest_log_sum - whole.rest_log_sum).abs();
            // And the logarithm itself is rounded.
            assert!(off < bound(size as f32) + bound(60_000.0) + 2e-6, "{off}");
        }
    }

    #[test]
    fn of_equals_the_first_comes_first() {
        let query = Query {
            k: 2,
            ..Query::default()
        };
        for size in [1, 2, 5] {
            let best = in_pieces(&[1.0, 3.0, 2.0, 3.0, 3.0], &query, size).best;
            assert_eq!(best, [(1, 3.0), (3, 3.0)]);
        }
    }

    #[test]
    fn what_is_not_a_number_is_seen_and_what_is_impossible_is_left_out() {
        let ask = |row: &[f32], edited: &[u32], suppressed: &[u32]| {
            let query = Query {
                k: 2,
                edited: edited.to_vec(),
                suppressed,
                among: None,
            };
            in_pieces(row, &query, 2)
        };
        for broken in [f32::NAN, f32::INFINITY] {
            for row in [[broken, NO, NO], [NO, NO, broken], [1.0, broken, 2.0]] {
                assert!(ask(&row, &[], &[]).rest_log_sum.is_nan(), "{row:?}");
                assert!(log_sum_exp(&row).is_nan(), "{row:?}");
                let all = ask(&row, &[], &[0, 1, 2]);
                assert!(all.suppressed_log_sum.is_nan() && all.rest_log_sum == NO);
            }
        }
        assert!(ask(&[f32::NAN, 1.0], &[0], &[]).edited[0].is_nan());
        let nothing = ask(&[NO, NO, NO], &[], &[]);
        assert_eq!((nothing.best, nothing.rest_log_sum), (vec![], NO));
        let one = ask(&[NO, 2.0, NO], &[], &[]);
        assert_eq!((one.best, one.rest_log_sum), (vec![(1, 2.0)], 2.0));
        assert_eq!(log_sum_exp(&[]), NO);
    }

    #[test]
    fn rows_are_answered_each_by_its_own_query_and_among_its_own_tokens() {
        let logits = wave(3 * PIECE);
        let logits = Tensor::from_vec(logits.clone(), (2, 3 * PIECE / 2), &Device::Cpu).unwrap();
        let rows = logits.to_vec2::<f32>().unwrap();
        let among: Arc<[u32]> = (0..3 * PIECE as u32 / 2).step_by(3).collect();
        let queries = [
            Query {
                k: 3,
                ..Query::default()
            },
            Query {
                k: 4,
                edited: vec![3, 4, 9],
                suppressed: &[5, 6],
                among: Some(among.clone()),
            },
        ];
        let found = answers(&logits, &queries).unwrap();
        assert_eq!(found[0], in_pieces(&rows[0], &queries[0], PIECE));
        assert_eq!(found[1].edited, [rows[1][3], NO, rows[1][9]]);
        assert_eq!(found[1].suppressed_log_sum, rows[1][6]);
        let rest = || among.iter().filter(|t| ![3, 6, 9].contains(*t));
        let mut best: Vec<_> = rest().map(|&t| (t, rows[1][t as usize])).collect();
        best.sort_by(|a, b| b.1.total_cmp(&a.1));
        assert_eq!(found[1].best, best[..4]);
        let sum = log_sum(rest().map(|&t| rows[1][t as usize]));
        assert!((f64::from(found[1].rest_log_sum) - sum).abs() < 1e-5);

        assert!(answers(&logits, &queries[..1]).is_err());
        let beyond = Query {
            among: Some([7, 3 * PIECE as u32 / 2].into()),
            ..Query::default()
        };
        assert!(answers(&logits, &[beyond.clone(), beyond]).is_err());
    }
}
