//! Measures decoding: sentences of token ids in, so many new tokens for each, times out. Needs Linux.
//!
//! Standard input has a sentence a line, its ids with spaces between, special tokens included. Every sentence gets
//! exactly `--target-tokens` tokens, so that engines that write different things do equal work. Prints JSON: seconds to
//! load, then seconds, seconds of the processor, sentences and tokens of decoding.

mod candle_marian;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anubad::decode::{Continuation, DecodeError, DecodeOptions, Request, generate};
use anubad::generate::GenerationConfig;
use anubad::hub::Hub;
use anubad::model::{Compute, Model, load_folder, load_kept};
use anubad::shortlist::{Shortlist, Table, Vocabularies};
use anyhow::{Context, Result, anyhow, ensure};
use candle_core::Device;
use clap::Parser;
use serde_json::json;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures decoding to a given length
#[derive(Parser)]
struct Args {
    /// Folder of an encoder-decoder; without it nothing is measured
    #[arg(long)]
    model: Option<PathBuf>,
    /// auto, int8, bf16 or f32
    #[arg(long, default_value = "auto", value_parser = compute)]
    compute: Compute,
    /// Sentences that a worker decodes together
    #[arg(long, default_value_t = 1)]
    batch: usize,
    /// Hypotheses of a sentence
    #[arg(long, default_value_t = 1)]
    beam: usize,
    /// New tokens of every sentence
    #[arg(long, default_value_t = 64)]
    target_tokens: usize,
    /// Threads of all workers together
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Workers that decode side by side, each with its share of the threads [default: one a thread]
    #[arg(long)]
    workers: Option<usize>,
    /// Score the tokens alone that a shortlist has for each sentence
    #[arg(long)]
    shortlist: Option<PathBuf>,
    /// candle's own Marian instead, in f32: greedy, one batch after the other, all threads in each product
    #[arg(long)]
    candle: bool,
    /// What `cargo bench` says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn compute(name: &str) -> Result<Compute, String> {
    match name {
        "auto" => Ok(Compute::Auto),
        "int8" => Ok(Compute::Int8),
        "bf16" => Ok(Compute::Bf16),
        "f32" => Ok(Compute::F32),
        other => Err(format!("{other:?} is not auto, int8, bf16 or f32")),
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    let Some(folder) = &args.model else {
        eprintln!("decode: no --model, so nothing is measured (scripts/bench/README.md)");
        return Ok(());
    };
    let sources = read_sources()?;
    let start = Instant::now();
    if args.candle {
        ensure!(args.beam == 1, "candle's own Marian has no beam search");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads);
        return pool.build()?.install(|| {
            let mut marian = candle_marian::Marian::load(folder)?;
            let load_seconds = start.elapsed().as_secs_f64();
            marian.decode(&sources[..1], args.target_tokens)?;
            report(load_seconds, || {
                let batches = sources.chunks(args.batch);
                let tokens = batches.map(|batch| marian.decode(batch, args.target_tokens));
                Ok((sources.len(), tokens.sum::<candle_core::Result<usize>>()?))
            })
        });
    }
    let model = load(folder, args.compute)?;
    let load_seconds = start.elapsed().as_secs_f64();
    let (requests, mut options) = prepare(&args, folder, &sources)?;
    if let Some(path) = &args.shortlist {
        options.shortlist = Some(Arc::new(shortlist(path, &*model, &options)?));
    }
    decode(&*model, &options, &requests[..1], &args)?;
    report(load_seconds, || {
        Ok((requests.len(), decode(&*model, &options, &requests, &args)?))
    })
}

/// Loads a model as the program does: with weights that an earlier start rounded to 8 bits, where it can.
fn load(folder: &Path, compute: Compute) -> Result<Box<dyn Model>> {
    let name = folder.to_str().context("a folder's name that is no text")?;
    Ok(match (compute, Hub::from_env()?.locate(name)?.quantized) {
        (Compute::Auto | Compute::Int8, Some(path)) => load_kept(folder, &path, None)?.model,
        _ => load_folder(folder, compute, &Device::Cpu)?,
    })
}

fn read_sources() -> Result<Vec<Vec<u32>>> {
    let text = std::io::read_to_string(std::io::stdin())?;
    let ids = |line: &str| line.split_whitespace().map(str::parse).collect();
    let sources: Result<Vec<Vec<u32>>, _> = text.lines().map(ids).collect();
    let sources = sources.context("standard input has something else than token ids")?;
    ensure!(!sources.is_empty(), "standard input has no sentence");
    Ok(sources)
}

/// The requests, and a search that writes just the tokens asked for and has just the batch asked for in work.
fn prepare(
    args: &Args,
    folder: &Path,
    sources: &[Vec<u32>],
) -> Result<(Vec<Request>, DecodeOptions)> {
    let config = GenerationConfig::read(folder, None)?;
    let start = config.decoder_start_token_id;
    let start = start.context("decoder_start_token_id is not set")?;
    let longest = sources.iter().map(Vec::len).max().unwrap_or(0);
    let slots = 1 + args.beam * args.target_tokens;
    let options = DecodeOptions {
        beam_size: args.beam,
        min_new_tokens: args.target_tokens,
        no_repeat_ngram_size: 0,
        stop_loops: false,
        batch_tokens: args.batch * slots.max(longest),
        ..config.options(None).map_err(|reason| anyhow!(reason))?
    };
    let request = |source: &Vec<u32>| Request {
        source: source.clone(),
        prompt: vec![start],
        max_new_tokens: args.target_tokens,
    };
    Ok((sources.iter().map(request).collect(), options))
}

/// A shortlist for a model whose sides share their tokens.
fn shortlist(path: &Path, model: &dyn Model, options: &DecodeOptions) -> Result<Shortlist> {
    let table = Table::read(path)?;
    let vocabularies = Vocabularies {
        source: table.sources(),
        target: model.vocabulary(),
        is_shared: true,
        around: Vec::new(),
        always: options.end_tokens.clone(),
    };
    Ok(Shortlist::new(table, vocabularies)?)
}

/// Shares the requests out among the workers; the tokens that were written.
fn decode(
    model: &dyn Model,
    options: &DecodeOptions,
    requests: &[Request],
    args: &Args,
) -> Result<usize> {
    let workers = args.workers.unwrap_or(args.threads);
    let (next, tokens) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let take = || {
        let i = next.fetch_add(1, Ordering::Relaxed);
        requests.get(i).map(|request| (i, request.clone()))
    };
    let done = |_, hypotheses: Vec<Continuation>| {
        tokens.fetch_add(hypotheses[0].token_log_probs.len(), Ordering::Relaxed);
        Ok::<_, DecodeError>(())
    };
    thread::scope(|scope| -> Result<()> {
        let mut handles = Vec::new();
        for _ in 0..workers {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads / workers);
            let pool = pool.build()?;
            let work = move || generate(model, options, take, done, |_| Ok(()));
            handles.push(scope.spawn(move || pool.install(work)));
        }
        for handle in handles {
            handle.join().map_err(|_| anyhow!("a worker panicked"))??;
        }
        Ok(())
    })?;
    Ok(tokens.into_inner())
}

/// Runs what gives numbers of sentences and tokens, and prints them with the time that it took.
fn report(load_seconds: f64, work: impl FnOnce() -> Result<(usize, usize)>) -> Result<()> {
    let (cpu, start) = (cpu_seconds()?, Instant::now());
    let (sentences, tokens) = work()?;
    let seconds = start.elapsed().as_secs_f64();
    let record = json!({
        "load_seconds": load_seconds,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds()? - cpu,
        "sentences": sentences,
        "tokens": tokens,
    });
    println!("{record}");
    Ok(())
}

/// Time on the processor, of user and system, of all threads so far, to a hundredth of a second.
fn cpu_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("/proc/self/stat")?;
    // The name of the program, in brackets, may have spaces; utime and stime are the 12th and 13th after it.
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: Result<Vec<f64>, _> = ticks.map(str::parse).collect();
    Ok(ticks?.iter().sum::<f64>() / 100.0)
}
