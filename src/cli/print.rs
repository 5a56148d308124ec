//! What verbs say that write no articles: on standard output what was asked for, on stderr what is good to know.

use std::io::{self, Write};

use serde::Serialize;

use super::args::Console;
use super::exit::{Failure, write_failure};
use super::terminal;

/// Writes a result to standard output. What stands in it may come from the Hub or a file, which are not to command the
/// terminal.
pub fn print(text: &str) -> Result<(), Failure> {
    print_styled(&terminal::safe(text))
}

/// Writes a result whose escapes are our own, and which has no others. A reader that has gone away is no failure, and no
/// reason to leave undone what is done beside printing (a gate, a file).
pub fn print_styled(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| write_failure(error, "standard output")),
    }
}

/// Writes a result as one line of JSON.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value).expect("plain data is JSON");
    print(&format!("{}\n", terminal::escape_json(&json)))
}

/// A line on stderr that is no complaint.
pub fn note(console: Console, message: &str) {
    if !console.quiet {
        let _ = writeln!(io::stderr(), "{}", terminal::one_line(message));
    }
}
