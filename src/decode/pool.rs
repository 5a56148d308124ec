//! The finished hypotheses of a search.

use super::Continuation;

/// The best finished hypotheses, best first, at most as many as there are beams.
pub struct Pool {
    hypotheses: Vec<Continuation>,
    capacity: usize,
}

impl Pool {
    /// An empty one.
    pub fn new(capacity: usize) -> Self {
        Pool {
            hypotheses: Vec::new(),
            capacity,
        }
    }

    /// Takes a hypothesis in; the worst leaves a pool that is full, and of equals the newest.
    pub fn add(&mut self, hypothesis: Continuation) {
        let better = |h: &Continuation| h.score >= hypothesis.score;
        let at = self.hypotheses.partition_point(better);
        self.hypotheses.insert(at, hypothesis);
        self.hypotheses.truncate(self.capacity);
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.hypotheses.is_empty()
    }

    /// The score that a new hypothesis has to exceed; none while there is room.
    pub fn bar(&self) -> Option<f32> {
        let worst = self.hypotheses.last()?;
        (self.hypotheses.len() >= self.capacity).then_some(worst.score)
    }

    /// The best, at most `n`, best first.
    pub fn into_best(mut self, n: usize) -> Vec<Continuation> {
        self.hypotheses.truncate(n);
        self.hypotheses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hypothesis(token: u32, score: f32) -> Continuation {
        Continuation {
            tokens: vec![token],
            token_log_probs: vec![score],
            log_prob: score,
            score,
            end: None,
        }
    }

    #[test]
    fn the_best_stay_and_the_first_of_equals() {
        let mut pool = Pool::new(2);
        assert!(pool.is_empty());
        pool.add(hypothesis(1, -2.0));
        assert_eq!(pool.bar(), None);
        pool.add(hypothesis(2, -1.0));
        assert_eq!(pool.bar(), Some(-2.0));
        pool.add(hypothesis(3, -2.0));
        pool.add(hypothesis(4, -1.0));
        assert_eq!(pool.bar(), Some(-1.0));
        let tokens = |pool: Vec<Continuation>| pool.iter().map(|h| h.tokens[0]).collect::<Vec<_>>();
        assert_eq!(tokens(pool.into_best(5)), [2, 4]);
    }
}
