//! Sees to it that the folder of the built UI exists, since it is embedded: without the UI the server still builds,
//! and says at `/` what is missing.

#![allow(clippy::disallowed_methods, reason = "a build script looks at folders")]

use std::path::Path;

fn main() {
    let folder = Path::new("ui/dist");
    println!("cargo:rerun-if-changed=ui/dist");
    println!("cargo:rerun-if-changed=build.rs");
    if !folder.join("index.html").exists() {
        println!("cargo:warning=the UI is not built, so the pages will be missing: run `make ui`");
        if let Err(error) = std::fs::create_dir_all(folder) {
            println!("cargo:warning=and the folder crates/web/ui/dist cannot be made: {error}");
        }
    }
}
