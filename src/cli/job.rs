//! The run that the verbs share: articles read ahead, translated some together, written in order.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Instant;

use anubad::article::Article;
use anubad::translate::{Severity, TranslateOptions, Translation, Translator};

use super::args::{Console, FailOn, OutputArgs};
use super::exit::{Exit, Failure, OrExit};
use super::format::{Report, severity_name};
use super::inputs::Inputs;
use super::interrupt::Interrupt;
use super::output::Output;
use super::progress::Progress;
use super::queue::Queue;
use super::terminal;

/// A run over many articles: where they go, and what has become of it so far.
pub struct Job {
    output: Output,
    progress: Progress,
    interrupt: Interrupt,
    console: Console,
    fail_on: FailOn,
    exit: Exit,
    tally: Tally,
}

/// What is counted.
#[derive(Debug, Default)]
struct Tally {
    articles: usize,
    flagged: usize,
    errors: usize,
    warnings: usize,
}

/// What makes the report on an article that was translated.
pub type MakeReport<'a> =
    dyn Fn(&Translator, Translation, &Interrupt) -> Result<Report, Failure> + 'a;

impl Job {
    /// Opens the output, which replaces none of the files that are `read`. `several`: whether more
    /// than one input was named.
    pub fn open(
        args: &OutputArgs,
        console: Console,
        read: &[PathBuf],
        several: bool,
    ) -> Result<Job, Failure> {
        let interrupt = Interrupt::install().or_exit(Exit::Output)?;
        let view = args.view(console)?;
        let output = Output::open(
            args.output.as_deref(),
            several,
            read,
            args.format(),
            view,
            &interrupt,
        )?;
        Ok(Job {
            output,
            progress: Progress::new(console.quiet),
            interrupt,
            console,
            fail_on: args.fail_on,
            exit: Exit::Done,
            tally: Tally::default(),
        })
    }

    /// Translates the articles and writes a report on each, in their order. An input that cannot be
    /// used is told and passed over.
    pub fn translate(
        mut self,
        inputs: Inputs,
        options: TranslateOptions,
        report: &MakeReport,
    ) -> Result<Exit, Failure> {
        let result = self.translate_all(inputs, options, report);
        self.end(result)
    }

    /// Writes a report on each translation, in their order.
    pub fn write_stored(
        mut self,
        translations: impl Iterator<Item = anyhow::Result<Translation>>,
        report: impl Fn(Translation, &Interrupt) -> Result<Report, Failure>,
    ) -> Result<Exit, Failure> {
        let result = self.write_each(translations, report);
        self.end(result)
    }

    fn write_each(
        &mut self,
        mut translations: impl Iterator<Item = anyhow::Result<Translation>>,
        report: impl Fn(Translation, &Interrupt) -> Result<Report, Failure>,
    ) -> Result<(), Failure> {
        while let Some(next) = self.interrupt.while_waiting(|| translations.next()) {
            self.check_interrupt()?;
            match next {
                Ok(translation) => {
                    let made = report(translation, &self.interrupt)?;
                    self.write(&made)?;
                }
                Err(error) => self.pass_over(error),
            }
        }
        Ok(())
    }

    fn translate_all(
        &mut self,
        mut inputs: Inputs,
        options: TranslateOptions,
        report: &MakeReport,
    ) -> Result<(), Failure> {
        // Inputs are looked at first: where none can be used, no model is needed.
        let Some(first) = self.next(&mut inputs) else {
            return Ok(());
        };
        let cores = match options.threads {
            0 => std::thread::available_parallelism().map_or(1, NonZero::get),
            threads => threads,
        };
        let started = Instant::now();
        let translator = Translator::load(options)?;
        let loaded = started.elapsed();
        let first_token = OnceLock::new();

        let ahead = self.progress.is_visible() && !inputs.is_live;
        let mut queue = Queue::new(cores, ahead);
        queue.push(translator.segments(&first), first);
        let mut more = true;
        loop {
            while more && queue.has_room() {
                match self.next(&mut inputs) {
                    Some(article) => queue.push(translator.segments(&article), article),
                    None => {
                        more = false;
                        self.progress.set_total(queue.sentences(), queue.articles());
                    }
                }
            }
            let window = queue.window();
            if window.is_empty() {
                break;
            }
            self.check_interrupt()?;
            let (progress, interrupt) = (&self.progress, &self.interrupt);
            let translated = translator.translate(&window, &|sentences| {
                first_token.get_or_init(|| started.elapsed());
                progress.sentences_done(sentences);
                interrupt.check()
            });
            for translation in translated? {
                let made = report(&translator, translation, &self.interrupt)?;
                self.write(&made)?;
            }
        }
        if self.console.verbose {
            if let Some(error) = translator.generator().not_kept() {
                self.progress.complain(format_args!("{error}"));
            }
            let seconds = (started.elapsed() - loaded).as_secs_f64();
            self.progress.complain(format_args!(
                "{}, {} in {seconds:.1} s ({:.1}/s), model loaded in {} ms, first token after {} ms",
                terminal::count(queue.articles(), "article"),
                terminal::count(queue.sentences(), "sentence"),
                queue.sentences() as f64 / seconds,
                loaded.as_millis(),
                first_token.get().unwrap_or(&loaded).as_millis()
            ));
        }
        Ok(())
    }

    /// The next article that can be used.
    fn next(&mut self, inputs: &mut Inputs) -> Option<Article> {
        loop {
            match self.interrupt.while_waiting(|| inputs.next())? {
                Ok(article) => return Some(article),
                Err(error) => self.pass_over(error),
            }
        }
    }

    fn pass_over(&mut self, error: impl Into<anyhow::Error>) {
        let message = terminal::with_causes(&error.into());
        self.progress.complain(format_args!("{message}"));
        self.exit = self.exit.max(Exit::Input);
    }

    fn write(&mut self, report: &Report) -> Result<(), Failure> {
        self.count(report);
        let (progress, output) = (&self.progress, &mut self.output);
        progress.aside(|| output.write(report))?;
        self.progress.article_done();
        Ok(())
    }

    fn count(&mut self, report: &Report) {
        self.tally.articles += 1;
        if !self.console.quiet && report.brief.as_ref().is_some_and(|b| b.is_fallback) {
            let id = &report.translation.id;
            self.progress.complain(format_args!(
                "{id}: the summarizer wrote nothing that the article bears out; the brief is sentences of the article"
            ));
        }
        let findings = report.findings();
        self.tally.flagged += usize::from(!findings.is_empty());
        for (number, finding) in findings {
            match finding.severity {
                Severity::Error => self.tally.errors += 1,
                Severity::Warning => self.tally.warnings += 1,
            }
            if self.fail_on.includes(finding.severity) {
                self.exit = self.exit.max(Exit::NeedsLook);
            }
            if self.console.verbose {
                let id = &report.translation.id;
                let severity = severity_name(finding.severity);
                let message = &finding.message;
                self.progress
                    .complain(format_args!("{id}: [{number}] {severity}: {message}"));
            }
        }
    }

    fn check_interrupt(&self) -> Result<(), Failure> {
        if self.interrupt.is_raised() {
            Err(Failure::interrupted())
        } else {
            Ok(())
        }
    }

    /// Ends the output, and tells what needs a look.
    fn end(self, result: Result<(), Failure>) -> Result<Exit, Failure> {
        self.progress.finish();
        if let Err(mut failure) = result {
            self.output.abandon();
            failure.exit = failure.exit.max(self.exit);
            return Err(failure);
        }
        self.output.finish()?;
        let Tally {
            articles,
            flagged,
            errors,
            warnings,
        } = self.tally;
        if !self.console.quiet && (errors > 0 || self.exit == Exit::NeedsLook) {
            terminal::complain(format_args!(
                "to check: {} and {} in {flagged} of {}",
                terminal::count(errors, "error"),
                terminal::count(warnings, "warning"),
                terminal::count(articles, "article")
            ));
        }
        Ok(self.exit)
    }
}
