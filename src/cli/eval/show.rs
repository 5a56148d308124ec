//! The forms of a report, on standard output and in files.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anubad::eval::report::{HtmlOptions, Report, TableOptions, html, latex, markdown, table, tsv};
use anyhow::anyhow;
use clap::{Args, ValueEnum};

use crate::cli::args::Console;
use crate::cli::atomic::AtomicFile;
use crate::cli::exit::{Exit, Failure, OrExit, write_failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::print::print_styled;
use crate::cli::terminal::{self, Styles, stdout_width};

/// Width of tables where standard output is no terminal.
const WIDTH: usize = 100;

/// Where the report goes and in which forms.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct ShowArgs {
    /// Form of the output
    #[arg(short, long, default_value = "table")]
    format: Form,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Put every sentence with its scores into the JSON on standard output too
    #[arg(long)]
    sentences: bool,
    /// Write the report into a file too, in the form of its extension: .html (plots, worst sentences, diffs), .json, .md,
    /// .tex, .tsv (a line for each sentence)
    #[arg(long = "report", value_name = "FILE", value_parser = report_file)]
    reports: Vec<ReportFile>,
}

/// A form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For the terminal; with --verbose also parts of the test set, precisions and long signatures
    Table,
    /// One object
    Json,
    /// Tables for a README or an issue
    Markdown,
    /// Tables for a paper (booktabs)
    Latex,
    /// One page that needs nothing else
    Html,
    /// A line for each sentence, a column for each system and metric
    Tsv,
}

/// A file, and the form of what it is to hold.
#[derive(Debug, Clone)]
struct ReportFile {
    path: PathBuf,
    form: Form,
}

fn report_file(text: &str) -> Result<ReportFile, String> {
    let path = PathBuf::from(text);
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let form = match extension.to_str() {
        Some("html" | "htm") => Form::Html,
        Some("json") => Form::Json,
        Some("md" | "markdown") => Form::Markdown,
        Some("tex") => Form::Latex,
        Some("tsv") => Form::Tsv,
        _ => return Err("the extension must be .html, .json, .md, .tex or .tsv".to_owned()),
    };
    Ok(ReportFile { path, form })
}

impl ShowArgs {
    /// Whether some form shows sentences.
    pub fn needs_sentences(&self) -> bool {
        let shows = |form| matches!(form, Form::Html | Form::Tsv);
        let in_files = |file: &ReportFile| shows(file.form) || file.form == Form::Json;
        self.sentences || shows(self.form()) || self.reports.iter().any(in_files)
    }

    /// The form on standard output.
    pub fn form(&self) -> Form {
        if self.json { Form::Json } else { self.format }
    }

    /// Refuses files that cannot be, before much work is done for them.
    pub fn check(&self) -> Result<(), Failure> {
        self.reports
            .iter()
            .try_for_each(|file| check_target(&file.path))
    }

    /// Writes the report to standard output, and into the files. `parts` says whether the table shows parts of the test
    /// set even where it is brief.
    pub fn show(
        &self,
        report: &Report,
        parts: bool,
        console: Console,
        interrupt: &Interrupt,
    ) -> Result<(), Failure> {
        let options = TableOptions {
            width: stdout_width().unwrap_or(WIDTH),
            styled: Styles::is_on(console.color),
            parts: parts || console.verbose,
            verbose: console.verbose,
        };
        self.print(report, &options)?;
        for file in &self.reports {
            let text = render(report, file.form, &options)?;
            write_file(&file.path, &text, interrupt)?;
        }
        Ok(())
    }

    fn print(&self, report: &Report, options: &TableOptions) -> Result<(), Failure> {
        if self.form() == Form::Json && !self.sentences {
            let segments = Vec::new();
            let report = Report {
                segments,
                ..report.clone()
            };
            return print_styled(&render(&report, Form::Json, options)?);
        }
        print_styled(&render(report, self.form(), options)?)
    }
}

/// The report in a form. What stands in it of others' text is made harmless by each form in its own way.
fn render(report: &Report, form: Form, options: &TableOptions) -> Result<String, Failure> {
    Ok(match form {
        Form::Table => table(report, options),
        Form::Json => {
            let json = serde_json::to_string_pretty(report).expect("plain data is JSON");
            format!("{}\n", terminal::escape_json(&json))
        }
        Form::Markdown => markdown(report),
        Form::Latex => latex(report),
        Form::Html => html(report, &HtmlOptions::default()).or_exit(Exit::Output)?,
        Form::Tsv => tsv(report),
    })
}

/// Refuses a file whose folder is not there, or which is a folder.
pub fn check_target(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let message = match folder {
        _ if path.is_dir() => "is a folder; name a file".to_owned(),
        Some(folder) if !folder.is_dir() => {
            format!("folder {} does not exist; make it first", folder.display())
        }
        _ => return Ok(()),
    };
    let error = anyhow!("{}: cannot write: {message}", path.display());
    Err(Failure::new(Exit::Output, error))
}

/// Writes a file, whole or not at all.
pub fn write_file(path: &Path, text: &str, interrupt: &Interrupt) -> Result<(), Failure> {
    let write = || {
        let mut file = AtomicFile::create(path, interrupt)?;
        file.write_all(text.as_bytes())?;
        file.commit()
    };
    let written: io::Result<()> = write();
    written.map_err(|error| write_failure(error, &path.display().to_string()))
}
