//! Modules that are as expensive to load as their size allows, in many shapes.

/// One shape: `build(n)` has `n` of what makes it expensive.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) build: fn(n: usize) -> Vec<u8>,
}

/// Every shape. The hooks are there in each, so what is accepted can be started.
pub(crate) const SHAPES: [Shape; 34] = [
    Shape { name: "arithmetic", build: |n| body(0, &[], &[0x41, 1, 0x41, 2, 0x6a, 0x1a].repeat(n)) },
    Shape { name: "nop", build: |n| body(0, &[], &[0x01].repeat(n)) },
    Shape { name: "drop-unreached", build: |n| body(0, &[], &[&[0][..], &[0x1a].repeat(n)].concat()) },
    Shape { name: "add-unreached", build: |n| body(0, &[], &[&[0][..], &[0x6a, 0x1a].repeat(n)].concat()) },
    Shape { name: "values-and-blocks-200", build: |n| kept(200, &[0x02, 0x40, 0x0b].repeat(n)) },
    Shape { name: "values-and-blocks-30", build: |n| kept(30, &[0x02, 0x40, 0x0b].repeat(n)) },
    Shape { name: "values-and-loops-90", build: |n| kept(90, &[0x03, 0x40, 0x0b].repeat(n)) },
    Shape { name: "values-and-local-set", build: |n| kept(100, &[0x20, 1, 0x21, 1].repeat(n)) },
    Shape { name: "values-and-local-tee", build: |n| kept(100, &[0x22, 1].repeat(n)) },
    Shape { name: "values-kept-anew", build: values_kept_anew },
    Shape { name: "values-in-functions", build: values_in_functions },
    Shape { name: "exports", build: |n| exports(n, 0) },
    Shape { name: "exports-long-names", build: |n| exports(n, 120) },
    Shape { name: "types", build: |n| types(n, 0) },
    Shape { name: "types-many-params", build: |n| types(n, 110) },
    Shape { name: "nesting", build: |n| body(0, &[], &nested(n)) },
    Shape { name: "nesting-in-functions", build: |n| repeated(n, &nested(500)) },
    Shape { name: "nesting-and-branches", build: nesting_and_branches },
    Shape { name: "functions", build: |n| repeated(n, &[]) },
    Shape { name: "locals", build: |n| body(0, &[(n as u32, 0x7f)], &[]) },
    Shape { name: "locals-in-functions", build: locals_in_functions },
    Shape { name: "local-groups", build: |n| body(0, &vec![(0, 0x7f); n], &[]) },
    Shape { name: "constants", build: constants },
    Shape { name: "br-table", build: br_table },
    Shape { name: "br", build: |n| body(0, &[], &[0x0c, 0].repeat(n)) },
    Shape { name: "br-if", build: |n| body(0, &[], &[0x20, 0, 0x0d, 0].repeat(n)) },
    Shape { name: "if-else", build: |n| body(0, &[], &[0x20, 0, 0x04, 0x40, 0x05, 0x0b].repeat(n)) },
    Shape { name: "imports", build: imports },
    Shape { name: "globals", build: globals },
    Shape { name: "element-segments", build: |n| elements(n, 0) },
    Shape { name: "elements", build: |n| elements(1, n) },
    Shape { name: "data-segments", build: data_segments },
    Shape { name: "custom-sections", build: custom_sections },
    Shape { name: "calls", build: calls },
];

/// The module of `shape` with the largest `n` of which it has at most `size` bytes and `accepted` says yes, filled up
/// to `size` with a custom section; and the next larger one, refused or too large.
pub(crate) fn worst(shape: &Shape, size: usize, accepted: impl Fn(&[u8]) -> bool) -> (Vec<u8>, Vec<u8>) {
    let build = |n| filled((shape.build)(n), size);
    let fits = |n| {
        let module = build(n);
        module.len() <= size && accepted(&module)
    };
    let (mut good, mut bad) = (0, 1);
    while fits(bad) {
        (good, bad) = (bad, bad * 2);
    }
    while bad - good > 1 {
        let middle = good.midpoint(bad);
        if fits(middle) { good = middle } else { bad = middle }
    }
    (build(good), build(bad))
}

fn filled(mut module: Vec<u8>, size: usize) -> Vec<u8> {
    if let Some(len) = size.checked_sub(module.len() + 7).filter(|_| module.len() + 7 < size) {
        module.push(0);
        module.extend(padded(len as u32 + 1));
        module.push(0);
        module.resize(size, 0);
    }
    module
}

/// The parts of a module. Type 0 is `()`, type 1 `() -> i32`; functions 0 to 2 are the hooks.
#[derive(Default)]
pub(crate) struct Builder {
    /// Further types, as they are encoded.
    pub(crate) types: Vec<Vec<u8>>,
    pub(crate) imports: Vec<Vec<u8>>,
    /// Further functions: type, locals and code as they are encoded, without the `end`.
    pub(crate) functions: Vec<(u32, Vec<u8>, Vec<u8>)>,
    pub(crate) table: u32,
    pub(crate) memory: bool,
    pub(crate) globals: Vec<Vec<u8>>,
    pub(crate) exports: Vec<Vec<u8>>,
    pub(crate) elements: Vec<Vec<u8>>,
    pub(crate) data: Vec<Vec<u8>>,
    pub(crate) custom: Vec<Vec<u8>>,
}

impl Builder {
    pub(crate) fn build(&self) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        let mut types = vec![vec![0x60, 0, 0], vec![0x60, 0, 1, 0x7f]];
        types.extend(self.types.iter().cloned());
        section(&mut module, 1, &types);
        section(&mut module, 2, &self.imports);
        let mut functions = vec![vec![0], vec![1], vec![0]];
        functions.extend(self.functions.iter().map(|(of, ..)| number(*of)));
        section(&mut module, 3, &functions);
        if self.table > 0 {
            section(&mut module, 4, &[[&[0x70, 0][..], &number(self.table)].concat()]);
        }
        if self.memory {
            section(&mut module, 5, &[vec![0, 1]]);
        }
        section(&mut module, 6, &self.globals);
        let first = self.imports.len() as u32;
        let mut exports: Vec<Vec<u8>> = ["start", "loop", "stop"]
            .into_iter()
            .zip(first..)
            .map(|(hook, index)| [text(hook.as_bytes()), vec![0], number(index)].concat())
            .collect();
        exports.extend(self.exports.iter().cloned());
        section(&mut module, 7, &exports);
        section(&mut module, 9, &self.elements);
        let mut bodies = vec![vec![2, 0, 0x0b], vec![4, 0, 0x41, 0, 0x0b], vec![2, 0, 0x0b]];
        bodies.extend(self.functions.iter().map(|(_, locals, code)| {
            let body = [&locals[..], code, &[0x0b]].concat();
            [number(body.len() as u32), body].concat()
        }));
        section(&mut module, 10, &bodies);
        section(&mut module, 11, &self.data);
        for custom in &self.custom {
            module.push(0);
            module.extend(number(custom.len() as u32));
            module.extend(custom);
        }
        module
    }
}

pub(crate) fn section(module: &mut Vec<u8>, id: u8, items: &[Vec<u8>]) {
    if !items.is_empty() {
        let content = [number(items.len() as u32), items.concat()].concat();
        module.push(id);
        module.extend(number(content.len() as u32));
        module.extend(content);
    }
}

/// LEB128.
pub(crate) fn number(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// LEB128 in five bytes.
pub(crate) fn padded(value: u32) -> [u8; 5] {
    [0, 7, 14, 21, 28].map(|shift| (value >> shift) as u8 & 0x7f | if shift == 28 { 0 } else { 0x80 })
}

/// Signed LEB128 of a number that is not negative.
fn signed(value: u32) -> Vec<u8> {
    let mut bytes = number(value);
    if bytes.last().is_some_and(|last| last & 0x40 != 0) {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push(0);
    }
    bytes
}

fn text(name: &[u8]) -> Vec<u8> {
    [&number(name.len() as u32)[..], name].concat()
}

fn locals(groups: &[(u32, u8)]) -> Vec<u8> {
    let mut bytes = number(groups.len() as u32);
    for (count, of) in groups {
        bytes.extend(number(*count));
        bytes.push(*of);
    }
    bytes
}

fn body(of: u32, groups: &[(u32, u8)], code: &[u8]) -> Vec<u8> {
    let groups = if groups.is_empty() { &[(2, 0x7f)] } else { groups };
    Builder { functions: vec![(of, locals(groups), code.to_vec())], ..Builder::default() }.build()
}

/// `n` functions with that code.
fn repeated(n: usize, code: &[u8]) -> Vec<u8> {
    Builder { functions: vec![(0, vec![0], code.to_vec()); n], ..Builder::default() }.build()
}

/// That code with values below it on the stack.
pub(crate) fn kept(values: usize, code: &[u8]) -> Vec<u8> {
    let (push, pop) = ([0x20, 0].repeat(values), vec![0x1a; values]);
    body(0, &[], &[&push[..], code, &pop].concat())
}

/// Locals that each block moves out of the way, each one by a search of its own.
fn values_kept_anew(n: usize) -> Vec<u8> {
    let push: Vec<u8> = (0..100).flat_map(|local| [0x20, local]).collect();
    let once = [&push[..], &[0x02, 0x40, 0x0b], &[0x1a; 100]].concat();
    body(0, &[(100, 0x7f)], &once.repeat(n))
}

fn values_in_functions(n: usize) -> Vec<u8> {
    let code = [[0x42, 0].repeat(250), vec![0x1a; 250]].concat();
    repeated(n, &code)
}

fn exports(n: usize, prefix: usize) -> Vec<u8> {
    let exports = (0..n).map(|i| {
        let name = format!("{}{i:x}", "x".repeat(prefix));
        [text(name.as_bytes()), vec![0, 0]].concat()
    });
    Builder { exports: exports.collect(), ..Builder::default() }.build()
}

fn types(n: usize, params: usize) -> Vec<u8> {
    let types = (0..n).map(|i| {
        // The bits of `i`, behind what all have in common.
        let mut of = vec![0x7f; params];
        of.extend((0..10).map(|bit| if i >> bit & 1 == 1 { 0x7e } else { 0x7f }));
        [vec![0x60], text(&of), vec![0]].concat()
    });
    Builder { types: types.collect(), ..Builder::default() }.build()
}

fn nested(n: usize) -> Vec<u8> {
    [[0x02, 0x40].repeat(n), vec![0x0b; n]].concat()
}

/// A branch out of each block, whose bookkeeping lies behind the list of blocks when that has to grow.
fn nesting_and_branches(n: usize) -> Vec<u8> {
    let deep = [[0x02, 0x40, 0x20, 0, 0x0d, 0].repeat(500), vec![0x0b; 500]].concat();
    Builder { functions: vec![(0, locals(&[(1, 0x7f)]), deep); n], ..Builder::default() }.build()
}

fn locals_in_functions(n: usize) -> Vec<u8> {
    Builder { functions: vec![(0, locals(&[(16_000, 0x7e)]), vec![]); n], ..Builder::default() }.build()
}

fn constants(n: usize) -> Vec<u8> {
    // Each another one, and not in order.
    let code = (0..n as u32)
        .flat_map(|i| [vec![0x41], signed(i.wrapping_mul(0x9e37) & 0xffff), vec![0x1a]].concat());
    body(0, &[], &code.collect::<Vec<u8>>())
}

fn br_table(n: usize) -> Vec<u8> {
    let table = [&[0x20, 0, 0x0e][..], &number(n as u32), &vec![0; n + 1]].concat();
    body(0, &[], &[&[0x02, 0x40][..], &table, &[0x0b]].concat())
}

fn imports(n: usize) -> Vec<u8> {
    let import = [text(b"env"), text(b"open"), vec![0, 2]].concat();
    Builder { types: vec![vec![0x60, 1, 0x7f, 1, 0x7f]], imports: vec![import; n], ..Builder::default() }
        .build()
}

fn globals(n: usize) -> Vec<u8> {
    Builder { globals: vec![vec![0x7f, 0, 0x41, 0, 0x0b]; n], ..Builder::default() }.build()
}

fn elements(segments: usize, each: usize) -> Vec<u8> {
    let segment = [&[0, 0x41, 0, 0x0b][..], &number(each as u32), &vec![0; each]].concat();
    Builder { table: each.max(1) as u32, elements: vec![segment; segments], ..Builder::default() }.build()
}

fn data_segments(n: usize) -> Vec<u8> {
    Builder { memory: true, data: vec![vec![0, 0x41, 0, 0x0b, 1, 7]; n], ..Builder::default() }.build()
}

fn custom_sections(n: usize) -> Vec<u8> {
    Builder { custom: vec![vec![0]; n], ..Builder::default() }.build()
}

/// Calls, where code is not reached, of a function that takes and gives as much as it may.
fn calls(n: usize) -> Vec<u8> {
    let many = [vec![0x60], text(&[0x7e; 128]), text(&[0x7e; 128])].concat();
    let caller = [vec![0], [0x10, 3].repeat(n), vec![0]].concat();
    let functions = vec![(2, vec![0], vec![0]), (0, vec![0], caller)];
    Builder { types: vec![many], functions, ..Builder::default() }.build()
}
