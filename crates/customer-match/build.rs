//! Makes a perfect hash of the lists of domains, so that looking one up costs the same however many there are.

use std::fmt::Write;
use std::{env, fs, path::Path};

fn main() {
    let mut code = String::new();
    let mut map = phf_codegen::Map::<String>::new();
    for (file, kind) in [
        ("free_mail.txt", "Listed::FreeMail"),
        ("disposable.txt", "Listed::Disposable"),
    ] {
        let path = format!("lists/{file}");
        println!("cargo::rerun-if-changed={path}");
        let text = fs::read_to_string(&path).expect("a list beside this file");
        for domain in text.lines() {
            map.entry(domain.to_owned(), kind);
        }
    }
    write!(
        code,
        "pub static LISTED: phf::Map<&'static str, Listed> = {};",
        map.build()
    )
    .expect("memory");
    let target = Path::new(&env::var_os("OUT_DIR").expect("cargo sets it")).join("listed.rs");
    fs::write(target, code).expect("a directory of cargo's");
}
