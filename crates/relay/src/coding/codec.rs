//! The codings themselves. With more effort than is asked for here, time grows faster than what it saves.

use std::io::{self, Read, Write};

use brotli::CompressorWriter;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::Coding;

pub(super) const IS_BUILT: bool = true;

const ZSTD_LEVEL: i32 = 3;
const BROTLI_LEVEL: u32 = 5;
const BROTLI_WINDOW: u32 = 22;
const GZIP_LEVEL: Compression = Compression::new(5);

/// What brotli buffers between two writes.
const BUFFER: usize = 16 << 10;

pub(super) fn encode(coding: Coding, body: &[u8]) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Zstd => zstd::bulk::compress(body, ZSTD_LEVEL),
        Coding::Brotli => {
            let mut encoder = CompressorWriter::new(Vec::new(), BUFFER, BROTLI_LEVEL, BROTLI_WINDOW);
            encoder.write_all(body)?;
            Ok(encoder.into_inner())
        }
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), GZIP_LEVEL);
            encoder.write_all(body)?;
            encoder.finish()
        }
    }
}

pub(super) fn gunzip(body: &[u8], most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut decoded = Vec::new();
    MultiGzDecoder::new(body)
        .take(most as u64 + 1)
        .read_to_end(&mut decoded)?;
    Ok((decoded.len() <= most).then_some(decoded))
}
