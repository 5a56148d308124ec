//! The sums with Intel's AMX: 16,384 products and additions an instruction, on tiles of 16 rows × 64 bytes.
//!
//! Rust's intrinsics for it are not stable, so the instructions stand in inline assembly.

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;
use std::ops::Range;
use std::sync::OnceLock;

use super::blocks::{Block, TALL};
use super::panels::{Line, Panels};
use super::rows::Rows;
use super::{DEPTH, Sums, WIDTH};

/// Lines of a panel in a tile.
const LINES: usize = 16;

/// Whether the processor has AMX for bytes and the system lets this process use it.
pub fn is_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    // Miri has no such instructions.
    !cfg!(miri)
        && *AVAILABLE.get_or_init(|| {
            let features = __cpuid_count(7, 0).edx;
            let (tiles, bytes) = (1 << 24, 1 << 25);
            features & tiles != 0 && features & bytes != 0 && ask()
        })
}

/// Asks Linux for the 8 KiB of tiles, which it keeps for a process from then on.
#[cfg(target_os = "linux")]
fn ask() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_long = 18;
    // Safety: the call takes two numbers and touches no memory.
    unsafe {
        libc::syscall(
            libc::SYS_arch_prctl,
            ARCH_REQ_XCOMP_PERM,
            XFEATURE_XTILEDATA,
        ) == 0
    }
}

#[cfg(not(target_os = "linux"))]
fn ask() -> bool {
    false
}

/// Dot products of all rows of signed bytes with the outputs of panels, block by block: `done` gets the rows of a block,
/// its first panel, and of each panel the sums. [`is_available`] must have said so.
pub fn sums(
    panels: &Panels,
    which: Range<usize>,
    rows: &Rows,
    mut done: impl FnMut(Range<usize>, usize, &[[Sums; TALL]]),
) {
    assert!(is_available());
    // Safety: the line above.
    let tiles = unsafe { Tiles::new() };
    let depth = rows.depth();
    let mut block = [[[0; _]; TALL]; 4];
    for start in which.clone().step_by(4) {
        let count = (which.end - start).min(4);
        // Past the last panel the last is taken again, and not looked at.
        let four = std::array::from_fn(|i| panels.panel(start + i.min(count - 1)));
        let mut first = 0;
        while first + TALL < rows.count() {
            let (middle, end) = (first + TALL, rows.count().min(first + 2 * TALL));
            for pair in (0..count).step_by(2) {
                let two = [four[pair], four[pair + 1]];
                tiles.two_by_two(two, rows.from(first), depth, &mut block);
                let count = (count - pair).min(2);
                done(first..middle, start + pair, &block[..count]);
                done(middle..end, start + pair, &block[2..][..count]);
            }
            first += 2 * TALL;
        }
        if first < rows.count() {
            tiles.one_by_four(four, rows.from(first), depth, &mut block);
            done(first..rows.count(), start, &block[..count]);
        }
    }
}

/// The tiles of this thread, eight of 16 rows × 64 bytes, from here to where it is dropped.
struct Tiles(());

/// What `ldtilecfg` reads (Intel's Software Developer's Manual, volume 1, 18.2).
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start: u8,
    reserved: [u8; 14],
    bytes: [u16; 16],
    rows: [u8; 16],
}

impl Tiles {
    /// # Safety
    /// [`is_available`] must have said so.
    unsafe fn new() -> Self {
        let mut configuration = Configuration {
            palette: 1,
            start: 0,
            reserved: [0; 14],
            bytes: [0; 16],
            rows: [0; 16],
        };
        configuration.bytes[..8].fill(64);
        configuration.rows[..8].fill(TALL as u8);
        // Safety: the processor has the instruction, which reads 64 bytes.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &configuration, options(nostack, readonly)) };
        Tiles(())
    }

    /// Dot products of 16 rows of signed bytes with each output of four panels.
    fn one_by_four(&self, panels: [&[Line]; 4], rows: &[u8], depth: usize, out: &mut Block<4>) {
        check(&panels, rows, depth, TALL);
        let [a, b, c, d] = panels.map(<[Line]>::as_ptr);
        let [oa, ob, oc, od] = out.each_mut().map(|o| o.as_mut_ptr());
        // Safety: the tiles are configured; reads stay inside what was checked above, each write fills 16 × 64 bytes.
        unsafe {
            asm!(
                "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
                "2:",
                "tileloadd tmm4, [{x} + {depth}]",
                "tileloadd tmm5, [{a} + {line}]",
                "tileloadd tmm6, [{b} + {line}]",
                "tdpbssd tmm0, tmm4, tmm5",
                "tileloadd tmm7, [{c} + {line}]",
                "tdpbssd tmm1, tmm4, tmm6",
                "tileloadd tmm5, [{d} + {line}]",
                "tdpbssd tmm2, tmm4, tmm7",
                "tdpbssd tmm3, tmm4, tmm5",
                "add {x}, 64", "add {a}, 1024", "add {b}, 1024", "add {c}, 1024", "add {d}, 1024",
                "dec {n}",
                "jnz 2b",
                "tilestored [{oa} + {line}], tmm0",
                "tilestored [{ob} + {line}], tmm1",
                "tilestored [{oc} + {line}], tmm2",
                "tilestored [{od} + {line}], tmm3",
                x = inout(reg) rows.as_ptr() => _,
                a = inout(reg) a => _, b = inout(reg) b => _, c = inout(reg) c => _, d = inout(reg) d => _,
                n = inout(reg) depth / DEPTH => _,
                depth = in(reg) depth, line = in(reg) 64usize,
                oa = in(reg) oa, ob = in(reg) ob, oc = in(reg) oc, od = in(reg) od,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack)
            );
        }
    }

    /// Dot products of 32 rows of signed bytes with each output of two panels: `out` has those of the first 16 rows with
    /// each panel, then those of the others.
    fn two_by_two(&self, panels: [&[Line]; 2], rows: &[u8], depth: usize, out: &mut Block<4>) {
        check(&panels, rows, depth, 2 * TALL);
        let [a, b] = panels.map(<[Line]>::as_ptr);
        let [oa, ob, oc, od] = out.each_mut().map(|o| o.as_mut_ptr());
        // Safety: as above.
        unsafe {
            asm!(
                "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
                "2:",
                "tileloadd tmm6, [{a} + {line}]",
                "tileloadd tmm4, [{x} + {depth}]",
                "tileloadd tmm7, [{b} + {line}]",
                "tdpbssd tmm0, tmm4, tmm6",
                "tileloadd tmm5, [{z} + {depth}]",
                "tdpbssd tmm1, tmm4, tmm7",
                "tdpbssd tmm2, tmm5, tmm6",
                "tdpbssd tmm3, tmm5, tmm7",
                "add {x}, 64", "add {z}, 64", "add {a}, 1024", "add {b}, 1024",
                "dec {n}",
                "jnz 2b",
                "tilestored [{oa} + {line}], tmm0",
                "tilestored [{ob} + {line}], tmm1",
                "tilestored [{oc} + {line}], tmm2",
                "tilestored [{od} + {line}], tmm3",
                x = inout(reg) rows.as_ptr() => _,
                z = inout(reg) rows[TALL * depth..].as_ptr() => _,
                a = inout(reg) a => _, b = inout(reg) b => _,
                n = inout(reg) depth / DEPTH => _,
                depth = in(reg) depth, line = in(reg) 64usize,
                oa = in(reg) oa, ob = in(reg) ob, oc = in(reg) oc, od = in(reg) od,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack)
            );
        }
    }
}

/// That the tiles' loads stay inside.
fn check(panels: &[&[Line]], rows: &[u8], depth: usize, count: usize) {
    assert!(depth > 0 && depth.is_multiple_of(DEPTH) && rows.len() >= count * depth);
    assert!(
        panels
            .iter()
            .all(|panel| panel.len() == depth / DEPTH * LINES)
    );
    const { assert!(size_of::<Line>() == 64 && size_of::<Sums>() == 64 && WIDTH == 16) };
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // Safety: the processor has the instruction.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}
