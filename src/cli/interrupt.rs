//! Ctrl-C: the run ends within a decoding step, and no file is left half written.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::exit::Exit;

/// How long the run may take to end by itself. One that waits for standard input never would.
const GRACE: Duration = Duration::from_secs(1);

/// Whether the user asked to stop; shared between the run and the signal handler.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    raised: AtomicBool,
    /// The file that is being written under a temporary name.
    partial: Mutex<Option<PathBuf>>,
}

impl Interrupt {
    /// Listens for Ctrl-C and SIGTERM from now on.
    pub fn install() -> Result<Interrupt, ctrlc::Error> {
        let interrupt = Interrupt::default();
        let handler = interrupt.clone();
        ctrlc::set_handler(move || {
            handler.0.raised.store(true, Ordering::Relaxed);
            std::thread::sleep(GRACE);
            // Still here. The lock is kept to the end, so that no new file is begun.
            let partial = handler
                .0
                .partial
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(path) = &*partial {
                let _ = std::fs::remove_file(path);
            }
            std::process::exit(Exit::Interrupted as i32);
        })?;
        Ok(interrupt)
    }

    /// Whether the user asked to stop.
    pub fn is_raised(&self) -> bool {
        self.0.raised.load(Ordering::Relaxed)
    }

    /// `Break` where the user asked to stop.
    pub fn check(&self) -> ControlFlow<()> {
        if self.is_raised() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Names the file that exists under a temporary name from now on, or that none does.
    pub fn set_partial(&self, path: Option<&Path>) {
        *self
            .0
            .partial
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = path.map(Path::to_owned);
    }
}
