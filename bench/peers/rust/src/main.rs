//! Rust crates, measured as ../turn.go says: `peers daachorse PATTERNS TEXTS`, `daachorse-tuned PATTERNS TEXTS TUNING`,
//! `aho-corasick-dfa PATTERNS TEXTS`, `vibrato TEXTS LEXICON MATRIX CHARACTERS UNKNOWN`.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufReader, Write};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input};
use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};
use vibrato::{SystemDictionaryBuilder, Tokenizer};

const LEAST: f64 = 0.3;

/// The seconds that the processor has worked for this program.
fn seconds() -> f64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: t is there to be written.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    t.tv_sec as f64 + t.tv_nsec as f64 / 1e9
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["daachorse", patterns, texts] => daachorse("daachorse", &read(patterns)?, &read(texts)?, vec![]),
        ["daachorse-tuned", patterns, texts, tuning] => {
            daachorse("daachorse-tuned", &read(patterns)?, &read(texts)?, read(tuning)?)
        }
        ["aho-corasick-dfa", patterns, texts] => dfa(&read(patterns)?, &read(texts)?),
        ["vibrato", texts, lexicon, matrix, characters, unknown] => {
            vibrato(&read(texts)?, [lexicon, matrix, characters, unknown])
        }
        _ => Err("cannot understand the arguments; see the comment in main.rs".into()),
    }
}

/// Reads one JSON string a line.
fn read(name: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let mut out = Vec::new();
    for line in fs::read_to_string(name)?.lines() {
        out.push(serde_json::from_str(line)?);
    }
    Ok(out)
}

fn daachorse(name: &str, patterns: &[String], texts: &[String], tuning: Vec<String>) -> Result<(), Box<dyn Error>> {
    let begin = seconds();
    let pma: CharwiseDoubleArrayAhoCorasick<u32> = CharwiseDoubleArrayAhoCorasickBuilder::new()
        .corpus(tuning)
        .build(patterns)
        .map_err(|e| e.to_string())?;
    let built = seconds() - begin;
    serve(name, "5.1.0", patterns.len(), texts, built, Some(pma.heap_bytes()), |s| {
        pma.find_overlapping_iter(s).count()
    })
}

fn dfa(patterns: &[String], texts: &[String]) -> Result<(), Box<dyn Error>> {
    let begin = seconds();
    let ac = AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(patterns)?;
    let built = seconds() - begin;
    serve("aho-corasick-dfa", "1.1.5", patterns.len(), texts, built, Some(ac.memory_usage()), |s| {
        ac.find_overlapping_iter(Input::new(s)).count()
    })
}

fn vibrato(texts: &[String], dictionary: [&str; 4]) -> Result<(), Box<dyn Error>> {
    let begin = seconds();
    let open = |i: usize| File::open(dictionary[i]).map(BufReader::new);
    let dict = SystemDictionaryBuilder::from_readers(open(0)?, open(1)?, open(2)?, open(3)?)?;
    let tokenizer = Tokenizer::new(dict);
    let mut worker = tokenizer.new_worker();
    let built = seconds() - begin;
    serve("vibrato", "0.5.3", 0, texts, built, None, |s| {
        worker.reset_sentence(s);
        worker.tokenize();
        worker.num_tokens()
    })
}

fn serve(
    name: &str,
    version: &str,
    patterns: usize,
    texts: &[String],
    built: f64,
    memory: Option<usize>,
    mut count: impl FnMut(&str) -> usize,
) -> Result<(), Box<dyn Error>> {
    let bytes: usize = texts.iter().map(String::len).sum();
    let size = memory.map_or("-".into(), |m| format!("{:.1}", m as f64 / 1e6));
    let mut out = io::stdout();
    writeln!(out, "ready\t{version}\t{:.2}\t{size}", built)?;
    for line in io::stdin().lines() {
        line?;
        let mut passes = 0;
        let mut hits = 0;
        let begin = seconds();
        while seconds() - begin < LEAST {
            hits = texts.iter().map(|s| count(s)).sum();
            passes += 1;
        }
        let each = (seconds() - begin) / f64::from(passes);
        writeln!(
            out,
            "{name}\t{patterns}\t{:.3}\t{:.1}\t{hits}",
            bytes as f64 / 1e6 / each,
            texts.len() as f64 / each
        )?;
        out.flush()?;
    }
    Ok(())
}
