//! Weights rounded to 8 bits and kept in a file: the same model from it as from memory, whatever happens to the file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anubad::model::{Compute, Keep, KeepError, Kept, Model, load_folder, load_kept};
use candle_core::Device;

/// One of each architecture, with weights in different containers.
const MINIATURES: [&str; 10] = [
    "marian",
    "marian-separate",
    "m2m100",
    "mbart",
    "bart",
    "pegasus",
    "t5",
    "flan-t5",
    "mt5",
    "indictrans2",
];

fn miniature(name: &str) -> PathBuf {
    let miniatures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/model");
    miniatures.join(format!("{name}-mini"))
}

/// A copy of a miniature that a test may change, and a place for its weights.
struct World {
    root: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = World {
            root: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(world.folder()).unwrap();
        for item in fs::read_dir(miniature("marian")).unwrap() {
            let item = item.unwrap();
            fs::copy(item.path(), world.folder().join(item.file_name())).unwrap();
        }
        world
    }

    fn folder(&self) -> PathBuf {
        self.root.path().join("model")
    }

    fn kept(&self) -> PathBuf {
        self.root.path().join("cache/model.int8")
    }

    fn load(&self) -> Kept {
        load_kept(&self.folder(), &self.kept(), None).unwrap()
    }

    /// Loads, and says what was done.
    fn keep(&self) -> Keep {
        self.load().keep.unwrap()
    }

    fn weights(&self) -> PathBuf {
        self.folder().join("pytorch_model.bin")
    }
}

/// What a model makes of a source and a few tokens.
fn logits(model: &dyn Model) -> Vec<Vec<f32>> {
    let mut cache = model.new_cache(8, 8).unwrap();
    let mut sequence = model.encode(&mut cache, &[&[5, 9, 3, 7, 0]]).unwrap();
    let mut step = |tokens: &[u32]| {
        let batch = &mut [(&mut sequence[0], tokens)];
        let logits = model.step(&mut cache, batch).unwrap();
        logits.to_vec2::<f32>().unwrap().remove(0)
    };
    vec![step(&[0, 4]), step(&[8])]
}

#[test]
fn a_model_from_its_file_is_the_same_to_the_bit() {
    let cache = tempfile::tempdir().unwrap();
    for name in MINIATURES {
        let (folder, path) = (miniature(name), cache.path().join(format!("{name}.int8")));
        let memory = load_folder(&folder, Compute::Int8, &Device::Cpu).unwrap();
        let expected = logits(&*memory);
        for keep in [Keep::Written, Keep::Found] {
            let kept = load_kept(&folder, &path, None).unwrap();
            assert_eq!(kept.keep.unwrap(), keep, "{name}");
            assert_eq!(logits(&*kept.model), expected, "{name}");
        }
        let plain = load_folder(&folder, Compute::F32, &Device::Cpu).unwrap();
        assert_ne!(logits(&*plain), expected, "{name} is not rounded");
    }
}

#[test]
fn reading_is_told_from_the_first_byte_to_the_last() {
    let world = World::new();
    let (sender, told) = std::sync::mpsc::channel();
    let on_read = Box::new(move |done: u64, all: u64| sender.send((done, all)).unwrap());
    let kept = load_kept(&world.folder(), &world.kept(), Some(on_read)).unwrap();
    let told: Vec<(u64, u64)> = told.iter().collect();
    let size = world.weights().metadata().unwrap().len();
    assert_eq!(kept.checkpoint_size, size);
    assert_eq!(told[0], (0, size));
    assert!(told.is_sorted() && told.iter().all(|(_, all)| *all == size));
    let read = told.last().unwrap().0;
    assert!(read > size / 2 && read <= size, "{read} of {size}");
}

/// The checkpoint's numbers are not looked at: they could be any.
#[test]
fn nothing_is_read_of_the_checkpoint_once_the_file_is_there() {
    let world = World::new();
    let expected = logits(&*world.load().model);
    let weights = world.weights();
    let metadata = weights.metadata().unwrap();
    fs::write(&weights, vec![0xff; metadata.len() as usize]).unwrap();
    let file = File::options().write(true).open(&weights).unwrap();
    file.set_modified(metadata.modified().unwrap()).unwrap();
    let kept = world.load();
    assert_eq!(kept.keep.unwrap(), Keep::Found);
    assert_eq!(logits(&*kept.model), expected);
}

#[test]
fn weights_that_changed_are_rounded_again() {
    let world = World::new();
    assert_eq!(world.keep(), Keep::Written);
    assert_eq!(world.keep(), Keep::Found);
    // The same bytes, written anew.
    let bytes = fs::read(world.weights()).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    fs::write(world.weights(), bytes).unwrap();
    assert_eq!(world.keep(), Keep::Written);
    assert_eq!(world.keep(), Keep::Found);
    let config = world.folder().join("config.json");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text + "\n").unwrap();
    assert_eq!(world.keep(), Keep::Written);
    assert_eq!(world.keep(), Keep::Found);
    // Safetensors count before a pickle.
    fs::write(world.folder().join("model.safetensors"), "none").unwrap();
    let error = load_kept(&world.folder(), &world.kept(), None).err();
    assert!(error.unwrap().to_string().contains("model.safetensors"));
}

#[test]
fn a_damaged_file_is_made_anew() {
    let world = World::new();
    let expected = logits(&*world.load().model);
    let whole = fs::read(world.kept()).unwrap();
    let contents = u64::from_le_bytes(whole[16..24].try_into().unwrap()) as usize;
    let mut damages: Vec<Vec<u8>> = Vec::new();
    for at in [
        0,
        8,
        16,
        20,
        23,
        30,
        64,
        64 + contents / 2,
        64 + contents - 1,
    ] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x81;
        damages.push(damaged);
    }
    for length in [
        0,
        7,
        63,
        64,
        64 + contents - 1,
        64 + contents,
        whole.len() - 64,
    ] {
        damages.push(whole[..length].to_vec());
    }
    damages.push(vec![0xff; whole.len()]);
    for (i, damaged) in damages.into_iter().enumerate() {
        fs::write(world.kept(), damaged).unwrap();
        let kept = world.load();
        assert_eq!(kept.keep.unwrap(), Keep::Written, "damage {i}");
        assert_eq!(logits(&*kept.model), expected, "damage {i}");
        assert!(fs::read(world.kept()).unwrap() == whole, "damage {i}");
    }
}

/// Data has no checksum; whatever it is, the model runs.
#[test]
fn damaged_data_harms_nothing_but_the_results() {
    let world = World::new();
    let expected = logits(&*world.load().model);
    let mut bytes = fs::read(world.kept()).unwrap();
    let contents = u64::from_le_bytes(bytes[16..24].try_into().unwrap()) as usize;
    let data = (64 + contents).next_multiple_of(64);
    for value in [0x80, 0xff, 0x7f] {
        bytes[data..].fill(value);
        fs::write(world.kept(), &bytes).unwrap();
        let kept = world.load();
        assert_eq!(kept.keep.unwrap(), Keep::Found);
        assert_ne!(logits(&*kept.model), expected);
    }
}

/// Contents with the right checksum are not believed either.
#[test]
fn contents_that_lie_are_made_anew() {
    use sha2::{Digest, Sha256};
    let world = World::new();
    let expected = logits(&*world.load().model);
    let whole = fs::read(world.kept()).unwrap();
    let length = u64::from_le_bytes(whole[16..24].try_into().unwrap()) as usize;
    let text = String::from_utf8(whole[64..64 + length].to_vec()).unwrap();
    let data = (64 + length).next_multiple_of(64);
    let first = text.find("\"start\":").unwrap() + "\"start\":".len();
    let end = first + text[first..].find('}').unwrap();
    let with = |start: &str| format!("{}{start}{}", &text[..first], &text[end..]);
    for lie in [
        with("18446744073709551615"),
        with("18446744073709551552"),
        with("9223372036854775744"),
        with("1"),
        with("-64"),
        with(&whole.len().to_string()),
        text.replace("\"outputs\":", "\"outputs\":1"),
        text.replace("\"inputs\":", "\"inputs\":1"),
        text.replace("\"shape\":[", "\"shape\":[4611686018427387904,"),
        text.replace("\"matrices\"", "\"other\""),
        "{}".to_owned(),
    ] {
        let mut bytes = whole[..16].to_vec();
        bytes.extend((lie.len() as u64).to_le_bytes());
        bytes.extend(Sha256::digest(&lie));
        bytes.extend([0; 8]);
        bytes.extend(lie.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(64), 0);
        bytes.extend(&whole[data..]);
        fs::write(world.kept(), bytes).unwrap();
        let kept = world.load();
        assert_eq!(
            kept.keep.unwrap(),
            Keep::Written,
            "{}",
            &lie[..lie.len().min(99)]
        );
        assert_eq!(logits(&*kept.model), expected);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_no_failure() {
    let world = World::new();
    let expected = logits(&*load_folder(&world.folder(), Compute::Auto, &Device::Cpu).unwrap());
    // A file is where a folder is wanted: that stops root too.
    fs::write(world.root.path().join("cache"), "").unwrap();
    for _ in 0..2 {
        let kept = world.load();
        let error = kept.keep.unwrap_err();
        assert!(matches!(error, KeepError::Write { .. }), "{error}");
        assert!(error.to_string().contains("ANUBAD_HOME"), "{error}");
        assert_eq!(logits(&*kept.model), expected);
    }
    // A folder is where the file is wanted.
    fs::remove_file(world.root.path().join("cache")).unwrap();
    fs::create_dir_all(world.kept().join("x")).unwrap();
    assert!(matches!(world.load().keep, Err(KeepError::Write { .. })));
    let left = fs::read_dir(world.root.path().join("cache")).unwrap();
    assert_eq!(left.count(), 1, "nothing half written is left");
}

#[test]
fn one_process_writes_and_others_do_without() {
    let world = World::new();
    fs::create_dir(world.root.path().join("cache")).unwrap();
    let lock = File::create(world.kept().with_extension("lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(world.load().keep, Err(KeepError::Busy { .. })));
    assert!(!world.kept().exists());
    drop(lock);
    assert_eq!(world.keep(), Keep::Written);
}

#[test]
fn threads_that_start_at_once_all_have_the_model() {
    let world = World::new();
    let expected = logits(&*load_folder(&world.folder(), Compute::Auto, &Device::Cpu).unwrap());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..3 {
                    assert_eq!(logits(&*world.load().model), expected);
                }
            });
        }
    });
    assert_eq!(world.keep(), Keep::Found);
    let names = fs::read_dir(world.root.path().join("cache")).unwrap();
    let names: Vec<_> = names.map(|item| item.unwrap().file_name()).collect();
    assert_eq!(names, ["model.int8"]);
}

#[test]
fn what_is_of_no_use_any_more_goes_and_what_is_not_ours_stays() {
    let world = World::new();
    assert_eq!(world.keep(), Keep::Written);
    let cache = world.root.path().join("cache");
    let gone = world.root.path().join("gone");
    fs::rename(world.folder(), &gone).unwrap();
    let kept = load_kept(&gone, &cache.join("gone.int8"), None).unwrap();
    assert_eq!(kept.keep.unwrap(), Keep::Written);
    assert!(!world.kept().exists(), "its checkpoint is gone");
    fs::rename(&gone, world.folder()).unwrap();
    let mut old = fs::read(cache.join("gone.int8")).unwrap();
    old[8] = 0;
    fs::write(cache.join("old.int8"), old).unwrap();
    fs::write(cache.join("other.int8"), "somebody else's").unwrap();
    fs::write(cache.join("notes.txt"), "somebody else's").unwrap();
    for (name, days) in [(".anubad-killed", 2), (".anubad-working", 0)] {
        let file = File::create(cache.join(name)).unwrap();
        let time = std::time::SystemTime::now() - std::time::Duration::from_secs(days * 86_400);
        file.set_modified(time).unwrap();
    }
    assert_eq!(world.keep(), Keep::Written);
    let names = fs::read_dir(&cache).unwrap();
    let mut names: Vec<_> = names.map(|item| item.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(
        names,
        [".anubad-working", "model.int8", "notes.txt", "other.int8"]
    );
}
