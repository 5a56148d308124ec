//! Python pickles, as far as PyTorch's checkpoints use them, read and never run.
//!
//! A pickle is a program for a stack machine that may call any Python function. This reader knows the
//! instructions that build numbers, strings, tuples, lists and dictionaries, and the few functions that make a
//! tensor out of a storage; every other function is refused by its name. Values live in an arena and refer to
//! one another by index, so nothing is copied, nothing recurses, and memory is bounded by the pickle's length.

use std::collections::HashMap;

use thiserror::Error;

use super::number::NumberType;

/// Instructions (Python's `pickletools` describes them).
mod op {
    pub const MARK: u8 = b'(';
    pub const STOP: u8 = b'.';
    pub const BINFLOAT: u8 = b'G';
    pub const BININT: u8 = b'J';
    pub const BININT1: u8 = b'K';
    pub const BININT2: u8 = b'M';
    pub const NONE: u8 = b'N';
    pub const BINPERSID: u8 = b'Q';
    pub const REDUCE: u8 = b'R';
    pub const BINUNICODE: u8 = b'X';
    pub const EMPTY_LIST: u8 = b']';
    pub const APPEND: u8 = b'a';
    pub const BUILD: u8 = b'b';
    pub const GLOBAL: u8 = b'c';
    pub const APPENDS: u8 = b'e';
    pub const BINGET: u8 = b'h';
    pub const LONG_BINGET: u8 = b'j';
    pub const BINPUT: u8 = b'q';
    pub const LONG_BINPUT: u8 = b'r';
    pub const SETITEM: u8 = b's';
    pub const TUPLE: u8 = b't';
    pub const SETITEMS: u8 = b'u';
    pub const EMPTY_DICT: u8 = b'}';
    pub const EMPTY_TUPLE: u8 = b')';
    pub const PROTO: u8 = 0x80;
    pub const TUPLE1: u8 = 0x85;
    pub const TUPLE2: u8 = 0x86;
    pub const TUPLE3: u8 = 0x87;
    pub const NEWTRUE: u8 = 0x88;
    pub const NEWFALSE: u8 = 0x89;
    pub const LONG1: u8 = 0x8a;
    pub const SHORT_BINUNICODE: u8 = 0x8c;
    pub const STACK_GLOBAL: u8 = 0x93;
    pub const MEMOIZE: u8 = 0x94;
    pub const FRAME: u8 = 0x95;
}

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

use PickleError::Malformed;

/// Bytes of a pickle at most: a hundred times what the largest checkpoints need, and what is built of it fits
/// into memory.
const LONGEST: usize = 4 << 20;
/// Bytes of a storage's key, and dimensions of a tensor, at most: both are copied for each tensor.
const LONGEST_KEY: usize = 64;
const MOST_DIMENSIONS: usize = 8;

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
}

/// What a pickle may call or name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(NumberType),
}

impl Global {
    fn named(module: &str, name: &str) -> Result<Self, PickleError> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Global::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Global::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Global::RebuildParameter),
            ("torch", class) => NumberType::of_storage(class).map(Global::Storage),
            _ => None,
        }
        .ok_or_else(|| PickleError::Global(format!("{module}.{name}")))
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
    /// If it calls anything but what tensors need, or is malformed.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), PickleError> {
        let mut machine = Machine {
            bytes: &bytes[..bytes.len().min(LONGEST)],
            at: 0,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        };
        while !machine.step()? {}
        let root = machine.pop()?;
        let length = machine.at;
        Ok((
            Pickle {
                values: machine.values,
                root,
            },
            length,
        ))
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

    /// The tensors of a dictionary from names to tensors. What else it holds is passed over.
    ///
    /// # Errors
    /// If it is no dictionary.
    pub fn tensors(&self) -> Result<Vec<(&str, &TensorView)>, PickleError> {
        let Value::Dict(items) = self.root() else {
            return Err(Malformed("it holds no dictionary of tensors"));
        };
        let tensor = |&(key, value): &(Id, Id)| match (&self.values[key], &self.values[value]) {
            (Value::Text(name), Value::Tensor(tensor)) => Some((name.as_str(), tensor)),
            _ => None,
        };
        Ok(items.iter().filter_map(tensor).collect())
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl Machine<'_> {
    /// One instruction; whether it was the last.
    fn step(&mut self) -> Result<bool, PickleError> {
        let at = self.at;
        let [code] = self.take()?;
        match code {
            op::PROTO => _ = self.take::<1>()?,
            op::FRAME => _ = self.take::<8>()?,
            op::STOP => return Ok(true),
            op::MARK => self.marks.push(self.stack.len()),
            op::NONE => self.push(Value::None),
            op::NEWTRUE | op::NEWFALSE => self.push(Value::Other),
            op::BININT => {
                let int = i32::from_le_bytes(self.take()?);
                self.push(Value::Int(int.into()));
            }
            op::BININT1 => {
                let [int] = self.take()?;
                self.push(Value::Int(int.into()));
            }
            op::BININT2 => {
                let int = u16::from_le_bytes(self.take()?);
                self.push(Value::Int(int.into()));
            }
            op::LONG1 => self.long()?,
            op::BINFLOAT => {
                self.take::<8>()?;
                self.push(Value::Other);
            }
            op::BINUNICODE => {
                let length = u32::from_le_bytes(self.take()?);
                self.text(length as usize)?;
            }
            op::SHORT_BINUNICODE => {
                let [length] = self.take()?;
                self.text(length.into())?;
            }
            op::EMPTY_TUPLE => self.push(Value::Tuple(Vec::new())),
            op::EMPTY_LIST => self.push(Value::List(Vec::new())),
            op::EMPTY_DICT => self.push(Value::Dict(Vec::new())),
            op::TUPLE => {
                let items = self.pop_to_mark()?;
                self.push(Value::Tuple(items));
            }
            op::TUPLE1 | op::TUPLE2 | op::TUPLE3 => {
                let count = usize::from(code - op::TUPLE1) + 1;
                let items = self.pop_many(count)?;
                self.push(Value::Tuple(items));
            }
            op::APPEND => {
                let items = self.pop_many(1)?;
                self.append(items)?;
            }
            op::APPENDS => {
                let items = self.pop_to_mark()?;
                self.append(items)?;
            }
            op::SETITEM => {
                let items = self.pop_many(2)?;
                self.set(&items)?;
            }
            op::SETITEMS => {
                let items = self.pop_to_mark()?;
                self.set(&items)?;
            }
            op::BINPUT => {
                let [key] = self.take()?;
                self.remember(key.into())?;
            }
            op::LONG_BINPUT => {
                let key = u32::from_le_bytes(self.take()?);
                self.remember(key)?;
            }
            op::MEMOIZE => {
                let key = self.memo.len() as u32;
                self.remember(key)?;
            }
            op::BINGET => {
                let [key] = self.take()?;
                self.recall(key.into())?;
            }
            op::LONG_BINGET => {
                let key = u32::from_le_bytes(self.take()?);
                self.recall(key)?;
            }
            op::GLOBAL => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Global(Global::named(&module, &name)?));
            }
            op::STACK_GLOBAL => {
                let names = self.pop_many(2)?;
                let (Value::Text(module), Value::Text(name)) =
                    (&self.values[names[0]], &self.values[names[1]])
                else {
                    return Err(Malformed("a function's name is not a string"));
                };
                let global = Global::named(module, name)?;
                self.push(Value::Global(global));
            }
            op::BINPERSID => {
                let id = self.pop()?;
                let storage = self.storage(id)?;
                self.push(Value::Storage(storage));
            }
            op::REDUCE => {
                let call = self.pop_many(2)?;
                let value = self.call(call[0], call[1])?;
                self.push(value);
            }
            // The attributes of a dictionary (PyTorch keeps version numbers there).
            op::BUILD => {
                self.pop()?;
                if !matches!(self.top()?, Value::Dict(_)) {
                    return Err(Malformed("attributes are set on what is no dictionary"));
                }
            }
            code => return Err(PickleError::Instruction { code, at }),
        }
        Ok(false)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let rest = &self.bytes[self.at..];
        let bytes = rest.first_chunk().ok_or(PickleError::Truncated)?;
        self.at += N;
        Ok(*bytes)
    }

    fn take_slice(&mut self, length: usize) -> Result<&[u8], PickleError> {
        let rest = &self.bytes[self.at..];
        let bytes = rest.get(..length).ok_or(PickleError::Truncated)?;
        self.at += length;
        Ok(bytes)
    }

    fn line(&mut self) -> Result<String, PickleError> {
        let rest = &self.bytes[self.at..];
        // A dotted name, not a file's worth of it.
        let end = rest.iter().take(256).position(|&b| b == b'\n');
        let line = self.take_slice(end.ok_or(Malformed("a function's name does not end"))?)?;
        let line = String::from_utf8_lossy(line).into_owned();
        self.at += 1;
        Ok(line)
    }

    fn text(&mut self, length: usize) -> Result<(), PickleError> {
        let text = str::from_utf8(self.take_slice(length)?);
        let text = text.map_err(|_| Malformed("a string is not UTF-8"))?;
        let text = text.to_owned();
        self.push(Value::Text(text));
        Ok(())
    }

    /// A number of up to eight bytes, two's complement; a longer one can only be a magic number.
    fn long(&mut self) -> Result<(), PickleError> {
        let [length] = self.take()?;
        let digits = self.take_slice(length.into())?;
        let value = if digits.len() > 8 {
            Value::Other
        } else {
            let negative = digits.last().is_some_and(|b| b & 0x80 != 0);
            let mut bytes = [if negative { 0xff } else { 0 }; 8];
            bytes[..digits.len()].copy_from_slice(digits);
            Value::Int(i64::from_le_bytes(bytes))
        };
        self.push(value);
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    fn pop(&mut self) -> Result<Id, PickleError> {
        Ok(self.pop_many(1)?[0])
    }

    /// The topmost values, the deepest first; none of those below the last mark.
    fn pop_many(&mut self, count: usize) -> Result<Vec<Id>, PickleError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len().checked_sub(count) {
            Some(start) if start >= floor => Ok(self.stack.split_off(start)),
            _ => Err(Malformed("the stack is empty")),
        }
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, PickleError> {
        let mark = self.marks.pop().ok_or(Malformed("no mark is set"))?;
        Ok(self.stack.split_off(mark))
    }

    fn top(&mut self) -> Result<&mut Value, PickleError> {
        let top = self.stack.last().ok_or(Malformed("the stack is empty"))?;
        Ok(&mut self.values[*top])
    }

    fn append(&mut self, items: Vec<Id>) -> Result<(), PickleError> {
        match self.top()? {
            Value::List(list) => list.extend(items),
            _ => return Err(Malformed("something is appended to what is no list")),
        }
        Ok(())
    }

    fn set(&mut self, items: &[Id]) -> Result<(), PickleError> {
        let (pairs, rest) = items.as_chunks::<2>();
        match self.top()? {
            Value::Dict(dict) if rest.is_empty() => {
                dict.extend(pairs.iter().map(|&[key, value]| (key, value)));
            }
            _ => return Err(Malformed("an item is set in what is no dictionary")),
        }
        Ok(())
    }

    fn remember(&mut self, key: u32) -> Result<(), PickleError> {
        let top = self.stack.last().ok_or(Malformed("the stack is empty"))?;
        self.memo.insert(key, *top);
        Ok(())
    }

    fn recall(&mut self, key: u32) -> Result<(), PickleError> {
        let value = self.memo.get(&key);
        self.stack
            .push(*value.ok_or(Malformed("an unknown value is recalled"))?);
        Ok(())
    }

    fn tuple(&self, id: Id) -> Result<&[Id], PickleError> {
        match &self.values[id] {
            Value::Tuple(items) => Ok(items),
            _ => Err(Malformed("a tuple was expected")),
        }
    }

    fn count(&self, id: Id) -> Result<u64, PickleError> {
        match self.values[id] {
            Value::Int(int) => int.try_into().map_err(|_| Malformed("a count is negative")),
            _ => Err(Malformed("a count is not a number")),
        }
    }

    /// `("storage", class, key, device, numbers[, None or (key, first, numbers)])`
    fn storage(&self, id: Id) -> Result<Storage, PickleError> {
        let items = self.tuple(id)?;
        let [tag, class, key, _, _, view @ ..] = items else {
            return Err(Malformed("a storage is described in too few words"));
        };
        match (&self.values[*tag], &self.values[*class], &self.values[*key]) {
            (Value::Text(tag), Value::Global(Global::Storage(number)), Value::Text(key))
                if tag == "storage" && key.len() <= LONGEST_KEY =>
            {
                let view = view
                    .first()
                    .filter(|id| !matches!(self.values[**id], Value::None));
                let view = view.map(|view| match self.tuple(*view)? {
                    [_, first, numbers] => Ok((self.count(*first)?, self.count(*numbers)?)),
                    _ => Err(Malformed("the view of a storage is malformed")),
                });
                Ok(Storage {
                    key: key.clone(),
                    number: *number,
                    view: view.transpose()?,
                })
            }
            _ => Err(Malformed("a storage is malformed")),
        }
    }

    fn call(&self, function: Id, arguments: Id) -> Result<Value, PickleError> {
        let Value::Global(function) = self.values[function] else {
            return Err(Malformed("what is called is not a function"));
        };
        match (function, self.tuple(arguments)?) {
            (Global::OrderedDict, []) => Ok(Value::Dict(Vec::new())),
            (Global::RebuildTensor, [storage, offset, shape, strides, ..]) => {
                let Value::Storage(storage) = &self.values[*storage] else {
                    return Err(Malformed("a tensor has no storage"));
                };
                let counts = |id: Id| -> Result<Vec<u64>, PickleError> {
                    match self.tuple(id)? {
                        items if items.len() <= MOST_DIMENSIONS => {
                            items.iter().map(|&id| self.count(id)).collect()
                        }
                        _ => Err(Malformed("a tensor has too many dimensions")),
                    }
                };
                Ok(Value::Tensor(TensorView {
                    storage: storage.clone(),
                    offset: self.count(*offset)?,
                    shape: counts(*shape)?,
                    strides: counts(*strides)?,
                }))
            }
            (Global::RebuildParameter, [tensor, ..]) => match &self.values[*tensor] {
                Value::Tensor(tensor) => Ok(Value::Tensor(tensor.clone())),
                _ => Err(Malformed("a parameter has no tensor")),
            },
            _ => Err(Malformed(
                "a function is called with arguments of no meaning",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Pickle, PickleError> {
        Pickle::read(bytes).map(|(pickle, _)| pickle)
    }

    /// `OrderedDict(w = a parameter around a tensor of 2 × 3 in a storage of f16)`, as PyTorch pickles it.
    const TENSOR: &[u8] = b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(X\x01\x00\x00\x00w\
        ctorch._utils\n_rebuild_parameter\n(ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage\
        ctorch\nHalfStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x0cNtQK\x06K\x02K\x03\x86K\x03K\x01\
        \x86\x89h\x00)RtR\x89h\x00)RtRX\x07\x00\x00\x00versionK\x02u}X\x01\x00\x00\x00aNsb.";

    #[test]
    fn tensors_are_views_of_storages() {
        let (pickle, length) = Pickle::read(&[TENSOR, b"more"].concat()).unwrap();
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
