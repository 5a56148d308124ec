//! Articles between reading and translation: which are translated together, how far is read ahead.

use std::collections::VecDeque;

use anubad::article::Article;

/// Enough sentences to fill the batches of every worker; articles are grouped up to this.
const WINDOW_SENTENCES: usize = 64;
/// Short articles in a group: the most that one waits for before it is written.
const WINDOW_ARTICLES: usize = 16;
/// Articles read ahead so that the time left can be told.
const READ_AHEAD: usize = 512;
/// The most bytes of text that wait, whatever the number of articles.
const WAITING_BYTES: usize = 32 << 20;

/// Articles that were read and not yet translated.
pub struct Queue {
    waiting: VecDeque<(Article, usize)>,
    bytes: usize,
    limit: usize,
    articles: usize,
    sentences: usize,
}

impl Queue {
    /// An empty queue; one that reads `ahead` holds many articles, another just the next window.
    pub fn new(ahead: bool) -> Queue {
        Queue {
            waiting: VecDeque::new(),
            bytes: 0,
            limit: if ahead { READ_AHEAD } else { WINDOW_ARTICLES },
            articles: 0,
            sentences: 0,
        }
    }

    /// Whether another article should be read before the next window is taken.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < self.limit && self.bytes < WAITING_BYTES
    }

    /// Adds an article of so many sentences.
    pub fn push(&mut self, sentences: usize, article: Article) {
        self.bytes += article.text.len();
        self.articles += 1;
        self.sentences += sentences;
        self.waiting.push_back((article, sentences));
    }

    /// Articles that were ever in the queue.
    pub fn articles(&self) -> usize {
        self.articles
    }

    /// Sentences of these.
    pub fn sentences(&self) -> usize {
        self.sentences
    }

    /// Takes the next articles that are translated together: at least one, if there is one.
    pub fn window(&mut self) -> Vec<Article> {
        let mut window = Vec::new();
        let mut sentences = 0;
        while let Some((_, more)) = self.waiting.front() {
            let is_full = window.len() == WINDOW_ARTICLES || sentences + more > WINDOW_SENTENCES;
            if is_full && !window.is_empty() {
                break;
            }
            let Some((article, more)) = self.waiting.pop_front() else {
                break;
            };
            sentences += more;
            self.bytes -= article.text.len();
            window.push(article);
        }
        window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of the windows that articles of so many sentences fall into.
    fn windows(sentences: &[usize]) -> Vec<usize> {
        let mut queue = Queue::new(true);
        for &sentences in sentences {
            queue.push(
                sentences,
                Article::from_plain("a", None, "নদী বড়।".to_owned()),
            );
        }
        let sizes = std::iter::from_fn(|| match queue.window().len() {
            0 => None,
            size => Some(size),
        });
        sizes.collect()
    }

    #[test]
    fn short_articles_are_translated_together_and_a_long_one_alone() {
        assert!(windows(&[]).is_empty());
        assert_eq!(windows(&[30, 30, 30]), [2, 1]);
        assert_eq!(windows(&[10, 500, 10]), [1, 1, 1]);
        assert_eq!(windows(&[1; 20]), [16, 4]);
        assert_eq!(windows(&[0, 0]), [2]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut queue = Queue::new(true);
        queue.push(
            1,
            Article::from_plain("a", None, "ক ".repeat(WAITING_BYTES / 4 + 1)),
        );
        assert!(!queue.has_room());
        queue.window();
        assert!(queue.has_room());
    }
}
