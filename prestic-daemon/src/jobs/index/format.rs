//! An index as a file: compressed, with checksums. What is damaged in any way is no index.

use std::io::{self, Read, Write};

use lz4_flex::frame::{FrameDecoder, FrameEncoder, FrameInfo};

use super::{IS_LARGE, Index, KIND_SHIFT, NAME_END, PARENT_MASK, ROOT};

/// Begins every file. The number goes up with every change of what follows, and files with another one are made anew.
const MAGIC: &[u8; 16] = b"prestic index 1\n";

/// How much is converted at a time.
const CHUNK: usize = 64 * 1024;

impl Index {
    /// Writes it as a file.
    pub(super) fn write(&self) -> io::Result<Vec<u8>> {
        let mut file = MAGIC.to_vec();
        let mut frame = FrameEncoder::with_frame_info(FrameInfo::new().block_checksums(true), &mut file);
        for length in [self.parents.len(), self.names.len(), self.large.len()] {
            frame.write_all(&(length as u64).to_le_bytes())?;
        }
        frame.write_all(&self.names)?;
        for list in [&self.parents, &self.sizes, &self.times] {
            write_numbers(&mut frame, list)?;
        }
        for (entry, size) in &self.large {
            frame.write_all(&entry.to_le_bytes())?;
            frame.write_all(&size.to_le_bytes())?;
        }
        frame.finish()?;
        Ok(file)
    }

    /// Reads it from a file.
    pub(super) fn read(mut file: impl Read) -> io::Result<Self> {
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic)?;
        if magic != *MAGIC {
            return Err(damaged("it is of another version"));
        }
        let mut frame = FrameDecoder::new(file);
        let [entries, names, large] = [read_length(&mut frame)?, read_length(&mut frame)?, read_length(&mut frame)?];
        if entries > PARENT_MASK as usize || names > u32::MAX as usize || large > entries {
            return Err(damaged("it has impossible lengths"));
        }
        let names = read_bytes(&mut frame, names)?;
        let parents = read_numbers(&mut frame, entries)?;
        let sizes = read_numbers(&mut frame, entries)?;
        let times = read_numbers(&mut frame, entries)?;
        let large = read_large(&mut frame, large)?;
        if frame.read(&mut [0])? != 0 {
            return Err(damaged("it goes on behind its end"));
        }
        let mut index =
            Self { name_starts: starts(&names, entries)?, names, parents, sizes, times, large, folders: Vec::new() };
        index.check()?;
        index.add_up();
        Ok(index)
    }

    /// Makes sure of everything that the rest relies on: checksums do not tell who wrote the file.
    fn check(&self) -> io::Result<()> {
        let is_folder = |parent: u32| parent >> KIND_SHIFT == 0;
        if self.parents.first() != Some(&ROOT) {
            return Err(damaged("it has no topmost folder"));
        }
        for entry in 1..self.parents.len() {
            let parent = self.parents[entry] & PARENT_MASK;
            // The last entry, or a folder that the last entry is in.
            let mut at = u32::try_from(entry - 1).map_err(|_| damaged("it is too long"))?;
            while at > parent {
                at = self.parents[at as usize] & PARENT_MASK;
            }
            if at != parent || !is_folder(self.parents[parent as usize]) {
                return Err(damaged("an entry is outside of its folder"));
            }
        }
        let is_in_order = self.large.is_sorted_by(|one, next| one.0 < next.0);
        let is_large = |entry: u32| self.sizes.get(entry as usize) == Some(&IS_LARGE);
        if !is_in_order || !self.large.iter().all(|(entry, _)| is_large(*entry)) {
            return Err(damaged("its large files are not among its files"));
        }
        Ok(())
    }
}

/// Finds where each name begins.
fn starts(names: &[u8], entries: usize) -> io::Result<Vec<u32>> {
    let mut starts = Vec::with_capacity(entries);
    let mut start = 0;
    for (position, byte) in names.iter().enumerate() {
        match *byte {
            b'/' => return Err(damaged("a name has a slash")),
            NAME_END => {
                if (start == position) != starts.is_empty() {
                    return Err(damaged("a name is empty"));
                }
                starts.push(u32::try_from(start).map_err(|_| damaged("it is too long"))?);
                start = position + 1;
            }
            _ => {}
        }
    }
    if starts.len() == entries && start == names.len() {
        Ok(starts)
    } else {
        Err(damaged("it has not as many names as entries"))
    }
}

fn write_numbers(to: &mut impl Write, numbers: &[u32]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(CHUNK);
    for part in numbers.chunks(CHUNK / 4) {
        bytes.clear();
        bytes.extend(part.iter().flat_map(|number| number.to_le_bytes()));
        to.write_all(&bytes)?;
    }
    Ok(())
}

fn read_length(from: &mut impl Read) -> io::Result<usize> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    usize::try_from(u64::from_le_bytes(bytes)).map_err(|_| damaged("it has impossible lengths"))
}

/// Takes memory for what is really there only, whatever length a damaged file claims.
fn read_bytes(from: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let found = from.take(length as u64).read_to_end(&mut bytes)?;
    if found != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.shrink_to_fit();
    Ok(bytes)
}

fn read_numbers(from: &mut impl Read, count: usize) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    let mut bytes = [0; CHUNK];
    while numbers.len() < count {
        let part = &mut bytes[..((count - numbers.len()) * 4).min(CHUNK)];
        from.read_exact(part)?;
        numbers.extend(part.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)));
    }
    numbers.shrink_to_fit();
    Ok(numbers)
}

fn read_large(from: &mut impl Read, count: usize) -> io::Result<Vec<(u32, u64)>> {
    (0..count)
        .map(|_| {
            let (mut entry, mut size) = ([0; 4], [0; 8]);
            from.read_exact(&mut entry)?;
            from.read_exact(&mut size)?;
            Ok((u32::from_le_bytes(entry), u64::from_le_bytes(size)))
        })
        .collect()
}

fn damaged(how: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, how)
}
