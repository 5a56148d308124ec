//! The stack machine that a pickle is a program for.

use std::collections::HashMap;

use super::PickleError::{self, Malformed};
use super::{Contents, Global, Id, Pickle, Storage, TensorView, Value};

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
    pub const NEWOBJ: u8 = 0x81;
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

/// Bytes of a pickle at most: a hundred times what the largest checkpoints need, and what is built of it fits
/// into memory.
const LONGEST: usize = 4 << 20;
/// Bytes of a storage's key, and dimensions of a tensor, at most: both are copied for each tensor.
const LONGEST_KEY: usize = 64;
const MOST_DIMENSIONS: usize = 8;

/// Runs the program at the start of `bytes`: what it came to, and its length.
pub fn run(bytes: &[u8], contents: Contents) -> Result<(Pickle, usize), PickleError> {
    let mut machine = Machine {
        contents,
        bytes: &bytes[..bytes.len().min(LONGEST)],
        at: 0,
        values: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    while !machine.step()? {}
    let (root, length) = (machine.pop()?, machine.at);
    let values = machine.values;
    Ok((Pickle { values, root }, length))
}

struct Machine<'a> {
    contents: Contents,
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
                self.push(Value::Global(Global::named(&module, &name, self.contents)?));
            }
            op::STACK_GLOBAL => {
                let names = self.pop_many(2)?;
                let (Value::Text(module), Value::Text(name)) =
                    (&self.values[names[0]], &self.values[names[1]])
                else {
                    return Err(Malformed("a function's name is not a string"));
                };
                let global = Global::named(module, name, self.contents)?;
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
            op::NEWOBJ => {
                let call = self.pop_many(2)?;
                match self.values[call[0]] {
                    Value::Global(Global::Foreign) => self.push(Value::Foreign),
                    _ => return Err(Malformed("an object is made of what is no class")),
                }
            }
            // The attributes of a dictionary (PyTorch keeps version numbers there).
            op::BUILD => {
                self.pop()?;
                if !matches!(self.top()?, Value::Dict(_) | Value::Foreign) {
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
            Value::Foreign => {}
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
            Value::Foreign => {}
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
            (Global::Foreign, _) => Ok(Value::Foreign),
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
