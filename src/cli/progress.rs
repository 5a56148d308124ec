//! How far the run is, on stderr while it is a terminal: sentences, their rate, time left, articles.

use std::fmt::{Arguments, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::terminal;

/// How often the line is drawn where nothing is finished: a long batch is no hang.
const TICK: Duration = Duration::from_millis(250);

/// A line on stderr that shows how far the run is. Hidden where stderr is no terminal.
pub struct Progress {
    bar: ProgressBar,
    articles_done: usize,
    articles: Option<usize>,
}

impl Progress {
    /// A line that is shown unless `quiet`.
    pub fn new(quiet: bool) -> Progress {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(style("{spinner} {pos} sentences  {rate}  {msg}"));
        if !bar.is_hidden() {
            bar.enable_steady_tick(TICK);
        }
        Progress {
            bar,
            articles_done: 0,
            articles: None,
        }
    }

    /// Whether anybody sees it.
    pub fn is_visible(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// From now on it is known how much there is to do in all, so that the time left can be told.
    pub fn set_total(&mut self, sentences: usize, articles: usize) {
        self.articles = Some(articles);
        self.bar.set_length(sentences as u64);
        self.bar.set_style(style(
            "{bar:24} {pos}/{len} sentences  {rate}  {left} left  {msg}",
        ));
        self.show_articles();
    }

    /// From now on it is known how many sentences there are, and whose work they are.
    pub fn set_sentences(&self, sentences: usize, whose: &str) {
        self.bar.set_length(sentences as u64);
        self.bar.set_style(style(
            "{bar:24} {pos}/{len} sentences  {rate}  {left} left  {msg}",
        ));
        self.bar.set_message(terminal::one_line(whose));
    }

    /// So many sentences more are done. Called from any thread.
    pub fn sentences_done(&self, sentences: usize) {
        if sentences > 0 {
            self.bar.inc(sentences as u64);
        }
    }

    /// One article more is done.
    pub fn article_done(&mut self) {
        self.articles_done += 1;
        self.show_articles();
    }

    /// Does something that writes to the terminal without the line in its way.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// A line on stderr about something that went wrong.
    pub fn complain(&self, message: Arguments) {
        self.aside(|| terminal::complain(message));
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn show_articles(&self) {
        self.bar.set_message(match self.articles {
            Some(all) => format!("articles {}/{all}", self.articles_done),
            None => format!("articles {}", self.articles_done),
        });
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the template is a constant")
        .with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{:.1}/s", state.per_sec());
        })
        .with_key("left", |state: &ProgressState, out: &mut dyn Write| {
            let seconds = state.eta().as_secs();
            let _ = write!(out, "{}:{:02}", seconds / 60, seconds % 60);
        })
}
