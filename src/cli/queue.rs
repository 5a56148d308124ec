//! Articles between reading and translation: which are translated together, how far is read ahead.

use std::collections::VecDeque;

use anubad::article::Article;

/// Sentences for each core in a group of articles: enough that a batch is full and no core waits long.
const SENTENCES_A_CORE: usize = 32;
/// Articles read ahead so that the time left can be told.
const READ_AHEAD: usize = 512;
/// The most bytes of text that wait, whatever the number of articles.
const WAITING_BYTES: usize = 32 << 20;

/// Articles that were read and not yet translated.
pub struct Queue {
    waiting: VecDeque<Waiting>,
    /// Sentences that are translated together.
    window: usize,
    ahead: bool,
    bytes: usize,
    articles: usize,
    sentences: usize,
}

struct Waiting {
    article: Article,
    /// At least 1: an article costs something even if it has none.
    sentences: usize,
}

impl Queue {
    /// An empty queue for so many cores; one that reads `ahead` holds many articles, another just
    /// the next window.
    pub fn new(cores: usize, ahead: bool) -> Queue {
        Queue {
            waiting: VecDeque::new(),
            window: cores * SENTENCES_A_CORE,
            ahead,
            bytes: 0,
            articles: 0,
            sentences: 0,
        }
    }

    /// Whether another article should be read before the next window is taken.
    pub fn has_room(&self) -> bool {
        let sentences: usize = self.waiting.iter().map(|article| article.sentences).sum();
        let wanted = match self.ahead {
            true => self.waiting.len() < READ_AHEAD,
            false => sentences < self.window,
        };
        wanted && self.bytes < WAITING_BYTES
    }

    /// Adds an article of so many sentences.
    pub fn push(&mut self, sentences: usize, article: Article) {
        self.bytes += article.text.len();
        self.articles += 1;
        self.sentences += sentences;
        let sentences = sentences.max(1);
        self.waiting.push_back(Waiting { article, sentences });
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
        let mut room = self.window;
        while let Some(next) = self.waiting.front() {
            if next.sentences > room && !window.is_empty() {
                break;
            }
            room = room.saturating_sub(next.sentences);
            self.bytes -= next.article.text.len();
            window.extend(self.waiting.pop_front().map(|next| next.article));
        }
        window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of the windows that articles of so many sentences fall into.
    fn windows(sentences: &[usize]) -> Vec<usize> {
        let mut queue = Queue::new(2, true);
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
        assert_eq!(windows(&[1; 70]), [64, 6]);
        assert_eq!(windows(&[0; 70]), [64, 6]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut ahead = Queue::new(2, true);
        ahead.push(
            1,
            Article::from_plain("a", None, "ক ".repeat(WAITING_BYTES / 4 + 1)),
        );
        assert!(!ahead.has_room());
        ahead.window();
        assert!(ahead.has_room());

        let mut next = Queue::new(2, false);
        next.push(63, Article::from_plain("a", None, "নদী বড়।".to_owned()));
        assert!(next.has_room());
        next.push(1, Article::from_plain("a", None, "নদী বড়।".to_owned()));
        assert!(!next.has_room());
    }
}
