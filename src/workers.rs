//! Tasks shared out over the cores of the machine.

use std::thread;

use candle_core::Device;
use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};

/// Calls `work` once for each worker, all at once; it takes tasks until there are no more. On the processor each worker
/// has its share of `threads` cores: workers of one core share no work inside a step, which wastes no time on waiting;
/// with fewer tasks than cores the products themselves are shared out. Any other device has one worker.
///
/// # Errors
/// The first error of a worker, after all have ended, or where no threads can be started.
pub(crate) fn share_out<E: From<ThreadPoolBuildError> + Send>(
    tasks: usize,
    threads: usize,
    device: &Device,
    work: impl Fn() -> Result<(), E> + Sync,
) -> Result<(), E> {
    let workers = match device.is_cpu() {
        true => tasks.min(threads),
        false => tasks.min(1),
    };
    let pools = (0..workers).map(|i| {
        let threads = threads / workers + usize::from(i < threads % workers);
        ThreadPoolBuilder::new().num_threads(threads).build()
    });
    let pools = pools.collect::<Result<Vec<_>, _>>()?;
    thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> = pools
            .into_iter()
            .map(|pool| scope.spawn(move || pool.install(work)))
            .collect();
        let results = handles.into_iter().map(|handle| {
            handle
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        results.collect::<Vec<_>>().into_iter().collect()
    })
}
