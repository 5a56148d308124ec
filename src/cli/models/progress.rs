//! How far a transfer is, on stderr while it is a terminal: bytes, rate, time left. And Ctrl-C.

use std::ops::ControlFlow;

use anubad::hub::{Event, HubError};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::args::Console;
use crate::cli::exit::{Exit, Failure, OrExit};
use crate::cli::interrupt::Interrupt;
use crate::cli::print::note;
use crate::cli::terminal;

/// The line, and what it is told.
pub struct Transfer {
    bar: ProgressBar,
    interrupt: Interrupt,
    console: Console,
}

impl Transfer {
    /// Listens for Ctrl-C, and shows a line once there is something to show.
    pub fn begin(console: Console) -> Result<Transfer, Failure> {
        let target = match console.quiet {
            true => ProgressDrawTarget::hidden(),
            false => ProgressDrawTarget::stderr(),
        };
        let style =
            "{bar:24} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left";
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(ProgressStyle::with_template(style).expect("the template is a constant"));
        Ok(Transfer {
            bar,
            interrupt: Interrupt::install().or_exit(Exit::Output)?,
            console,
        })
    }

    /// Is told of an event; from any thread.
    pub fn on(&self, event: Event) -> ControlFlow<()> {
        match event {
            Event::Plan { bytes, present, .. } => {
                self.bar.set_length(bytes);
                self.bar.set_position(present);
                self.bar.reset_eta();
            }
            // Whoever fetches tells it, or knows better.
            Event::Licence { .. } => {}
            Event::Progress { done } => self.bar.set_position(done),
            Event::Waiting { file } => {
                self.tell(&format!("another process fetches {file}: waiting for it"));
            }
            Event::Retry { reason, after } => {
                let seconds = after.as_secs_f32();
                self.tell(&format!("{reason}; trying again in {seconds:.1} s"));
            }
            Event::Tick => {}
        }
        self.interrupt.check()
    }

    /// Whether the user asked to stop, and the signal handler.
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Takes the line away. An interruption says `how` to go on.
    pub fn end<T>(&self, result: Result<T, HubError>, how: &str) -> Result<T, Failure> {
        self.bar.finish_and_clear();
        if matches!(result, Err(HubError::Interrupted)) && !how.is_empty() {
            note(self.console, &format!("interrupted; {how}"));
        }
        Ok(result?)
    }

    fn tell(&self, message: &str) {
        if !self.console.quiet {
            self.bar
                .suspend(|| terminal::complain(format_args!("{message}")));
        }
    }
}
