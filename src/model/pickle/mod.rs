//! Python pickles, as far as PyTorch's checkpoints use them, read and never run.
//!
//! A pickle is a program for a stack machine that may call any Python function. This reader knows the
//! instructions that build numbers, strings, tuples, lists and dictionaries, and the few functions that make a
//! tensor out of a storage; every other function is refused by its name. The checkpoint of a training holds more: what
//! the libraries of training make is passed over. Values live in an arena and refer to one another by index, so nothing
//! is copied, nothing recurses, and memory is bounded by the pickle's length.

mod machine;

use thiserror::Error;

use super::number::NumberType;
use PickleError::Malformed;

/// Why a pickle is not read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PickleError {
    /// It calls something that is not needed to read tensors.
    #[error("it calls {0}, which has no place in a file of weights: do not trust it")]
    Global(String),
    /// An instruction that files of weights do not use.
    #[error("unknown pickle instruction 0x{code:02x} at byte {at}")]
    Instruction {
        /// The instruction.
        code: u8,
        /// Where it stands.
        at: usize,
    },
    /// It ends too early.
    #[error("it is cut short")]
    Truncated,
    /// Values are not what an instruction or a reader wants.
    #[error("{0}")]
    Malformed(&'static str),
}

/// Place of a value in the arena.
pub type Id = usize;

/// A value that a pickle builds.
#[derive(Debug)]
pub enum Value {
    None,
    /// A truth value, a fraction, or a number of more than eight bytes: no tensor needs it.
    Other,
    Int(i64),
    Text(String),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global),
    Storage(Storage),
    Tensor(TensorView),
    /// An object of a library of training, of which nothing is kept.
    Foreign,
}

/// What a pickle may hold beside tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// Nothing.
    Weights,
    /// Objects of the libraries that train models.
    Training,
}

/// What a pickle may call or name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(NumberType),
    /// A class or function that would make an object of a library of training. It is named, never run.
    Foreign,
}

/// Packages whose objects stand in the checkpoints of trainings: settings, callbacks, schedules, measurements.
const TRAINING: [&str; 11] = [
    "argparse",
    "collections",
    "comet",
    "jsonargparse",
    "lightning",
    "lightning_fabric",
    "numpy",
    "omegaconf",
    "pathlib",
    "pytorch_lightning",
    "torch",
];

impl Global {
    fn named(module: &str, name: &str, contents: Contents) -> Result<Self, PickleError> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Global::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Global::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Global::RebuildParameter),
            ("torch", class) => NumberType::of_storage(class).map(Global::Storage),
            _ => None,
        }
        .or_else(|| {
            let is_foreign = contents == Contents::Training && Global::is_of_training(module, name);
            is_foreign.then_some(Global::Foreign)
        })
        .ok_or_else(|| PickleError::Global(format!("{module}.{name}")))
    }

    fn is_of_training(module: &str, name: &str) -> bool {
        let package = module.split('.').next().unwrap_or(module);
        match (package, name) {
            // How the second protocol writes sets and bytes.
            (
                "__builtin__" | "builtins",
                "set" | "frozenset" | "bytearray" | "complex" | "object",
            ) => true,
            ("_codecs", "encode") => true,
            (package, _) => TRAINING.contains(&package),
        }
    }
}

/// A run of numbers in the checkpoint, by its key there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// Name among the checkpoint's storages.
    pub key: String,
    /// Type of its numbers.
    pub number: NumberType,
    /// First number and count of the part that is meant, where the file says so.
    pub view: Option<(u64, u64)>,
}

/// A tensor as a view of a storage; nothing is checked against the storage yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorView {
    /// Its numbers.
    pub storage: Storage,
    /// Number of the storage that is its first.
    pub offset: u64,
    /// Dimensions.
    pub shape: Vec<u64>,
    /// Numbers from one place of a dimension to the next.
    pub strides: Vec<u64>,
}

/// What a pickle came to.
#[derive(Debug)]
pub struct Pickle {
    values: Vec<Value>,
    root: Id,
}

impl Pickle {
    /// Reads the pickle at the start of `bytes`: what it came to, and its length.
    ///
    /// # Errors
    /// If it calls anything but what tensors and such contents need, or is malformed.
    pub fn read(bytes: &[u8], contents: Contents) -> Result<(Self, usize), PickleError> {
        machine::run(bytes, contents)
    }

    /// The whole.
    pub fn root(&self) -> &Value {
        &self.values[self.root]
    }

    /// The strings of a list.
    ///
    /// # Errors
    /// If it is none.
    pub fn texts(&self) -> Result<Vec<&str>, PickleError> {
        let Value::List(items) = self.root() else {
            return Err(Malformed("a list of storages was expected"));
        };
        let text = |&id: &Id| match &self.values[id] {
            Value::Text(text) => Ok(text.as_str()),
            _ => Err(Malformed("a storage's key is not a string")),
        };
        items.iter().map(text).collect()
    }

    /// Every storage that is named, in order; one may be named often.
    pub fn storages(&self) -> impl Iterator<Item = &Storage> {
        self.values.iter().filter_map(|value| match value {
            Value::Storage(storage) => Some(storage),
            _ => None,
        })
    }

    /// The tensors of a dictionary from names to tensors. What else it holds is passed over.
    ///
    /// # Errors
    /// If it is no dictionary.
    pub fn tensors(&self) -> Result<Vec<(&str, &TensorView)>, PickleError> {
        self.tensors_of(self.root())
    }

    /// The tensors of a dictionary that stands in a dictionary.
    ///
    /// # Errors
    /// If there is no such dictionary.
    pub fn tensors_in(&self, key: &str) -> Result<Vec<(&str, &TensorView)>, PickleError> {
        let Value::Dict(items) = self.root() else {
            return Err(Malformed("it holds no dictionary"));
        };
        let is_it = |id: Id| matches!(&self.values[id], Value::Text(text) if text == key);
        let inner = items.iter().find(|(id, _)| is_it(*id));
        let (_, inner) = inner.ok_or(Malformed("it holds no weights of a training"))?;
        self.tensors_of(&self.values[*inner])
    }

    fn tensors_of(&self, dictionary: &Value) -> Result<Vec<(&str, &TensorView)>, PickleError> {
        let Value::Dict(items) = dictionary else {
            return Err(Malformed("it holds no dictionary of tensors"));
        };
        let tensor = |&(key, value): &(Id, Id)| match (&self.values[key], &self.values[value]) {
            (Value::Text(name), Value::Tensor(tensor)) => Some((name.as_str(), tensor)),
            _ => None,
        };
        Ok(items.iter().filter_map(tensor).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Pickle, PickleError> {
        Pickle::read(bytes, Contents::Weights).map(|(pickle, _)| pickle)
    }

    /// `OrderedDict(w = a parameter around a tensor of 2 × 3 in a storage of f16)`, as PyTorch pickles it.
    const TENSOR: &[u8] = b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(X\x01\x00\x00\x00w\
        ctorch._utils\n_rebuild_parameter\n(ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage\
        ctorch\nHalfStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x0cNtQK\x06K\x02K\x03\x86K\x03K\x01\
        \x86\x89h\x00)RtR\x89h\x00)RtRX\x07\x00\x00\x00versionK\x02u}X\x01\x00\x00\x00aNsb.";

    #[test]
    fn tensors_are_views_of_storages() {
        let (pickle, length) =
            Pickle::read(&[TENSOR, b"more"].concat(), Contents::Weights).unwrap();
        assert_eq!(length, TENSOR.len());
        let tensors = pickle.tensors().unwrap();
        let [("w", tensor)] = tensors.as_slice() else {
            panic!("{tensors:?}");
        };
        assert_eq!(tensor.storage.key, "0");
        assert_eq!(tensor.storage.number, NumberType::F16);
        assert_eq!((tensor.offset, &*tensor.shape), (6, &[2, 3][..]));
        assert_eq!(tensor.strides, [3, 1]);
    }

    #[test]
    fn calls_are_refused_by_name() {
        for hostile in [
            &b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R."[..],
            b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.",
        ] {
            assert_eq!(
                read(hostile).unwrap_err(),
                PickleError::Global("os.system".into())
            );
        }
        let error = read(b"c__builtin__\neval\n.").unwrap_err().to_string();
        assert!(error.contains("__builtin__.eval"), "{error}");
        assert_eq!(
            read(b"(iposix\nsystem\n.").unwrap_err(),
            PickleError::Instruction { code: b'i', at: 1 }
        );
    }

    /// `{"of": Callback, "args": Namespace(lr=1), "state_dict": …}`, the second with its attributes and items set.
    fn training(class: &[u8], state: &[u8]) -> Vec<u8> {
        let object =
            b"cargparse\nNamespace\n)\x81}X\x02\x00\x00\x00lrK\x01sbX\x01\x00\x00\x00kK\x01s";
        let (of, args, key) = (
            b"X\x02\x00\x00\x00of",
            b"X\x04\x00\x00\x00args",
            b"X\x0a\x00\x00\x00state_dict",
        );
        let end = state.len() - 1;
        [
            b"\x80\x02}(",
            &of[..],
            class,
            args,
            object,
            key,
            &state[2..end],
            b"u.",
        ]
        .concat()
    }

    #[test]
    fn what_training_leaves_is_passed_over_and_the_rest_still_refused() {
        let read = |class: &[u8], contents| {
            let bytes = training(class, TENSOR);
            Pickle::read(&bytes, contents).map(|(pickle, _)| pickle)
        };
        let callback = b"cpytorch_lightning.callbacks\nEarlyStopping\n";
        let pickle = read(callback, Contents::Training).unwrap();
        let tensors = pickle.tensors_in("state_dict").unwrap();
        assert_eq!(tensors.len(), 1);
        assert_eq!(tensors[0].0, "w");
        assert_eq!(pickle.storages().count(), 1);
        assert!(pickle.tensors_in("weights").is_err());
        assert!(pickle.tensors_in("args").is_err());
        let refused = |class: &[u8], contents, name: &str| {
            assert_eq!(
                read(class, contents).unwrap_err(),
                PickleError::Global(name.into())
            );
        };
        refused(
            callback,
            Contents::Weights,
            "pytorch_lightning.callbacks.EarlyStopping",
        );
        refused(b"cos\nsystem\n", Contents::Training, "os.system");
        refused(
            b"c__builtin__\neval\n",
            Contents::Training,
            "__builtin__.eval",
        );
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_an_error_or_harmless() {
        for length in 0..TENSOR.len() {
            assert!(read(&TENSOR[..length]).is_err(), "cut at {length}");
        }
        for at in 0..TENSOR.len() {
            for value in [0, 1, b'(', b'h', b't', b'u', b'R', b'b', b'e', 0x87, 0xff] {
                let mut bytes = TENSOR.to_vec();
                bytes[at] = value;
                let _ = read(&bytes).map(|pickle| pickle.tensors().map(|t| t.len()));
            }
        }
    }

    #[test]
    fn nested_and_recalled_values_cost_no_more_than_their_instructions() {
        // A tuple of two of the tuple before, a hundred thousand times: 2^100000 if copied, a deep tree if dropped.
        let mut bytes = b"Nq\x00".to_vec();
        for _ in 0..100_000 {
            bytes.extend(b"h\x00\x86q\x00");
        }
        bytes.push(b'.');
        assert!(matches!(read(&bytes).unwrap().root(), Value::Tuple(_)));
    }

    #[test]
    fn long_numbers_have_a_sign() {
        let int = |bytes: &[u8]| match read(bytes).unwrap().root() {
            Value::Int(int) => *int,
            other => panic!("{other:?}"),
        };
        assert_eq!(int(b"\x8a\x02\xe9\x03."), 1001);
        assert_eq!(int(b"\x8a\x01\xff."), -1);
        assert_eq!(int(b"\x8a\x00."), 0);
    }
}
